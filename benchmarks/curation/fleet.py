"""A fleet that never drove: tables and feature vectors as `ingest` and `embed` would write them.

The hashes look as those of real drives do. The 64 coefficients of which a pHash tells whether they
are above their median are the sum of a mean of all roads, a mean of the drive, and a part that
drifts from frame to frame (an autoregressive process of order 1). Their variances were chosen so
that distances come out as on CamVid and the California drives: from one frame to the next 1 to 3
bits at 15 to 25 Hz and 10 to 20 at 1 Hz, any two of a drive some 25, two of different drives 30.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from scipy.signal import lfilter

from argus.core.paths import EMBEDDED, INGESTED
from argus.data import catalogue
from argus.data.catalogue import in_schema

FEATURES = 512
BUDGET = 10_000  # of `prune`, images
DELIVERIES = 25  # of each source
SHARES = {"motorway": 0.3, "town": 0.25, "country": 0.2, "webcams": 0.15, "stills": 0.1}
CLASSES = {"day": 0.45, "night": 0.25, "dusk": 0.12, "rain": 0.1, "fog": 0.05, "snow": 0.03}
UNLABELLED = 0.15  # of the drives
COPIED = 0.005  # of the frames have the bytes of the frame before
REFUSED = {"accepted": 0.97, "blurred": 0.02, "near_constant": 0.01}

LATENT = 64
OF_ALL = 0.1  # variance of the mean of all roads, of 1 in all


@dataclass(frozen=True)
class Kind:
    """What a source delivers. `length`: frames of a drive on average; `own`: variance of its mean;
    `kept`: how much of the drift is left at the next frame, one of these for each drive;
    `again`: drives along the street of an earlier one; `named`: whether frames say their drive."""

    length: int
    own: float
    kept: tuple[float, ...]
    again: float
    named: bool


DRIVES = Kind(length=200, own=0.2, kept=(0.985, 0.93, 0.65), again=0.05, named=True)
KINDS = {
    "webcams": Kind(length=300, own=0.85, kept=(0.0,), again=0.1, named=False),
    "stills": Kind(length=1, own=0.0, kept=(0.0,), again=0.0, named=False),
}


def frames(kind: Kind, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What arrives in one delivery.

    Returns:
        float64 [count, LATENT] coefficients; int64 [count] the number of the drive.
    """
    roads = np.random.default_rng(0).normal(size=LATENT) * np.sqrt(OF_ALL)
    drives: list[np.ndarray] = []
    length = 0
    while length < count:
        if drives and rng.random() < kind.again:
            earlier = drives[rng.integers(len(drives))]
            drive = 0.97 * earlier + 0.24 * rng.normal(size=earlier.shape)
        else:
            kept = float(rng.choice(kind.kept))
            steps = rng.normal(size=(rng.geometric(1 / kind.length), LATENT))
            steps[1:] *= np.sqrt(1 - kept**2)
            drift = lfilter([1.0], [1.0, -kept], steps, axis=0) * np.sqrt(1 - OF_ALL - kind.own)
            drive = roads + np.sqrt(kind.own) * rng.normal(size=LATENT) + drift
        drives.append(drive)
        length += len(drive)
    number = np.repeat(np.arange(len(drives)), [len(drive) for drive in drives])
    return np.concatenate(drives)[:count], number[:count]


def phash(latent: np.ndarray) -> np.ndarray:
    """Which of 64 coefficients are above their median: uint64 [N], 32 bits set in each."""
    above = latent > np.median(latent, axis=1, keepdims=True)
    return np.packbits(above, axis=1).view(">u8").ravel().astype(np.uint64)


def delivery(
    source: str, number: int, count: int, rng: np.random.Generator
) -> tuple[pl.DataFrame, np.ndarray]:
    """One delivery of a source: its rows after `ingest`, and float32 [count, FEATURES]."""
    kind = KINDS.get(source, DRIVES)
    latent, drive = frames(kind, count, rng)
    mirrored = latent * np.where(np.arange(LATENT) % 8 % 2, -1, 1)  # odd columns change their sign
    copied = np.flatnonzero(rng.random(count - 1) < COPIED) + 1
    source_of = np.arange(count)
    source_of[copied] -= 1
    latent, mirrored = latent[source_of], mirrored[source_of]
    of_drive = rng.choice(len(CLASSES), drive[-1] + 1, p=list(CLASSES.values()))
    label = np.array([*CLASSES, None], dtype=object)[
        np.where(rng.random(len(of_drive)) < UNLABELLED, -1, of_drive)[drive]
    ]
    status = rng.choice(list(REFUSED), count, p=list(REFUSED.values()))
    ids = pl.Series([rng.bytes(32).hex() for _ in range(count)]).gather(source_of)
    table = pl.DataFrame(
        {
            "image_id": ids,
            "source": source,
            "delivery": f"d{number:03d}",
            "drive": drive,
            "size": rng.integers(50_000, 250_000, count),
            "received_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
            "label": label.tolist(),
            "width": 1280,
            "height": 720,
            "decode": "fast",
            "pixels": ids,
            "phash": phash(latent),
            "phash_mirrored": phash(mirrored),
            "fragile": rng.integers(0, 6, count),
            **{
                name: rng.gamma(4, usual / 4, count)
                for name, usual in [
                    ("sharpness", 400.0),
                    ("luminance", 0.4),
                    ("contrast", 0.2),
                    ("clipped", 0.01),
                    ("entropy", 7.0),
                    ("torn", 0.05),
                ]
            },
            "origin": "camera",
            "may_train": True,
            "may_evaluate": True,
            "status": status,
        }
    )
    folder = pl.format("{}/{}-{}", "source", "delivery", "drive")
    table = table.with_columns(
        pl.format("{}/{}.jpg", "drive", pl.int_range(pl.len()).cast(pl.String).str.zfill(7)).alias(
            "path"
        ),
        pl.when(kind.named).then(folder).alias("sequence"),
        pl.when(pl.col("label").is_not_null()).then(pl.lit("delivered")).alias("label_provenance"),
        pl.when(pl.col("status") != "near_constant").then("phash").alias("phash"),
    )
    mixing = np.random.default_rng(1).normal(size=(LATENT + len(CLASSES), FEATURES))
    shown = np.concatenate([latent, 2 * np.eye(len(CLASSES))[of_drive[drive]]], axis=1)
    noise = rng.normal(size=(count, FEATURES))
    return in_schema(table), (shown @ mixing / 8 + noise / 2).astype(np.float32)


def source_tables(rows: int) -> Iterator[tuple[str, pl.DataFrame, np.ndarray]]:
    """All deliveries, source by source: its name, the rows, the feature vectors."""
    for seed, (source, share) in enumerate(SHARES.items()):
        rng = np.random.default_rng(seed)
        ends = [round(rows * share) * k // DELIVERIES for k in range(DELIVERIES + 1)]
        for number, (begin, end) in enumerate(pairwise(ends)):
            yield source, *delivery(source, number, end - begin, rng)


def build(rows: int) -> None:
    """Write the tables of all sources and the features of their images into the current folder."""
    EMBEDDED.mkdir(parents=True)
    matrix = np.lib.format.open_memmap(
        EMBEDDED / "features.npy", "w+", np.float32, (rows, FEATURES)
    )
    tables: dict[str, list[pl.DataFrame]] = {source: [] for source in SHARES}
    done = 0
    for source, table, features in source_tables(rows):
        tables[source].append(table)
        matrix[done : done + table.height] = features
        done += table.height
    matrix.flush()
    for source, parts in tables.items():
        catalogue.write(INGESTED / source / "images.parquet", pl.concat(parts))
    ids = pl.concat([part["image_id"] for parts in tables.values() for part in parts])
    first = ids.is_first_distinct()  # the vector of a copy is never asked for
    ids = pl.select(pl.when(first).then(ids).otherwise(ids + "-copy"))[:, 0]
    catalogue.write(EMBEDDED / "ids.parquet", pl.DataFrame({"image_id": ids}))


def settings(params: Path) -> str:
    """`params.yaml` for this fleet: its sources, and a budget that fits a fleet."""
    content = yaml.safe_load(params.read_text(encoding="utf-8"))
    content["sources"] = list(SHARES)
    content["prune"]["budget"] = BUDGET
    content["dedupe"]["within_sequence"] = None  # there are no images to look at
    return yaml.safe_dump(content)


if __name__ == "__main__":
    build(int(sys.argv[1]))
