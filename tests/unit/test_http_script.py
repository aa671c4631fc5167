"""The page's script: offsets in code points become UTF-16 indexes. Runs where there is a node."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

TEXT_SCRIPT = Path(__file__).parents[2] / "qa_service" / "http" / "static" / "text.js"
CALL = """
import { utf16Indexes } from "./text.mjs";
const cases = JSON.parse(process.argv[1]);
console.log(JSON.stringify(cases.map(([text, offsets]) => [...utf16Indexes(text, offsets)])));
"""


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    return found


def test_utf16_indexes(node: str, tmp_path: Path) -> None:
    shutil.copy(TEXT_SCRIPT, tmp_path / "text.mjs")
    rng = random.Random(5)
    cases = []
    for length in (0, 1, 5, 40):
        text = "".join(rng.choice("a中\u0301\r\n😀𠮷") for _ in range(length))
        cases.append((text, [rng.randint(0, length) for _ in range(8)]))
    done = subprocess.run(
        [node, "--input-type=module", "-e", CALL, json.dumps(cases)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for (text, offsets), pairs in zip(cases, json.loads(done.stdout), strict=True):
        found = dict(pairs)
        assert found == {offset: len(text[:offset].encode("utf-16-le")) // 2 for offset in offsets}
