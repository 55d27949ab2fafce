"""Catalogues as they come out of `dedupe`: small ones that hypothesis draws, and fleets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from argus.core.params import Split, WithHash
from argus.data import catalogue
from argus.data.catalogue import in_schema

WITH_HASH = WithHash(radius=3, distance=0.5, place=0.7)
SETTINGS = Split(seed=1, val=0.2, test=0.3, radius=3, distance=0.45, with_hash=WITH_HASH)
BOTH = {"may_train": True, "may_evaluate": True}
HASHES = st.integers(0, 2**9 - 1)  # of few bits, so that many are near each other
FATES = st.sampled_from(["accepted"] * 5 + ["near_duplicate", "exact_copy", "black", "truncated"])


def table(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """A catalogue from rows in order of arrival; what a row does not say is as it mostly is."""
    usual = {"source": "fleet", "delivery": "0", "label": "day", "status": "accepted", **BOTH}
    whole = [
        usual
        | {"image_id": f"{number:04d}", "path": f"{number:04d}.jpg"}
        | row
        | {"received_at": received(row.get("delivery", "0"))}
        for number, row in enumerate(rows)
    ]
    known = {"phash": pl.UInt64, "phash_mirrored": pl.UInt64}
    return in_schema(pl.DataFrame(whole, schema_overrides=known, infer_schema_length=None))


def lay_out(images: pl.DataFrame) -> None:
    """What `embed` leaves of a catalogue; no two images are alike by their features."""
    used = catalogue.accepted(images)
    vectors = np.random.default_rng(0).normal(size=(used.height, 64)).astype(np.float32)
    catalogue.write("data/embed/images.parquet", images)
    catalogue.write("data/embed/ids.parquet", used.select("image_id"))
    np.save("data/embed/features.npy", vectors)


def received(delivery: str) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=int(delivery))


def rows_of(images: pl.DataFrame) -> list[dict[str, Any]]:
    return list(images.iter_rows(named=True))


def bits_apart(a: dict[str, Any], b: dict[str, Any], mirrored: bool) -> int:
    """Hamming distance of two images in use, as they are or one of them mirrored."""
    if a["phash"] is None or b["phash"] is None:
        return 64
    pairs = [(a["phash"], b["phash"])]
    if mirrored:
        pairs += [(a["phash"], b["phash_mirrored"]), (a["phash_mirrored"], b["phash"])]
    return min((x ^ y).bit_count() for x, y in pairs)


@st.composite
def catalogues(draw: st.DrawFn) -> pl.DataFrame:
    """Deliveries of several sources: drives that go on in later ones, single images, images with
    and without a label or a hash, refused ones, and copies of what came before or, as the best of
    a delivery is kept, of what comes later in it."""
    rows: list[dict[str, Any]] = []
    for delivery in range(draw(st.integers(1, 4))):
        source = draw(st.sampled_from(["fleet", "client"]))
        for _ in range(draw(st.integers(1, 9))):
            drive = draw(st.integers(0, 4))
            status = draw(FATES)
            hashed = status != "truncated" and draw(st.integers(0, 9)) > 0
            rows.append(
                {
                    "image_id": f"{len(rows):04d}",
                    "source": source,
                    "delivery": str(delivery),
                    "label": draw(st.sampled_from(["day", "night", None])),
                    "sequence": f"{source}/{drive}" if drive < 3 else None,
                    "status": status,
                    "phash": draw(HASHES) if hashed else None,
                    "phash_mirrored": draw(HASHES) if hashed else None,
                }
            )
        kept = [row["image_id"] for row in rows if row["status"] == "accepted"]
        for row in rows:
            if row["delivery"] == str(delivery) and row["status"].endswith(("copy", "duplicate")):
                if not kept:
                    row["status"] = "accepted"
                    kept = [row["image_id"]]
                    continue
                row["lost_to"] = draw(st.sampled_from(kept))
                if row["status"] == "exact_copy":
                    row["image_id"] = row["lost_to"]
    return table(rows)


def fleet(drives: Sequence[tuple[str, int]], per_delivery: int = 20) -> pl.DataFrame:
    """Drives that no hash connects, as (label, images), so many in each delivery."""
    labels = [label for label, _ in drives]
    images = np.array([count for _, count in drives])
    drive = np.repeat(np.arange(len(drives)), images)
    n = len(drive)
    rng = np.random.default_rng(0)
    return in_schema(
        pl.DataFrame(
            {
                "image_id": np.arange(n).astype(str),
                "source": "fleet",
                "delivery": (drive // per_delivery).astype(str),
                "label": np.array(labels)[drive],
                "sequence": np.char.add("fleet/", drive.astype(str)),
                "phash": rng.integers(0, 2**64, n, dtype=np.uint64),
                "status": "accepted",
                **BOTH,
            }
        )
    )
