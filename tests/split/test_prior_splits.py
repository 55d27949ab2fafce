"""Turn after turn with the record handed on: what was decided stands, whatever else happens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from argus.core.errors import ArgusError
from argus.core.params import Split
from argus.data.catalogue import SPLITS
from stages.split.arrivals import Arrivals
from stages.split.balance import by_hash
from stages.split.prior_splits import OLD, PriorSplits, empty, of_turn
from stages.split.split import split
from tests.split.tables import SETTINGS, WITH_HASH, bits_apart, catalogues, fleet, rows_of, table
from tests.split.test_split import DECISIONS, FIRST, held_out

OTHER = next(n for n in map(str, range(9999)) if by_hash(n, 1) > 0.999 and n != held_out())
"""Another drive that comes last of those of its size."""


def turns(*catalogues: pl.DataFrame) -> list[pl.DataFrame]:
    """The catalogues after `split`, one turn after the other."""
    record, after = empty(), []
    for images in catalogues:
        decided, record, leaked = split(images, record, SETTINGS, mirrored=False)
        assert not any(leaked.values())
        after.append(decided)
    return after


@dataclass(frozen=True)
class Turn:
    images: pl.DataFrame
    parameters: Split
    mirrored: bool


def without(images: pl.DataFrame, gone: set[int], refused: set[int]) -> pl.DataFrame:
    """The catalogue as `dedupe` would leave it if some rows were not there and some not let in.

    A copy of an image that is not in use is in use itself.
    """
    rows = rows_of(images)
    for number in refused:
        rows[number] |= {"status": "consent_expired", "lost_to": None}
    rows = [row for number, row in enumerate(rows) if number not in gone]
    used = {row["image_id"] for row in rows if row["status"] == "accepted"}
    for row in rows:
        if row["status"].endswith(("copy", "duplicate")) and row["lost_to"] not in used:
            row |= {"status": "accepted", "lost_to": None}
            used.add(row["image_id"])
    return pl.DataFrame(rows, schema=images.schema)


@st.composite
def histories(draw: st.DrawFn) -> list[Turn]:
    """Turns in each of which other deliveries and images are there, and other parameters hold."""
    images = draw(catalogues())
    deliveries = images["delivery"].to_list()
    some = st.sets(st.integers(0, images.height - 1), max_size=images.height // 3)
    history = []
    for _ in range(draw(st.integers(2, 5))):
        away = draw(st.sets(st.sampled_from(sorted(set(deliveries)))))
        gone = {number for number, name in enumerate(deliveries) if name in away}
        parameters = Split(
            seed=draw(st.integers(0, 3)),
            val=draw(st.sampled_from([0, 0.2, 0.4])),
            test=draw(st.sampled_from([0, 0.3, 0.5])),
            radius=draw(st.integers(0, 4)),
            distance=0.45,
            with_hash=WITH_HASH,
        )
        images_now = without(images, gone | draw(some), draw(some) - gone)
        history.append(Turn(images_now, parameters, draw(st.booleans())))
    return history


@settings(deadline=None, max_examples=250)
@given(histories())
def test_an_image_is_in_one_split_for_ever_and_nothing_leaks(history: list[Turn]) -> None:
    record = empty()
    known: dict[str, str] = {}
    for turn in history:
        after, longer, leaked = split(turn.images, record, turn.parameters, turn.mirrored)
        used = rows_of(after.filter(pl.col("split").is_not_null()))
        assert not any(leaked.values())
        for row in used:
            assert known.setdefault(row["image_id"], row["split"]) == row["split"]
        # a copy counts as the image that it was dropped for
        splits = {row["image_id"]: row["split"] for row in used}
        for row in rows_of(after.filter(pl.col("status").is_in(["exact_copy", "near_duplicate"]))):
            if row["lost_to"] in splits:
                known.setdefault(row["image_id"], splits[row["lost_to"]])
        for a, b in combinations(used, 2):
            if a["split"] != b["split"]:
                assert a["sequence"] is None or a["sequence"] != b["sequence"]
                assert bits_apart(a, b, turn.mirrored) > turn.parameters.radius
        assert (after["split"].is_not_null() == (after["status"] == "accepted")).all()
        assert longer.head(record.height).equals(record)
        assert (longer.group_by("name").agg(pl.col("split").n_unique())["split"] == 1).all()
        record = longer


@settings(deadline=None, max_examples=150)
@given(catalogues(), st.booleans())
def test_with_deliveries_only_added_the_record_changes_nothing(
    images: pl.DataFrame, mirrored: bool
) -> None:
    record = empty()
    for last in sorted(set(images["delivery"])):
        first = images.filter(pl.col("delivery").cast(pl.Int64) <= int(last))
        scratch = split(first, empty(), SETTINGS, mirrored)
        after, record, _ = split(first, record, SETTINGS, mirrored)
        assert after.equals(scratch[0])
        assert_frame_equal(record, scratch[1], check_row_order=False, check_exact=True)


@settings(deadline=None, max_examples=60)
@given(catalogues(), st.booleans())
def test_a_turn_without_news_hands_on_the_same_record(images: pl.DataFrame, mirrored: bool) -> None:
    after, record, _ = split(images, empty(), SETTINGS, mirrored)
    again, same, _ = split(images, record, SETTINGS, mirrored)
    assert again.equals(after)
    assert same.equals(record)


def test_a_drive_taken_out_of_the_middle_moves_others_only_without_a_record() -> None:
    images = fleet([("day", 3)] * 200)
    less = images.filter(pl.col("sequence") != "fleet/5")
    first, second = turns(images, less)
    assert second["split"].equals(first.filter(images["sequence"] != "fleet/5")["split"])
    assert not turns(less)[0]["split"].equals(second["split"])


def test_new_drives_are_balanced_against_all_that_ever_were() -> None:
    """Of 40 deliveries each is gone when the next one comes."""
    images = fleet([("day", 2)] * 400, per_delivery=10)
    parts = [images.filter(delivery=str(number)) for number in range(40)]
    sides = pl.concat(turns(*parts)).unique("sequence", maintain_order=True)["split"].to_list()
    shares = {"train": 0.5, "val": SETTINGS.val, "test": SETTINGS.test}
    for name in SPLITS:
        assert abs(sides.count(name) - shares[name] * 400) <= 2
    # one of each delivery trains at least, as there is no other training image any more
    assert all("train" in sides[at : at + 10] for at in range(0, 400, 10))


def test_a_class_whose_training_images_are_gone_is_taught_by_its_next_drive() -> None:
    fog = {"label": "fog", "sequence": OTHER, "phash": 2**50 - 1, "image_id": "fog"}
    gone = {"label": "fog", "sequence": "gone", "phash": 2**30 - 1, "image_id": "gone"}
    after = turns(table([*FIRST, gone, fog]))[-1]
    assert after["split"].to_list() == ["train", "test", "train", "test"]
    after = turns(table([*FIRST, gone]), table([*FIRST, fog]))[-1]
    assert after["split"].to_list() == ["train", "test", "train"]


@pytest.mark.parametrize("between", [[], [FIRST[:1]]])
def test_a_held_out_drive_that_is_gone_and_comes_back_is_held_out(
    between: list[list[dict[str, object]]],
) -> None:
    back = {"sequence": held_out(), "phash": 3 << 30, "image_id": "back"}
    after = turns(table(FIRST), *map(table, between), table([back]))[-1]
    assert after["split"].to_list() == ["test"]
    assert turns(table([back]))[-1]["split"].to_list() == ["train"]  # the first of its class


def test_images_that_come_back_with_another_drive_hold_it_out() -> None:
    drive = [{**FIRST[1], "image_id": f"held{k}", "phash": (2**9 - 1) << 9 * k} for k in range(4)]
    renamed = [row | {"sequence": "renamed", "delivery": "1"} for row in drive]
    new = {"sequence": "renamed", "phash": 2**60 - 1, "delivery": "1"}
    first = [FIRST[0] | {"image_id": f"first{k}"} for k in range(6)]
    after = turns(table([*first, *drive]), table([*first, *renamed, new]))[-1]
    assert after["split"].to_list() == [*["train"] * 6, *["test"] * 5]


def test_a_held_out_image_that_comes_back_in_a_training_drive_is_used_in_none() -> None:
    moved = FIRST[1] | {"sequence": "first", "delivery": "1"}
    after = turns(table(FIRST), table([FIRST[0], moved]))[-1]
    assert after["split"].to_list() == ["train", None]
    assert after.select("status", "lost_to", "distance").row(1) == ("embargoed", "held", 0)


LATE = [{"sequence": "late", "phash": 15 << k, "image_id": f"late{k}"} for k in (50, 54, 58)]
"""A drive that was delivered first of all but let in late."""


def test_a_drive_let_into_the_middle_joins_what_was_held_out_near_it() -> None:
    near = [row | {"phash": 2**40 - 1 - (1 << k)} for k, row in enumerate(LATE)]
    after = turns(table(FIRST), table([*near, *FIRST]))[-1]
    assert after["split"].to_list() == ["test"] * 3 + ["train", "test"]
    # its copies too
    copy = FIRST[1] | {"status": "near_duplicate", "lost_to": LATE[0]["image_id"]}
    after = turns(table(FIRST), table([LATE[0], FIRST[0], copy]))[-1]
    assert after["split"].to_list() == ["test", "train", None]


def test_a_drive_let_into_the_middle_costs_no_held_out_image() -> None:
    near = LATE[0] | {"phash": 2**40 - 2, "image_id": "near"}
    after = turns(table(FIRST), table([*LATE[1:], LATE[0], near, *FIRST]))[-1]
    assert after["split"].to_list() == ["train"] * 3 + [None, "train", "test"]
    assert after.select("status", "lost_to", "distance").row(3) == ("embargoed", "held", 1)


def test_a_wider_radius_embargoes_the_later_of_two_that_were_decided() -> None:
    rows = [FIRST[0], FIRST[1] | {"phash": 0b11111}]
    first, record, _ = split(table(rows), empty(), SETTINGS, mirrored=False)
    assert first["split"].to_list() == ["train", "test"]
    wider = SETTINGS.model_copy(update={"radius": 5})
    after, record, leaked = split(table(rows), record, wider, mirrored=False)
    assert after["split"].to_list() == ["train", None]
    assert not any(leaked.values())
    assert after["lost_to"].to_list() == [None, "first"]
    after, _, _ = split(table(rows), record, SETTINGS, mirrored=False)
    assert after["split"].to_list() == ["train", "test"]


def test_what_is_recorded_of_a_drive() -> None:
    rows: list[dict[str, Any]] = [
        {"sequence": "mixed", "image_id": "a", "label": "day", "phash": 1 << 20},
        {"sequence": "mixed", "image_id": "b", "label": None, "phash": 1 << 30},
        {"image_id": "joins", "phash": 1 << 20, "delivery": "1", "label": "night"},
    ]
    _, record, _ = split(table(rows), empty(), SETTINGS, mirrored=False)
    assert record.rows() == [
        ("a", "train", "fleet", "day"),
        ("b", "train", "fleet", "unknown"),
        ("joins", "train", "fleet", "night"),
        ("mixed", "train", None, None),
    ]


def test_a_record_of_the_time_when_drives_were_balanced_is_read() -> None:
    """What it says of drives and images stands; those still there count as what they are now."""
    images = fleet([("day", 4)] * 12, per_delivery=6)
    first, record, _ = split(images.head(24), empty(), SETTINGS, mirrored=False)
    drives = record["name"].str.contains("/")
    of_drives = record.filter(drives).with_columns(source=pl.lit("fleet"), label=pl.lit("day"))
    old = pl.concat(  # a mixed drive had two rows
        [of_drives, of_drives.head(1).with_columns(label=pl.lit("night")), record.filter(~drives)]
    )
    gone = pl.col("label").is_null() | pl.col("name").str.contains("/")
    unsaid = pl.lit(None, dtype=pl.String)
    old = old.with_columns(
        source=pl.when(gone).then("source").otherwise(unsaid),
        label=pl.when(gone).then("label").otherwise(unsaid),
        part=pl.when(gone).then(0.5),
    ).select(*OLD)
    read = of_turn(old, images)
    assert dict(read.schema) == dict(record.schema)
    assert set(read.rows()) == set(record.rows())
    after, _, _ = split(images, read, SETTINGS, mirrored=False)
    assert after.equals(split(images, record, SETTINGS, mirrored=False)[0])
    assert after["split"].head(24).equals(first["split"])
    assert of_turn(record, images).equals(record)
    assert of_turn(old, images.tail(24))["label"].null_count() == read.height


def test_a_record_that_nobody_knows_says_what_to_do() -> None:
    with pytest.raises(
        ArgusError, match=r"columns name, split, which .* the version that wrote it"
    ):
        of_turn(empty().select("name", "split"), fleet([("day", 1)]))


def test_images_that_come_back_under_another_label_count_as_that() -> None:
    """Ten nights were delivered as days; the next drive is shared out among the nights."""
    first = fleet([("day", 1)] * 20, per_delivery=20)
    night = pl.col("image_id").cast(pl.Int64) < 10
    mended = first.with_columns(label=pl.when(night).then(pl.lit("night")).otherwise("label"))
    _, record, _ = split(first, empty(), SETTINGS, mirrored=False)
    prior = PriorSplits.of(record, mended, Arrivals.of(mended))
    assert prior.of_class.sum(axis=1).tolist() == [10, 10]
    assert prior.of_kind.tolist() == prior.of_class.tolist()


def test_other_shares_make_up_for_what_was_drawn_before() -> None:
    """From 0 to 30 % of 400 drives: all new ones are held out until that is reached."""
    images = fleet([("day", 1)] * 400)
    none = SETTINGS.model_copy(update={"val": 0, "test": 0})
    first, record, _ = split(images.head(100), empty(), none, mirrored=False)
    assert set(first["split"]) == {"train"}
    after, _, _ = split(
        images,
        record,
        Split(seed=1, val=0, test=0.3, radius=3, distance=0.45, with_hash=WITH_HASH),
        mirrored=False,
    )
    assert after["split"].head(100).equals(first["split"])
    assert abs(after.filter(split="test").height - 120) <= 2


def test_a_record_of_many_drives_weighs_like_the_drives() -> None:
    """Turn by turn or at once, the same is counted and the same decided."""
    images = fleet([("day", 1), ("night", 1)] * 300, per_delivery=30)
    parts = [images.head(30 * k) for k in range(1, 21)]
    assert turns(*parts)[-1].select(DECISIONS).equals(turns(images)[0].select(DECISIONS))
    assert np.isin(SPLITS, turns(images)[0]["split"].unique()).all()
