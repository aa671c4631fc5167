"""The default model on the compiled engine: the vectors of torch, within what validation allows, and no torch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("openvino")

from embeddings import bundled
from embeddings.compiled.processor import this_processor
from embeddings.compiled.validation import MIN_COSINE, validation_set
from embeddings.models import DEFAULT_MODEL
from embeddings.runtime import load_encoder
from embeddings.self_test import compare, references

pytestmark = pytest.mark.model

HEAVY = ("torch", "transformers", "sentence_transformers", "openvino_telemetry")


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    bundled.ensure_default_model(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def on_torch(model_dir):
    return load_encoder("default", model_dir, "torch")


@pytest.fixture(scope="module", params=["int8", "bf16", "fp32"])
def encoder(request, model_dir):
    processor = this_processor()
    if request.param != "fp32" and not getattr(processor, request.param):
        pytest.skip(f"this processor has nothing for {request.param}")
    return load_encoder("default", model_dir, request.param)


def _least(encoder):
    """The least cosine that a precision may give a text of these tests."""
    return {"int8": 0.997, "bf16": 0.9998, "fp32": 0.99999}[encoder.runtime.precision]


def _texts():
    texts = validation_set()
    return [question for question, _ in texts.questions], list(texts.passages)


def test_vectors_are_those_of_torch(encoder, on_torch):
    questions, passages = _texts()
    passages += ["申请补助。" * 300, "😀 👍🏽 emoji"]
    for texts, ours, theirs in (
        (questions, encoder.encode_queries, on_torch.encode_queries),
        (passages, encoder.encode_passages, on_torch.encode_passages),
    ):
        cosines = (ours(texts) * theirs(texts)).sum(axis=1)
        assert cosines.mean() > MIN_COSINE
        assert cosines.min() > _least(encoder)
    odd = ["", " ", "x" * 60, "?", "AAAA " * 300]
    assert (encoder.encode_passages(odd) * on_torch.encode_passages(odd)).sum(axis=1).min() > 0.99


def test_it_is_the_same_model_to_an_index(encoder, on_torch, model_dir):
    assert encoder.fingerprint == on_torch.fingerprint == bundled.model_info(model_dir).fingerprint
    assert encoder.description == on_torch.description == DEFAULT_MODEL


def test_it_says_what_runs(encoder, on_torch):
    assert encoder.runtime.engine == "openvino"
    cosine = encoder.runtime.cosine
    assert cosine is None if encoder.runtime.precision == "fp32" else cosine >= MIN_COSINE
    assert (on_torch.runtime.engine, on_torch.runtime.precision) == ("torch", "fp32")


def test_tokens_are_those_of_torch(encoder, on_torch):
    questions, passages = _texts()
    texts = [
        *questions,
        *passages,
        "",
        " \n\t ",
        "two  spaces,\ttab\nand line\r\nends",
        "Ｆｕｌｌ ①②③ ﬁ",
        "申请。" * 900,
    ]
    assert encoder.count_tokens(texts) == on_torch.count_tokens(texts)
    ours = encoder._tokens.ids(texts, "passage: ")
    for text, ids in zip(texts, ours, strict=True):
        features = on_torch._model.preprocess([text], prompt="passage: ")
        assert features["input_ids"][0].tolist() == ids


def test_the_self_test_passes_in_float32(encoder):
    if encoder.runtime.precision == "fp32":
        compare(encoder)
    for reference in references():
        encode = encoder.encode_queries if reference.role == "query" else encoder.encode_passages
        assert encode([reference.text])[0] @ reference.vector > _least(encoder) - 1e-3


def test_company_changes_vectors_by_rounding_only(encoder):
    questions, passages = _texts()
    for encode, texts in ((encoder.encode_queries, questions[:8]), (encoder.encode_passages, passages)):
        together = encode(texts)
        alone = np.concatenate([encode([text]) for text in texts])
        assert (together * alone).sum(axis=1).min() > _least(encoder)


def test_a_passage_has_one_vector_whatever_its_company(encoder):
    _, passages = _texts()
    texts = [*passages, *(text[: len(text) // 3] for text in passages)]
    together = encoder.encode_passages(texts)
    assert np.array_equal(together, np.concatenate([encoder.encode_passages([text]) for text in texts]))
    assert np.array_equal(together, encoder.encode_passages(texts[::-1])[::-1])


def test_many_threads_encode_at_once(encoder):
    questions, passages = _texts()
    expected, expected_passages = encoder.encode_queries(questions), encoder.encode_passages(passages)
    failures: list[str] = []

    def work(number):
        try:
            for place in range(number, len(questions), 4):
                if encoder.encode_queries([questions[place]])[0] @ expected[place] < _least(encoder):
                    failures.append(f"another vector for {questions[place]!r}")
            found = encoder.encode_passages(passages)
            if (found * expected_passages).sum(axis=1).min() < _least(encoder):
                failures.append("other passages")
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_loading_encoding_and_serving_import_no_torch_and_touch_no_network(model_dir):
    load_encoder("default", model_dir)
    done = _python(
        "import pathlib, socket, sys\n"
        "def forbidden(*args, **_):\n    print('network', args, file=sys.stderr)\n    raise OSError\n"
        "socket.socket.connect = socket.getaddrinfo = forbidden\n"
        "from embeddings.runtime import load_encoder\n"
        f"e = load_encoder('default', pathlib.Path({json.dumps(str(model_dir))}))\n"
        "print(e.encode_queries(['a']).shape, e.encode_passages(['a', '申请补助。' * 1000]).shape, e.runtime.engine)\n"
        f"print([name for name in {HEAVY} if sys.modules.get(name)])\n"
    )
    assert (done.stdout, done.stderr) == ("(1, 384) (2, 384) openvino\n[]\n", "")


def test_the_commands_import_no_torch(model_dir, tmp_path):
    load_encoder("default", model_dir)
    (tmp_path / "library.txt").write_text("社区图书馆每周一闭馆，其余日子上午九点开放。", encoding="utf-8")
    for command in (["ingest", str(tmp_path / "library.txt")], ["ask", "图书馆星期几不开门？", "--json"]):
        done = _python(
            "import sys\n"
            "from qa_service.cli import main\n"
            f"sys.argv = ['qa-service', *{command!r}]\n"
            "try:\n    main()\n"
            "finally:\n"
            f"    print('imported', [name for name in {HEAVY} if sys.modules.get(name)], file=sys.stderr)\n",
            QA_DATA_DIR=str(tmp_path / "data"),
            QA_MODEL_DIR=str(model_dir),
        )
        assert done.stderr.splitlines()[-1] == "imported []"
    assert json.loads(done.stdout)["passages"]


def test_a_server_over_the_model_imports_no_torch(model_dir, tmp_path):
    load_encoder("default", model_dir)
    done = _python(
        "import sys\n"
        "from qa_service.config import Settings\n"
        "from qa_service.engine import Engine\n"
        "from qa_service.http import create_app\n"
        "settings = Settings()\n"
        "engine = Engine.open(settings)\n"
        "client = create_app(settings, engine).test_client()\n"
        "print(client.post('/v1/ask', json={'question': '图书馆几点开门？'}).status_code)\n"
        f"print([name for name in {HEAVY} if sys.modules.get(name)])\n"
        "engine.close()\n",
        QA_DATA_DIR=str(tmp_path / "data"),
        QA_MODEL_DIR=str(model_dir),
    )
    assert done.stdout.splitlines()[-2:] == ["200", "[]"]


def _python(code, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    command, env = [sys.executable, "-c", code], {**kept, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done
