"""Each way of failing is noticed, and no healthy training is."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core import params
from argus.models.failures import TrainingFailed
from argus.models.losses import HINGE, LEAST_SQUARES, RELATIVISTIC
from stages.train.validation import Score
from stages.train.watch import EARLY, LOST, POINTS, VALIDATIONS, WON, Watch
from tests.conftest import ROOT

LIMIT = 0.3
LEVELS = {"loss/a": RELATIVISTIC.chance_level_loss, "loss/b": 2 * LEAST_SQUARES.chance_level_loss}
SETTINGS = params.load(ROOT / "params.yaml").train.model_copy(update={"min_diversity": LIMIT})


def watch(levels: dict[str, float] | None = None) -> Watch:
    return Watch(LEVELS if levels is None else levels, SETTINGS)


def fed(ratios: list[float], w: Watch | None = None, share: float = 0.5) -> Watch:
    """A watch that has seen points at which scalar a was so many times its chance level."""
    w = w or watch()
    for step, ratio in enumerate(ratios):
        w.losses(step, share, {"loss/a": ratio * LEVELS["loss/a"], "loss/b": LEVELS["loss/b"]})
    return w


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_fails_at_once_and_is_named(broken: float) -> None:
    means = {"loss/a": 0.7, "loss/b": 0.5, "penalty/r1": broken}
    with pytest.raises(TrainingFailed, match=r"^penalty/r1 is not finite at step 12$"):
        watch().losses(12, 0.01, means)


def test_a_discriminator_that_has_won_is_noticed_after_some_points() -> None:
    fed([WON / 2] * (POINTS - 1))
    with pytest.raises(TrainingFailed) as failure:
        fed([WON / 2] * POINTS)
    reason = failure.value.reason
    assert str(failure.value) == reason
    assert reason.startswith("the discriminator has won: loss/a was at or below 0.00693 at 5 curve")
    assert "0.00347 at step 4; it is 0.693 where" in reason


def test_a_discriminator_that_is_lost_is_noticed_after_some_points() -> None:
    with pytest.raises(
        TrainingFailed, match=r"^the discriminator is lost: loss/a .* 3\.47 .* 6\.93 at st"
    ):
        fed([2 * LOST] * POINTS)


def test_points_must_follow_on_each_other_and_lie_on_one_side() -> None:
    few = POINTS - 1
    fed(([0.0] * few + [1.0]) * 4)
    fed(([0.0] * few + [2 * LOST] * few) * 4)


def test_the_first_third_may_be_one_sided() -> None:
    fed([0.0] * 50, share=EARLY)
    w = watch()
    for step in range(10):
        w.score(step, EARLY, Score(0.5, 0.0))


def test_without_known_levels_only_what_is_not_finite_counts() -> None:
    w = watch({})
    for step in range(50):
        w.losses(step, 0.9, {"loss/a": 0.0})


def test_a_scalar_that_an_architecture_promised_and_does_not_log_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="loss/b"):
        watch().losses(5, 0.9, {"loss/a": 0.7})


def test_samples_that_are_too_much_alike_are_noticed() -> None:
    w = watch()
    w.score(100, 0.5, Score(0.2, LIMIT / 2))
    w.score(150, 0.6, Score(0.2, LIMIT))  # enough: it begins anew
    w.score(200, 0.7, Score(0.2, LIMIT / 2))
    with pytest.raises(
        TrainingFailed, match=r"at step 250 their diversity is 0\.150 of .* below 0\.3 in 2"
    ):
        w.score(250, 0.8, Score(0.2, LIMIT / 2))


RATIOS = st.lists(st.sampled_from([0.0, WON, 0.5, 1.0, LOST, 9.0]), max_size=40)


def failed_at(ratios: list[float]) -> int | None:
    """The rule again, said plainly: the first point that ends a run of one side."""
    for end in range(POINTS, len(ratios) + 1):
        run = ratios[end - POINTS : end]
        if all(r <= WON for r in run) or all(r >= LOST for r in run):
            return end - 1
    return None


@settings(deadline=None)
@given(ratios=RATIOS)
def test_any_series_fails_where_the_rule_says(ratios: list[float]) -> None:
    w, at = watch({"loss/a": 2.0}), None
    for step, ratio in enumerate(ratios):
        try:
            w.losses(step, 1.0, {"loss/a": 2.0 * ratio})
        except TrainingFailed:
            at = step
            break
    assert at == failed_at(ratios)


@settings(deadline=None)
@given(ratios=RATIOS, cut=st.integers(0, 40), alike=st.integers(0, VALIDATIONS - 1))
def test_a_restored_watch_goes_on_as_the_one_that_was_saved(
    ratios: list[float], cut: int, alike: int
) -> None:
    whole, first = watch({"loss/a": 2.0}), watch({"loss/a": 2.0})

    def feed(w: Watch, part: list[float]) -> bool:
        try:
            for ratio in part:
                w.losses(7, 1.0, {"loss/a": 2.0 * ratio})
        except TrainingFailed:
            return True
        return False

    for w in (whole, first):
        for _ in range(alike):
            w.score(3, 1.0, Score(1.0, 0.0))
    failed = feed(first, ratios[:cut])
    second = watch({"loss/a": 2.0})
    second.restore(first.state())
    assert second.state() == first.state()
    assert (failed or feed(second, ratios[cut:])) == feed(whole, ratios)


HEALTHY = {
    "cyclegan": {"loss/discriminators": 2 * LEAST_SQUARES.chance_level_loss},
    "r3gan": {"loss/discriminator": RELATIVISTIC.chance_level_loss},
    "sngan": {"loss/discriminator": HINGE.chance_level_loss},
    "fastgan": {"loss/discriminator": 1.8},
    "cut": {"loss/discriminator": LEAST_SQUARES.chance_level_loss},
}


@pytest.mark.parametrize(
    "model", [name for name in params.load(ROOT / "params.yaml").models if name in HEALTHY]
)
def test_the_demo_s_own_trainings_are_healthy(model: str) -> None:
    """The curves in reports/train, whatever turn made them."""
    folder = ROOT / "reports/train" / model / "plots/metrics"
    levels = HEALTHY[model]
    w = watch(levels)
    for name in levels:
        with Path(folder / f"{name}.tsv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        for row in rows:
            step = int(row["step"])
            means = levels | {name: float(row[name.split("/")[1]])}
            w.losses(step, step / int(rows[-1]["step"]), means)
