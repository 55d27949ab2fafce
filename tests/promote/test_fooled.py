"""The ways to fool a judge, each refused for what it did. What they paint is in test_painted.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from argus.features.backbone import BACKBONES
from argus.judging.gate.spending import Spending
from stages.evaluate import __main__ as evaluate
from stages.promote import rivals
from tests.conftest import scenes
from tests.evaluate.world import JUDGES, judges, pack, packed
from tests.promote.contest import Contest, Drawing

SPREAD = 0.15  # of how dark the images of a lucky one are


@pytest.fixture
def contest(card: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Contest:
    card("fleet", licence="MIT")
    for name, judge in JUDGES.items():
        monkeypatch.setitem(BACKBONES, name, judge)
    numbers = {"train": 1, "val": 2, "test": 3}
    packed(monkeypatch, [evaluate, rivals], lambda split: pack(numbers[split]))
    return Contest(monkeypatch, judges())


def dark(darkness: float, luck: int | None = None) -> Drawing:
    """Scenes, darkened: the darker, the further from the reals. With luck each more or less so."""

    def draw(labels):
        each = np.full((len(labels), 1, 1, 1), darkness)
        if luck is not None:
            each += SPREAD * np.random.default_rng(luck).standard_normal(each.shape)
        return (scenes(len(labels), seed=7000) * (1 - each)).clip(0, 255).astype(np.uint8)

    return draw


def lopsided(labels: Sequence[str]) -> np.ndarray:
    """Scenes too bright on the left and too dark on the right: on average as they should be, which
    is all that one of the two judges sees."""
    images = scenes(len(labels), seed=7000).astype(float)
    images += np.repeat((60.0, -60.0), images.shape[2] // 2)[:, None]
    return images.clip(0, 255).astype(np.uint8)


# --- judges ---------------------------------------------------------------------------------------


def test_features_that_a_rival_has_seen_do_not_judge_and_the_decision_says_so(
    contest: Contest,
) -> None:
    """By the judge whose features it saw it would have won."""
    unseen, by_first = contest.decided({"new": dark(0.04)}, incumbent=lopsided)
    assert by_first["against"]["incumbent"]["confidence"] > 0.999
    assert not unseen.promoted  # but for the second judge; see the next test
    contest.clear()
    decision, figures = contest.decided(
        {"new": dark(0.04)}, incumbent=lopsided, seen={"new": ("mobilenetv2",)}
    )
    judge = figures["judge"]
    assert (judge["name"], judge["witness"]) == ("squeezenet", None)
    assert "mobilenetv2 was seen by new" in judge["because"]
    assert figures["against"] == by_first["witness"]
    assert (decision.champion, decision.promoted) == ("old", False)
    assert "new is not better" in decision.reason
    (unmeasured,) = figures["not_measured"]
    assert unmeasured.startswith("second judge: ")


def test_a_second_judge_that_disagrees_blocks(contest: Contest) -> None:
    decision, figures = contest.decided({"new": dark(0.04)}, incumbent=lopsided)
    assert figures["judge"] == {
        "name": "mobilenetv2",
        "witness": "squeezenet",
        "because": "no rival has seen its features",
    }
    assert (decision.champion, decision.promoted) == ("old", False)
    assert refusals(figures) == {"second judge"}
    assert "squeezenet finds it further from the reals than incumbent" in decision.reason
    assert "else it would be promoted" in decision.reason


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ({"new": ("mobilenetv2", "squeezenet")}, "mobilenetv2 by new; squeezenet by new"),
        (
            {"new": ("squeezenet",), "old": ("efficientnet", "mobilenetv2")},
            "mobilenetv2 by the incumbent old; squeezenet by new",
        ),
    ],
)
def test_where_all_judges_were_seen_nobody_is_promoted_and_the_reason_says_what_to_do(
    seen: dict[str, tuple[str, ...]], named: str, contest: Contest
) -> None:
    decision, figures = contest.decided({"new": dark(0.0)}, incumbent=dark(0.8), seen=seen)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert named in decision.reason
    assert "add another backbone to evaluate.judges in params.yaml" in decision.reason
    assert (figures["level"]["alpha"], figures["level"]["tests"]) == (None, 0)


# --- luck -----------------------------------------------------------------------------------------


def test_a_lucky_equal_that_would_pass_at_95_percent_does_not_after_ten_challenges(
    contest: Contest,
) -> None:
    new, old = {"new": dark(0.69, luck=1)}, dark(0.8, luck=2)
    first, figures = contest.decided(new, old)
    assert first.promoted
    assert figures["level"]["tests"] == 0  # the new champion's own count
    contest.clear()
    decision, figures = contest.decided(new, old, before={"champion": "old"} | spent(10))
    assert 0.95 < figures["against"]["incumbent"]["confidence"] < 1 - figures["level"]["alpha"]
    assert (decision.champion, decision.promoted) == ("old", False)
    assert "new is not better at 99.91%" in decision.reason
    assert figures["level"]["tests"] == 11
    assert refusals(figures) == set()


def test_a_challenge_that_a_limit_refuses_spends_nothing(contest: Contest) -> None:
    learnt = pack(1).images
    decision, figures = contest.decided(
        {"new": lambda labels: learnt[: len(labels)]},
        incumbent=dark(0.8),
        before={"champion": "old"} | spent(3),
    )
    assert not decision.promoted
    assert "copied" in refusals(figures)
    assert (figures["level"]["alpha"], figures["level"]["tests"]) == (None, 3)


def test_a_challenge_that_the_comparison_itself_refuses_is_spent(contest: Contest) -> None:
    """Else whoever fails these guards but by luck could try again and again at the same level."""
    decision, figures = contest.decided(
        {"new": dark(0.04)}, incumbent=lopsided, before={"champion": "old"} | spent(3)
    )
    assert not decision.promoted
    assert refusals(figures) == {"second judge"}
    assert figures["level"]["alpha"] == pytest.approx(Spending(0.95, 3).alpha, rel=1e-5)
    assert figures["level"]["tests"] == 4


SEEDS = {"new": dark(0.5), "new2": dark(0.79), "new3": dark(0.82)}
OF_NEW = {"new2": "new", "new3": "new"}


def test_a_lucky_seed_alone_would_be_promoted_and_its_recipe_is_not(contest: Contest) -> None:
    alone, _ = contest.decided({"new": SEEDS["new"]}, incumbent=dark(0.8))
    assert alone.promoted
    contest.clear()
    decision, figures = contest.decided(SEEDS, incumbent=dark(0.8), recipes=OF_NEW)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert figures["challenger"] == "new"
    assert set(figures["seeds"]) == set(SEEDS)
    assert figures["against"]["incumbent"]["units"]["seeds of the challenger"] == 3
    assert "most of its error comes from its 3 seeds of the challenger" in decision.reason


def test_a_recipe_whose_seeds_are_all_better_is_promoted_by_its_best(contest: Contest) -> None:
    seeds = {"new": dark(0.5), "new2": dark(0.5, luck=1), "new3": dark(0.52)}
    decision, figures = contest.decided(seeds, incumbent=dark(0.8), recipes=OF_NEW)
    assert (decision.champion, decision.promoted) == ("new", True)
    # what serves is one of them, so that one's difference goes into the chain
    contest.clear()
    _, alone = contest.decided({"new": seeds["new"]}, incumbent=dark(0.8))
    assert figures["gain"] == alone["gain"]
    assert figures["against"] != alone["against"]


def test_a_copying_seed_does_not_lend_its_distance_to_the_recipe(contest: Contest) -> None:
    learnt = pack(1).images
    seeds = {**SEEDS, "new": lambda labels: learnt[: len(labels)]}
    decision, figures = contest.decided(seeds, incumbent=dark(0.8), recipes=OF_NEW)
    assert set(figures["over_limits"]) == {"new"}
    assert figures["challenger"] == "new2"
    assert "seeds of the challenger" not in figures["against"]["incumbent"]["units"]
    assert "copies 1, where at most 0.02 is wanted" in figures["over_limits"]["new"]
    assert decision.champion == "new2"  # on its own, and it is better


# --- gain -----------------------------------------------------------------------------------------

CHAIN = {
    "difference": -1.0,
    "low": -2.0,
    "high": -0.5,
    "chained": -7.0,
    "chained_low": -9.0,
    "chained_high": -5.0,
    "turns": 4,
}


def test_a_new_champion_goes_on_with_the_chain(contest: Contest) -> None:
    decision, figures = contest.decided(
        {"new": dark(0.5)},
        incumbent=dark(0.8),
        before={"champion": "old", "gain": CHAIN} | spent(2),
    )
    assert decision.promoted
    gain = figures["gain"]
    assert gain["difference"] == figures["against"]["incumbent"]["difference"] < 0
    assert gain["low"] < gain["difference"] < gain["high"] < 0
    assert gain["chained"] == pytest.approx(-7.0 + gain["difference"], rel=1e-5)
    assert gain["chained_low"] == pytest.approx(-9.0 + gain["low"], rel=1e-5)
    assert gain["turns"] == 5


def test_a_champion_that_stays_adds_a_turn_and_no_gain(contest: Contest) -> None:
    decision, figures = contest.decided(
        {"new": dark(0.8)}, incumbent=dark(0.5), before={"champion": "old", "gain": CHAIN}
    )
    assert not decision.promoted
    nothing = {"difference": 0, "low": 0, "high": 0}
    assert figures["gain"] == CHAIN | nothing | {"turns": 5}


def test_where_the_slot_was_vacated_chain_and_levels_begin_anew(contest: Contest) -> None:
    decision, figures = contest.decided(
        {"new": dark(0.0)}, before={"champion": "gone", "gain": CHAIN} | spent(10)
    )
    used = figures["level"]["alpha"] or figures["level"]["next"]
    assert used == pytest.approx(Spending(0.95).alpha, rel=1e-5)
    assert not decision.promoted  # in this little world no model beats blurred reals
    assert figures["gain"] is None


# --- what was not measured ------------------------------------------------------------------------


def test_a_class_that_is_too_small_to_be_judged_is_named(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(pack(3), labels=np.array([1] * 3 + [0] * 21))
    packed(monkeypatch, [evaluate, rivals], lambda split: few if split == "test" else pack(1))
    _, figures = contest.decided({"new": dark(0.5)}, incumbent=dark(0.8))
    assert figures["not_measured"] == ["classes: too few reals of night to tell"]


def test_a_class_of_one_drive_is_named(contest: Contest, monkeypatch: pytest.MonkeyPatch) -> None:
    test = pack(3)
    drives = tuple("one" if label else d for d, label in zip(test.groups, test.labels, strict=True))
    lone = replace(test, groups=drives)
    packed(monkeypatch, [evaluate, rivals], lambda split: lone if split == "test" else pack(1))
    decision, figures = contest.decided({"new": dark(0.5)}, incumbent=dark(0.8))
    assert decision.promoted  # over all drives it can be told
    assert figures["not_measured"] == ["classes: too few drives of night to tell"]


def test_a_held_out_real_among_the_training_images_makes_a_guard_blind_and_that_is_said(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, test = pack(1), pack(3)
    leaked = replace(train, images=np.concatenate([test.images[:1], train.images[1:]]))
    packed(monkeypatch, [evaluate, rivals], lambda split: test if split == "test" else leaked)
    _, figures = contest.decided({"new": dark(0.5)}, incumbent=dark(0.8))
    (said,) = figures["not_measured"]
    assert said.startswith("too_near: too near to training could not be told")


def refusals(figures: dict[str, Any]) -> set[str]:
    """The guards that said no."""
    return {each["guard"] for each in figures["guards"] if each["passed"] is False}


def spent(tests: int) -> dict[str, Any]:
    """What a turn leaves after so many challenges."""
    return {"level": Spending(0.95, tests).report(None)}
