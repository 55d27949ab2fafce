"""The gain per turn, chained: read from decisions, kept as a curve, told to a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from argus.core import lineage
from argus.core.paths import GAIN
from argus.judging import gain_curve
from argus.judging.gain_curve import Step
from argus.judging.gate.gain import Gain

TODAY = date(2026, 11, 28)
CHANGED: dict[str, Any] = {"difference": -0.033, "low": -0.053, "high": -0.013, "turns": 2}
CHAINED: dict[str, Any] = {"chained": -0.07, "chained_low": -0.1, "chained_high": -0.04}


def made(champion: str | None, promoted: bool, **more: Any) -> dict[str, Any]:
    return {"champion": champion, "promoted": promoted, **more}


FIRST = Step("2026-11-01", "cut", Gain())


def test_a_first_champion_begins_a_curve_and_without_one_there_is_none() -> None:
    assert gain_curve.extended([], made("cut", True), TODAY) == [Step("2026-11-28", "cut", Gain())]
    assert gain_curve.extended([FIRST], made(None, False), TODAY) == []


def test_a_turn_that_compared_champions_adds_a_step() -> None:
    decision = made("cyclegan", True, gain=CHANGED | CHAINED)
    steps = gain_curve.extended([FIRST], decision, TODAY)
    assert steps == [FIRST, Step("2026-11-28", "cyclegan", Gain(**CHANGED, **CHAINED))]


def test_a_champion_that_nobody_challenged_leaves_the_curve_as_it_was() -> None:
    assert gain_curve.extended([FIRST], made("cut", False, gain=None), TODAY) == [FIRST]


def test_one_that_took_over_from_a_refused_champion_begins_anew() -> None:
    steps = gain_curve.extended([FIRST], made("sngan", True, gain=None), TODAY)
    assert steps == [Step("2026-11-28", "sngan", Gain())]


def test_the_curve_of_the_turn_before_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gain_curve.write({"day2night": made("cut", True), "generate": made(None, False)}, None, TODAY)
    assert {path.name for path in GAIN.iterdir()} == {"day2night.csv", "generate.csv"}
    assert gain_curve.curve((GAIN / "generate.csv").read_text()) == []
    before = (GAIN / "day2night.csv").read_text()
    monkeypatch.setattr(lineage, "text_of", lambda path, _: before if "day" in str(path) else None)
    decision = made("cut", False, gain=CHANGED | CHAINED)
    gain_curve.write({"day2night": decision}, "a" * 40, date(2026, 12, 1))
    text = (GAIN / "day2night.csv").read_text()
    assert text == (
        "turns,day,champion,difference,low,high,chained,chained_low,chained_high\n"
        "0,2026-11-28,cut,0.0,0.0,0.0,0.0,0.0,0.0\n"
        "2,2026-12-01,cut,-0.033,-0.053,-0.013,-0.07,-0.1,-0.04\n"
    )
    assert [step.gain for step in gain_curve.curve(text)] == [Gain(), Gain(**CHANGED, **CHAINED)]
    assert gain_curve.curve("") == []


def test_a_fallen_distance_is_a_gain() -> None:
    found = Gain.read(CHANGED | CHAINED)
    assert found is not None
    assert found.text() == "+0.033 (+0.013 to +0.053)"
    assert found.chained_text() == "+0.070 (+0.040 to +0.100)"
    assert Gain().text() == "0"
    assert Gain(difference=0.004).text() == "-0.004"
