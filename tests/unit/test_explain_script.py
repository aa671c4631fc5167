"""The page's explanations, on a small document of our own. Runs where there is a node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).parents[2] / "qa_service" / "http" / "static"
PRELUDE = """
class Node {
  constructor(name) { this.tag = name; this.children = []; this.text = ""; this.listeners = {}; this.attributes = {};
    this.dataset = {}; }
  append(...nodes) { this.children.push(...nodes.map((n) => (typeof n === "string" ? textNode(n) : n))); }
  replaceChildren(...nodes) { this.children = []; this.append(...nodes); }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(name, run) { this.listeners[name] = run; }
  set textContent(text) { this.children = [textNode(text)]; }
  get textContent() { return this.tag === "#text" ? this.text : this.children.map((n) => n.textContent).join(""); }
  all(name) { return [...(this.tag === name ? [this] : []), ...this.children.flatMap((n) => n.all(name))]; }
}
function textNode(text) { const node = new Node("#text"); node.text = text; return node; }
globalThis.document = {
  createElement: (name) => new Node(name),
  createTextNode: textNode,
  createDocumentFragment: () => new Node("#fragment"),
  getElementById: (id) => new Node(id),
};
Object.defineProperty(globalThis, "navigator", { value: { language: process.argv[1] } });
const given = JSON.parse(process.argv[2]);
const { why, whyNot } = await import("./why.js");
const { ApiError } = await import("./api.js");
const rows = (node) => node.all("tr").map((row) => row.children.map((cell) => cell.textContent));
"""
LEGS = {
    "window": {"rank": 3, "score": 0.81234, "nominated": True, "cutoff_score": 0.7},
    "sentence": {"rank": None, "score": 0.6, "nominated": False, "cutoff_score": 0.7},
    "bm25": {"rank": None, "score": 0, "nominated": False, "cutoff_score": None},
}
EXPLAINED: dict[str, Any] = {
    "passage_id": "p2",
    "article_id": "<b>a</b>",
    "legs": LEGS,
    "fused": {"rank": 7, "score": 0.5},
    "refined": None,
    "reranker": None,
    "matched_idf_share": 0.426,
    "missing_words": [{"word": "<i>", "idf": 2.0, "known": True}],
    "best_sentence": {"start": 0, "end": 3, "cosine": 0.6, "text": "<script>"},
    "result": {"stage": "outranked", "rank": 7, "score": 0.1, "reason": "It came 7th."},
    "copies": None,
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    for path in STATIC.glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


def run(scripts: Path, code: str, given: object, language: str = "en") -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "--input-type=module", "-e", PRELUDE + code, language, json.dumps(given)],
        cwd=scripts,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_disclosure_of_the_legs(scripts: Path) -> None:
    code = """
    const states = [];
    const details = why(given, (open) => states.push(open));
    for (const open of [true, false]) { details.open = open; details.listeners.toggle(); }
    console.log(JSON.stringify({ name: details.tag, summary: details.children[0].tag, rows: rows(details), states,
      scopes: details.all("th").map((cell) => cell.scope), text: details.textContent }));
    """
    shown = run(scripts, code, EXPLAINED)
    assert (shown["name"], shown["summary"], shown["states"]) == ("details", "summary", [True, False])
    assert shown["rows"] == [
        ["stage", "rank", "score", "cutoff"],
        ["passage as a whole", "3", "0.812", "0.700"],
        ["best sentence", "> 100", "0.600", "0.700"],
        ["words (BM25)", "–", "0.000", "–"],
        ["together", "7", "0.500", ""],
    ]
    assert shown["scopes"] == ["col"] * 4 + ["row"] * 4
    assert "43% of the question's words" in shown["text"]


WHY_NOT = """
const asked = [];
const details = whyNot(async (target) => {
  asked.push(target);
  if (given.failure) throw new ApiError(given.failure, ["line"]);
  return given;
});
const form = details.all("form")[0];
form.all("input")[0].value = "<b>a</b>";
let prevented = false;
form.listeners.submit({ preventDefault: () => { prevented = true; } });
await new Promise((resolve) => setTimeout(resolve, 10));
const place = details.children[2];
console.log(JSON.stringify({ asked, prevented, role: place.attributes.role, text: place.textContent, rows: rows(place),
  names: place.children.map((node) => node.tag), label: form.children[0].tag, tags: place.all("script").length,
  disabled: form.all("button")[0].disabled, first: place.children[0].textContent }));
"""


def test_a_form_for_what_is_no_result(scripts: Path) -> None:
    first = {**EXPLAINED, "passage_id": "p1", "refined": {"rank": 1, "score": 2}, "fused": {"rank": 1, "score": 1.25}}
    shown = run(scripts, WHY_NOT, {**EXPLAINED, "first": first})
    assert shown["asked"] == [{"article_id": "<b>a</b>"}]
    assert (shown["prevented"], shown["role"], shown["label"], shown["disabled"]) == (True, "status", "label", False)
    assert shown["first"] == "It came 7th."
    assert shown["rows"][0] == ["stage", "rank", "score", "cutoff", "first result's rank", "first result's score"]
    assert shown["rows"][4:] == [
        ["together", "7", "0.500", "", "1", "1.250"],
        ["refined", "–", "–", "", "1", "2.000"],
    ]
    # What comes from outside is text.
    assert "<script>" in shown["text"]
    assert "<i>" in shown["text"]
    assert shown["tags"] == 0


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("outranked", "已评分，但排在其他段落之后（第 7 名）。"),
        ("copy", "内容与第 2 条结果（a$&）相同，由后者代表。"),
        ("not_nominated", "三路检索都没有把它列入前 100 名。"),
    ],
)
def test_the_verdict_in_chinese(scripts: Path, stage: str, words: str) -> None:
    rank = 7 if stage == "outranked" else None
    by = {"article_id": "a$&", "passage_id": "p", "rank": 2, "score": 0.5} if stage == "copy" else None
    given = {
        **EXPLAINED,
        "first": None,
        "result": {**EXPLAINED["result"], "stage": stage, "rank": rank},
        "copies": {"stood_for_by": by, "stands_for": []},
    }
    shown = run(scripts, WHY_NOT, given, "zh-CN")
    assert shown["first"] == words
    assert shown["rows"][0] == ["阶段", "名次", "得分", "入选线"]


def test_what_is_not_searched_has_no_table(scripts: Path) -> None:
    given = {**EXPLAINED, "legs": None, "missing_words": None, "best_sentence": None, "first": None}
    assert run(scripts, WHY_NOT, given)["names"] == ["p"]


def test_failures_are_told(scripts: Path) -> None:
    shown = run(scripts, WHY_NOT, {"failure": "Not found"})
    assert (shown["text"], shown["disabled"]) == ("Not found line", False)
