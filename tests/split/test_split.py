"""The whole of `split`, from a catalogue to a catalogue."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core import params, reports
from argus.data import catalogue
from argus.data.catalogue import SPLITS
from stages.split.__main__ import main
from stages.split.balance import by_hash
from stages.split.prior_splits import empty
from stages.split.split import shortage, split
from tests.split.tables import (
    SETTINGS,
    WITH_HASH,
    bits_apart,
    catalogues,
    fleet,
    lay_out,
    rows_of,
    table,
)

DECISIONS = ["split", "status", "lost_to", "distance"]


def decided(images: pl.DataFrame, mirrored: bool = False) -> pl.DataFrame:
    """The catalogue after `split`, which finds no leak."""
    after, _, leaked = split(images, empty(), SETTINGS, mirrored)
    assert not any(leaked.values())
    return after


@settings(deadline=None, max_examples=60)
@given(catalogues(), st.booleans())
def test_decisions_on_the_first_deliveries_never_change(
    images: pl.DataFrame, mirrored: bool
) -> None:
    whole = decided(images, mirrored).select(DECISIONS)
    for k in images["delivery"].unique():
        first = images.filter(pl.col("delivery").cast(pl.Int64) < int(k))
        assert decided(first, mirrored).select(DECISIONS).equals(whole.head(first.height))


@settings(deadline=None, max_examples=60)
@given(catalogues(), st.booleans())
def test_no_image_lies_near_one_of_another_split(images: pl.DataFrame, mirrored: bool) -> None:
    used = rows_of(decided(images, mirrored).filter(pl.col("split").is_not_null()))
    for a, b in combinations(used, 2):
        if bits_apart(a, b, mirrored) <= SETTINGS.radius:
            assert a["split"] == b["split"]


@settings(deadline=None, max_examples=60)
@given(catalogues(), st.booleans())
def test_an_embargoed_image_names_one_near_it_in_another_split(
    images: pl.DataFrame, mirrored: bool
) -> None:
    after = decided(images, mirrored)
    kept = {row["image_id"]: row for row in rows_of(after) if row["split"]}
    homes = {row["sequence"]: row["split"] for row in kept.values() if row["sequence"]}
    for row in rows_of(after.filter(status="embargoed")):
        rival = kept[row["lost_to"]]
        assert row["distance"] == bits_apart(row, rival, mirrored) <= SETTINGS.radius
        assert homes.get(row["sequence"]) != rival["split"]


@settings(deadline=None, max_examples=60)
@given(catalogues())
def test_a_drive_never_straddles_splits(images: pl.DataFrame) -> None:
    drives = decided(images).filter(pl.col("sequence").is_not_null())
    assert (
        drives.group_by("sequence")
        .agg(pl.col("split").drop_nulls().n_unique())["split"]
        .is_in([0, 1])
        .all()
    )


@settings(deadline=None, max_examples=60)
@given(catalogues())
def test_what_is_in_use_gets_a_split_and_the_rest_keeps_its_fate(images: pl.DataFrame) -> None:
    after = decided(images)
    assert after.drop(DECISIONS).equals(images.drop(DECISIONS, strict=False))
    assert (after["split"].is_not_null() == (after["status"] == "accepted")).all()
    assert after["split"].drop_nulls().is_in(SPLITS).all()
    before = images.filter(pl.col("status") != "accepted")
    unused = after.filter(images["status"] != "accepted")
    assert unused.select(before.columns).equals(before)


def test_nothing_at_all() -> None:
    assert decided(table([{}]).head(0)).columns[-1] == "split"
    refused = decided(table([{"status": "truncated"}]))
    assert refused["split"].to_list() == [None]


def test_the_first_drive_of_a_class_trains() -> None:
    for seed in range(20):
        settings = SETTINGS.model_copy(update={"seed": seed})
        after, _, _ = split(fleet([("fog", 3), ("day", 2)]), empty(), settings, False)
        assert after["split"].to_list() == ["train"] * 5


def held_out(seed: int = SETTINGS.seed) -> str:
    """A drive that comes last of those of its size, so that it is tested if others train."""
    return next(n for n in map(str, range(9999)) if by_hash(n, seed) > 0.999)


FIRST: list[dict[str, Any]] = [
    {"sequence": "first", "phash": 0, "image_id": "first"},
    {"sequence": held_out(), "phash": 2**40 - 1, "image_id": "held"},
]


def test_a_drive_whose_copies_are_held_out_is_held_out() -> None:
    again = {"sequence": "again", "delivery": "1"}
    copy = again | {"status": "near_duplicate", "lost_to": "held", "phash": 2**40 - 2}
    after = decided(table([*FIRST, copy, copy, again | {"phash": 2**60 - 1}]))
    assert after["split"].to_list() == ["train", "test", None, None, "test"]


def test_a_drive_that_images_of_a_held_out_one_were_dropped_for_is_held_out() -> None:
    # within a delivery the best image is kept, so a copy may come before the one it lost to
    poor = FIRST[1] | {"status": "near_duplicate", "lost_to": "sharp", "image_id": "poor"}
    poor |= {"delivery": "1"}
    sharp = {"sequence": "sharp", "image_id": "sharp", "phash": 2**20 - 1, "delivery": "1"}
    after = decided(table([*FIRST, poor, sharp]))
    assert after["split"].to_list() == ["train", "test", None, "test"]


def test_copies_of_what_came_before_decide_nothing_for_a_class() -> None:
    # a drive of copies teaches no class, so the next drive of the class has to
    copy = {"status": "near_duplicate", "lost_to": "first", "label": "fog", "sequence": "copies"}
    fog = {"label": "fog", "sequence": held_out(), "phash": 2**50 - 1}
    assert decided(table([FIRST[0], copy, fog]))["split"].to_list() == ["train", None, "train"]


@pytest.mark.parametrize(("val", "test"), [(0.5, 0.5), (0.2, 0.9)])
def test_shares_leave_something_to_train_on(val: float, test: float) -> None:
    with pytest.raises(ValueError, match=r"split\.val and split\.test"):
        params.Split(seed=1, val=val, test=test, radius=4, distance=0.45, with_hash=WITH_HASH)


def test_an_image_between_two_splits_is_used_in_none() -> None:
    rows = [
        FIRST[0],
        FIRST[1] | {"phash": 0b111111},
        {"sequence": "between", "phash": 0b111, "delivery": "1"},
    ]
    after = decided(table(rows))
    assert after["split"].to_list() == ["train", "test", None]
    assert after.select("status", "lost_to", "distance").row(2) == ("embargoed", "held", 3)


def test_a_mirrored_image_is_a_neighbour_only_where_it_is_asked_for() -> None:
    mirror = {
        "sequence": "mirror",
        "phash": 2**60 - 1,
        "phash_mirrored": 2**40 - 2,
        "delivery": "1",
    }
    images = table([*FIRST, mirror])
    assert decided(images, mirrored=True)["split"].to_list() == ["train", "test", "test"]
    drawn = decided(images, mirrored=False)["split"].to_list()
    assert drawn == decided(table([*FIRST, mirror | {"phash_mirrored": None}]))["split"].to_list()


EMBARGOED = [
    {"phash": 0, "image_id": "a", "sequence": "first"},
    {"phash": 0b111111, "image_id": "b", "sequence": held_out()},
    *[{"phash": 1 << k, "sequence": "joins"} for k in (20, 21, 22)],
    {"phash": 0b1111, "image_id": "out", "sequence": "joins"},
]
"""A drive most of which joins the first one, and its last image lies near the held-out one."""


def test_near_an_embargoed_image_there_is_nothing_to_fear() -> None:
    # it is held out, as the embargoed image has no say, and stays in use, as that one is not
    near_it = {"phash": 0b1111 | 7 << 30, "sequence": "near", "delivery": "1"}
    after = decided(table([*EMBARGOED, near_it]))
    assert after["split"].to_list() == ["train", "test", *["train"] * 3, None, "test"]


def test_a_drive_of_copies_of_nothing_in_use_is_left_open() -> None:
    copies = {"status": "near_duplicate", "lost_to": "out", "sequence": "copies", "delivery": "1"}
    later = {"phash": 0b1111110, "image_id": "own", "sequence": "copies", "delivery": "2"}
    after = decided(table([*EMBARGOED, copies, later]))
    assert after["split"].to_list()[-3:] == [None, None, "test"]


def test_drives_of_one_delivery_that_are_near_each_other_are_placed_as_one() -> None:
    """Ten small ones near a large one, which trains, as together they are most of it."""
    near = [{"sequence": f"near{k}", "phash": 1 << k} for k in range(10)]
    far = [{"sequence": "far", "phash": (2**9 - 1) << 20 + k} for k in range(0, 36, 9)]
    after = decided(table([{"sequence": "large", "phash": 0}] * 3 + near + far * 2))
    assert after["split"].to_list() == ["train"] * 13 + ["test"] * 8


def test_a_drive_near_two_of_its_delivery_goes_where_both_go() -> None:
    """Less than half of it lies near either, most of it near what trains. Alone it were in val."""
    one = [{"sequence": "one", "phash": 0}] * 27
    two = [{"sequence": "two", "phash": 2**30 - 1}] * 27
    rest = [{"sequence": "rest", "phash": (2**30 - 1) << 30}] * 30
    of_both = [1 << k for k in range(8)] + [2**30 - 1 - (1 << k) for k in range(8)]
    hashes = of_both + [(2**20 - 1) << k for k in (15, 20, 25, 40)]
    between = [{"sequence": "between", "phash": phash} for phash in hashes]
    after = decided(table(one + two + rest + between))
    assert after["split"].to_list() == ["train"] * 54 + ["test"] * 30 + ["train"] * 20
    far = [row | {"phash": None} for row in between]
    after = decided(table(one + two + rest + far))
    assert after["split"].to_list() == ["train"] * 54 + ["test"] * 30 + ["val"] * 20


def test_where_nothing_is_held_out_what_became_of_the_images_is_reported() -> None:
    images = decided(table([{"phash": 1, "phash_mirrored": 2}, {"status": "not_an_image"}]))
    told = shortage(images)
    assert "no image is in val and test: 1 of 2 that came in are in use" in told
    assert "Bring in more drives" in told
    assert "fleet: 1 not_an_image (" in told
    assert "such as 0/0001.jpg" in told
    parts = {"split": pl.Series(SPLITS), "status": pl.Series(["accepted"] * 3)}
    assert shortage(pl.DataFrame(parts)) == ""


def test_classes_that_a_split_lacks_are_named(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drives = [("day", 65), ("day", 10), ("day", 25), ("dusk", 30), ("fog", 30), ("fog", 20)]
    unlabelled = pl.when(pl.col("label") != "").then("label")  # a class, but not one to capture
    images = fleet([*drives, ("", 20)]).with_columns(label=unlabelled)
    lay_out(images)
    main()
    report = reports.read("split")
    assert report["classes_without"] == {"train": [], "val": ["dusk", "fog"], "test": ["dusk"]}
    assert report["per_class"]["val"] == {"day": 10, "dusk": 0, "fog": 0, "unknown": 0}
    assert {name: report[name] for name in SPLITS} == {"train": 145, "val": 10, "test": 45}
    told = capsys.readouterr().err
    assert "without an image: dusk, fog (in val: no model can look at them" in told
    assert "; dusk (in test: no model can be judged by them). Bring in more drives" in told


def test_where_no_class_lacks_anything_nothing_is_said(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(fleet([("day", 1), ("night", 1)] * 40, 80))
    main()
    assert not any(reports.read("split")["classes_without"].values())
    assert not capsys.readouterr().err


def test_models_that_nothing_could_judge_are_told_before_anything_trains(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(table([{"phash": 1, "phash_mirrored": 2}]))
    main()
    told = " ".join(capsys.readouterr().err.split())
    assert "no image is in val and test: 1 of 1" in told
    assert "sngan, fastgan, r3gan will be skipped: no image held out in test" in told
    assert "cyclegan, cut will be skipped: no training image of night (but " in told
    text = Path("params.yaml").read_text()
    start, end = text.index("\nmodels:") + 1, text.index("\n# --- what is promoted")
    Path("params.yaml").write_text(f"{text[:start]}models: {{}}\n{text[end:]}")
    main()
    told = capsys.readouterr().err
    assert "no image is in val and test: 1 of 1" in told
    assert "skipped" not in told
    assert catalogue.read("data/split/images.parquet")["split"].to_list() == ["train"]
