"""A metric of another package is computed, decided with, shown and drawn like one of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from argus.cli.turns import history, turn_summary, turn_tables
from argus.core import params, reports
from argus.core.errors import ArgusError
from argus.core.paths import TRAINED
from argus.judging.eligibility import Eligibility
from argus.judging.scores import ModelScores
from stages.evaluate import __main__ as evaluate
from stages.promote import rivals
from stages.promote import task as promotion
from stages.report import page
from tests.cli.turns.test_turn_summary import FOUND
from tests.evaluate.world import judges, leave, settings, stand_in
from tests.judging.roadmetrics import BRIGHTNESS, install, metrics_anew
from tests.report.world import written

__all__ = ["metrics_anew"]
COLUMNS = ["kid_mobilenetv2", "kid_squeezenet"]


@pytest.fixture
def run(
    workspace: Path,
    card: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    metrics_anew: None,
) -> Callable[[str], dict[str, Any]]:
    """Evaluate a model called m with a metric installed; returns the report."""
    stand_in(monkeypatch, [evaluate, rivals], {"m": 0.5, "old": 0.8})
    card("fleet", licence="MIT")
    p = settings({"m": "generate"})
    monkeypatch.setattr(params, "load", lambda: p)
    monkeypatch.setattr(sys, "argv", ["evaluate", "m"])
    (workspace / "requirements.lock").touch()
    leave(TRAINED / "m", kid=0.1)

    def main(content: str) -> dict[str, Any]:
        install(tmp_path_factory.mktemp("installed"), monkeypatch, brightness=content)
        evaluate.main()
        return reports.read("evaluate/m")

    return main


def test_it_stands_in_every_report_and_table(
    run: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(BRIGHTNESS)
    assert 0 < report["brightness"] < 1
    assert report["intervals"]["brightness"]["low"] < report["brightness"]
    assert 0.9 < report["baselines"]["blurred"]["brightness"] < 1.1
    assert report["packages"] == {"brightness": "roadmetrics 1.0"}
    assert "roadmetrics 1.0, which a metric comes from, is not in" in capsys.readouterr().err
    model = ModelScores.read(report)
    shown = model.scores.text("brightness")

    leave(Path("incumbents/old"))
    eligible = Eligibility(("fleet",), {}, lambda *_: True)
    _, _, figures = promotion.decide(
        "generate",
        params.load(),
        promotion.Standing.of(Path("incumbents/old"), {}, 0.95),
        judges(),
        eligible,
        date(2026, 3, 1),
    )
    assert figures["brightness"] == report["brightness"]
    assert figures["intervals"] == report["intervals"]
    assert 0 < figures["incumbent"]["brightness"] < report["brightness"]

    head = page.scores({"m": model}).head[3:]
    assert head[:2] == COLUMNS
    assert {"brightness", "coverage_mobilenetv2", "fd_mobilenetv2"} <= set(head)
    assert "coverage_squeezenet" not in head  # a second judge has a voice, but no table
    (line,) = [line for line in written({"m": model}) if line.startswith("| generate | **m** |")]
    assert f"| **{shown}** |" in line

    summary = turn_summary.summarize({**FOUND, "evaluate/g": report})
    assert f"brightness {shown}" in summary.headline()
    of_models = turn_tables.models(summary)
    assert of_models.headers[2:] == [key.replace("_", "\n") for key in head]
    value = model.scores.value_text("brightness")
    assert of_models.rows[0][of_models.headers.index("brightness")] == value != shown
    found = {**FOUND, "evaluate/g": report}
    past = history.scores([history.turn_of(2, "2026-01-08", "with it", found)])
    assert any(model.scores.text(COLUMNS[0]) in line for line in past), past


def test_one_that_breaks_stops_the_stage_which_leaves_nothing(
    run: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = BRIGHTNESS.replace("return images.mean() / reals.mean()", "raise KeyError('light')")
    with pytest.raises(SystemExit):
        run(broken)
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "the metric 'brightness' of roadmetrics 1.0 failed on model m (KeyError: 'light')" in said
    )
    assert not Path("data/evaluate/m").exists()
    with pytest.raises(ArgusError, match=r"evaluate/m\.json is missing"):
        reports.read("evaluate/m")
