"""What looks the same by its features is one place, and never crosses splits."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core.params import Split
from argus.data import catalogue
from argus.data.catalogue import GROUP
from argus.features.vectors import Vectors
from stages.split.__main__ import main
from stages.split.places import places
from stages.split.prior_splits import empty
from stages.split.split import split
from tests.split.tables import SETTINGS, catalogues, lay_out, rows_of, table
from tests.split.test_prior_splits import histories
from tests.split.test_split import held_out

DIRECTIONS = 40  # that the features of images have: few enough that many are near each other
CIRCLE = np.stack(
    [np.cos(np.arange(DIRECTIONS) * 0.157), np.sin(np.arange(DIRECTIONS) * 0.157)], axis=1
).astype(np.float32)
"""Each direction is within .45 of the two before and the two behind it."""


def look(image_id: str) -> int:
    return int(image_id) * 7 % DIRECTIONS


def vectors_of(images: pl.DataFrame) -> Vectors:
    ids = catalogue.accepted(images)["image_id"]
    return Vectors(CIRCLE[[look(name) for name in ids]].reshape(-1, 2))


def apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    return float(np.linalg.norm(CIRCLE[look(a["image_id"])] - CIRCLE[look(b["image_id"])]))


@settings(deadline=None, max_examples=80)
@given(catalogues(), st.booleans())
def test_nothing_near_by_features_crosses_and_later_deliveries_change_nothing(
    images: pl.DataFrame, mirrored: bool
) -> None:
    whole, _, leaked = split(images, empty(), SETTINGS, mirrored, vectors_of(images))
    assert leaked == {"hash": 0, "features": 0}
    for a, b in combinations(rows_of(catalogue.accepted(whole)), 2):
        if apart(a, b) <= SETTINGS.distance:
            assert a["split"] == b["split"]
    kept = {row["image_id"]: row for row in rows_of(catalogue.accepted(whole))}
    for row in rows_of(whole.filter(status="embargoed")):
        assert row["lost_to"] in kept
    record = empty()
    for last in sorted(set(images["delivery"])):
        first = pl.col("delivery").cast(pl.Int64) <= int(last)
        some = images.filter(first)
        after, record, _ = split(some, record, SETTINGS, mirrored, vectors_of(some))
        assert after.equals(whole.filter(first))


@settings(deadline=None, max_examples=80)
@given(histories())
def test_an_image_keeps_its_split_though_leaders_and_knobs_come_and_go(history: list[Any]) -> None:
    record = empty()
    known: dict[str, str] = {}
    for turn in history:
        vectors = vectors_of(turn.images)
        after, record, leaked = split(turn.images, record, turn.parameters, turn.mirrored, vectors)
        assert not any(leaked.values())
        used = catalogue.accepted(after)
        for name, side in used.select("image_id", "split").rows():
            assert known.setdefault(name, side) == side
        sides = used.select(GROUP, "split").unique()
        assert sides["group"].is_unique().all()  # a place is in one split


@settings(deadline=None, max_examples=60)
@given(catalogues())
def test_a_place_is_named_after_an_image_that_all_of_it_are_like(images: pl.DataFrame) -> None:
    found = images.with_columns(place=places(images, vectors_of(images), SETTINGS))
    rows = {row["image_id"]: row for row in rows_of(found) if row["status"] == "accepted"}
    for row in rows_of(found):
        single = row["sequence"] is None
        if row["status"] == "accepted":
            assert (row["place"] is not None) == single
        elif row["place"] is not None:  # a copy: where the image is that it was dropped for
            assert single
            assert row["place"] == rows[row["lost_to"]]["place"]
        if row["place"] is not None and row["status"] == "accepted":
            leader = rows[row["place"]]
            assert leader["place"] == leader["image_id"]
            near = SETTINGS.with_hash.place if row["phash"] is not None else SETTINGS.distance
            assert apart(row, leader) <= max(near, SETTINGS.distance)


def seen_by(cameras: int, frames: int, jitter: float) -> tuple[pl.DataFrame, Vectors]:
    """Frames of fixed cameras, camera by camera, without a sequence; no two hashes are near."""
    rng = np.random.default_rng(0)
    centre = np.repeat(rng.normal(size=(cameras, 48)), frames, axis=0)
    matrix = (centre + jitter * rng.normal(size=centre.shape)).astype(np.float32)
    order = rng.permutation(len(matrix))
    hashes = rng.integers(0, 2**64, len(matrix), dtype=np.uint64)
    rows = [{"phash": h, "path": str(n // frames)} for n, h in zip(order, hashes, strict=True)]
    return table(rows), Vectors(matrix, order)


def test_a_camera_is_one_group_and_is_held_out_as_a_whole() -> None:
    images, vectors = seen_by(cameras=30, frames=8, jitter=0.2)
    after, _, leaked = split(images, empty(), SETTINGS, False, vectors)
    assert not any(leaked.values())
    of_camera = after.group_by("path").agg(GROUP.n_unique(), pl.col("split").n_unique())
    assert of_camera["group"].to_list() == of_camera["split"].to_list() == [1] * 30
    assert after["split"].value_counts().height == 3
    assert after["split"].null_count() == 0
    # hashes alone tear them
    torn, _, _ = split(images, empty(), SETTINGS, False)
    assert torn.group_by("path").agg(pl.col("split").n_unique())["split"].max() == 3


FAR = {"phash": 2**40 - 1}


def drives(*looks: int) -> tuple[pl.DataFrame, Vectors]:
    """One image of a drive that trains, one of a drive that is held out, then others."""
    rows: list[dict[str, Any]] = [{"sequence": "first"}, {"sequence": held_out()}]
    rows += [{"sequence": "third", "delivery": "1"}] * (len(looks) - 2)
    for number, row in enumerate(rows):
        rows[number] = row | {"phash": (2**9 - 1) << 9 * number}
    return table(rows), Vectors(CIRCLE[list(looks)])


def test_a_drive_joins_the_one_that_most_of_it_looks_like() -> None:
    images, vectors = drives(0, 20, 21, 19)
    after, _, _ = split(images, empty(), SETTINGS, False, vectors)
    assert after["split"].to_list() == ["train", "test", "test", "test"]
    images, vectors = drives(0, 20, 1, 39)
    after, _, _ = split(images, empty(), SETTINGS, False, vectors)
    assert after["split"].to_list() == ["train", "test", "train", "train"]


def test_an_image_that_looks_like_one_of_another_split_is_embargoed_whatever_its_hash() -> None:
    images, vectors = drives(0, 20, 1, 2, 21)
    after, _, _ = split(images, empty(), SETTINGS, False, vectors)
    assert after["split"].to_list() == ["train", "test", "train", "train", None]
    assert after.select("status", "lost_to", "distance").row(4) == ("embargoed", "0001", 18)
    unhashed = images.with_columns(phash=pl.lit(None, dtype=pl.UInt64))
    after, _, _ = split(unhashed, empty(), SETTINGS, False, vectors)
    assert after.select("status", "lost_to", "distance").row(4) == ("embargoed", "0001", None)


def test_what_was_held_out_stays_so_when_the_first_image_of_its_place_is_withdrawn() -> None:
    near = [{"phash": (2**9 - 1) << 9 * k, "delivery": str(k)} for k in range(5)]
    ids = ["first", held_out(), "b", "c", "d"]
    looks = [0, 20, 21, 19, 22]
    rows = [row | {"image_id": name} for row, name in zip(near, ids, strict=True)]
    first, record, _ = split(table(rows[:4]), empty(), SETTINGS, False, Vectors(CIRCLE[looks[:4]]))
    assert first["split"].to_list() == ["train", "test", "test", "test"]
    assert first["place"].to_list() == ["first", *[held_out()] * 3]
    rows[1] |= {"status": "withdrawn"}
    left = Vectors(CIRCLE[[0, 21, 19, 22]])
    after, _, leaked = split(table(rows), record, SETTINGS, False, left)
    assert after["split"].to_list() == ["train", None, "test", "test", "test"]
    assert after["place"].to_list() == ["first", None, "b", "b", "b"]
    assert not any(leaked.values())


def test_a_place_that_may_not_be_used_any_more_still_leads() -> None:
    rows = [{"phash": 1 << 20, "image_id": "t"}, {"phash": 1 << 40, "delivery": "1"}]
    vectors = Vectors(CIRCLE[[0, 1]])
    _, record, _ = split(table(rows[:1]), empty(), SETTINGS, False, Vectors(CIRCLE[[0]]))
    barred = {"may_train": False, "may_evaluate": True}
    now = table([rows[0] | barred, rows[1] | barred])
    after, _, _ = split(now, record, SETTINGS, False, vectors)
    assert after["status"].to_list() == ["use_not_granted"] * 2


@pytest.mark.parametrize("distance", [0, 1.5])
def test_a_distance_that_means_nothing_is_refused(distance: float) -> None:
    with pytest.raises(ValueError, match="distance"):
        Split(**{**SETTINGS.model_dump(), "distance": distance})


def test_the_stage_reads_features_and_reports_leaks_of_both_kinds(workspace: Any) -> None:
    from argus.core import reports

    images = table([{"phash": 1 << k} for k in range(0, 60, 5)])
    lay_out(images)
    text = (workspace / "params.yaml").read_text()
    start, end = text.index("\nmodels:") + 1, text.index("\n# --- what is promoted")
    (workspace / "params.yaml").write_text(f"{text[:start]}models: {{}}\n{text[end:]}")
    main()
    found = reports.read("split")
    assert found["places"] == 12
    assert found["leaks"] == 0
    assert found["leaks_by"] == {"hash": 0, "features": 0}
    assert catalogue.read("data/split/images.parquet")["place"].to_list() == [
        *images["image_id"].to_list()
    ]
