"""A model that there are too few images for: what its stage leaves, and how later ones take it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from argus.core import reports
from argus.core.errors import ArgusError
from argus.data.catalogue import SPLITS
from argus.data.packed import TWINS_IMAGES, TWINS_TABLE
from argus.features.backbone import BACKBONES
from argus.models import card as cards
from argus.models.loading import load
from stages.evaluate import __main__ as evaluate
from stages.promote import __main__ as promote
from stages.train import __main__ as stage
from tests.conftest import ROOT, scenes
from tests.evaluate.world import JUDGES
from tests.train import tiny

TRAINED, REPORTS = Path("models/trained/night"), Path("reports/train/night")
MODEL = {"arch": "cut", "steps": 2, **tiny.MODELS["cut"]}


def pack(**per_split: dict[str, int]) -> None:
    """Write `data/pack` with so many images of each class in each split."""
    folder, rows = Path("data/pack"), []
    folder.mkdir(parents=True, exist_ok=True)
    for number, split in enumerate(SPLITS):
        labels = [name for name, n in per_split.get(split, {}).items() for _ in range(n)]
        images = scenes(max(len(labels), 1), tiny.HEIGHT, tiny.WIDTH, seed=100 * number)
        np.save(folder / f"{split}.npy", images[: len(labels)])
        rows += [
            {
                "image_id": f"{split}{row:059x}",
                "split": split,
                "row": row,
                "label": label,
                "group": f"{split}{row // 2}",
                "source": "demo",
                "delivery": "first",
            }
            for row, label in enumerate(labels)
        ]
    schema = dict.fromkeys(("image_id", "split", "label", "group"), pl.String)
    pl.DataFrame(rows, schema_overrides=schema).write_parquet(folder / "images.parquet")
    classes = sorted({str(row["label"]) for row in rows})
    (folder / "classes.json").write_text(json.dumps(classes))
    twins = dict.fromkeys(("image_id", "condition"), pl.String)
    pl.DataFrame(schema=twins).write_parquet(folder / TWINS_TABLE)
    np.save(folder / TWINS_IMAGES, np.empty((0, tiny.HEIGHT, tiny.WIDTH, 3), np.uint8))
    (folder / "rights.json").write_text(json.dumps(asdict(tiny.RIGHTS)))


@pytest.fixture
def train(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run the stage on packed images of so many of each class in each split."""

    def run(model: dict[str, Any] = MODEL, **per_split: dict[str, int]) -> None:
        tiny.write_params(workspace, {"night": model})
        pack(**per_split)
        monkeypatch.setattr(sys, "argv", ["train", "night"])
        stage.main()

    return run


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_leaves_a_card_and_whole_reports_and_no_weights(
    train: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    (REPORTS / "plots/images/samples").mkdir(parents=True)
    (REPORTS / "plots/images/samples/000002.png").touch()  # of an earlier training
    train(train={"day": 5}, val={"day": 9}, test={"day": 9})
    why = "no training image of night (but day 5) and no image of night held out in test"
    assert files(TRAINED) == ["card.json"]
    card = cards.read(TRAINED)
    assert card.skipped is not None
    assert card.skipped.startswith(why)
    assert (card.failed, card.steps, card.trained_on, card.images_sha256) == (None, 0, (), None)
    assert card.images_per_class == {"day": 5}
    assert card.spec.domains is not None
    # what dvc.yaml lists as outputs, none of them a folder that Git would not keep
    assert files(REPORTS) == ["metrics.json", "plots/metrics/.gitkeep"]
    assert (REPORTS / "plots/images").is_dir()
    assert json.loads((REPORTS / "metrics.json").read_text()) == {"skipped": card.skipped}
    said = " ".join(capsys.readouterr().err.split())
    assert f"skipped: model 'night': {why}" in said
    assert "The turn goes on without it" in said
    with pytest.raises(ArgusError, match="no weights, since it was skipped: no training image"):
        load(TRAINED)


@pytest.mark.parametrize(
    "per_split",
    [
        {"train": {"day": 5, "night": 1}, "test": {"day": 9, "night": 7}},
        {"train": {"day": 5}, "test": {"day": 9, "night": 9}},
        {"train": {"day": 5, "night": 3}, "val": {"day": 9, "night": 9}},
        {"test": {"day": 9, "night": 9}},
        {"train": {"unknown": 5}, "test": {"unknown": 9}},
    ],
)
def test_whatever_is_missing(train: Callable[..., None], per_split: dict[str, Any]) -> None:
    train(**per_split)
    assert cards.read(TRAINED).skipped
    assert files(TRAINED) == ["card.json"]


@pytest.mark.parametrize("of_turn", ["skipped", "trained"])
def test_later_stages_take_a_model_as_it_came(
    train: Callable[..., None],
    of_turn: str,
    card: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enough = {"day": 8, "night": 8}
    train(train={"day": 5, "night": int(of_turn == "trained")}, test=enough)
    for name, judge in JUDGES.items():
        monkeypatch.setitem(BACKBONES, name, judge)
    card("demo", licence="MIT")
    params_file = Path("params.yaml")
    params_file.write_text(params_file.read_text().replace("previous: ", "previous: null  # "))
    monkeypatch.setattr(sys, "argv", ["evaluate", "night"])
    evaluate.main()
    promote.main()
    decided = reports.read("promote/decision")["day2night"]
    report = reports.read("evaluate/night")
    assert (decided["champion"], decided["promoted"]) == (None, False)
    if of_turn == "skipped":
        assert decided["skipped"] == {"night": report["skipped"]}
        assert decided["reason"].startswith("no incumbent, and no model for day2night has weights")
    else:  # by one night, fewer than a batch, and no look at val, which has none
        trained = cards.read(TRAINED)
        assert (trained.skipped, trained.failed, trained.steps) == (None, None, 2)
        assert trained.images_per_class == {"day": 5, "night": 1}
        assert trained.validation == {}
        assert report["protocol"]["reals"] == 8
        assert "untranslated" in decided["against"]
        assert "training_reals" not in report["baselines"]  # one image alone: no distance
    assert list(Path("models/champions").iterdir()) == []


def test_it_takes_no_torch_and_one_of_several_processes(
    train: Callable[..., None], workspace: Path
) -> None:
    train(train={"day": 5}, test={"day": 9})
    before = (TRAINED / "card.json").read_bytes()
    code = (
        "import sys; sys.argv = ['train', 'night']\n"
        "from stages.train.__main__ import main\n"
        "main()\n"
        "assert 'torch' not in sys.modules"
    )
    for rank in ("1", "0"):
        (TRAINED / "card.json").unlink(missing_ok=True)
        world = {"RANK": rank, "WORLD_SIZE": "2", "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code], check=True, env=world, capture_output=True)
        assert (TRAINED / "card.json").exists() == (rank == "0")
    assert (TRAINED / "card.json").read_bytes() == before
