"""`argus export` finds champions and models, writes one file, and says how to feed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.train import card as cards
from stages.train.architecture import Scene
from stages.train.card import Card
from stages.train.registry import build

CONFIG = {"widths": [4], "patch": 1, "noise": 4}
SCENE = Scene(32, 48, ("day", "night"))


def card(model: str, **fields: object) -> Card:
    common = {
        "model": model,
        "arch": "r3gan",
        "task": "generate",
        "config": CONFIG,
        "resolution": (SCENE.height, SCENE.width),
        "classes": SCENE.classes,
        "domains": None,
        "seed": 0,
        "steps": 1,
        "batch": 1,
        "precision": "fp32",
        "parameters": {},
        "images_per_class": {"day": 1, "night": 1},
        "data_sha256": "0" * 64,
    }
    return Card.model_validate(common | fields)


def save(folder: Path, card: Card) -> None:
    cards.save(folder, card, build("r3gan", CONFIG, SCENE).players().state_dict(), {})


@pytest.fixture
def trained(repo: Path) -> None:
    """Two models and a champion, which an older model is; and one model that failed."""
    save(repo / "models/trained/fresh", card("fresh"))
    save(repo / "models/champions/generate", card("older"))
    failed = card("broken", failed="its samples were all alike from step 40 of 100 on")
    cards.save(repo / "models/trained/broken", failed, {}, {})


def test_a_task_gives_its_champion_and_a_model_itself(argus, trained, tmp_path):
    to = tmp_path / "new" / "g.onnx"
    status, printed = argus("export", "generate", "--to", to)
    assert status == 0
    assert f"{to}: model 'older' from models/champions/generate" in printed
    assert "noise: float32 [n, 4], standard normal" in printed
    assert "labels: int64 [n]: 0 day, 1 night" in printed
    before = to.read_bytes()
    status, printed = argus("export", "fresh", "--to", to)
    assert status == 0 and "model 'fresh' from models/trained/fresh" in printed
    assert to.read_bytes() != before
    assert [path.name for path in to.parent.iterdir()] == ["g.onnx"]


@pytest.mark.parametrize(
    ("name", "to", "message"),
    [
        ("stylegan", "g.onnx", "champions of generate and models broken, fresh"),
        ("broken", "g.onnx", "all alike"),
        ("fresh", "g.pt", "ends in .onnx"),
        ("fresh", "models", "ends in .onnx"),
        ("fresh", "params.yaml/g.onnx", "cannot be written"),
    ],
)
def test_mistakes_are_said(argus, trained, repo, name, to, message):
    status, printed = argus("export", name, "--to", to)
    assert status == 1
    assert message in printed.replace("\n", " ") and "Traceback" not in printed
    assert not (repo / "g.onnx").exists()


def test_without_a_training_it_is_said(argus, repo):
    status, printed = argus("export", "generate", "--to", "g.onnx")
    assert status == 1 and "nothing has been trained here yet" in printed
