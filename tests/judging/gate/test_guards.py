"""What guards say: yes, no, and that nobody could tell."""

from __future__ import annotations

import pytest

from argus.core.errors import ArgusError
from argus.core.params import Beside
from argus.judging.gate.guards import Verdict, classes_hold, told, within_limits, witness_agrees
from argus.judging.gate.judges import bench
from argus.judging.scores import Scores
from argus.judging.statistics import Comparison

JUDGES = ("mobilenetv2", "squeezenet")


def scores(**values: float) -> Scores:
    return Scores(values)


def passed(verdicts: list[Verdict]) -> list[tuple[str, bool | None]]:
    return [(verdict.guard, verdict.passed) for verdict in verdicts]


def compared(difference: float, confidence: float, drives: int = 7) -> Comparison:
    errors = {"target drives": 0.1} if drives > 1 else {}
    error = 0.1 if errors else None
    return Comparison(difference, error, confidence, {"target drives": drives}, errors)


def test_a_limit_holds_by_every_judge_in_the_direction_of_its_metric() -> None:
    seen = scores(copied=0.02, coverage_mobilenetv2=0.5, coverage_squeezenet=0.4)
    assert passed(within_limits(seen, {}, JUDGES, {"copied": 0.02, "coverage": 0.4})) == [
        ("copied", True),
        ("coverage", True),
    ]
    assert passed(within_limits(seen, {}, JUDGES, {"copied": 0.01, "coverage": 0.45})) == [
        ("copied", False),
        ("coverage", False),
    ]
    # by the first judge alone it would do
    assert passed(within_limits(seen, {}, JUDGES[:1], {"coverage": 0.45})) == [("coverage", True)]


def test_a_limit_may_be_so_many_times_what_another_has() -> None:
    mine, old = scores(coverage_mobilenetv2=0.3), scores(coverage_mobilenetv2=0.7)
    half = {"coverage": Beside(of="incumbent", times=0.5)}
    (verdict,) = within_limits(mine, {"incumbent": old}, JUDGES[:1], half)
    assert verdict == Verdict(
        "coverage",
        False,
        "coverage 0.3 by mobilenetv2, where at least 0.35, 0.5 times that of the incumbent, "
        "is wanted",
    )
    assert within_limits(mine, {}, JUDGES[:1], half) == []  # nobody to be compared with


def test_what_should_have_been_measured_and_was_not_is_said() -> None:
    """Neither passed nor failed, but never passed over in silence."""
    limits = {"copied": 0.02, "too_near": 0.05}
    verdicts = within_limits(scores(too_near_squeezenet=0.2), {}, JUDGES, limits)
    assert verdicts == [
        Verdict("copied", None, "copies could not be told"),
        Verdict(
            "too_near",
            False,
            "too near to training 0.2 by squeezenet, where at most 0.05 is wanted",
        ),
        Verdict("too_near", None, "too near to training could not be told by mobilenetv2"),
    ]
    (verdict,) = within_limits(scores(), {}, JUDGES, {"too_near": 0.05})
    assert told([verdict]).endswith("could not be told by mobilenetv2 and by squeezenet")


def test_of_generators_no_limit_on_translations_is_asked() -> None:
    limits: dict[str, float | Beside] = {
        "structure": 0.333,
        "swapped": 0.1,
        "twin_error": Beside(of="untranslated"),
        "condition": Beside(of="tone_curve"),
    }
    generated = {"noise": scores(), "gaussian": scores()}
    assert within_limits(scores(), generated, JUDGES, limits) == []
    translated = {"untranslated": scores(), "tone_curve": scores()}
    assert [name for name, _ in passed(within_limits(scores(), translated, JUDGES, limits))] == [
        *sorted(limits)
    ]


def test_a_limit_on_what_there_is_not_is_said_with_what_was_meant() -> None:
    with pytest.raises(ArgusError, match=r"no metric 'copies_made'"):
        within_limits(scores(), {}, JUDGES, {"copies_made": 0.1})


def test_a_class_that_cannot_be_told_is_not_among_those_that_hold() -> None:
    comparisons = {
        "day": {"incumbent": compared(-0.1, 0.8)},
        "night": {"incumbent": compared(-0.1, 0.5, drives=1)},
    }
    assert classes_hold(comparisons, too_few={"rain", "fog"}) == [
        Verdict("classes", True, "day: in none further from the reals beyond chance"),
        Verdict(
            "classes", None, "too few drives of night to tell; too few reals of fog, rain to tell"
        ),
    ]


def test_one_broken_class_is_enough_whatever_the_others_are() -> None:
    comparisons = {
        "day": {"incumbent": compared(-0.9, 0.9999)},
        "night": {"incumbent": compared(0.3, 0.001)},
    }
    (verdict,) = classes_hold(comparisons)
    says = "night is further from the reals than that of the incumbent (by 0.300, p 0.002)"
    assert verdict == Verdict("classes", False, says)


def test_with_one_class_there_is_nothing_to_say() -> None:
    assert classes_hold({}) == []


def test_a_second_judge_need_only_take_the_same_side() -> None:
    both = bench(JUDGES, {"new": ()})
    assert both is not None
    near, far = {"old": compared(-0.2, 0.99)}, {"old": compared(0.01, 0.45)}
    barely = {"old": compared(-0.001, 0.51)}
    one, other = JUDGES
    assert passed(witness_agrees(both, {one: near, other: barely})) == [("second judge", True)]
    assert passed(witness_agrees(both, {one: near, other: far})) == [("second judge", False)]
    # what the first does not take for an improvement, the second need not either
    assert passed(witness_agrees(both, {one: far, other: far})) == [("second judge", True)]


def test_without_a_second_judge_nobody_could_disagree_and_that_is_said() -> None:
    alone = bench(JUDGES, {"new": ("mobilenetv2",)})
    assert alone is not None
    assert alone.all == ("squeezenet",)
    (verdict,) = witness_agrees(alone, {"squeezenet": {"old": compared(-0.2, 0.99)}})
    assert verdict.passed is None
    assert "mobilenetv2 was seen by new" in verdict.says
