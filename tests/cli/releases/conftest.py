"""A scratch repository with a turn whose champion is a whole model, released and signed once."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.cli.releases import keys, release_key
from argus.cli.turns.turn import turn
from argus.data.packed import ORIGIN
from argus.models import card as cards
from argus.models.ancestry import Generation, Share
from argus.models.card import Card
from argus.models.registry import build
from argus.models.scene import Scene

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
    return turn(message, datetime.now(UTC).date())[0]


@pytest.fixture(scope="session")
def released_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one turn and its release, and beside it the settings with the key."""
    home = tmp_path_factory.mktemp("released")
    shutil.copytree(template, home / "repo", symlinks=True)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(home / "repo"):
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Tester")
            patch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
        patch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        release_key.make(None)
        make_turn(1, "first images")
    return home


@pytest.fixture
def released(released_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that repository, which is the current folder, with the key at its default place."""
    shutil.copytree(released_once, tmp_path / "copy", symlinks=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "copy/settings"))
    monkeypatch.chdir(tmp_path / "copy/repo")
    assert keys.default().is_file()
    return tmp_path / "copy/repo"
