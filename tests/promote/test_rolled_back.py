"""A champion that was rolled back to serves ungated, unless it may be used no more."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from argus.core.errors import ArgusError
from argus.core.params import RolledBack
from argus.data import rights_cards
from argus.judging.eligibility import Eligibility
from stages.promote import rolled_back as module
from stages.promote.rolled_back import rolled_back
from tests.cli.conftest import CARD
from tests.cli.releases.conftest import model

BACK = RolledBack(to="v1.0.0", commit="a" * 40, because="grey nights")
BEFORE, AFTER = date(2026, 1, 1), date(2100, 1, 1)


@pytest.fixture
def eligibility(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Eligibility:
    """The source behind the earlier champion has a card and its delivery."""
    monkeypatch.chdir(tmp_path)
    model(tmp_path / "earlier")
    fetched = {"generate": tmp_path / "earlier"}
    monkeypatch.setattr(
        module, "fetch", lambda revision, _: fetched if revision == "a" * 40 else {}
    )
    path = rights_cards.path_of("cam")
    path.parent.mkdir(parents=True)
    path.write_text(CARD.replace("CC-BY-4.0", "CC-BY-NC-4.0"))
    return Eligibility(["cam"], {}, lambda *_: True)


def test_it_serves_again_and_the_reason_says_why(eligibility: Eligibility, tmp_path: Path) -> None:
    decision, folder, figures = rolled_back("generate", BACK, tmp_path, eligibility, {BEFORE})
    assert (decision.champion, decision.promoted, folder) == ("r3gan", False, tmp_path / "earlier")
    assert decision.reason.startswith("rolled back to generate@v1.0.0, r3gan: grey nights")
    assert "non-commercial use only" in decision.reason
    assert figures["rolled_back"] == {"to": "v1.0.0", "because": "grey nights"}


def test_rights_go_before_it(eligibility: Eligibility, tmp_path: Path) -> None:
    """By the day of the turn and by today: what either refuses is refused."""
    days = {BEFORE, AFTER}
    decision, folder, _ = rolled_back("generate", BACK, tmp_path, eligibility, days)
    assert (decision.champion, folder) == (None, None)
    assert "which was rolled back to, may be used no more: " in decision.reason


def test_a_commit_without_a_champion_of_the_task_is_said(
    eligibility: Eligibility, tmp_path: Path
) -> None:
    with pytest.raises(ArgusError, match=r"commit a{12} has no champion for 'day2night'"):
        rolled_back("day2night", BACK, tmp_path, eligibility, {BEFORE})
