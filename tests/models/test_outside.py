"""A model of another package goes through the stage like one of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from argus.models import loading
from argus.models.inference import Generator
from tests.conftest import ROOT, scenes
from tests.models.test_registry import install

LABELS = ["day"] * 9 + ["night"] * 5


def pack(folder: Path, split: str) -> pl.DataFrame:
    np.save(folder / f"{split}.npy", scenes(len(LABELS), 16, 24))
    return pl.DataFrame(
        {
            "image_id": [f"{row:064x}" for row in range(len(LABELS))],
            "split": split,
            "row": range(len(LABELS)),
            "label": LABELS,
            "group": [f"{split}{row // 2}" for row in range(len(LABELS))],
            "source": "demo",
            "delivery": "first",
        }
    )


@pytest.mark.parametrize("arch", ["dcgan", "roadgans.dcgan:DCGAN"])
def test_a_model_of_an_installed_package_trains_and_is_loaded(
    arch: str, workspace: Path, tmp_path_factory, monkeypatch
) -> None:
    elsewhere = install(tmp_path_factory.mktemp("installed"), monkeypatch)
    folder = workspace / "data/pack"
    folder.mkdir(parents=True)
    pl.concat([pack(folder, split) for split in ("train", "val", "test")]).write_parquet(
        folder / "images.parquet"
    )
    (folder / "classes.json").write_text(json.dumps(["day", "night"]))
    terms = {"licence": "MIT", "commercial": True, "deliveries": {"first": []}}
    (folder / "rights.json").write_text(json.dumps({"sources": {"demo": terms}, "withdrawn": {}}))
    parameters = yaml.safe_load((workspace / "params.yaml").read_text())
    entry = {"arch": arch, "profile": "wide", "task": "generate", "steps": 4, "batch": 4, "seed": 0}
    parameters["models"] = {"theirs": entry | {"config": {"learning_rate": 1e-3}}}
    (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))
    done = subprocess.run(
        [sys.executable, "-m", "stages.train", "theirs"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{elsewhere}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    card = json.loads((workspace / "models/trained/theirs/card.json").read_text())
    assert card["failed"] is None
    assert (card["spec"]["arch"], card["spec"]["config"]) == (
        arch,
        {"filters": 64, "learning_rate": 1e-3},
    )
    model = loading.load(workspace / "models/trained/theirs")
    assert isinstance(model, Generator)
    assert model.sample(["night", "day"], seed=0).shape == (2, 16, 24, 3)
