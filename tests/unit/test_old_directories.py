"""Data directories that earlier versions made: they migrate when they are opened, or say what to run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from embeddings.toy import ToyEncoder
from qa_service.config import Settings
from qa_service.engine import Engine
from qa_service.errors import Incompatible
from qa_service.store.migrating import migrations as migration_scripts
from qa_service.store.packing import pack_spans, pack_terms
from qa_service.types import Ask, Span
from tests.unit.test_backup import add, back_up, opened, put_back, question, text, texts

_DELTA = {"name": "delta-1-0-1.bin", "bytes": 24, "sha256": "0" * 64}
NOW = "2025-01-01T00:00:00+00:00"


def write_first_version(data_dir: Path, count: int) -> None:
    """Write what the first version did: migration 1's tables, one segment, an index manifest of format 1."""
    data_dir.mkdir()
    connection = sqlite3.connect(data_dir / "catalog.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN;{migration_scripts()[0]};PRAGMA user_version = 1;COMMIT;")
    (data_dir / "vectors").mkdir()
    vectors = bytearray(struct.pack("<8sI", b"QAVEC01\0", 256).ljust(64, b"\0"))
    connection.execute("BEGIN")
    terms: dict[str, int] = {}
    frequencies: Counter[str] = Counter()
    total = slot = 0
    for number in range(count):
        content = text(number).encode()
        cut = text(number).index("。") + 1
        spans = [Span(0, cut), Span(cut, len(text(number)))]
        words = Counter(["仓库", f"第{number}号"])
        for word in words:
            terms.setdefault(word, len(terms) + 1)
        frequencies.update(words.keys())
        total += words.total()
        block = ToyEncoder().encode_passages([text(number), *(text(number)[s.start : s.end] for s in spans)])
        data = np.ascontiguousarray(block, dtype="<f4").tobytes()
        vectors += data
        connection.execute(
            "INSERT INTO articles VALUES (NULL, 1, ?, 1, NULL, 'of then', ?, ?, 'text/plain', 'utf-8', 'utf-8',"
            " NULL, NULL, NULL, '{}', ?, 1, ?)",
            (f"a{number}", hashlib.sha256(content).digest(), b"attributes", len(text(number)), NOW),
        )
        connection.execute("INSERT INTO contents VALUES (?, ?, NULL, ?)", (number + 1, content, zlib.crc32(content)))
        connection.execute(
            "INSERT INTO passages VALUES (NULL, 1, ?, 1, NULL, ?, 0, ?, ?, ?, ?, ?, 1, ?, 3, ?)",
            (
                *(number + 1, f"{number:032x}", len(text(number)), pack_spans(spans)),
                *(pack_terms({terms[word]: n for word, n in words.items()}), words.total()),
                *(hashlib.sha256(data).digest(), slot, zlib.crc32(data)),
            ),
        )
        slot += 3
    connection.executemany(
        "INSERT INTO terms VALUES (?, 1, ?, ?)", [(terms[word], word, df) for word, df in frequencies.items()]
    )
    connection.execute("INSERT INTO collections VALUES (1, 'default', ?, 1, ?, ?, ?)", (NOW, count, count, total))
    connection.execute("INSERT INTO segments VALUES (1, 'toy-1-toy-256', 256, ?)", (slot,))
    connection.execute("UPDATE meta SET value = '1' WHERE key = 'seq'")
    connection.execute("COMMIT")
    connection.close()
    (data_dir / "vectors" / "segment-000001.vec").write_bytes(vectors)
    _publish(data_dir / "indexes" / "000001", {"format": 1, "collection": 1, "seq": 1, "base": None, "delta": _DELTA})


def _publish(root: Path, manifest: dict[str, object]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    data = json.dumps(manifest).encode()
    (root / "manifest-1-0-1.json").write_bytes(data)
    (root / "CURRENT").write_text(f"manifest-1-0-1.json {hashlib.sha256(data).hexdigest()}\n", encoding="ascii")


def check_first_version(settings: Settings, count: int) -> None:
    with pytest.raises(Incompatible, match="qa-service rebuild"):
        Engine.open(settings, ToyEncoder())
    engine = Engine.open(settings, ToyEncoder(), recover=False)
    engine.rebuild()
    assert texts(engine) == {f"a{n}": text(n) for n in range(count)}
    for number in range(count):
        assert engine.ask(Ask(question(number))).passages[0].article_id == f"a{number}"
    assert engine.check() == []
    engine.close()


def test_the_first_version_migrates(settings: Settings) -> None:
    write_first_version(settings.data_dir, 5)
    check_first_version(settings, 5)


def test_a_backup_of_the_first_version_migrates(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_first_version(settings.data_dir, 5)
    with monkeypatch.context() as patch:
        # A version that knows no more than the first migration made the backup.
        known = migration_scripts()[:1]
        patch.setattr("qa_service.store.migrating.migrations", lambda: known)
        made = back_up(settings, tmp_path / "b.tar", indexes=False)
    assert made.contents.schema == 1
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    put_back(tmp_path / "b.tar", elsewhere.data_dir)
    connection = sqlite3.connect(elsewhere.data_dir / "catalog.sqlite3")
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(migration_scripts())
    connection.close()
    check_first_version(elsewhere, 5)


@pytest.mark.parametrize("number", [2, 3])
def test_indexes_of_older_formats_are_backed_up_restored_and_opened(
    settings: Settings, tmp_path: Path, number: int
) -> None:
    with opened(settings) as engine:
        add(engine, {f"a{n}": text(n) for n in range(10)})
        engine.rebuild()
        directory = engine.generations.directory(2 if engine.generations.directory(1).read() is None else 1)
        manifest = directory.read()
        assert manifest is not None
        assert manifest.base is not None
    old = {**dataclasses.asdict(manifest), "format": number}
    for leg in ("windows", "sentences"):
        del old["base"][leg]["reach"]
    if number == 2:
        for name in ("windows", "sentences", "lingering"):
            del old["base"][name]
        old["base"]["files"] = [file for file in old["base"]["files"] if not file["name"].startswith("places-")]
        for path in directory.root.rglob("places-*"):
            path.unlink()
    _publish(directory.root, old)
    back_up(settings, tmp_path / "b.tar", indexes=True)
    elsewhere = settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    put_back(tmp_path / "b.tar", elsewhere.data_dir)
    encoder = ToyEncoder()
    with opened(elsewhere, encoder) as engine:
        restored = engine.generations.directory(manifest.collection).read()
        assert restored is not None
        assert restored.format == number
        assert engine.ask(Ask(question(3))).passages[0].article_id == "a3"
        add(engine, {"new": text(70)})
        assert engine.ask(Ask(question(70))).passages[0].article_id == "new"
        assert engine.check() == []
    assert encoder.passages_encoded == 3  # the new passage and its two sentences


def test_a_newer_directory_is_refused(settings: Settings) -> None:
    with opened(settings):
        pass
    connection = sqlite3.connect(settings.data_dir / "catalog.sqlite3")
    connection.execute(f"PRAGMA user_version = {len(migration_scripts()) + 1}")
    connection.close()
    with pytest.raises(Incompatible, match="install the version of qa-service that made it"):
        Engine.open(settings, ToyEncoder())
