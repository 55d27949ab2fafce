"""Models small enough to be trained in a test, one of each architecture, and data for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import yaml
from torch.nn import functional

from argus.core import params
from argus.data.feasibility import FEWEST
from argus.data.packed import Packed, Rights, Terms
from argus.features.backbone import BACKBONES, Backbone
from stages.train.job import TrainingJob
from tests.conftest import ROOT, scenes

CLASSES = ("day", "dusk", "night")
LABELS = np.array([0] * 9 + [2] * 5)  # nothing of dusk
HEIGHT, WIDTH = 16, 24
GENERATE = {"task": "generate", "batch": 4, "seed": 1}
TRANSLATE = {
    "task": "day2night",
    "domains": {"source": "day", "target": "night"},
    "batch": 2,
    "seed": 1,
}

MODELS: dict[str, dict[str, Any]] = {
    "sngan": GENERATE
    | {
        "config": {
            "noise": 4,
            "generator_widths": [8, 6, 4],
            "discriminator_widths": [4, 6],
            "halvings": 2,
            "discriminator_steps": 2,
            "augment": 0.5,
            "augment_target": 0.6,
            "augment_images": 100,
        }
    },
    "fastgan": GENERATE
    | {
        "config": {
            "noise": 4,
            "widths": [8, 6, 4],
            "reach": 1,
            "discriminator_widths": [4, 4, 6],
            "discriminator_reach": 1,
            "decoder_widths": [4],
        }
    },
    "r3gan": GENERATE | {"config": {"widths": [8, 8], "noise": 4, "augment": [0.5, 0.5]}},
    "cyclegan": TRANSLATE
    | {
        "config": {
            "filters": 2,
            "blocks": 1,
            "discriminator_filters": 2,
            "discriminator_layers": 1,
            "pool": 5,
            "augment": 0.5,
        }
    },
    "cut": TRANSLATE
    | {
        "config": {
            "filters": 2,
            "blocks": 1,
            "discriminator_filters": 2,
            "discriminator_layers": 1,
            "head_width": 4,
            "patches": 8,
            "equivariance": True,
            "augment": 0.5,
        }
    },
}
"""By architecture; without a budget."""

RIGHTS = Rights({"demo": Terms("Apache-2.0", True, {"first": []})}, {})
"""One source, all of whose images may train."""

TRAIN = {
    "device": "cpu",
    "precision": "fp32",
    "channels_last": True,
    "processes": 1,
    "threads": 1,
    "tau": 0.5,
    "mirror": True,
    "warm_start": False,
    "curve_points": 7,
    "sample_sheets": 3,
    "validate_every": 4,
    "patience": None,
    "min_diversity": 0.0,
    "checkpoint_every": 3,
}


def pack(folder: Path, val: int = 0) -> None:
    """Write `folder`: the training images, `val` others of day and as many of night, and in test
    just enough to be judged by."""
    folder.mkdir(parents=True)
    held_out, judging = np.array([0, 2] * val, dtype=int), [0, 2] * FEWEST
    np.save(folder / "train.npy", scenes(len(LABELS), HEIGHT, WIDTH))
    np.save(folder / "val.npy", scenes(max(2 * val, 1), HEIGHT, WIDTH, seed=99)[: 2 * val])
    np.save(folder / "test.npy", scenes(len(judging), HEIGHT, WIDTH, seed=199))
    rows = [
        {
            "image_id": f"{split}{row:060x}",
            "split": split,
            "row": row,
            "label": CLASSES[label],
            "group": f"{split}drive{row // 2}",
            "source": "demo",
            "delivery": "first",
        }
        for split, labels in (("train", LABELS), ("val", held_out), ("test", judging))
        for row, label in enumerate(labels)
    ]
    pl.DataFrame(rows).write_parquet(folder / "images.parquet")
    (folder / "classes.json").write_text(json.dumps(CLASSES))
    (folder / "rights.json").write_text(json.dumps(asdict(RIGHTS)))


def origins(split: Packed, source: str = "demo", delivery: str = "first") -> pl.DataFrame:
    """Where the images of a split came from: all from one delivery."""
    return pl.DataFrame(
        {"image_id": split.image_ids, "source": source, "delivery": delivery},
        schema=dict.fromkeys(("image_id", "source", "delivery"), pl.String),
    )


def packed(split: str = "train", count: int | None = None) -> Packed:
    """The training images, or of another split `count` of day and as many of night, in memory."""
    labels = LABELS if count is None else np.array([0, 2] * count, dtype=np.int64)
    ids = tuple(f"{split}{row:060x}" for row in range(len(labels)))
    images = scenes(max(len(labels), 1), HEIGHT, WIDTH, seed=0 if count is None else 99)
    return Packed(images[: len(labels)], labels, CLASSES, ids, ids)


def job(
    arch: str, place: Path, settings: dict[str, Any] | None = None, **changes: Any
) -> TrainingJob:
    """The training of a tiny model in this process, everything written below `place`."""
    budget = {} if {"steps", "images", "seconds"} & set(changes) else {"steps": 12}
    entry = {"arch": arch} | MODELS.get(arch, GENERATE) | budget
    own: dict[str, Any] = {
        "val": packed("val", 0),
        "net": "colours",
        "previous": None,
        "rights": RIGHTS,
    }
    own |= {key: changes.pop(key) for key in list(changes) if key in own}
    learnt = origins(packed(), changes.pop("source", "demo"))
    return TrainingJob(
        f"tiny_{arch.split(':')[-1].lower()}",
        params.Model(**(entry | changes)),
        params.Train(**(TRAIN | (settings or {}))),
        train=packed(),
        origins={"train": learnt, "val": origins(own["val"])},
        trained=place / "trained",
        reports=place / "reports",
        cache=place / "cache",
        **own,
    )


def write_params(workspace: Path, models: dict[str, Any], **settings: Any) -> None:
    """Let params.yaml of a workspace list these models, by their names, on tiny settings."""
    parameters = yaml.safe_load((workspace / "params.yaml").read_text())
    parameters["models"], parameters["train"] = models, TRAIN | settings
    (workspace / "params.yaml").write_text(yaml.safe_dump(parameters))


def stage(name: str, *launcher: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start `python -m stages.train NAME`, by `launcher` if one is given, in the current folder."""
    command = [*(launcher or (sys.executable, "-m")), "stages.train", name]
    return subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path.cwd()}"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Exit code of a stage, and what it said."""
    said, _ = process.communicate(timeout=300)
    return process.returncode, said.decode()


def files(*folders: Path) -> dict[str, bytes]:
    """The content of all files below some folders."""
    return {
        f"{number}/{path.relative_to(folder)}": path.read_bytes()
        for number, folder in enumerate(folders)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def colours(images: torch.Tensor) -> torch.Tensor:
    """Mean colours of the four quarters: [B, 3, 16, 16] -> [B, 12]."""
    return functional.avg_pool2d(images, 8).flatten(1)


BACKBONES["colours"] = lambda: Backbone("colours", 16, 12, 0.5, 0.25, colours)
