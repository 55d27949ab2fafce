from argus.judging.gate.choose import Choice
from argus.judging.gate.decide import (
    Criterion,
    against_baselines,
    against_incumbent,
    against_nobody,
    behind_baselines,
    unbeaten,
)
from argus.judging.statistics import Comparison

KID = Criterion("KID", 0.95)
SURE = Comparison(-0.2, 0.02, 0.999, 5.5, {"draws of gan": 36, "target drives": 4})
UNSURE = Comparison(-0.01, 0.05, 0.6, 4.1, {"source drives": 5, "target drives": 7})
BLIND = Comparison(-0.3, None, 0.5, None, {"target drives": 1})
GAN = Choice("gan", "", {"gan": 0.1})
CHOSEN = Choice("gan", "best of 3 by KID on val", {"gan": 0.1, "b": 0.2, "c": 0.3})


def test_the_first_champion_must_beat_every_baseline() -> None:
    decision = against_baselines(GAN, {"noise": SURE, "blurred": SURE}, KID)
    assert (decision.champion, decision.promoted) == ("gan", True)
    assert "gan beats every baseline" in decision.reason
    assert "noise (KID -0.200 ± 0.020, confidence 99.9%)" in decision.reason
    assert decision.reason.endswith(", over 36 draws of gan and 4 target drives")


def test_one_baseline_not_beaten_is_enough_to_have_no_champion() -> None:
    decision = against_baselines(GAN, {"noise": SURE, "mean_image": UNSURE}, KID)
    assert (decision.champion, decision.promoted) == (None, False)
    assert "does not beat mean image at 95%" in decision.reason


def test_a_lower_number_alone_does_not_promote() -> None:
    decision = against_incumbent(GAN, "old", UNSURE, KID)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert "the incumbent old stays: today's gan is not better" in decision.reason
    assert decision.reason.endswith("confidence 60.0%, over 5 source drives and 7 target drives")


def test_better_beyond_chance_promotes() -> None:
    decision = against_incumbent(GAN, "old", SURE, KID)
    assert (decision.champion, decision.promoted) == ("gan", True)


def test_the_reason_says_who_was_chosen_and_by_what() -> None:
    for decision in (
        against_baselines(CHOSEN, {"noise": SURE}, KID),
        against_baselines(CHOSEN, {"noise": UNSURE}, KID),
        against_incumbent(CHOSEN, "old", SURE, KID),
        against_incumbent(CHOSEN, "old", UNSURE, KID),
    ):
        assert "gan (best of 3 by KID on val)" in decision.reason


def test_the_reason_names_those_that_failed() -> None:
    decision = against_baselines(GAN, {"noise": SURE}, KID)
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


def test_a_champion_that_falls_behind_a_baseline_stays_and_is_shown_up() -> None:
    comparisons = {"noise": SURE, "untranslated": UNSURE}
    assert unbeaten(comparisons, KID) == {"untranslated": UNSURE}
    assert behind_baselines("old", {"noise": SURE}, KID) is None
    told = behind_baselines("old", comparisons, KID)
    assert told is not None
    assert told.startswith("old does not beat untranslated at 95% on today's")
    assert "noise" not in told


def test_a_single_drive_tells_nothing_and_the_reason_shows_it() -> None:
    decision = against_incumbent(GAN, "old", BLIND, KID)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert decision.reason.endswith("KID -0.300 ± ?, confidence 50.0%, over 1 target drive")
