"""Who is judged, against whom, and what becomes of models that failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stages.common import params, reports
from stages.common.files import write_json
from stages.evaluate import __main__ as evaluate
from stages.promote import slot
from stages.promote.decide import Decision
from tests.evaluate.world import leave, pack, quick, settings, stand_in

# the darker, the further from the held-out reals
DARKNESS = {"bright": 0.0, "dim": 0.5, "dark": 0.7, "old": 0.8, "older": 0.0}
INCUMBENTS = Path("incumbents")


@pytest.fixture(autouse=True)
def world(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, [evaluate, slot], DARKNESS)


def decided(
    kids: dict[str, float | None], failed: tuple[str, ...] = (), incumbent: str | None = None
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision on challengers with these KIDs on val, all evaluated."""
    names = [*kids, *failed]
    p = settings(dict.fromkeys(names, "generate"))
    for name in names:
        leave(slot.TRAINED / name, "it broke" if name in failed else None, kid=kids.get(name))
    for name in kids:
        evaluated(name, p)
    folder = INCUMBENTS / incumbent if incumbent else None
    if folder:
        leave(folder)
    return slot.decide("generate", folder, p, quick())


def evaluated(name: str, p: params.Params) -> None:
    """What the stage before leaves of a model."""
    vectors, groups = evaluate.described(name, p)
    (slot.EVALUATED / name).mkdir(parents=True)
    for kind, of_kind in vectors.items():
        np.save(slot.EVALUATED / name / f"{kind}.npy", of_kind)
    write_json(slot.EVALUATED / name / "groups.json", groups)


def test_val_says_who_is_judged_even_if_another_did_better_on_test() -> None:
    decision, folder, figures = decided({"bright": 0.3, "dim": 0.1, "dark": 0.2}, incumbent="old")
    assert figures["challenger"] == "dim"
    assert figures["chosen"]["how"] == "best of 3 by KID on val"
    assert figures["chosen"]["scores"] == {"bright": 0.3, "dim": 0.1, "dark": 0.2}
    assert decision.champion == "dim" and decision.promoted
    assert "dim (best of 3 by KID on val)" in decision.reason
    assert folder == slot.TRAINED / "dim"
    assert figures["incumbent"]["model"] == "old"


def test_without_val_the_held_out_reals_say_it() -> None:
    _, _, figures = decided({"bright": None, "dim": 0.1})
    assert figures["challenger"] == "bright"
    assert figures["chosen"]["how"] == "best of 2 by KID on the held-out reals"
    assert set(figures["against"]) == {"noise", "mean_image", "blurred"}


def test_a_test_split_of_one_drive_promotes_nobody_and_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = replace(pack(3), groups=("one",) * 24)
    for module in (evaluate, slot):
        monkeypatch.setattr(module, "read_packed", lambda split: test)
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
    assert figures["challenger"] == "dim" and "chosen" not in figures
    assert figures["failed"] == {"worse": "it broke"}
    assert decision.reason.endswith("; worse failed in training")
    assert folder == slot.TRAINED / "dim"


def test_where_all_failed_the_incumbent_stays() -> None:
    decision, folder, figures = decided({}, failed=("a", "b"), incumbent="old")
    assert decision == Decision(
        "old", False, "old stays: every model for generate failed in training (a, b)"
    )
    assert folder == INCUMBENTS / "old"
    assert figures == {"failed": {"a": "it broke", "b": "it broke"}}


def test_where_all_failed_and_there_is_no_incumbent_nobody_serves() -> None:
    decision, folder, _ = decided({}, failed=("a",))
    assert (decision.champion, decision.promoted, folder) == (None, False, None)
    assert "every model for generate failed in training (a)" in decision.reason


def test_a_task_that_no_model_trains_for_keeps_its_champion() -> None:
    leave(INCUMBENTS / "old")
    decision, folder, figures = slot.decide("generate", INCUMBENTS / "old", settings({}), quick())
    assert decision.reason == "old stays: no model trains for generate"
    assert (folder, figures) == (INCUMBENTS / "old", {})
