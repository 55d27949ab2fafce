"""What is predicted of which images, and what never is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core import params
from argus.core.errors import ArgusError
from argus.data import catalogue
from stages.label.evidence import gather
from stages.label.leave_one_out import folds
from stages.label.predict import given as answers
from stages.label.predict import predict
from tests.label.world import Part, catalogue_of, cloud, in_two_sources

SETTINGS = params.Label(confidence=0.9, min_images=5, max_images=2000)
LABELLED = in_two_sources(
    ("train", "day", 40),
    ("train", "night", 40),
    ("val", "day", 20),
    ("val", "night", 20),
    ("test", "day", 10),
    ("test", "night", 10),
)


def run(
    images: pl.DataFrame,
    spread: float = 0.5,
    truth: list[str | None] | None = None,
    camera: float = 0.0,
    **parameters: Any,
) -> tuple[pl.DataFrame, dict[str, Any], pl.DataFrame]:
    """Predict on vectors in another order than the catalogue, as `embed` may leave them."""
    names = truth or images["label"].to_list()
    vectors = cloud(names, spread, 0, images["source"].to_list(), camera)
    order = np.random.default_rng(1).permutation(images.height)
    matrix = vectors[order]
    return predict(images, matrix, np.argsort(order), SETTINGS.model_copy(update=parameters))


def only_evaluating(images: pl.DataFrame, rows: pl.Expr) -> pl.DataFrame:
    return images.with_columns((pl.col("may_train") & ~rows).alias("may_train"))


def test_images_that_may_only_evaluate_neither_fit_nor_calibrate_but_evaluate() -> None:
    held = pl.col("split").is_in(["val", "test"])
    images = only_evaluating(catalogue_of(*LABELLED), held)
    evidence = gather(images, 5, 2000)
    vectors = cloud(images["label"].to_list(), 0.5, seed=0)
    found = folds(images, vectors, np.arange(images.height), evidence, 5)
    assert len(evidence.val_rows) == 0
    assert len(gather(catalogue_of(*LABELLED), 5, 9).val_rows) == 80
    used = np.concatenate([evidence.train_rows, *(fold.calibration_rows for fold in found)])
    assert images[used]["may_train"].all()
    assert set(images[used]["split"]) == {"train"}
    assert len(evidence.train_rows) == 160
    evaluated = images[np.concatenate([fold.test_rows for fold in found])]
    assert not evaluated["may_train"].any()
    assert set(evaluated["split"]) == {"test"}
    assert evaluated.height == 40


def test_a_training_image_without_the_grant_stops_the_classifier() -> None:
    images = catalogue_of(*LABELLED)
    wrong = pl.int_range(pl.len()) == 3
    with pytest.raises(ArgusError, match=f"{images['image_id'][3]}.*may_train"):
        run(only_evaluating(images, wrong))


def told(images: pl.DataFrame) -> pl.DataFrame:
    return images.filter(pl.col("label_provenance") == "predicted")


def test_unlabelled_training_images_get_their_condition() -> None:
    images = catalogue_of(*LABELLED, ("train", None, 6), ("train", None, 4))
    truth = images["label"].to_list()[:-4] + ["night"] * 4
    found, report, held_out = run(images, truth=truth)
    assert told(found)["label"].to_list() == ["day"] * 6 + ["night"] * 4
    assert (told(found)["label_guess"] == told(found)["label"]).all()
    assert told(found)["label_confidence"].to_numpy().min() > 0.9
    assert report["unlabelled"] == 10
    assert report["leave_one_source_out"]["accuracy"] == 1
    assert held_out.height == report["leave_one_source_out"]["images"] == 40


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
    assert unsure["label_provenance"].is_null().all()
    assert set(catalogue.labels(unsure)) == {catalogue.UNKNOWN}
    assert asked.filter(pl.col("label_confidence") > 0.9)["label"].is_not_null().all()


def test_at_a_confidence_of_1_none_is_given() -> None:
    found, report, _ = run(catalogue_of(*LABELLED, ("train", None, 9)), spread=0.01, confidence=1.0)
    assert told(found).is_empty()
    assert report["leave_one_source_out"]["coverage"] == 0
    assert answers(np.array(["day"]), np.ones(1), ("day",), 1.0).tolist() == ["unknown"]


def test_a_condition_of_one_source_wins_its_images_but_is_never_given() -> None:
    fog: tuple[Any, ...] = (("train", "fog", 40, "foggy"), ("val", "fog", 20, "foggy"))
    images = catalogue_of(*LABELLED, *fog, ("train", None, 30))
    truth = images["label"].to_list()[:-30] + ["fog"] * 30
    found, report, _ = run(images, truth=truth)
    assert report["conditions"]["day"] == "given"
    assert report["conditions"]["fog"].startswith("not given: only foggy has label.min_images")
    foggy = found.tail(30)
    assert set(foggy["label_guess"]) == {"fog"}
    assert foggy["label_confidence"].to_numpy().min() > 0.9
    assert foggy["label"].is_null().all()
    # four of another source are too few, five are enough; those of val and test count for nothing
    for more, label in ((("train", "fog", 4), None), (("val", "fog", 9), None)):
        images = catalogue_of(*LABELLED, *fog, more, ("train", None, 30))
        truth = images["label"].to_list()[:-30] + ["fog"] * 30
        assert run(images, truth=truth)[0].tail(30)["label"].is_null().all(), label
    images = catalogue_of(*LABELLED, *fog, ("train", "fog", 5), ("train", None, 30))
    found, report, _ = run(images, truth=images["label"].to_list()[:-30] + ["fog"] * 30)
    assert report["conditions"]["fog"] == "given"
    assert set(found.tail(30)["label"]) == {"fog"}


def test_what_looks_like_the_camera_of_a_condition_is_not_given_it() -> None:
    """All fog is of one camera, which a new source shares: the classifier has learnt the camera."""
    parts = (*LABELLED, ("train", "fog", 40, "new"), ("val", "fog", 20, "new"))
    images = catalogue_of(*parts, ("train", None, 30, "new"))
    found, _, _ = run(images, spread=3.0, camera=30.0, confidence=0.4)
    clear = found.tail(30)
    assert set(clear["label_guess"]) == {"fog"}  # wrong, and sure of it
    assert np.median(clear["label_confidence"].to_numpy()) > 0.4
    assert clear["label"].is_null().all()


def test_what_holds_of_one_camera_alone_is_found_out_by_leaving_it_out() -> None:
    """`day` and `night` are told by the camera: in one source all is day, in the other night."""
    sources = (("a", "day", 40, 5), ("b", "night", 40, 5))
    parts = [
        (split, label, count, source)
        for source, common, many, few in sources
        for split in ("train", "test")
        for label, count in ((common, many), ("night" if common == "day" else "day", few))
    ]
    images = catalogue_of(*parts)
    near = ["day" if source == "a" else "night" for source in images["source"]]
    _, report, _ = run(images, truth=list(near))  # the true condition does not show at all
    assert set(report["conditions"].values()) == {"given"}
    evaluation = report["leave_one_source_out"]
    assert evaluation["accuracy"] < 0.6
    assert report["temperature"] > 5
    assert evaluation["coverage"] < 0.1


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_source_has_no_say_in_the_classifier_that_evaluates_it(seed: int) -> None:
    images = catalogue_of(*LABELLED)
    evidence = gather(images, 5, 2000)
    rows = np.arange(images.height)
    vectors = cloud(images["label"].to_list(), 2.0, seed=0)
    own = (images["source"] == "fleet").to_numpy()
    changed = np.where(
        own[:, None], np.random.default_rng(seed).normal(size=vectors.shape), vectors
    )
    one, other = (folds(images, each, rows, evidence, 5) for each in (vectors, changed))
    assert [fold.source for fold in one] == ["fleet", "other"]
    for first, second in zip(one, other, strict=True):
        same = (
            first.classifier.logits(vectors, rows) == second.classifier.logits(vectors, rows)
        ).all()
        assert same == (first.source == "fleet")
        assert set(images["source"][first.calibration_rows.tolist()]) == {first.source}
        assert set(images["source"][first.test_rows.tolist()]) == {first.source}


def test_one_easy_condition_across_sources_makes_nobody_surer_than_val_bears_out() -> None:
    """Leaving `clear` out shows only days, all told right; in val, days and nights are mixed up."""
    parts = (
        ("train", "day", 60), ("train", "night", 60), ("train", "day", 60, "clear"),
        ("val", "day", 30), ("val", "night", 30),
    )  # fmt: skip
    images = catalogue_of(*parts)
    truth = images["label"].to_list()
    truth[-60:] = ["night"] * 15 + ["day"] * 30 + ["night"] * 15  # half of val is told wrong
    mixed_up = run(images, truth=truth)[1]["temperature"]
    assert mixed_up > 10
    assert run(only_evaluating(images, pl.col("split") == "val"), truth=truth)[1]["temperature"] < 2


def test_a_source_without_which_one_condition_is_left_is_not_evaluated_and_said_so() -> None:
    images = catalogue_of(
        ("train", "day", 40), ("train", "night", 40), ("test", "day", 7), ("test", "night", 4),
        ("train", "day", 40, "other"), ("test", "day", 9, "other"), ("train", None, 8, "new"),
    )  # fmt: skip
    found, report, held_out = run(images)
    assert report["not_judged"] == {"fleet": 11}
    assert held_out.height == report["leave_one_source_out"]["images"] == 9
    assert list(report["leave_one_source_out"]["per_source"]) == ["other"]
    assert "only fleet has" in report["conditions"]["night"]
    assert set(found.tail(8)["label"]) == {"day"}


def test_a_source_that_only_evaluates_is_evaluated_by_all_others() -> None:
    images = catalogue_of(*LABELLED, ("test", "day", 6, "judge"), ("test", "fog", 2, "judge"))
    _, report, held_out = run(images)
    assert held_out.height == 48
    judge = report["leave_one_source_out"]["per_source"]["judge"]
    assert judge["images"] == 8
    assert judge["accuracy"] == 0.75
    assert report["conditions"]["fog"].startswith("not given: 0 labelled training images")
    assert report["leave_one_source_out"]["per_class"]["fog"]["recall"] == 0


def test_a_condition_of_too_few_training_images_is_not_known() -> None:
    images = catalogue_of(*LABELLED, ("train", "fog", 4), ("val", "fog", 9), ("test", "fog", 3))
    evidence = gather(images, 5, 2000)
    assert evidence.fitted_classes == ("day", "night")
    assert set(images["label"].gather(evidence.train_rows)) == {"day", "night"}
    _, report, _ = run(images)
    assert report["leave_one_source_out"]["images"] == 43  # judged by what it cannot tell, too
    assert report["leave_one_source_out"]["per_class"]["fog"]["recall"] == 0


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "fewer than two conditions"),
        ([("train", "day", 50), ("val", "day", 50)], "fewer than two conditions"),
        ([("train", "day", 50), ("train", "night", 4), ("val", "day", 9)], "fewer than two"),
        ([("train", "day", 50), ("train", "night", 50), ("val", "day", 9)], "each of two sources"),
        ([("train", "day", 50), ("train", "night", 50, "other")], "each of two sources"),
        (
            [("train", name, n, s) for name, n in (("day", 9), ("night", 3)) for s in ("a", "b")],
            "without one of its sources",
        ),
        ([("train", "day", 50), ("train", "unknown", 50), ("val", "day", 9)], "fewer than two"),
    ],
)
def test_where_labelled_images_do_not_suffice_the_report_says_why(
    parts: list[Part], reason: str
) -> None:
    images = catalogue_of(*parts, ("train", None, 3))
    truth = [None if label == "unknown" else label for label in images["label"]]
    found, report, held_out = run(images, truth=truth)
    assert reason in report["not_predicted_because"]
    assert report["unlabelled"] == 3
    assert found.select(images.columns).equals(images)
    assert held_out.is_empty()


def test_without_unlabelled_images_there_is_nothing_to_predict_but_still_an_evaluation() -> None:
    found, report, _ = run(catalogue_of(*LABELLED))
    assert report["unlabelled"] == 0
    assert report["leave_one_source_out"]["accuracy"] == 1
    assert found["label_guess"].is_null().all()


def test_a_condition_is_fitted_with_so_many_images_at_most_and_always_the_same() -> None:
    parts = (("train", "day", 50), ("train", "night", 8), ("val", "day", 9))
    images = catalogue_of(*parts)
    few = gather(images, 5, 10).train_rows
    assert catalogue.counts(images["label"].gather(few)) == {"day": 10, "night": 8}
    mixed = images.sample(fraction=1, shuffle=True, seed=3)
    again = gather(mixed, 5, 10).train_rows
    assert set(mixed["image_id"].gather(again)) == set(images["image_id"].gather(few))


def test_a_small_source_is_fitted_beside_a_large_one() -> None:
    images = catalogue_of(
        ("train", "day", 500), ("train", "day", 6, "b"), ("train", "day", 30, "c")
    )
    few = images[gather(images, 5, 40).train_rows]
    assert catalogue.counts(few["source"]) == {"fleet": 17, "b": 6, "c": 17}


def test_equal_inputs_give_equal_predictions() -> None:
    images = catalogue_of(*LABELLED, ("train", None, 50))
    first, second = run(images, spread=3.0), run(images, spread=3.0)
    assert first[0].equals(second[0])
    assert first[1] == second[1]
