"""The reranker on torch, with tiny cross-encoders of random weights made here: no network, no download."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.cross_encoder import CrossEncoderReranker
from embeddings.environment import prepare_environment
from embeddings.errors import ModelError
from embeddings.reranker import Reranker, load_reranker
from embeddings.toy import ToyEncoder
from qa_service import assembly
from qa_service.cli import main
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import ConfigError
from qa_service.types import Ask
from tests.conftest import add

pytestmark = pytest.mark.model

CHARACTERS = "馆长是谁陈海棠图书院林月华医在哪里和平路十二号疫苗接种每周三进行。?"
QUESTION = "图书馆馆长是谁?"
PASSAGES = ["馆长是陈海棠。", "医院院长是林月华。", "疫苗接种每周三进行。", "医院在和平路十二号。", "图书馆在哪里?"]
MAX_TOKENS = 48


def tokenizer() -> Any:
    """Make a tokenizer of one token a character, with the special tokens of BERT."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {
        token: number for number, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(CHARACTERS)])
    }
    bare = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    bare.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    bare.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=bare, model_max_length=MAX_TOKENS, **special)


def build(folder: Path, kind: str, labels: int = 1, seed: int = 0) -> Path:
    """Write a transformers folder; weights are so large that logits differ well beyond any rounding."""
    prepare_environment(hub=False)
    import torch
    import transformers

    words = tokenizer()
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=MAX_TOKENS,
        num_labels=labels,
        initializer_range=1.0,
    )
    getattr(transformers, kind)(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def reference(folder: Path, query: str, passage: str) -> list[float]:
    """Compute the logits of one pair with transformers alone."""
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True).eval()
    with torch.inference_mode():
        logits: list[float] = model(**tokenizer()(query, passage, return_tensors="pt")).logits[0].tolist()
    return logits


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a transformers folder of one label, as many rerankers come."""
    return build(tmp_path_factory.mktemp("models") / "tiny", "BertForSequenceClassification")


@pytest.fixture(scope="module")
def saved(plain: Path) -> Path:
    """Give the same model as sentence-transformers writes it."""
    from sentence_transformers import CrossEncoder

    folder = plain.parent / "saved"
    CrossEncoder(str(plain), local_files_only=True).save(str(folder))
    assert (folder / "modules.json").is_file()
    return folder


@pytest.fixture(scope="module")
def reranker(saved: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(saved)


def test_either_folder_gives_the_models_own_logits(plain: Path, saved: Path) -> None:
    expected = [reference(plain, QUESTION, passage)[0] for passage in PASSAGES]
    assert np.ptp(expected) > 0.01
    assert max(map(abs, expected)) > 1, "a sigmoid would not show"
    for folder in (plain, saved):
        loaded = load_reranker(folder)
        assert isinstance(loaded, Reranker)
        assert loaded.name == folder.name
        scores = loaded.score(QUESTION, PASSAGES)
        assert scores.dtype == np.float32
        assert scores == pytest.approx(expected, abs=1e-4)


def test_two_labels_give_their_difference(tmp_path: Path) -> None:
    folder = build(tmp_path / "two", "BertForSequenceClassification", labels=2)
    pairs = [reference(folder, QUESTION, passage) for passage in PASSAGES]
    assert CrossEncoderReranker(folder).score(QUESTION, PASSAGES) == pytest.approx([b - a for a, b in pairs], abs=1e-4)


def test_batches_do_not_change_the_scores(reranker: CrossEncoderReranker) -> None:
    passages = ["".join(PASSAGES)[:length] for length in range(1, 31)] * 4
    together = reranker.score(QUESTION, passages)
    alone = [float(reranker.score(QUESTION, [passage])[0]) for passage in passages[:30]]
    assert together == pytest.approx(alone * 4, abs=1e-3)
    assert reranker.score(QUESTION, []).shape == (0,)
    with pytest.raises(TypeError):
        reranker.score(QUESTION, "one text")


def test_room_is_what_it_reads(reranker: CrossEncoderReranker) -> None:
    assert reranker.count_tokens([QUESTION, ""]) == [8, 0]
    assert reranker.room(QUESTION) == MAX_TOKENS - 3 - 8
    half = (MAX_TOKENS - 3) // 2
    for question in (QUESTION, "谁" * 500):
        room = reranker.room(question)
        assert room == max(MAX_TOKENS - 3 - len(question), half)
        read, more, other = ("馆" * (room - 1) + end for end in ("长", "长院院院", "院"))
        scores = reranker.score(question, [read, more, other])
        if question == QUESTION:
            assert scores[0] == pytest.approx(scores[1], abs=1e-3), "more than the room was read"
        assert abs(scores[0] - scores[2]) > 1e-3, "less than the room was read"


def test_threads_take_turns(reranker: CrossEncoderReranker) -> None:
    questions = [QUESTION, "医院在哪里?", "院长是谁?", "疫苗在哪里接种?"]
    expected = [reranker.score(question, PASSAGES) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: reranker.score(questions[number % 4], PASSAGES), range(40)))
    for number, scores in enumerate(found):
        assert scores == pytest.approx(expected[number % 4], abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "labels", "problem"),
    [
        ("BertForSequenceClassification", 3, "3 classes"),
        ("BertModel", 1, "no cross-encoder but BertModel"),
        ("BertForMaskedLM", 1, "no cross-encoder but BertForMaskedLM"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, kind: str, labels: int, problem: str) -> None:
    settings = Settings(reranker=str(build(tmp_path / "other", kind, labels)))
    with pytest.raises(ConfigError, match=problem) as caught:
        assembly.load_reranker(settings)
    assert caught.value.field == "QA_RERANKER"
    assert caught.value.remedy


def test_an_embedding_model_is_refused(plain: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    SentenceTransformer(str(plain), local_files_only=True).save(str(tmp_path / "embedder"))
    with pytest.raises(ModelError, match="no cross-encoder but SentenceTransformer"):
        CrossEncoderReranker(tmp_path / "embedder")


@pytest.mark.parametrize("damage", ["empty", "no weights", "short weights", "bad settings", "not numbers"])
def test_a_broken_folder_is_refused_at_start(saved: Path, tmp_path: Path, settings: Settings, damage: str) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(saved, folder)
    weights = folder / "model.safetensors"
    if damage == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif damage == "no weights":
        weights.unlink()
    elif damage == "short weights":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif damage == "bad settings":
        (folder / "config.json").write_text("{", encoding="utf-8")
    else:
        from safetensors.torch import load_file, save_file

        tensors = load_file(weights)
        tensors["classifier.bias"][:] = float("nan")
        save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ConfigError) as caught:
        Engine.open(settings.model_copy(update={"reranker": str(folder)}), ToyEncoder())
    assert caught.value.field == "QA_RERANKER"
    assert repr(str(folder)) in caught.value.detail
    assert caught.value.remedy


def test_it_orders_the_answers(settings: Settings, saved: Path, reranker: CrossEncoderReranker) -> None:
    engine = Engine.open(settings.model_copy(update={"reranker": str(saved)}), ToyEncoder())
    try:
        add(engine, {str(number): passage for number, passage in enumerate(PASSAGES)})
        result = engine.ask(Ask(QUESTION, top_k=50, explain=True))
        expected = sorted(PASSAGES, key=lambda passage: -float(reranker.score(QUESTION, [passage])[0]))
        assert [passage.text for passage in result.passages] == expected
        assert [article_id for article_id, _ in engine.rank(QUESTION)] == [p.article_id for p in result.passages]
        assert engine.readiness().warnings == ()
    finally:
        engine.close()


# An audit hook ends the process at the first connection or name look-up, wherever it comes from.
OFFLINE = """
import os, sys

def guard(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        os.write(2, f"NETWORK: {event}\\n".encode())
        os._exit(77)

sys.addaudithook(guard)

from qa_service.assembly import load_reranker
from qa_service.config import load_settings

loaded = load_reranker(load_settings())
print(loaded.name, *loaded.score("馆长是谁?", ["馆长是陈海棠。", "医院在和平路十二号。"]).tolist())
"""


def in_cache(home: Path, name: str, folder: Path) -> None:
    """Lay a model's files out as the hub's client caches them."""
    repository = home / "hub" / f"models--{name.replace('/', '--')}"
    commit = "0" * 40
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")


@pytest.mark.parametrize(
    ("cached", "name"),
    [("somebody/reranker", "somebody/reranker"), ("cross-encoder/reranker", "reranker"), (None, "somebody/reranker")],
)
def test_a_name_comes_from_the_local_cache_or_not_at_all(
    saved: Path, plain: Path, tmp_path: Path, reranker: CrossEncoderReranker, cached: str | None, name: str
) -> None:
    if cached:
        in_cache(tmp_path, cached, saved)
    script = tmp_path / "script.py"
    script.write_text(OFFLINE, encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**environment, "HOME": str(tmp_path), "HF_HOME": str(tmp_path), "QA_RERANKER": name},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if cached is None:
        assert done.returncode == 1, done.stderr
        assert "QA_RERANKER: the reranker 'somebody/reranker' is neither a folder nor in the hub's local" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    shown, *scores = done.stdout.split()
    assert shown == name
    expected = reranker.score("馆长是谁?", ["馆长是陈海棠。", "医院在和平路十二号。"])
    assert [float(score) for score in scores] == pytest.approx(expected, abs=1e-4)


def test_model_info_shows_it(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QA_MODEL", "toy")
    assert main(["model", "info"]) == 0
    assert "rerank" not in capsys.readouterr().out
    monkeypatch.setenv("QA_RERANKER", str(saved))
    monkeypatch.setenv("QA_RERANK_DEPTH", "7")
    assert main(["model", "info"]) == 0
    assert f"reranker: {saved} (folder)\npassages reranked: 7\n" in capsys.readouterr().out


def test_settings_name_what_is_wrong(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("QA_RERANK_DEPTH", "0")
    assert main(["model", "info"]) == 2
    assert "QA_RERANK_DEPTH" in capsys.readouterr().err


def test_default_prompts_take_room(plain: Path, saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prompted"
    shutil.copytree(saved, folder)
    path = folder / "config_sentence_transformers.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**settings, "prompts": {"ask": "谁是"}, "default_prompt_name": "ask"}), "utf-8")
    prompted = CrossEncoderReranker(folder)
    assert prompted.room(QUESTION) == MAX_TOKENS - 3 - 8 - 2
    assert prompted.score(QUESTION, PASSAGES[:1])[0] != pytest.approx(
        reference(plain, QUESTION, PASSAGES[0])[0], abs=1e-3
    )
