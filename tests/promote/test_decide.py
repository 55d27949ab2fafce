from stages.promote.decide import against_floors, against_incumbent
from stages.promote.gate import Verdict

SURE = Verdict(-0.2, 0.02, 0.999)
UNSURE = Verdict(-0.01, 0.05, 0.6)


def test_the_first_champion_must_beat_every_floor() -> None:
    decision = against_floors("gan", {"noise": SURE, "blurred": SURE}, 0.95)
    assert (decision.champion, decision.promoted) == ("gan", True)
    assert "beats every floor" in decision.reason
    assert "noise (KID -0.200 ± 0.020, confidence 99.9%)" in decision.reason


def test_one_floor_not_beaten_is_enough_to_have_no_champion() -> None:
    decision = against_floors("gan", {"noise": SURE, "mean_image": UNSURE}, 0.95)
    assert (decision.champion, decision.promoted) == (None, False)
    assert "does not beat mean image at 95%" in decision.reason


def test_a_lower_number_alone_does_not_promote() -> None:
    decision = against_incumbent("new", "old", UNSURE, 0.95)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert "old stays" in decision.reason


def test_better_beyond_chance_promotes() -> None:
    decision = against_incumbent("new", "old", SURE, 0.95)
    assert (decision.champion, decision.promoted) == ("new", True)
