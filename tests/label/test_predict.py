"""What is predicted of which images, and what never is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.common import catalogue, params
from stages.common.errors import ArgusError
from stages.label.evidence import gather
from stages.label.predict import given as answers
from stages.label.predict import predict
from tests.label.world import catalogue_of, cloud

SETTINGS = params.Label(confidence=0.9, min_images=5, max_images=2000)
LABELLED = (
    ("train", "day", 40),
    ("train", "night", 40),
    ("val", "day", 20),
    ("val", "night", 20),
    ("test", "day", 10),
    ("test", "night", 10),
)


def run(
    images: pl.DataFrame, spread: float = 0.5, truth: list[str | None] | None = None, **knobs: Any
) -> tuple[pl.DataFrame, dict[str, Any], pl.DataFrame]:
    """Predict on vectors in another order than the catalogue, as `embed` may leave them."""
    vectors = cloud(truth or images["label"].to_list(), spread, seed=0)
    order = np.random.default_rng(1).permutation(images.height)
    matrix = vectors[order]
    return predict(images, matrix, np.argsort(order), SETTINGS.model_copy(update=knobs))


def only_judging(images: pl.DataFrame, rows: pl.Expr) -> pl.DataFrame:
    return images.with_columns((pl.col("may_train") & ~rows).alias("may_train"))


def test_images_that_may_only_judge_neither_teach_nor_calibrate_but_judge() -> None:
    held = pl.col("split").is_in(["val", "test"])
    images = only_judging(catalogue_of(*LABELLED), held & (pl.col("label") == "night"))
    evidence = gather(images, 5, 2000)
    used = images[np.concatenate([evidence.teaching, evidence.calibrating])]
    assert used["may_train"].all() and used.height == 100
    assert evidence.known == ("day", "night") and evidence.vouched == ("day",)
    assert set(images[evidence.judging]["label"]) == {"day", "night"}
    none = gather(only_judging(catalogue_of(*LABELLED), held), 5, 2000)
    assert "in val that may train" in (none.lacking or "")


def test_a_training_image_without_the_grant_stops_the_classifier() -> None:
    images = catalogue_of(*LABELLED)
    wrong = pl.int_range(pl.len()) == 3
    with pytest.raises(ArgusError, match=f"{images['image_id'][3]}.*may_train"):
        run(only_judging(images, wrong))


def told(images: pl.DataFrame) -> pl.DataFrame:
    return images.filter(pl.col("label_from") == "predicted")


def test_unlabelled_training_images_get_their_condition() -> None:
    images = catalogue_of(*LABELLED, ("train", None, 6), ("train", None, 4))
    truth = images["label"].to_list()[:-4] + ["night"] * 4
    found, report, held_out = run(images, truth=truth)
    assert told(found)["label"].to_list() == ["day"] * 6 + ["night"] * 4
    assert (told(found)["label_guess"] == told(found)["label"]).all()
    assert told(found)["label_confidence"].min() > 0.9
    assert report["unlabelled"] == 10
    assert report["test"]["accuracy"] == 1
    assert held_out.height == report["test"]["images"] == 20


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["train", "val", "test", "near_duplicate", "embargoed"]),
            st.sampled_from([None, "unknown", "day", "rain"]),
            st.integers(1, 8),
        ),
        max_size=8,
    ),
    st.sampled_from([0.05, 0.5, 0.9]),
)
def test_nothing_but_unlabelled_training_images_in_use_ever_changes(
    more: list[tuple[str, str | None, int]], confidence: float
) -> None:
    images = catalogue_of(*LABELLED, *more)
    truth = [None if label == "unknown" else label for label in images["label"]]
    found, _, _ = run(images, spread=2.0, truth=truth, confidence=confidence)
    may = (
        (pl.col("status") == "accepted") & (pl.col("split") == "train") & pl.col("label").is_null()
    )
    may_change = images.select(may).to_series()
    columns = images.columns
    assert found.filter(~may_change).select(columns).equals(images.filter(~may_change))
    assert found.filter(~may_change)["label_confidence"].is_null().all()
    assert found.filter(may_change)["label_confidence"].is_not_null().all()
    others = [name for name in columns if not name.startswith("label")]
    assert found.select(others).equals(images.select(others))


def test_below_the_threshold_an_image_stays_unknown_for_later_stages() -> None:
    images = catalogue_of(*LABELLED, ("train", None, 200))
    found, _, _ = run(images, spread=4.0)
    asked = found.filter(pl.col("label_confidence").is_not_null())
    unsure = asked.filter(pl.col("label_confidence") <= 0.9)
    assert 0 < unsure.height < asked.height == 200
    assert unsure["label"].is_null().all()
    assert unsure["label_from"].is_null().all()
    assert set(catalogue.labels(unsure)) == {catalogue.UNKNOWN}
    assert asked.filter(pl.col("label_confidence") > 0.9)["label"].is_not_null().all()


def test_at_a_confidence_of_1_none_is_given() -> None:
    found, report, _ = run(catalogue_of(*LABELLED, ("train", None, 9)), spread=0.01, confidence=1.0)
    assert told(found).is_empty()
    assert report["test"]["coverage"] == 0
    assert answers(np.array(["day"]), np.ones(1), ("day",), 1.0).tolist() == ["unknown"]


def test_a_condition_that_val_lacks_wins_its_images_but_is_never_given() -> None:
    images = catalogue_of(*LABELLED, ("train", "fog", 40), ("val", "fog", 4), ("train", None, 30))
    truth = images["label"].to_list()[:-30] + ["fog"] * 30
    found, report, _ = run(images, truth=truth)
    assert report["conditions"]["day"] == "given"
    assert "not given" in report["conditions"]["fog"]
    foggy = found.tail(30)
    assert set(foggy["label_guess"]) == {"fog"}
    assert foggy["label"].is_null().all()
    # one image more in val, and it is vouched for
    images = catalogue_of(*LABELLED, ("train", "fog", 40), ("val", "fog", 5), ("train", None, 30))
    found, _, _ = run(images, truth=images["label"].to_list()[:-30] + ["fog"] * 30)
    assert set(found.tail(30)["label"]) == {"fog"}


def test_a_condition_of_too_few_training_images_is_not_known() -> None:
    images = catalogue_of(*LABELLED, ("train", "fog", 4), ("val", "fog", 9), ("test", "fog", 3))
    evidence = gather(images, 5, 2000)
    assert evidence.known == ("day", "night")
    assert set(images["label"].gather(evidence.calibrating)) == {"day", "night"}
    _, report, _ = run(images)
    assert report["test"]["images"] == 23  # judged by what it cannot tell, too
    assert report["test"]["per_class"]["fog"]["recall"] == 0


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "fewer than two conditions"),
        ([("train", "day", 50), ("val", "day", 50)], "fewer than two conditions"),
        ([("train", "day", 50), ("train", "night", 4), ("val", "day", 9)], "fewer than two"),
        ([("train", "day", 50), ("train", "night", 50), ("val", "day", 4)], "in val"),
        ([("train", "day", 50), ("train", "unknown", 50), ("val", "day", 9)], "fewer than two"),
    ],
)
def test_where_labelled_images_do_not_suffice_the_report_says_why(
    parts: list[tuple[str, str | None, int]], reason: str
) -> None:
    images = catalogue_of(*parts, ("train", None, 3))
    truth = [None if label == "unknown" else label for label in images["label"]]
    found, report, held_out = run(images, truth=truth)
    assert reason in report["not_predicted_because"]
    assert report["unlabelled"] == 3
    assert found.select(images.columns).equals(images)
    assert held_out.is_empty()


def test_without_unlabelled_images_there_is_nothing_to_predict_but_still_a_judgement() -> None:
    found, report, _ = run(catalogue_of(*LABELLED))
    assert report["unlabelled"] == 0
    assert report["test"]["accuracy"] == 1
    assert found["label_guess"].is_null().all()


def test_a_condition_teaches_with_so_many_images_at_most_and_always_the_same() -> None:
    parts = (("train", "day", 50), ("train", "night", 8), ("val", "day", 9))
    images = catalogue_of(*parts)
    few = gather(images, 5, 10).teaching
    assert catalogue.counts(images["label"].gather(few)) == {"day": 10, "night": 8}
    mixed = images.sample(fraction=1, shuffle=True, seed=3)
    again = gather(mixed, 5, 10).teaching
    assert set(mixed["image_id"].gather(again)) == set(images["image_id"].gather(few))


def test_equal_inputs_give_equal_predictions() -> None:
    images = catalogue_of(*LABELLED, ("train", None, 50))
    first, second = run(images, spread=3.0), run(images, spread=3.0)
    assert first[0].equals(second[0])
    assert first[1] == second[1]
