"""The licences of what is installed: each known and allowed, and the list as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import licences
import pytest
from packaging.utils import canonicalize_name


class Described:
    """Metadata of a package that is none."""

    def __init__(self, headers: Mapping[str, str], classifiers: Sequence[str] = ()) -> None:
        self._headers, self._classifiers = headers, list(classifiers)

    def get(self, name: str) -> str | None:
        return self._headers.get(name)

    def get_all(self, name: str) -> list[str] | None:
        return self._classifiers if name == "Classifier" else None


def test_every_installed_package_has_an_allowed_licence() -> None:
    listed = licences.packages(licences.CONSTRAINTS.read_text("utf-8"))
    installed = {canonicalize_name(one.metadata["Name"]) for one in metadata.distributions()}
    problems = [one.problem for one in listed if one.problem and canonicalize_name(one.name) in installed]
    assert problems == []
    assert sum(one.serves for one in listed) > 50


def test_the_list_has_every_pin() -> None:
    pins = licences.pins(licences.CONSTRAINTS.read_text("utf-8"))
    rows = [line.split(" | ") for line in licences.LISTED.read_text("utf-8").splitlines() if line.startswith("| ")]
    listed = {(row[0].removeprefix("| "), row[1]) for row in rows if row[0] != "| package"}
    assert listed == set(pins), "run scripts/deploy/licences.py --write"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR (MIT AND Apache-2.0)", True),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
        ("Apache-2.0 WITH LLVM-exception AND MIT", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True),
        ("Proprietary", False),
        ("", False),
        ("MIT MIT", False),
        ("(MIT", False),
    ],
)
def test_expressions(expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed


@pytest.mark.parametrize(
    ("headers", "classifiers", "licence"),
    [
        ({"License-Expression": "MIT"}, (), "MIT"),
        ({"License": "Apache 2.0"}, (), "Apache-2.0"),
        ({"License": "MIT License\n\nCopyright ..."}, (), "MIT"),
        ({}, ("License :: OSI Approved :: BSD License", "Programming Language :: Python"), "BSD"),
        ({"License": "BSD"}, ("License :: OSI Approved :: MIT License",), "MIT"),
        ({"License": "MPL-2.0 AND MIT"}, (), "MPL-2.0 AND MIT"),
        ({}, (), None),
        ({"License": "all rights reserved"}, (), None),
        ({}, ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)",), None),
        ({}, ("License :: OSI Approved :: MIT License", "License :: Other/Proprietary License"), None),
    ],
)
def test_what_metadata_says(headers: Mapping[str, str], classifiers: Sequence[str], licence: str | None) -> None:
    assert licences.licence_of("some-package", Described(headers, classifiers)) == licence


def test_an_unknown_licence_is_a_problem() -> None:
    assert licences.Package("x", "1", None, True).problem
    assert licences.Package("x", "1", "SSPL-1.0", True).problem
    assert licences.Package("x", "1", "MIT", True).problem is None


def test_what_serves_follows_the_requirements() -> None:
    serving = licences.needed(licences.SERVING)
    assert {"flask", "werkzeug", "pypdf", "mcp", "torch"} <= serving
    assert not {"pytest", "langchain-core", "qa-service"} & serving


def test_a_new_package_without_a_known_licence_ends_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# pins\nno-such-package-anywhere==1.0\n")
    assert licences.main(["--constraints", str(constraints)]) == 1
    assert "no-such-package-anywhere" in capsys.readouterr().err
