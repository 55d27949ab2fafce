from argus.judging.gate.choose import Choice
from argus.judging.gate.decide import (
    against_floors,
    against_incumbent,
    against_nobody,
    behind_floors,
    unbeaten,
)
from argus.judging.statistics import Verdict

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
    assert decision.besides([], {}) == decision
    besides = decision.besides(["b", "c"], {"d": "no night", "e": "no night", "f": "few"})
    assert besides.reason == (
        f"{decision.reason}; b, c failed in training; d, e were skipped: no night; "
        "f was skipped: few"
    )
    assert (besides.champion, besides.promoted) == ("gan", True)


def test_without_a_challenger_the_incumbent_stays_or_nobody_serves() -> None:
    stays = against_nobody("old", "night", ["a", "b"], [], {})
    assert (stays.champion, stays.promoted) == ("old", False)
    assert stays.reason == "old stays, unscored: every model for night failed in training (a, b)"
    nobody = against_nobody(None, "night", ["a"], [], {})
    assert (nobody.champion, nobody.promoted) == (None, False)
    assert nobody.reason == "no incumbent, and every model for night failed in training (a)"
    idle = against_nobody("old", "night", [], [], {})
    assert idle.reason == "old stays, unscored: no model trains for night"


def test_where_all_were_skipped_the_incumbent_stays_unscored_and_the_reason_says_why() -> None:
    skipped = {"a": "no night", "b": "no night"}
    stays = against_nobody("old", "night", [], [], skipped)
    assert (stays.champion, stays.promoted) == ("old", False)
    none_left = "no model for night has weights"
    assert stays.reason == f"old stays, unscored: {none_left}; a, b were skipped: no night"
    nobody = against_nobody(None, "night", ["c"], [], skipped)
    assert nobody.reason == (
        f"no incumbent, and {none_left}; c failed in training; a, b were skipped: no night"
    )
    refused = against_nobody("old", "night", [], ["c"], skipped)
    assert refused.reason.startswith("old stays, unscored: no model for night may be used (c)")
    assert refused.reason.endswith("; a, b were skipped: no night")


def test_a_champion_that_falls_behind_a_floor_keeps_its_slot_and_is_shown_up() -> None:
    verdicts = {"noise": SURE, "untranslated": UNSURE}
    assert unbeaten(verdicts, 0.95) == {"untranslated": UNSURE}
    assert behind_floors("old", {"noise": SURE}, 0.95) is None
    told = behind_floors("old", verdicts, 0.95)
    assert told is not None
    assert told.startswith("old does not beat untranslated at 95% on today's")
    assert "noise" not in told


def test_a_single_drive_tells_nothing_and_the_reason_shows_it() -> None:
    decision = against_incumbent(GAN, "old", BLIND, 0.95)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert decision.reason.endswith("KID -0.300 ± ?, confidence 50.0%, over 1 drive")
