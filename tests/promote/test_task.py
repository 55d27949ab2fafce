"""Who is judged, against whom, and what becomes of models that failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from argus.core import params, reports
from argus.core.files import remove
from argus.core.paths import EVALUATED, TRAINED
from argus.data.packed import Packed
from argus.judging import registry
from argus.judging.baselines import must_beat
from argus.judging.eligibility import Eligibility
from argus.judging.gate.decide import Decision
from argus.judging.registry import RESERVED
from argus.models import loading
from stages.evaluate import __main__ as evaluate
from stages.promote import task as promotion
from tests.evaluate.world import (
    JUDGES,
    LEARNT,
    Carrier,
    brightened,
    judges,
    leave,
    pack,
    packed,
    settings,
    stand_in,
)

# the darker, the further from the held-out reals
DARKNESS = {"bright": 0.0, "dim": 0.5, "dark": 0.7, "old": 0.8, "older": 0.0}
INCUMBENTS = Path("incumbents")


AS_OF, TODAY = date(2026, 3, 1), date(2026, 3, 1)
DELIVERED = {"fleet": ["first", "second"], "cams": ["x"]}


@pytest.fixture(autouse=True)
def world(workspace: Path, card: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, [evaluate, promotion], DARKNESS)
    card("fleet", licence="MIT")
    card("cams", licence="CC-BY-NC-4.0")


def decided(
    kids: dict[str, float | None],
    failed: tuple[str, ...] = (),
    skipped: dict[str, str] | None = None,
    incumbent: str | None = None,
    today: date = TODAY,
    sources: tuple[str, ...] = ("fleet", "cams"),
    withdrawn: dict[str, str] | None = None,
    learnt: dict[str, dict[str, tuple[str, str]]] | None = None,
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision on challengers with these KIDs on val, all evaluated.

    `learnt` has the images behind a model, where they are not those that all have learnt from.
    """
    names = [*kids, *failed]
    p = settings(dict.fromkeys([*names, *(skipped or {})], "generate"))
    p = p.model_copy(update={"ingest": p.ingest.model_copy(update={"as_of": AS_OF})})
    learnt = learnt or {}
    for name in names:
        why = "it broke" if name in failed else None
        leave(TRAINED / name, why, kid=kids.get(name), images=learnt.get(name, LEARNT))
    for name, why in (skipped or {}).items():
        leave(TRAINED / name, skipped=why)
    for name in kids:
        evaluated(name, p)
    folder = INCUMBENTS / incumbent if incumbent else None
    if folder:
        leave(folder, images=learnt.get(folder.name, LEARNT))
    eligibility = Eligibility(
        sources, withdrawn or {}, lambda source, name: name in DELIVERED[source]
    )
    return promotion.decide("generate", folder, p, judges(), eligibility, today)


def evaluated(name: str, p: params.Params) -> None:
    """What the stage before leaves of a model."""
    folder = EVALUATED / name
    folder.mkdir(parents=True)
    reports.metrics(f"evaluate/{name}", evaluate.scored(name, p, folder).report())


def test_val_says_who_is_judged_even_if_another_did_better_on_test() -> None:
    decision, folder, figures = decided({"bright": 0.3, "dim": 0.1, "dark": 0.2}, incumbent="old")
    assert figures["challenger"] == "dim"
    assert figures["chosen"]["how"] == "best of 3 by KID on val"
    assert figures["chosen"]["scores"] == {"bright": 0.3, "dim": 0.1, "dark": 0.2}
    assert decision.champion == "dim"
    assert decision.promoted
    assert "dim (best of 3 by KID on val)" in decision.reason
    assert folder == TRAINED / "dim"
    assert figures["incumbent"]["model"] == "old"


def test_no_metric_can_take_the_name_of_what_else_a_decision_says() -> None:
    _, _, figures = decided(
        {"bright": 0.3, "dim": 0.1},
        skipped={"carries": "no training image of night"},
        incumbent="old",
        withdrawn={"c" * 64: "asked for"},
        learnt={"bright": LEARNT | OTHERS, "old": OTHERS},
    )
    said = {*figures, *Decision.__dataclass_fields__, *figures["incumbent_refused"]}
    scores = {metric.key(name) for metric in registry.evaluated() for name in JUDGES}
    assert {"refused", "skipped", "against"} <= said
    assert said - scores - {"because"} <= RESERVED


def test_without_val_the_held_out_reals_say_it() -> None:
    _, _, figures = decided({"bright": None, "dim": 0.1})
    assert figures["challenger"] == "bright"
    assert figures["chosen"]["how"] == "best of 2 by KID on the held-out reals"
    assert set(figures["against"]) == set(must_beat(None))


def test_a_test_split_of_one_drive_promotes_nobody_and_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = replace(pack(3), groups=("one",) * 24)
    packed(monkeypatch, [evaluate, promotion], lambda _split: test)
    decision, folder, figures = decided({"bright": 0.3})
    assert (decision.champion, folder) == (None, None)
    reports.metrics("promote", figures)
    assert reports.read("promote")["against"]["noise"]["standard_error"] is None


def test_an_incumbent_that_is_better_stays() -> None:
    decision, folder, _ = decided({"dark": 0.1}, incumbent="older")
    assert (decision.champion, decision.promoted) == ("older", False)
    assert folder == INCUMBENTS / "older"


def test_a_failed_model_is_no_challenger_and_is_named() -> None:
    decision, folder, figures = decided({"dim": 0.2}, failed=("worse",), incumbent="old")
    assert figures["challenger"] == "dim"
    assert "chosen" not in figures
    assert figures["failed"] == {"worse": "it broke"}
    assert decision.reason.endswith("; worse failed in training")
    assert folder == TRAINED / "dim"


def test_where_all_failed_the_incumbent_stays() -> None:
    decision, folder, figures = decided({}, failed=("a", "b"), incumbent="old")
    reason = "old stays, unscored: every model for generate failed in training (a, b)"
    assert decision == Decision("old", False, reason)
    assert folder == INCUMBENTS / "old"
    assert figures == {"failed": {"a": "it broke", "b": "it broke"}}


def test_where_all_failed_and_there_is_no_incumbent_nobody_serves() -> None:
    decision, folder, _ = decided({}, failed=("a",))
    assert (decision.champion, decision.promoted, folder) == (None, False, None)
    assert "every model for generate failed in training (a)" in decision.reason


def test_a_task_that_no_model_trains_for_keeps_its_champion() -> None:
    decision, folder, figures = decided({}, incumbent="old")
    assert decision.reason == "old stays, unscored: no model trains for generate"
    assert (folder, figures) == (INCUMBENTS / "old", {})


def test_a_model_that_was_skipped_is_no_challenger_and_the_reason_says_why() -> None:
    decision, folder, figures = decided(
        {"dim": 0.2}, skipped={"carries": "no training image of night"}, incumbent="old"
    )
    assert figures["challenger"] == "dim"
    assert "chosen" not in figures
    assert figures["skipped"] == {"carries": "no training image of night"}
    assert decision.reason.endswith("; carries was skipped: no training image of night")
    assert folder == TRAINED / "dim"


@pytest.mark.parametrize("incumbent", [None, "old"])
def test_where_all_were_skipped_the_incumbent_if_any_stays(incumbent: str | None) -> None:
    why = "only 3 images held out in test, where a score needs 8"
    decision, folder, figures = decided({}, skipped={"a": why, "b": why}, incumbent=incumbent)
    assert (decision.champion, decision.promoted) == (incumbent, False)
    assert decision.reason.endswith(f"; a, b were skipped: {why}")
    assert folder == (INCUMBENTS / "old" if incumbent else None)
    assert figures == {"skipped": {"a": why, "b": why}}


# --- translators, which must beat the images as they came -----------------------------------------

DAY2NIGHT = params.Domains(source="day", target="night")


def carried(
    way: float, incumbent: float | None, monkeypatch: pytest.MonkeyPatch
) -> tuple[Decision, dict[str, Any]]:
    """The decision on a translator that goes some of the way, where night is .4 brighter."""
    ways = {"new": way, "held": incumbent or 0.0}

    def bright_nights(split: str) -> Packed:
        packed = pack({"train": 1, "val": 2, "test": 3}[split], 48)
        nights = packed.labels == 1
        images = packed.images.copy()
        images[nights] = brightened(images[nights], 0.4)
        return replace(packed, images=images)

    packed(monkeypatch, [evaluate, promotion], bright_nights)
    monkeypatch.setattr(loading, "load", lambda folder: Carrier(folder, ways[folder.name]))
    p = settings({"new": "day2night"}, DAY2NIGHT)
    leave(TRAINED / "new", task="day2night", domains=DAY2NIGHT)
    evaluated("new", p)
    folder = INCUMBENTS / "held" if incumbent is not None else None
    if folder:
        leave(folder, task="day2night", domains=DAY2NIGHT)
    eligibility = Eligibility(("fleet",), {}, lambda *_: True)
    decision, _, figures = promotion.decide("day2night", folder, p, judges(), eligibility, TODAY)
    return decision, figures


def test_a_first_translator_must_be_nearer_than_the_images_as_they_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decision, figures = carried(0.4, None, monkeypatch)
    assert set(figures["against"]) == set(must_beat(DAY2NIGHT))
    assert figures["against"]["untranslated"]["confidence"] > 0.95
    assert "untranslated" not in decision.reason.partition(" at 95%")[0]


def test_a_first_translator_that_is_no_nearer_than_a_lookup_table_is_not_promoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the carrier does to every pixel alike, a tone curve does as well."""
    decision, figures = carried(0.4, None, monkeypatch)
    assert (decision.champion, decision.promoted) == (None, False)
    assert figures["against"]["tone_curve"]["confidence"] < 0.95
    assert "tone curve" in decision.reason.partition(" at 95%")[0]


@pytest.mark.parametrize("way", [0.0, 0.9])
def test_a_first_translator_that_does_nothing_or_too_much_is_not_promoted(
    way: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, figures = carried(way, None, monkeypatch)
    assert (decision.champion, decision.promoted) == (None, False)
    assert figures["against"]["untranslated"]["confidence"] <= 0.5
    assert "untranslated" in decision.reason.partition(" at 95%")[0]


@pytest.mark.parametrize(
    ("way", "incumbent", "champion", "behind"),
    [(0.4, 0.0, "new", False), (0.85, 0.95, "new", True), (0.95, 0.85, "held", True)],
)
def test_later_a_champion_no_nearer_than_the_images_as_they_came_is_shown_up(
    way: float,
    incumbent: float,
    champion: str,
    behind: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decision, figures = carried(way, incumbent, monkeypatch)
    assert (decision.champion, decision.promoted) == (champion, champion == "new")
    assert ("untranslated" in figures.get("unbeaten", {})) == behind
    told = f"{champion} does not beat "
    assert not behind or ("untranslated" in decision.reason.partition(told)[2])


# --- what rests on data that may not be used ----------------------------------------------------

OTHERS = {"c" * 64: ("cams", "x")}
ENDED = {"reference": "A-1", "expires": "2026-03-01"}


def test_a_challenger_that_may_not_be_used_is_passed_over_for_the_next_best() -> None:
    decision, folder, figures = decided(
        {"bright": 0.1, "dim": 0.2},
        incumbent="old",
        withdrawn={"c" * 64: "asked for"},
        learnt={"bright": LEARNT | OTHERS},
    )
    assert (decision.champion, folder) == ("dim", TRAINED / "dim")
    assert figures["challenger"] == "dim"
    (why,) = figures["refused"].values()
    assert why == f"image {'c' * 12} of cams/x is withdrawn (asked for)"
    assert decision.reason.endswith(f"; bright may not be used: {why}")
    assert "refused_on" not in figures


def test_an_incumbent_that_may_not_be_used_leaves_even_to_nobody() -> None:
    decision, folder, figures = decided(
        {}, incumbent="old", sources=("fleet",), learnt={"old": OTHERS}
    )
    assert (decision.champion, decision.promoted, folder) == (None, False, None)
    assert figures["incumbent_refused"]["model"] == "old"
    assert "cams is retired" in figures["incumbent_refused"]["because"]
    start = "no incumbent, and no model trains for generate; the incumbent old may be used no more"
    assert decision.reason.startswith(start)
    assert "cams is retired" in decision.reason


def test_a_successor_of_such_an_incumbent_is_held_against_the_baselines() -> None:
    """It is not even looked at: its answers are made of what may not be used."""
    decision, folder, figures = decided(
        {"dim": 0.1}, incumbent="older", sources=("fleet",), learnt={"older": OTHERS}
    )
    assert "incumbent" not in figures
    assert set(figures["against"]) == set(must_beat(None))
    assert "the incumbent older may be used no more" in decision.reason
    assert (decision.champion, folder) == (None, None)  # it beats no baseline in this little world


def test_where_no_challenger_may_be_used_a_good_incumbent_stays() -> None:
    decision, folder, _ = decided(
        {"dim": 0.1}, failed=("worse",), incumbent="old", sources=("fleet",), learnt={"dim": OTHERS}
    )
    assert (decision.champion, folder) == ("old", INCUMBENTS / "old")
    assert decision.reason.startswith("old stays, unscored: no model for generate may be used")
    assert "; worse failed in training" in decision.reason


def test_weights_of_unknown_ancestry_neither_serve_nor_take_over() -> None:
    unknown: dict[str, tuple[str, str]] = {}
    decision, folder, figures = decided(
        {"dim": 0.1}, incumbent="old", learnt={"dim": unknown, "old": unknown}
    )
    assert (decision.champion, folder) == (None, None)
    assert "does not say which images" in figures["refused"]["dim"]
    assert "does not say which images" in figures["incumbent_refused"]["because"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"consent": ENDED}, "fleet/first: consent ended on 2026-03-01"),
        ({"deliveries": {"second": {"consent": ENDED}}}, "fleet/second: consent ended on"),
        ({"purposes": ["evaluate"]}, "may not be used to train"),
        ({"origin": "generated"}, "generated images are never accepted"),
        ({"licence": "none at all"}, "is invalid"),
    ],
)
def test_cards_are_read_as_they_are_today(
    card: Callable[..., None], changes: dict[str, Any], words: str
) -> None:
    card("fleet", **changes)
    tomorrow = date(2026, 3, 2)
    decision, folder, figures = decided({"bright": 0.1}, incumbent="old", today=tomorrow)
    assert (decision.champion, folder) == (None, None)
    assert words in figures["refused"]["bright"]
    assert words in figures["incumbent_refused"]["because"]
    clock = "consent" in changes or "deliveries" in changes
    assert figures.get("refused_on") == ("2026-03-02" if clock else None)


def test_the_day_changes_nothing_until_it_refuses_something(card: Callable[..., None]) -> None:
    card("fleet", consent=ENDED)
    runs = []
    for day in (date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 2)):
        runs.append(decided({"bright": 0.1}, incumbent="old", today=day))
        remove(Path("models"))
        remove(EVALUATED)
        remove(INCUMBENTS)
    assert runs[0] == runs[1] != runs[2]


def test_a_turn_gone_by_is_judged_by_its_own_day_too(card: Callable[..., None]) -> None:
    """A clock that was set back brings nothing back."""
    card("fleet", consent={"reference": "A-1", "expires": "2026-02-01"})
    _, folder, figures = decided({"bright": 0.1}, today=date(2026, 1, 1))
    assert folder is None
    assert "refused_on" not in figures
    assert "consent ended on 2026-02-01" in figures["refused"]["bright"]


def test_a_delivery_that_is_gone_is_not_built_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DELIVERED, "fleet", ["first"])
    _, folder, figures = decided({"bright": 0.1})
    assert folder is None
    assert "fleet/second is gone" in figures["refused"]["bright"]


@pytest.mark.parametrize("name", ["dim", "older"])
def test_a_champion_for_non_commercial_use_is_named_as_such(name: str) -> None:
    incumbent = "older" if name == "older" else "old"
    decision, _, figures = decided(
        {"dim": 0.1}, incumbent=incumbent, learnt={name: LEARNT | OTHERS}
    )
    assert decision.champion == name
    assert figures["non_commercial"] == {"cams": "CC-BY-NC-4.0"}
    assert decision.reason.endswith(
        f"{name} is for non-commercial use only, by the licences of cams (CC-BY-NC-4.0)"
    )


def test_a_right_bought_since_lifts_the_limit(card: Callable[..., None]) -> None:
    card("cams", licence="CC-BY-NC-4.0", commercial=True)
    decision, _, figures = decided({"dim": 0.1}, incumbent="old", learnt={"dim": OTHERS})
    assert decision.champion == "dim"
    assert "non_commercial" not in figures
