"""The samples hold what their docstring says, and every answer is where its anchor says."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qa_service import samples

Row = dict[str, Any]

HAN = re.compile(r"[\u3400-\u9fff]")
CYRILLIC = re.compile(r"[\u0400-\u04ff]")
LATIN = re.compile(r"[A-Za-z]")
# Big5 lacks it, and its Hong Kong extension holds simplified forms too.
HONG_KONG = {"邨"}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WEEKDAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日（(?:星期|周|週)([一二三四五六日])）")

TOPICS = {"health", "transport", "school", "business", "community"}
ARTICLES_AT_LEAST = {"zh-Hans": 20, "zh-Hant": 7, "en": 3}
QUESTIONS_AT_LEAST = {"zh-Hans": 60, "zh-Hant": 12, "en": 12, "ru": 4}
CONVERSATIONS_AT_LEAST = {"zh-Hans": 50, "zh-Hant": 10, "en": 18, "ru": 2, "ja": 2, "de": 1, "fr": 1, "es": 1, "ko": 1}
CONVERSATION_KINDS = {
    "pronoun",
    "ellipsis",
    "demonstrative",
    "continuation",
    "definite",
    "correction",
    "self_contained",
    "cross_lingual",
    "thanks",
    "topic_from_first",
    "newer_entity",
}
LENGTHS = {"zh-Hans": (350, 1800), "zh-Hant": (350, 1800), "en": (900, 2500)}


def rows(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(lines), f"{path.name} has an empty line"
    return [json.loads(line) for line in lines]


def encodable(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def language(text: str) -> str:
    """Name the language of `text`; for Chinese, by which of the two scripts' charsets holds all its characters.

    A text that both hold, or neither, has no clear script and is an error.
    """
    han = set(HAN.findall(text))
    if not han:
        cyrillic, latin = len(CYRILLIC.findall(text)), len(LATIN.findall(text))
        assert cyrillic or latin, f"no letters in {text!r}"
        return "ru" if cyrillic > latin else "en"
    simplified = all(encodable(character, "gb2312") for character in han)
    traditional = all(encodable(character, "big5") for character in han - HONG_KONG)
    assert simplified != traditional, f"mixed or unclear script: {text[:60]!r}"
    return "zh-Hans" if simplified else "zh-Hant"


ARTICLES = rows(samples.articles_path())
QUESTIONS = rows(samples.questions_path())
UNANSWERABLE = rows(samples.unanswerable_path())
CONVERSATIONS = rows(samples.conversations_path())
BY_ID = {article["id"]: article for article in ARTICLES}


def article_language(article_id: str) -> str:
    return language(BY_ID[article_id]["text"])


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_article_is_complete(article: Row) -> None:
    assert set(article) == {"id", "title", "text", "url", "published_at", "metadata"}
    assert SLUG.fullmatch(article["id"])
    assert article["title"].strip() == article["title"] != ""
    assert article["text"].strip() == article["text"]
    assert article["text"].splitlines()[0] != article["title"]
    assert article["text"].count("\n\n") >= 3, "too few paragraphs"
    assert article["url"].startswith("https://example.org/")
    assert date.fromisoformat(article["published_at"]).isoformat() == article["published_at"]
    assert set(article["metadata"]) == {"topic", "town"}
    assert article["metadata"]["topic"] in TOPICS
    assert article["metadata"]["town"] in article["id"]


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_article_has_one_script_and_a_fair_length(article: Row) -> None:
    name = language(article["text"])
    assert language(article["title"]) == name
    shortest, longest = LENGTHS[name]
    assert shortest <= len(article["text"]) <= longest


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["id"])
def test_weekdays_fit_their_dates(article: Row) -> None:
    published = date.fromisoformat(article["published_at"])
    for year, month, day, weekday in WEEKDAY.findall(article["text"]):
        named = date(int(year or published.year), int(month), int(day))
        assert "一二三四五六日"[named.weekday()] == weekday, named


def test_articles_are_distinct_and_numerous() -> None:
    for key in ("id", "title", "text", "url"):
        assert len({article[key] for article in ARTICLES}) == len(ARTICLES), key
    counts = Counter(article_language(article["id"]) for article in ARTICLES)
    assert all(counts[name] >= least for name, least in ARTICLES_AT_LEAST.items()), counts
    assert {article["metadata"]["topic"] for article in ARTICLES} == TOPICS
    assert sum(len(article["text"]) >= 1500 for article in ARTICLES if article_language(article["id"]) != "en") >= 3


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"])
def test_question_is_answered_where_it_says(question: Row) -> None:
    assert set(question) == {"question", "answers", "lang"}
    assert language(question["question"]) == question["lang"]
    assert question["answers"]
    assert len({answer["article"] for answer in question["answers"]}) == len(question["answers"])
    for answer in question["answers"]:
        assert set(answer) == {"article", "anchor"}
        assert answer["anchor"].strip()
        assert len(answer["anchor"]) <= 60, "an anchor is the fact, not the sentence"
        assert BY_ID[answer["article"]]["text"].count(answer["anchor"]) == 1


@pytest.mark.parametrize("question", UNANSWERABLE, ids=lambda question: question["question"])
def test_unanswerable_question_is_complete(question: Row) -> None:
    assert set(question) == {"question", "lang", "kind"}
    assert language(question["question"]) == question["lang"]
    assert question["kind"] in {"changed_detail", "other_domain"}


def test_questions_are_distinct_and_numerous() -> None:
    asked = [row["question"] for row in [*QUESTIONS, *UNANSWERABLE]]
    assert len(set(asked)) == len(asked)
    assert len(QUESTIONS) >= 90
    counts = Counter(question["lang"] for question in QUESTIONS)
    assert all(counts[name] >= least for name, least in QUESTIONS_AT_LEAST.items()), counts
    assert len(UNANSWERABLE) >= 15
    assert {question["kind"] for question in UNANSWERABLE} == {"changed_detail", "other_domain"}


def test_every_article_is_asked_about() -> None:
    asked = {answer["article"] for question in QUESTIONS for answer in question["answers"]}
    assert asked == set(BY_ID)


@pytest.mark.parametrize(
    ("asked_in", "answered_in"),
    [
        ("zh-Hans", "zh-Hant"),
        ("zh-Hant", "zh-Hans"),
        ("zh-Hans", "en"),
        ("zh-Hant", "en"),
        ("en", "zh-Hans"),
        ("en", "zh-Hant"),
        ("ru", "zh-Hans"),
        ("ru", "zh-Hant"),
    ],
)
def test_questions_cross_scripts_and_languages(asked_in: str, answered_in: str) -> None:
    assert any(
        question["lang"] == asked_in and article_language(answer["article"]) == answered_in
        for question in QUESTIONS
        for answer in question["answers"]
    )


def user_turns(conversation: Row) -> list[str]:
    return [turn["content"] for turn in conversation["turns"] if turn["role"] == "user"]


def in_script_of(text: str, lang: str) -> bool:
    """Say whether `text` may be in `lang`; a short Chinese text may be in both scripts, so `language` is too strict."""
    han = set(HAN.findall(text))
    if lang == "zh-Hans":
        return bool(han) and all(encodable(character, "gb2312") for character in han)
    if lang == "zh-Hant":
        return bool(han) and all(encodable(character, "big5") for character in han)
    if lang == "ja":
        return bool(re.search(r"[\u3040-\u30ff]", text))
    if lang == "ko":
        return bool(re.search(r"[\uac00-\ud7a3]", text))
    return not han and bool((CYRILLIC if lang == "ru" else LATIN).search(text))


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation["id"])
def test_conversation_is_well_formed(conversation: Row) -> None:
    assert set(conversation) == {"id", "lang", "kind", "half", "turns", "answers"}
    assert conversation["kind"] in CONVERSATION_KINDS
    assert conversation["half"] in {"tune", "report"}
    assert all(set(turn) == {"role", "content"} and turn["content"].strip() for turn in conversation["turns"])
    roles = [turn["role"] for turn in conversation["turns"]]
    assert roles in (["user", "assistant"] * turns + ["user"] for turns in (1, 2))
    first, *_, last = user_turns(conversation)
    assert in_script_of(last, conversation["lang"])
    assert conversation["kind"] == "cross_lingual" or in_script_of(first, conversation["lang"])


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation["id"])
def test_conversation_is_answered_where_it_says(conversation: Row) -> None:
    assert conversation["answers"]
    said = [turn["content"] for turn in conversation["turns"]]
    for answer in conversation["answers"]:
        assert set(answer) == {"article", "anchor"}
        assert len(answer["anchor"].strip()) >= 4
        assert BY_ID[answer["article"]]["text"].count(answer["anchor"]) == 1
        assert not any(answer["anchor"] in content for content in said), "the history tells it already"


def test_conversations_are_distinct_and_numerous() -> None:
    assert len({conversation["id"] for conversation in CONVERSATIONS}) == len(CONVERSATIONS)
    assert len({tuple(user_turns(conversation)) for conversation in CONVERSATIONS}) == len(CONVERSATIONS)
    turns = Counter(len(user_turns(conversation)) for conversation in CONVERSATIONS)
    assert turns[2] >= 45
    assert turns[3] >= 40
    languages = Counter(conversation["lang"] for conversation in CONVERSATIONS)
    assert set(languages) == set(CONVERSATIONS_AT_LEAST)
    assert all(languages[name] >= least for name, least in CONVERSATIONS_AT_LEAST.items()), languages
    kinds = Counter(conversation["kind"] for conversation in CONVERSATIONS)
    assert set(kinds) == CONVERSATION_KINDS
    assert kinds["self_contained"] >= 20


@pytest.mark.parametrize("group", ["kind", "lang", "turns"])
def test_halves_of_the_conversations_are_balanced(group: str) -> None:
    surplus: Counter[str] = Counter()
    for conversation in CONVERSATIONS:
        name = str(len(conversation["turns"])) if group == "turns" else conversation[group]
        surplus[name] += 1 if conversation["half"] == "tune" else -1
    assert all(abs(count) <= 2 for count in surplus.values()), surplus
    assert abs(sum(surplus.values())) <= 4
