"""Images are in a split only if their rights card grants its use, now and in every turn."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core.errors import ArgusError
from argus.core.params import Split
from argus.data import catalogue
from argus.data.catalogue import GRANTS, SPLITS
from stages.split.prior_splits import empty
from stages.split.split import split
from tests.split.tables import SETTINGS, bits_apart, catalogues, fleet, rows_of, table
from tests.split.test_prior_splits import Turn, histories, turns
from tests.split.test_split import FIRST, held_out

Grants = dict[str, bool]

NO_USE = {"may_train": False, "may_evaluate": False}
TRAIN_ONLY = {"may_train": True, "may_evaluate": False}
EVALUATE_ONLY = {"may_train": False, "may_evaluate": True}
ANY = {"may_train": True, "may_evaluate": True}
TERMS = st.sampled_from([TRAIN_ONLY, EVALUATE_ONLY, ANY, NO_USE])


def under(images: pl.DataFrame, grants: list[Grants]) -> pl.DataFrame:
    """A catalogue with what each row may be used for."""
    given = pl.DataFrame(grants, schema={"may_train": pl.Boolean, "may_evaluate": pl.Boolean})
    return images.with_columns(given.get_columns())


@st.composite
def terms_of(draw: st.DrawFn, images: pl.DataFrame) -> list[Grants]:
    """Terms by delivery, as cards have them, or of each row by itself."""
    if draw(st.booleans()):
        return [draw(TERMS) for _ in range(images.height)]
    by_delivery = {name: draw(TERMS) for name in sorted(set(images["delivery"]))}
    return [by_delivery[name] for name in images["delivery"]]


def require_rights(after: pl.DataFrame) -> None:
    for row in rows_of(after):
        assert (row["split"] is not None) == (row["status"] == "accepted")
        if row["split"]:
            assert row[GRANTS[row["split"]]]


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_whatever_is_granted_no_image_is_in_a_split_without_it(data: st.DataObject) -> None:
    images = data.draw(catalogues())
    images = under(images, data.draw(terms_of(images)))
    after, _, leaked = split(images, empty(), SETTINGS, mirrored=False)
    require_rights(after)
    catalogue.require_grants(after)
    assert not any(leaked.values())
    used = rows_of(after.filter(pl.col("split").is_not_null()))
    for a, b in combinations(used, 2):
        if a["split"] != b["split"]:
            assert a["sequence"] is None or a["sequence"] != b["sequence"]
            assert bits_apart(a, b, mirrored=False) > SETTINGS.radius
    for row in rows_of(images.filter(pl.col("status") == "accepted")):
        if not row["may_train"] and not row["may_evaluate"]:
            fate = after.filter(image_id=row["image_id"], status="use_not_granted")
            assert fate.height


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_later_deliveries_change_nothing_under_any_terms(data: st.DataObject) -> None:
    images = data.draw(catalogues())
    images = under(images, data.draw(terms_of(images)))
    whole, _, _ = split(images, empty(), SETTINGS, mirrored=False)
    record = empty()
    for last in sorted(set(images["delivery"])):
        before = pl.col("delivery").cast(pl.Int64) <= int(last)
        after, record, _ = split(images.filter(before), record, SETTINGS, mirrored=False)
        assert after.equals(whole.filter(before))


@settings(deadline=None, max_examples=80)
@given(histories(), st.data())
def test_an_image_changes_its_split_in_no_turn_however_its_rights_change(
    history: list[Turn], data: st.DataObject
) -> None:
    record = empty()
    known: dict[str, str] = {}
    for turn in history:
        turn = replace(turn, images=under(turn.images, data.draw(terms_of(turn.images))))
        after, record, leaked = split(turn.images, record, turn.parameters, turn.mirrored)
        assert not any(leaked.values())
        require_rights(after)
        for row in rows_of(after.filter(pl.col("split").is_not_null())):
            assert known.setdefault(row["image_id"], row["split"]) == row["split"]


def drives_of(images: pl.DataFrame) -> np.ndarray:
    """How many drives are in each split: [3]."""
    sides = images.filter(pl.col("split").is_not_null()).unique("sequence")["split"].to_list()
    return np.array([sides.count(name) for name in SPLITS])


def decided(images: pl.DataFrame, grants: Grants, parameters: Split = SETTINGS) -> pl.DataFrame:
    return split(under(images, [grants] * images.height), empty(), parameters, mirrored=False)[0]


def test_drives_that_only_judge_are_shared_by_val_and_test_in_proportion() -> None:
    found = drives_of(decided(fleet([("day", 2)] * 200), EVALUATE_ONLY))
    of_val = 200 * SETTINGS.val / (SETTINGS.val + SETTINGS.test)
    assert found[0] == 0
    assert found.sum() == 200
    assert abs(found[1] - of_val) <= 2


def test_drives_that_only_train_all_train() -> None:
    assert drives_of(decided(fleet([("day", 2)] * 50), TRAIN_ONLY)).tolist() == [50, 0, 0]


@pytest.mark.parametrize(("val", "test", "where"), [(0.2, 0, 1), (0, 0.3, 2)])
def test_with_one_share_of_zero_the_other_takes_all(val: float, test: float, where: int) -> None:
    parameters = SETTINGS.model_copy(update={"val": val, "test": test})
    assert drives_of(decided(fleet([("day", 1)] * 30), EVALUATE_ONLY, parameters))[where] == 30


def test_where_nothing_is_held_out_what_only_judges_is_used_in_none() -> None:
    parameters = SETTINGS.model_copy(update={"val": 0, "test": 0})
    after = decided(fleet([("day", 2)] * 10), EVALUATE_ONLY, parameters)
    assert set(after["status"]) == {"use_not_granted"}
    assert after["lost_to"].null_count() == after.height


def test_drives_that_may_be_anywhere_make_up_for_those_that_may_not() -> None:
    images = fleet([("day", 1)] * 400)
    every_second = [EVALUATE_ONLY if n % 8 == 0 else ANY for n in range(images.height)]
    after, _, _ = split(under(images, every_second), empty(), SETTINGS, mirrored=False)
    shares = np.array([1 - SETTINGS.val - SETTINGS.test, SETTINGS.val, SETTINGS.test])
    assert (np.abs(drives_of(after) - 400 * shares) <= 2).all()


def test_a_class_is_not_taught_by_a_drive_that_may_not_train() -> None:
    rows = [{"sequence": "a", "phash": 1 << 20, **EVALUATE_ONLY}, {"sequence": "b", **ANY}]
    assert turns(table(rows))[0]["split"].to_list()[0] in ("val", "test")
    assert turns(table(rows))[0]["split"].to_list()[1] == "train"


@pytest.mark.parametrize(
    ("row", "split_", "left"), [(0, "train", EVALUATE_ONLY), (1, "test", TRAIN_ONLY)]
)
def test_a_drive_whose_grant_ends_leaves_and_comes_back_with_it(
    row: int, split_: str, left: Grants
) -> None:
    before = table(FIRST)
    now = table([each | (left if n == row else ANY) for n, each in enumerate(FIRST)])
    first, second, third = turns(before, now, before)
    assert first["split"][row] == third["split"][row] == split_
    assert second.select("split", "status", "lost_to").row(row) == (None, "use_not_granted", None)
    assert second["split"][1 - row] == first["split"][1 - row]


def test_a_drive_is_not_torn_by_a_delivery_under_other_terms() -> None:
    more = {"sequence": FIRST[0]["sequence"], "phash": 3 << 30, "delivery": "1"}
    after = turns(table([*FIRST, more | EVALUATE_ONLY]))[0]
    assert after["split"].to_list() == ["train", "test", None]
    assert after["status"][2] == "use_not_granted"
    more["sequence"] = held_out()
    after = turns(table([*FIRST, more | TRAIN_ONLY]))[0]
    assert after.select("split", "status").row(2) == (None, "use_not_granted")


def test_a_drive_near_a_training_one_that_may_only_evaluate_does_not_join_it() -> None:
    near = {"sequence": "near", "phash": FIRST[0].get("phash", 0) ^ 1, "delivery": "1"}
    far = near | {"phash": 31 << 40}
    after = turns(table([*FIRST, near | EVALUATE_ONLY, far | EVALUATE_ONLY]))[0]
    assert after["status"].to_list()[2:] == ["embargoed", "accepted"]
    assert after["split"][3] in ("val", "test")
    assert turns(table([*FIRST, near, far]))[0]["split"].to_list()[2:] == ["train", "train"]


def test_what_has_trained_keeps_its_neighbours_out_of_test_when_its_rights_end() -> None:
    trained = {"sequence": "t", "image_id": "t", "phash": 1 << 20}
    near = {"image_id": "near", "phash": 1 << 20 | 1, "delivery": "1", **EVALUATE_ONLY}
    _, after = turns(table([trained]), table([trained | EVALUATE_ONLY, near]))
    assert after["status"].to_list() == ["use_not_granted", "embargoed"]
    assert after["lost_to"].to_list() == [None, "t"]


def test_the_copy_of_a_training_image_never_judges_in_its_place() -> None:
    original = {"image_id": "a", "source": "fleet"}
    copy = {"image_id": "b", "source": "client", "delivery": "1", **EVALUATE_ONLY}
    lost = copy | {"status": "near_duplicate", "lost_to": "a"}
    first, second = turns(table([original, lost]), table([copy]))
    assert first["split"].to_list() == ["train", None]
    assert second.select("split", "status").row(0) == (None, "use_not_granted")


@pytest.mark.parametrize(
    ("name", "row"), [("train", EVALUATE_ONLY), ("val", TRAIN_ONLY), ("test", NO_USE)]
)
def test_later_stages_look_again_and_name_the_image(name: str, row: Grants) -> None:
    images = table([{"image_id": "good"}, {"image_id": "bad", **row}])
    images = images.with_columns(split=pl.Series([name, name]))
    with pytest.raises(ArgusError, match=rf"image bad \(fleet/0/0001.jpg\) is in {name}"):
        catalogue.require_grants(images)
    catalogue.require_grants(images.head(1))
    unknown = images.with_columns(pl.lit(None, dtype=pl.Boolean).alias(GRANTS[name]))
    with pytest.raises(ArgusError, match="2 such in all"):
        catalogue.require_grants(unknown)
