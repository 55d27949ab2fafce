"""Models as training leaves them, with no network behind them, and a backbone that is quick."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from argus.core import params
from argus.data.packed import ORIGIN, Packed
from argus.features.backbone import BACKBONES, Backbone
from argus.judging import evaluation_set
from argus.models import ancestry, loading
from argus.models import card as cards
from argus.models.ancestry import Generation, Share
from argus.models.inference import Generator, Translator
from argus.models.spec import Spec
from tests.conftest import scenes

CLASSES = ("day", "night")
LEARNT = {"a" * 64: ("fleet", "first"), "b" * 64: ("fleet", "second")}
"""What models have learnt from if nothing else is said: source and delivery by image."""


def shares(images: Mapping[str, tuple[str, str]]) -> dict[str, Share]:
    """As of sources whose licence is MIT."""
    found: dict[str, Counter[str]] = {}
    for source, delivery in images.values():
        found.setdefault(source, Counter())[delivery] += 1
    return {
        source: Share(licence="MIT", commercial=True, deliveries=dict(deliveries))
        for source, deliveries in found.items()
    }


def quick(name: str = "mobilenetv2") -> Backbone:
    """The mean colour of each quarter, under the name of the first judge in params.yaml."""

    def quarters(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(x, 4).flatten(1)

    return Backbone(name, 8, 12, 0.0, 0.1, quarters, lambda x: (quarters(x), x))


def coarse() -> Backbone:
    """The mean colour, under the name of the second judge."""
    return Backbone(
        "squeezenet", 8, 3, 0.0, 0.1, lambda x: x.mean(dim=(2, 3)), lambda x: (x.mean((2, 3)), x)
    )


JUDGES = {"mobilenetv2": quick, "squeezenet": coarse}


def judges() -> dict[str, Backbone]:
    """Those of params.yaml, quick ones."""
    return {name: judge() for name, judge in JUDGES.items()}


def settings(
    tasks: dict[str, str], domains: params.Domains | None = None, **changes: Any
) -> params.Params:
    """The project's own parameters with models for these tasks, by name."""
    p = params.load()
    entry = {"arch": "r3gan", "steps": 1, "batch": 1, "seed": 0, "domains": domains}
    models = {name: params.Model(task=task, **entry) for name, task in tasks.items()}
    return p.model_copy(update={"models": models, **changes})


def pack(seed: int, n: int = 24) -> Packed:
    """Drives of three frames each, half by day."""
    ids = tuple(f"{seed}-{i:03d}" for i in range(n))
    drives = tuple(f"{seed}-{i // 3}" for i in range(n))
    return Packed(scenes(n, seed=1000 * seed), np.arange(n) % 2, CLASSES, ids, drives)


def leave(
    folder: Path,
    failed: str | None = None,
    task: str = "generate",
    kid: float | None = None,
    images: Mapping[str, tuple[str, str]] = LEARNT,
    skipped: str | None = None,
    domains: params.Domains | None = None,
    features_seen: tuple[str, ...] = (),
) -> None:
    """Write the card of a model, and something for its weights unless it failed or was skipped.

    `images` are those behind its weights, source and delivery by id; none, as if they were not
    known. `kid` is its score on val. What else there is stands on the card.
    """
    rows = pl.DataFrame([(name, *of) for name, of in images.items()], schema=ORIGIN, orient="row")
    listed = ancestry.to_bytes(rows) if images else None
    card = cards.SavedCard(
        spec=Spec(
            model=folder.name,
            arch="r3gan",
            task=task,
            config={},
            resolution=(32, 48),
            classes=CLASSES,
            domains=domains,
            seed=0,
            batch=1,
            precision="fp32",
        ),
        steps=1,
        parameters={},
        images_per_class=dict.fromkeys(CLASSES, 9),
        data_sha256="0" * 64,
        validation={} if kid is None else {"kid": kid, "diversity": 1.0},
        failed=failed,
        skipped=skipped,
        trained_on=(Generation(turn=None, train=shares(images)),) if images else (),
        images_sha256=hashlib.sha256(listed).hexdigest() if listed else None,
        features_seen=features_seen,
    )
    folder.mkdir(parents=True)
    if listed:
        (folder / ancestry.IMAGES).write_bytes(listed)
    (folder / cards.CARD).write_text(card.model_dump_json())
    if not card.without_weights:
        (folder / cards.WEIGHTS).write_bytes(b"weights")


class Painter(Generator):
    """Draws other scenes, darkened: the darker, the further from the reals."""

    def __init__(self, folder: Path, darkness: float) -> None:
        self.card, self.darkness = cards.read(folder), darkness

    def sample(self, labels, seed):  # noqa: ARG002 - the interface of a generator
        return (scenes(len(labels), seed=7000) * (1 - self.darkness)).astype(np.uint8)


class Carrier(Translator):
    """Brightens images, some of the way to white: 0 gives them back."""

    def __init__(self, folder: Path, way: float) -> None:
        self.card, self.way = cards.read(folder), way

    def translate(self, images):
        return brightened(images, self.way)


def brightened(images: np.ndarray, way: float) -> np.ndarray:
    """From the images as they are, 0, to white, 1."""
    return (images + (255.0 - images) * way).astype(np.uint8)


def stand_in(
    monkeypatch: pytest.MonkeyPatch, modules: list[Any], darkness: dict[str, float]
) -> None:
    """Give stages packed images, the quick backbone, and painters for trained models."""

    def load(folder: Path) -> Painter:
        assert cards.read(folder).failed is None
        return Painter(folder, darkness[folder.name])

    for name, judge in JUDGES.items():
        monkeypatch.setitem(BACKBONES, name, judge)
    monkeypatch.setattr(loading, "load", load)
    packed(monkeypatch, modules, lambda split: pack({"train": 1, "val": 2, "test": 3}[split]))


def packed(
    monkeypatch: pytest.MonkeyPatch, modules: list[Any], read: Callable[[str], Packed]
) -> None:
    """Give stages these packed images, of which none has a twin."""
    nothing = (np.empty(0, np.int64), np.empty((0, 32, 48, 3), np.uint8))
    monkeypatch.setattr(evaluation_set, "read_twins", lambda *_: nothing)

    def origins(split: str) -> pl.DataFrame:
        rows = [(name, "fleet", "first") for name in read(split).image_ids]
        return pl.DataFrame(rows, schema=ORIGIN, orient="row")

    for module in [evaluation_set, *modules]:
        monkeypatch.setattr(module, "read_packed", read)
        monkeypatch.setattr(module, "read_origins", origins)
