"""A model that is missing or altered: the folder that is named, and each file of the default model's cache."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from harm_case import Case, Outcome, short
from harm_disk import NotPossible
from made_articles import Made
from shelves_model import ShelvesModel
from victims import Victim, run_command

ARTICLES = 6


def missing_folder(directory: Path) -> Outcome:
    """Name a model that is not there."""
    directory.mkdir(parents=True)
    environment = {
        "QA_DATA_DIR": str(directory / "data"), "QA_CACHE_DIR": str(directory / "cache"),
        "QA_MODEL": str(directory / "no-such-model"),
    }  # fmt: skip
    victim = Victim(directory, environment)
    started = victim.start()
    victim.end()
    code, printed = run_command(environment, "ingest", __file__)
    outcome = Outcome("missing model", "a folder that is not there", "ready" if started else f"refused: {victim.state}")
    outcome.served, outcome.check, outcome.recovery = "nothing", f"ingest, {code}: {short(printed)}", "name another"
    outcome.recovered = not started and code != 0
    return outcome


def default_model(models: Path, directory: Path, rng: random.Random) -> Iterator[Outcome]:
    """Lose and alter every file of the default model's cache, one at a time; articles were made with the sound one."""
    if not any(models.glob("*/build-manifest.json")):
        raise NotPossible(f"the default model is not built in {models}: start `qa-service serve` once, or --models")
    directory.mkdir(parents=True)
    backup = directory / "sound"
    rows = directory / "rows.jsonl"
    model = ShelvesModel()
    changes = {("default", f"plain-{number}"): 0 for number in range(ARTICLES)}
    model.begin(dict(changes))
    model.settle(dict(changes))
    rows.write_text("".join(json.dumps(Made(key[1], 0).row(), ensure_ascii=False) + "\n" for key in changes), "utf-8")
    sound = {"QA_DATA_DIR": str(backup), "QA_MODEL": "default", "QA_MODEL_DIR": str(models)}
    code, printed = run_command(sound, "ingest", str(rows))
    if code != 0:
        raise NotPossible(f"the articles could not be taken: {short(printed)}")
    for name in _files(models):
        for harm in ("a corrupt byte", "missing file"):
            where = directory / "case"
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir()
            _copy(models, where / "models")
            shutil.copytree(backup, where / "data")
            _alter(where / "models" / name, harm, rng)
            environment = {"QA_MODEL": "default", "QA_MODEL_DIR": str(where / "models")}
            case = Case(where, ShelvesModel(model.allowed, model.collections), backup, rng, environment)
            yield _examined(case, Outcome(harm, f"models/{name}"))


def _examined(case: Case, outcome: Outcome) -> Outcome:
    outcome = case.examine(outcome)
    said = [line for line in case.victim.log().splitlines() if "WARNING" in line or "model" in line.lower()]
    outcome.state += f"; {outcome.details[0]}" if outcome.details else ""
    outcome.state += f"; says: {said[-2].partition('WARNING ')[2] or said[-2]}" if len(said) > 1 else ""
    return outcome


def _files(models: Path) -> list[Path]:
    """List the files in use: of the built model, and of the runtime that `auto` takes here."""
    found = [path for path in sorted(models.rglob("*")) if path.is_file() and not path.name.endswith(".lock")]
    prepared = {path.parent.name for path in found if path.name == "prepared.json"}
    used = next((name for name in sorted(prepared) if name.endswith("int8")), next(iter(sorted(prepared)), ""))
    names = [path.relative_to(models) for path in found]
    return [name for name in names if name.parts[0] not in prepared or name.parts[0] == used]


def _copy(models: Path, where: Path) -> None:
    """Copy by links where that is possible: the files are large."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)

    shutil.copytree(models, where, copy_function=link)


def _alter(path: Path, harm: str, rng: random.Random) -> None:
    """Alter a file that may be a link to a sound one."""
    data = bytearray(path.read_bytes())
    path.unlink()
    if harm == "a corrupt byte":
        data[rng.randrange(len(data))] ^= rng.choice((0x01, 0x04, 0x20))
        path.write_bytes(data)
