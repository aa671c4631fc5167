"""What scripts/deploy promises: an unprivileged, read-only container, a closed unit, a proxy that fits the service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_service.config import Settings
from qa_service.errors import ConfigError
from qa_service.http import create_app, limits
from qa_service.http.exposure import refuse_exposed
from tests.http.fake_engine import FakeEngine

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "scripts" / "deploy"
MIB = 1024 * 1024
VACUUM = """
import os, sqlite3, sys
seen = set()
def look():
    for name in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        if "etilqs" in path:
            seen.add(os.path.dirname(path))
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE t (x)")
connection.execute("INSERT INTO t WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)"
                   " SELECT randomblob(1000) FROM n")
connection.set_progress_handler(look, 1000)
connection.execute("VACUUM")
print(*seen)
"""
"""Prints in which directory SQLite has temporary files while it writes a database of 20 MB anew."""


def instructions() -> list[tuple[str, str]]:
    """Read the Containerfile: (instruction, rest) with continued lines joined and comments left out."""
    lines = (DEPLOY / "Containerfile").read_text("utf-8").splitlines()
    joined = "\n".join(line for line in lines if not line.lstrip().startswith("#")).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def values(name: str, stage: list[tuple[str, str]]) -> list[str]:
    return [rest for instruction, rest in stage if instruction == name]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "qa-service.service").read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            found.setdefault(line.partition("=")[0], []).append(line.partition("=")[2])
    return found


def test_the_container_runs_as_nobody_and_tells_its_health() -> None:
    stage = last_stage()
    [user] = values("USER", stage)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    [check] = values("HEALTHCHECK", stage)
    assert "/readyz" in check
    assert values("ENTRYPOINT", stage) == ['["qa-service"]']
    assert values("CMD", stage) == ['["serve"]']
    assert values("VOLUME", stage) == ['["/data", "/cache"]']
    order = [name for name, _ in stage]
    assert order.index("USER") > max(place for place, name in enumerate(order) if name in ("COPY", "RUN", "ADD"))


def test_the_container_is_built_from_what_is_pinned_and_here() -> None:
    for rest in values("FROM", instructions()):
        image = rest.split()[0]
        assert ":" in image and not image.endswith(":latest")
    assert not values("ADD", instructions())
    assert not values("RUN", last_stage())
    runs = " ".join(values("RUN", instructions()))
    for install in re.findall(r"pip install[^&]*", runs):
        assert "-c scripts/constraints.txt" in install
    assert not re.search(r"curl|wget|apt-get|chmod 777|sudo", runs)
    for rest in values("COPY", instructions()):
        if not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source


@pytest.mark.parametrize("extras", ["", "otel"])
def test_more_extras_are_had_by_a_build_argument(extras: str) -> None:
    [wanted] = re.findall(r'"(\.\[[^"]*)"', " ".join(values("RUN", instructions())))
    ran = subprocess.run(
        ["sh", "-c", f'printf %s "{wanted}"'], env={"EXTRAS": extras}, capture_output=True, text=True, check=True
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = re.fullmatch(r"\.\[(.*)\]", ran.stdout)[1].split(",")  # type: ignore[index]
    assert set(named) <= project["optional-dependencies"].keys()
    assert ("otel" in named) is (extras == "otel")
    assert 'EXTRAS=""' in values("ARG", instructions())


def test_what_is_copied_is_in_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    needed = {source for rest in values("COPY", instructions()) if "--from" not in rest for source in rest.split()[:-1]}
    assert needed == kept


def test_the_image_holds_no_secret_and_only_known_settings() -> None:
    stage = last_stage()
    names = {name for rest in values("ENV", stage) for name in re.findall(r"(\w+)=", rest)}
    known = {f"QA_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in names if name.startswith("QA_")} <= known
    assert not {name for name in names if re.search("KEY|SECRET|TOKEN|HASHSEED", name)}


def test_nothing_outside_the_volumes_is_written(compose: dict[str, Any]) -> None:
    service = compose["services"]["qa-service"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    environment = dict(re.findall(r"(QA_\w+)=(\S+)", " ".join(values("ENV", last_stage()))))
    for name in ("QA_DATA_DIR", "QA_CACHE_DIR", "QA_MODEL_DIR"):
        assert environment[name].startswith(("/data", "/cache")), name
    mounted = {volume.partition(":")[2] for volume in service["volumes"]}
    assert mounted == {"/data", "/cache"}


def test_what_sqlite_writes_aside_goes_where_the_catalogue_is(unit: dict[str, list[str]]) -> None:
    """`compact --erase` has it write a copy of the catalogue, which must not count as memory of the container."""
    for environment in (" ".join(values("ENV", last_stage())), " ".join(unit["Environment"])):
        found = dict(re.findall(r"(\w+)=(\S+)", environment))
        assert found["SQLITE_TMPDIR"] == found["QA_DATA_DIR"]


def test_sqlite_heeds_its_variable(tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", VACUUM, str(tmp_path / "catalog.sqlite3")],
        env={**os.environ, "SQLITE_TMPDIR": str(tmp_path / "aside")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [str(tmp_path / "aside")], done.stderr


@pytest.mark.parametrize("name", ["qa-service", "proxy"])
def test_services_have_no_rights_to_lose(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert "privileged" not in service
    assert not service.get("network_mode")


def test_only_the_proxy_is_reached_from_outside(compose: dict[str, Any]) -> None:
    service = compose["services"]["qa-service"]
    assert "ports" not in service
    assert service["networks"] == ["inner"]
    assert compose["networks"]["inner"]["internal"] is True
    assert service["environment"]["QA_TRUSTED_PROXIES"] == "1"
    assert "QA_ALLOW_OPEN" not in str(compose)


def test_the_proxy_lets_through_what_the_service_takes() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    [most] = re.findall(r"max_size (\d+)MB", text)
    assert limits.MAX_ASYNC_BODY_BYTES < int(most) * 1_000_000 < 1.25 * limits.MAX_ASYNC_BODY_BYTES
    assert "flush_interval -1" in text
    assert "path /metrics" in text
    assert "Strict-Transport-Security" in text


def test_the_unit_is_closed(unit: dict[str, list[str]]) -> None:
    for name in (
        *("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectClock"),
        *("ProtectKernelModules", "ProtectControlGroups", "RestrictSUIDSGID", "RestrictNamespaces", "LockPersonality"),
    ):
        assert unit[name] == ["yes"], name
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["User"] != ["root"]
    assert unit["UMask"] == ["0077"]
    assert unit["KillMode"] == ["mixed"]
    known = {f"QA_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"QA_\w+(?==)", " ".join(unit["Environment"]))) <= known


def test_the_unit_does_not_start_without_a_key(unit: dict[str, list[str]], tmp_path: Path) -> None:
    given = dict(pair.split("=", 1) for line in unit["Environment"] for pair in line.split())
    values = {name.removeprefix("QA_").lower(): value for name, value in given.items() if name.startswith("QA_")}
    with pytest.raises(ConfigError, match="there is no key"):
        refuse_exposed(Settings(**{**values, "data_dir": tmp_path}))


def test_commands_have_the_units_user_and_settings(unit: dict[str, list[str]], tmp_path: Path) -> None:
    """With fewer, `rebuild` would have the service change over to the defaults."""
    text = (DEPLOY / "qa-service.service").read_text("utf-8")
    function = "\n".join(
        line.removeprefix("#") for line in re.findall(r"(?ms)^#   qa\(\) \{.*?^#   \}$", text)[0].split("\n")
    )
    tool = tmp_path / "systemd-run"
    tool.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    ran = subprocess.run(
        ["bash", "-c", f"{function}\nqa ask 'two words'"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    given = ran.stdout.splitlines()
    assert given[-3:] == [unit["ExecStart"][0].split()[0], "ask", "two words"]
    options = [one.removeprefix("--").split("=", 1) for one in given[:-3]]
    assert ["uid", *unit["User"]] in options
    assert ["gid", *unit["Group"]] in options
    properties = dict(one[1].split("=", 1) for one in options if one[0] == "property")
    assert properties == {"UMask": unit["UMask"][0], "EnvironmentFile": unit["EnvironmentFile"][0]}
    set_here = dict(one[1].split("=", 1) for one in options if one[0] == "setenv")
    text = " ".join(unit["Environment"]).replace("%S", "/var/lib").replace("%C", "/var/cache")
    of_unit = dict(pair.split("=", 1) for pair in text.split())
    # What is the server's alone: a proxy, and a log that is not held back.
    assert set_here == {name: of_unit[name] for name in of_unit.keys() - {"QA_TRUSTED_PROXIES", "PYTHONUNBUFFERED"}}


def test_a_prometheus_beside_the_service_is_let_in(compose: dict[str, Any], tmp_path: Path) -> None:
    environment = compose["services"]["qa-service"]["environment"]
    hosts = re.sub(r"\$\{QA_SITE:-(\w+)\}", r"\1", environment["QA_ALLOWED_HOSTS"])
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", allow_open=True, allowed_hosts=hosts, trusted_proxies=1)
    client = create_app(settings, FakeEngine()).test_client()
    [target] = re.findall(
        r'compose\.yaml, on its network: \["([^"]*)"\]', (DEPLOY / "prometheus-alerts.yml").read_text()
    )
    assert target.split(":")[0] in compose["services"]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"on the network `{compose['name']}_inner` asks `{target}`" in readme
    for path in ("/metrics", "/readyz"):
        assert client.get(path, headers={"Host": target}).status_code == 200
        assert client.get(path, headers={"Host": "evil.example"}).status_code == 403


def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd is not installed")
    text = (DEPLOY / "qa-service.service").read_text("utf-8").replace("/opt/qa-service/bin/qa-service", "/bin/true")
    path = tmp_path / "qa-service.service"
    path.write_text(text, encoding="utf-8")
    ended = subprocess.run([tool, "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
    said = [line for line in ended.stderr.splitlines() if "qa-service" in line]
    assert said == [], ended.stderr
