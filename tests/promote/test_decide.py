from stages.common.similarity import Verdict
from stages.promote.choose import Choice
from stages.promote.decide import against_floors, against_incumbent, against_nobody

SURE = Verdict(-0.2, 0.02, 0.999, 4)
UNSURE = Verdict(-0.01, 0.05, 0.6, 2)
BLIND = Verdict(-0.3, None, 0.5, 1)
GAN = Choice("gan", "", {"gan": 0.1})
CHOSEN = Choice("gan", "best of 3 by KID on val", {"gan": 0.1, "b": 0.2, "c": 0.3})


def test_the_first_champion_must_beat_every_floor() -> None:
    decision = against_floors(GAN, {"noise": SURE, "blurred": SURE}, 0.95)
    assert (decision.champion, decision.promoted) == ("gan", True)
    assert "gan beats every floor" in decision.reason
    assert "noise (KID -0.200 ± 0.020, confidence 99.9%)" in decision.reason
    assert decision.reason.endswith(", over 4 drives")


def test_one_floor_not_beaten_is_enough_to_have_no_champion() -> None:
    decision = against_floors(GAN, {"noise": SURE, "mean_image": UNSURE}, 0.95)
    assert (decision.champion, decision.promoted) == (None, False)
    assert "does not beat mean image at 95%" in decision.reason


def test_a_lower_number_alone_does_not_promote() -> None:
    decision = against_incumbent(GAN, "old", UNSURE, 0.95)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert "the incumbent old stays: today's gan is not better" in decision.reason
    assert decision.reason.endswith("confidence 60.0%, over 2 drives")


def test_better_beyond_chance_promotes() -> None:
    decision = against_incumbent(GAN, "old", SURE, 0.95)
    assert (decision.champion, decision.promoted) == ("gan", True)


def test_the_reason_says_who_was_chosen_and_by_what() -> None:
    for decision in (
        against_floors(CHOSEN, {"noise": SURE}, 0.95),
        against_floors(CHOSEN, {"noise": UNSURE}, 0.95),
        against_incumbent(CHOSEN, "old", SURE, 0.95),
        against_incumbent(CHOSEN, "old", UNSURE, 0.95),
    ):
        assert "gan (best of 3 by KID on val)" in decision.reason


def test_the_reason_names_those_that_failed() -> None:
    decision = against_floors(GAN, {"noise": SURE}, 0.95)
    assert decision.besides([]) == decision
    besides = decision.besides(["b", "c"])
    assert besides.reason == f"{decision.reason}; b, c failed in training"
    assert (besides.champion, besides.promoted) == ("gan", True)


def test_without_a_challenger_the_incumbent_stays_or_nobody_serves() -> None:
    stays = against_nobody("old", "night", ["a", "b"])
    assert (stays.champion, stays.promoted) == ("old", False)
    assert stays.reason == "old stays: every model for night failed in training (a, b)"
    nobody = against_nobody(None, "night", ["a"])
    assert (nobody.champion, nobody.promoted) == (None, False)
    assert nobody.reason == "no incumbent, and every model for night failed in training (a)"
    assert against_nobody("old", "night", []).reason == "old stays: no model trains for night"


def test_a_single_drive_tells_nothing_and_the_reason_shows_it() -> None:
    decision = against_incumbent(GAN, "old", BLIND, 0.95)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert decision.reason.endswith("KID -0.300 ± ?, confidence 50.0%, over 1 drive")
