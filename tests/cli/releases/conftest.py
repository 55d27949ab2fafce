"""A scratch repository as a turn leaves it, whose champion is a whole model and released."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.cli.releases import keys, registry, release, release_key
from argus.cli.repository import params_edit, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.turns.turn import turn
from argus.core.files import sha256, write_json
from argus.core.paths import CHAMPIONS
from argus.data.packed import ORIGIN
from argus.models import card as cards
from argus.models.ancestry import Generation, Share
from argus.models.card import Card
from argus.models.registry import build
from argus.models.scene import Scene
from tests.cli.conftest import sh

CONFIG = {"widths": [4], "patch": 1, "noise": 4}
SCENE = Scene(32, 48, ("day", "night", "fog"))
CHAMPION = Path(".dvc/tmp/champion")
"""What the toy's `judge` makes champion."""


def model(folder: Path, seed: int = 0, delivery: str = "d1") -> None:
    """Save a model with weights of its own, which two images of a delivery are behind."""
    card = Card.model_validate(
        {
            "spec": {
                "model": "r3gan",
                "arch": "r3gan",
                "task": "generate",
                "config": CONFIG,
                "resolution": (SCENE.height, SCENE.width),
                "classes": SCENE.classes,
                "domains": None,
                "seed": seed,
                "batch": 1,
                "precision": "fp32",
            },
            "steps": 7,
            "parameters": {"generator": 100},
            "images_per_class": {"day": 1, "night": 1, "fog": 0},
            "data_sha256": f"{seed:064}",
            "trained_on": [
                Generation(
                    turn=None,
                    train={"cam": Share(licence="MIT", commercial=True, deliveries={delivery: 2})},
                )
            ],
        }
    )
    weights = build("r3gan", CONFIG, SCENE).inference_networks().state_dict()
    for tensor in weights.values():
        tensor.fill_(0.01 * (seed + 1)) if tensor.is_floating_point() else None
    rows = [("a" * 64, "cam", delivery), ("b" * 64, "cam", delivery)]
    cards.save(folder, card, weights, weights, pl.DataFrame(rows, schema=ORIGIN, orient="row"))


def deliver(name: str) -> None:
    """Take a delivery of three images in."""
    upload = Path(".dvc/tmp/upload")
    for at, label in enumerate(("day/a", "day/b", "night/c")):
        path = upload / f"{label}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{name} {at}".encode())
    submit(folder_importer(upload, "none", "none"), "cam", name, datetime.now(UTC))
    shutil.rmtree(upload)


def make_turn(seed: int, message: str = "a turn") -> int:
    """A turn with one more delivery, whose champion is the model of a seed; returns its number."""
    deliver(f"d{len(list(Path('data/raw/cam').glob('*.dvc'))) + 1}")
    shutil.rmtree(CHAMPION, ignore_errors=True)
    model(CHAMPION, seed)
    return turn(message, today())[0]


def commit_turn(seed: int, number: int) -> None:
    """Commit what a turn leaves whose champion is the model of a seed, without running one."""
    folder = CHAMPIONS / "generate"
    model(folder, seed)
    scores = {"kid_efficientnet": 0.25, "fd_efficientnet": 20.0}
    made = {"champion": "r3gan", "promoted": True, "reason": "r3gan beats noise", **scores}
    decided = {
        "day2night": {"champion": None, "promoted": False, "reason": "all are poor"},
        "generate": made | {"weights": sha256(folder / cards.WEIGHTS)},
    }
    names = registry.due(History(), decided)
    write_json("reports/promote/decision.json", decided)
    ends = {"kid_efficientnet": {"low": 0.2, "high": 0.31}}
    evaluated = {"task": "generate", **scores, "intervals": ends, "baselines": {"noise": scores}}
    write_json("reports/evaluate/r3gan.json", evaluated)
    params_edit.write(params_edit.with_value(params_edit.read(), "lineage.turn", str(number)))
    sh("git", "add", "--all")
    trailers = "".join(f"Argus-Champion: {name}\n" for name in names)
    message = f"images of turn {number}\n\n{trailers}Argus-Turn: {number}\n"
    sh("git", "commit", "--quiet", "--message", message)
    sh("git", "tag", "--annotate", f"turn-{number}", "--message", "a turn")


def today() -> date:
    return datetime.now(UTC).date()


@contextlib.contextmanager
def kept(template: Path, home: Path) -> Iterator[None]:
    """A copy of the scratch repository with a key and a remote, as long as the fixture is made."""
    shutil.copytree(template, home / "repo", symlinks=True)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(home / "repo"):
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Tester")
            patch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
        patch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        with Path(".dvc/config").open("a") as config:
            config.write(f"    remote = store\n['remote \"store\"']\n    url = {home}/store\n")
        sh("git", "commit", "--quiet", "--all", "--message", "a remote")
        release_key.make(None)
        yield


@pytest.fixture(scope="session")
def released_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a released champion, and beside it the settings with the key."""
    home = tmp_path_factory.mktemp("released")
    with kept(template, home):
        deliver("d1")
        commit_turn(1, 1)
        release.release(None, None, today())
    return home


@pytest.fixture
def released(released_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that repository, which is the current folder, with the key at its default place."""
    return current(released_once, tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def turned_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two turns, each with a new champion."""
    home = tmp_path_factory.mktemp("turned")
    with kept(template, home):
        make_turn(1, "first images")
        make_turn(2, "more images")
        workspace.dvc("push", "--quiet")
        workspace.dvc("push", "--quiet", "--all-tags")
    return home


@pytest.fixture
def turned(turned_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that repository, as `released`."""
    return current(turned_once, tmp_path, monkeypatch)


def current(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(home, tmp_path / "copy", symlinks=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "copy/settings"))
    monkeypatch.chdir(tmp_path / "copy/repo")
    assert keys.default().is_file()
    return tmp_path / "copy/repo"
