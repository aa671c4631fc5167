"""The page's scripts that need no page: texts, event streams, batches, words. Runs where there is a node."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from qa_service.explanation import Stage
from qa_service.types import OutcomeStatus

STATIC = Path(__file__).parents[2] / "qa_service" / "http" / "static"
WORDS = ["words-en.js", "words-zh-hans.js", "words-zh-hant.js"]
Run = Callable[[str, str, Any], Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a function of a module for each case: `run(module, "(exports, case) => ...", cases)`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    place = tmp_path_factory.mktemp("scripts")
    (place / "package.json").write_text('{"type": "module"}')
    (place / "navigator.js").write_text('globalThis.navigator ??= { language: "en" };')
    for script in STATIC.glob("*.js"):
        shutil.copy(script, place)

    def call(module: str, function: str, cases: Any) -> Any:
        main = f'import "./navigator.js";\nimport * as exports from "./{module}";\n'
        main += 'import { readFileSync } from "node:fs";\n'
        main += f'const done = ({function});\nconst cases = JSON.parse(readFileSync(0, "utf-8"));\n'
        main += "console.log(JSON.stringify(await Promise.all(cases.map((one) => done(exports, one)))));\n"
        (place / "main.js").write_text(main)
        ended = subprocess.run(
            [node, "main.js"], cwd=place, input=json.dumps(cases),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return call


def test_utf16_indexes(run: Run) -> None:
    rng = random.Random(5)
    cases = []
    for length in (0, 1, 5, 40):
        text = "".join(rng.choice("a中\u0301\r\n😀𠮷") for _ in range(length))
        cases.append((text, [rng.randint(0, length) for _ in range(8)]))
    done = run("text.js", "({utf16Indexes}, [text, offsets]) => [...utf16Indexes(text, offsets)]", cases)
    for (text, offsets), pairs in zip(cases, done, strict=True):
        found = dict(pairs)
        assert found == {offset: len(text[:offset].encode("utf-16-le")) // 2 for offset in offsets}


def test_pieces_are_the_text_with_the_first_mark_on_each_place(run: Run) -> None:
    rng = random.Random(6)
    cases = []
    for _ in range(40):
        text = "".join(rng.choice("a中😀 ") for _ in range(30))
        base = rng.choice([0, 7])
        marks: list[dict[str, Any]] = []
        for name in "pqr":
            start = rng.randint(base, base + 30)
            marks.append({"start": start, "end": rng.randint(start, base + 30), "className": name})
        start = rng.randint(base, base + 30)
        cases.append((text, base, marks, start, rng.randint(start, base + 30)))
    done = run("text.js", "({pieces}, [text, base, marks, start, end]) => pieces(text, base, marks, start, end)", cases)
    for (text, base, marks, start, end), found in zip(cases, done, strict=True):
        shown = [(char, piece["className"]) for piece in found for char in piece["text"]]
        names = [next((m["className"] for m in marks if m["start"] <= at < m["end"]), "") for at in range(start, end)]
        assert shown == list(zip(text[start - base : end - base], names, strict=True))


def test_excerpts_keep_words_whole(run: Run) -> None:
    text = "on Monday 夜间门诊😀 开放 at noon"
    spans = [(1, 14), (12, 15), (0, len(text) - 2)]
    cases: list[Any] = [[text, {"start": start, "end": end}] for start, end in spans]
    cases.append(["x" * 90, {"start": 10, "end": 80}])
    found = run("text.js", "({atWords}, [text, span]) => atWords(text, span)", cases)
    cut = [case[0][span["start"] : span["end"]] for case, span in zip(cases, found, strict=True)]
    assert cut == [" Monday 夜间门诊", "门诊😀", "on Monday 夜间门诊😀 开放 at ", "x" * 30]


SPLIT = """({MarkSplitter}, pieces) => {
  const splitter = new MarkSplitter();
  return [...pieces.flatMap((piece) => splitter.feed(piece)), ...splitter.end()];
}"""


def test_marks_are_found_wherever_the_answer_is_cut(run: Run) -> None:
    text = "中[1]、[12] a[x] [2024] [3"
    cases = [[text[:a], text[a:b], text[b:]] for a in range(len(text)) for b in range(a, len(text))]
    for parts in run("text.js", SPLIT, cases):
        assert "".join(f"[{part}]" if isinstance(part, int) else part for part in parts) == text
        assert [part for part in parts if isinstance(part, int)] == [1, 12]


EVENTS = """({EventParser}, pieces) => {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.feed(piece));
}"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_events_are_read_wherever_the_stream_is_cut(run: Run, line_end: str) -> None:
    lines = [
        ": hello",
        "data: 中",
        "",
        "",
        "event: x",
        "data:a",
        "data",
        "data:  b:c",
        "",
        "data: [DONE]",
        "",
        "data: cut",
    ]
    text = line_end.join(lines) + line_end
    cases = [[text[:a], text[a:b], text[b:]] for a in range(len(text)) for b in range(a, len(text) + 1)]
    cases.append(list(text))
    for found in run("events.js", EVENTS, cases):
        assert found == ["中", "a\n\n b:c", "[DONE]"]


READ = """async ({readEvents}, pieces) => {
  const bytes = pieces.map((piece) => Uint8Array.from(piece));
  const stream = new ReadableStream({ pull(to) { bytes.length ? to.enqueue(bytes.shift()) : to.close(); } });
  const all = [];
  for await (const one of readEvents(stream)) all.push(one);
  return all;
}"""


def test_characters_are_read_wherever_their_bytes_are_cut(run: Run) -> None:
    sent = "data: 夜😀𠮷\n\n".encode()
    cases = [[list(sent[:at]), list(sent[at:])] for at in range(1, len(sent))] + [[[byte] for byte in sent]]
    assert run("events.js", READ, cases) == [["夜😀𠮷"]] * len(cases)


def test_files_go_together_within_the_limits_of_the_service(run: Run) -> None:
    def sized(*sizes: float) -> list[dict[str, Any]]:
        return [{"name": f"f{index}", "size": int(size * 2**20)} for index, size in enumerate(sizes)]

    cases = [[], sized(*[0.001] * 260), sized(3, 3, 3, 8, 70, 7), [*sized(1), *sized(2)]]
    none, many, large, same = run("batches.js", "({plan}, files) => plan(files)", cases)
    assert none == {"batches": [], "jobs": [], "refused": []}
    assert sum(len(batch) for batch in many["batches"]) == 260
    assert all(0 < len(batch) <= 100 for batch in many["batches"])
    for batch in large["batches"]:
        assert sum(file["size"] for file in batch) < 8 * 2**20
    assert [file["name"] for batch in large["batches"] for file in batch] == ["f0", "f1", "f2", "f5"]
    assert [file["name"] for file in large["jobs"]] == ["f3"]
    assert [(one["file"]["name"], one["reason"]) for one in large["refused"]] == [("f4", "tooBig")]
    assert [one["reason"] for one in same["refused"]] == ["sameName"]


def test_files_of_one_name_in_two_folders_stay_apart(run: Run) -> None:
    files = [{"name": "README.md", "webkitRelativePath": f"{folder}/README.md", "size": 1} for folder in "xyx"]
    [planned] = run("batches.js", "({plan}, files) => plan(files)", [files])
    assert planned["batches"] == [files[:2]]
    assert [one["reason"] for one in planned["refused"]] == ["sameName"]


@pytest.mark.parametrize("page", ["en", "zh-Hant"])
def test_the_language_of_a_text_is_told_when_it_is_sure(run: Run, page: str) -> None:
    telling = {
        "这是谁的车？": "zh-Hans",
        "這是誰的車？": "zh-Hant",
        "Python 的发布日期是哪天": "zh-Hans",
        "中山大": "zh-Hant" if page == "zh-Hant" else "zh",
        "夜間バスはいつ来ますか": "ja",
        "야간 버스": "ko",
        "Where is the night bus?": "en",
        "Où est le bus de nuit?": None,
        "N8": None,
        "": None,
    }
    cases = [[text, page] for text in telling]
    assert run("text.js", "({languageOf}, [text, page]) => languageOf(text, page)", cases) == list(telling.values())


def test_frequent_problems_are_put_in_the_language_of_the_page(run: Run) -> None:
    said = [
        "messages: it is empty (ask something)",
        "messages: it has 4001 characters, 4000 are allowed (ask a shorter question)",
        "model: there is no model 'qa-a.b' (GET /v1/models lists those there are)",
        "content_type: content type 'image/png' is not supported (send one of text/html)",
        "the article has no text (leave it out)",
        "what nobody foresaw",
    ]
    assert run("problems.js", "({ownWords}, said) => ownWords(said)", said) == [
        "Type a question first.",
        "The question has 4001 characters; 4000 are allowed. Shorten it, then ask again.",
        "There is no collection a.b. Choose another one.",
        "files of the kind image/png cannot be read",
        "has no text",
        None,
    ]
    refusals: list[Any] = [
        {"error": {"message": "messages: has a flaw"}},
        {"title": "Invalid input", "errors": [{"field": "id", "problem": "is odd", "remedy": "mend it"}]},
        {"title": "Not found", "errors": [{"field": "collection", "problem": "there is no collection 'x'"}]},
    ]
    assert run("problems.js", "({failureWords}, data) => failureWords(data)", refusals) == [
        ["That did not work", "has a flaw"],
        ["Invalid input", "id: is odd — mend it"],
        ["There is no collection x. Choose another one."],
    ]


def test_the_page_names_beforehand_the_scripts_that_it_starts_with() -> None:
    wanted: set[str] = set()
    waiting = ["page.js"]
    while waiting:
        script = (STATIC / waiting.pop()).read_text("utf-8")
        found = set(re.findall(r'^import [^;]* from "\./([^"]+)"', script, re.MULTILINE)) - wanted
        wanted |= found
        waiting += found
    page = (STATIC / "page.html").read_text("utf-8")
    named = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', page)
    assert sorted(named) == sorted(wanted)


def test_the_files_that_a_refusal_names_are_left_out(run: Run) -> None:
    files = ["a", "b", "c"]
    problems = [{"field": "files[1]", "problem": "x"}, {"field": "files[1].id"}, {"field": "body"}, {"field": None}]
    [found] = run("batches.js", "({split}, [files, problems]) => split(files, problems)", [[files, problems]])
    assert found == {"wrong": [{"file": "b", "problem": problems[0]}], "others": ["a", "c"]}


def test_every_language_has_every_word_with_the_same_gaps(run: Run) -> None:
    english, *others = [run(name, "({words}) => words", [None])[0] for name in WORDS]
    for words in others:
        assert list(words) == list(english)
        for name, text in words.items():
            assert set(re.findall(r"\{\w+\}", text)) <= set(re.findall(r"\{\w+\}", english[name])), name
    used = "".join(path.read_text("utf-8") for path in STATIC.iterdir() if not path.name.startswith("words-"))
    by_name = {*get_args(OutcomeStatus), *(f"stage_{stage}" for stage in get_args(Stage))}
    assert by_name <= set(english)
    assert [name for name in set(english) - by_name if not re.search(rf"[\"'.]{name}\b", used)] == []
    wanted = set(re.findall(r'data-(?:label|aria-label)="(\w+)"', used))
    assert wanted <= set(english)
