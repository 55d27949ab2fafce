"""Who can be trained and judged on what there is, and what is said of those who cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.core.params import Domains, Model
from argus.data.feasibility import FEWEST, obstacle, shortage

GENERATOR = Model(arch="sngan", task="generate", steps=1, batch=1, seed=0)
DAY2NIGHT = Domains(source="day", target="night")
TRANSLATOR = GENERATOR.model_copy(update={"domains": DAY2NIGHT})

COUNTS = st.dictionaries(
    st.sampled_from(["train", "val", "test"]),
    st.dictionaries(st.sampled_from(["day", "fog", "night"]), st.integers(0, 2 * FEWEST)),
)
SPLITS = st.sampled_from([["test"], ["val"], ["val", "test"]])


@given(COUNTS, SPLITS)
def test_a_generator_needs_an_image_to_learn_from_and_eight_to_be_judged_by(
    counts: dict[str, dict[str, int]], splits: list[str]
) -> None:
    judged = sum(sum(counts.get(split, {}).values()) for split in splits)
    can = sum(counts.get("train", {}).values()) >= 1 and judged >= 8
    assert (obstacle(GENERATOR, counts, splits) is None) == can


@given(COUNTS, SPLITS)
def test_a_translator_needs_them_of_both_its_conditions(
    counts: dict[str, dict[str, int]], splits: list[str]
) -> None:
    can = all(
        counts.get("train", {}).get(name, 0) >= 1
        and sum(counts.get(split, {}).get(name, 0) for split in splits) >= 8
        for name in ("day", "night")
    )
    why = obstacle(TRANSLATOR, counts, splits)
    assert (why is None) == can
    assert why is None or "bring in more drives" in why


def test_each_shortage_is_named_with_what_there_is_and_what_to_do() -> None:
    def why(train: dict[str, int], test: dict[str, int], model: Model = TRANSLATOR) -> str:
        found = obstacle(model, {"train": train, "test": test}, ["test"])
        assert found is not None
        return found

    assert why({"day": 40, "fog": 3}, {"day": 12}) == (
        "no training image of night (but day 40, fog 3) and no image of night held out in test, "
        "where a score needs 8: bring in more drives of night (or a larger prune.budget), or "
        "change `domains` of the model"
    )
    assert why({"day": 40, "night": 9}, {"day": 7, "night": 1}) == (
        "only 7 images of day and a single image of night held out in test, where a score needs 8: "
        "bring in more drives of day and night"
    )
    assert why({}, {"day": 9, "night": 9}) == (
        "no training image: bring in more drives of day and night"
    )
    assert why({"day": 1}, {"day": 3, "fog": 4}, GENERATOR) == (
        "only 7 images held out in test, where a score needs 8: bring in more drives"
    )


def test_val_counts_where_it_judges_and_no_split_counts_twice() -> None:
    counts = {"train": {"day": 1}, "val": {"day": 4}, "test": {"day": 4}}
    assert obstacle(GENERATOR, counts, ["val", "test"]) is None
    assert obstacle(GENERATOR, counts, ["test", "test"]) is not None
    why = obstacle(GENERATOR, counts, ["val"])
    assert why is not None
    assert "only 4 images held out in val" in why


def test_images_without_a_label_are_a_class_like_another() -> None:
    unlabelled = {"train": {"unknown": 1}, "test": {"unknown": 8}}
    assert obstacle(GENERATOR, unlabelled, ["test"]) is None
    assert obstacle(TRANSLATOR, unlabelled, ["test"]) is not None


@pytest.mark.parametrize(
    ("judged", "domains", "words"),
    [
        ({"day": 8, "night": 8}, DAY2NIGHT, None),
        ({"day": 8}, None, None),
        ({"day": 8, "night": 7}, DAY2NIGHT, "only 7 images of night held out"),
        ({}, None, "no image held out"),
    ],
)
def test_a_score_needs_eight_reals(judged: dict[str, int], domains: Any, words: str | None) -> None:
    told = shortage(judged, domains)
    assert told == (words and f"{words}, where a score needs 8")
