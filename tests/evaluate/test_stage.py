"""The stage on models of today: scored, or passed over with the reason of their failure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from argus.core import params, reports
from argus.core.files import remove
from argus.core.progress import Steps
from argus.judging.baselines import must_beat
from stages.evaluate import __main__ as evaluate
from stages.evaluate import evaluation
from tests.evaluate.world import leave, settings, stand_in


@pytest.fixture
def run(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    """Evaluate a model called m, whose samples are somewhat dark."""
    stand_in(monkeypatch, [evaluate], {"m": 0.2})
    p = settings({"m": "generate"})
    monkeypatch.setattr(params, "load", lambda: p)
    monkeypatch.setattr(sys, "argv", ["evaluate", "m"])
    return evaluate.main


def test_a_model_is_scored_with_its_baselines(run) -> None:
    leave(Path("models/trained/m"))
    run()
    report = reports.read("evaluate/m")
    assert (report["task"], report["samples"]) == ("generate", 24)
    assert set(report["baselines"]) == {*must_beat(None), "training_reals"}
    for distance in ("kid_efficientnet", "fd_efficientnet"):
        assert report["baselines"]["training_reals"][distance] < report[distance]
    kinds = {path.stem for path in Path("data/evaluate/m").glob("*.npy")}
    assert kinds == {"model", "reals", *report["baselines"]}
    for path in Path("data/evaluate/m").glob("*.npy"):
        assert np.load(path).shape == (24, 12)


def test_warm_or_cold_it_leaves_the_same_bytes(run) -> None:
    leave(Path("models/trained/m"))

    def left() -> dict[str, bytes]:
        run()
        files = [*Path("data/evaluate/m").iterdir(), Path("reports/evaluate/m.json")]
        return {path.name: path.read_bytes() for path in files}

    cold, warm = left(), left()
    assert list(Path(".cache").rglob("*.parquet"))
    remove(Path(".cache"))
    assert cold == warm == left()


def test_what_other_models_have_had_described_is_not_counted_as_work(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted as done, it would promise that the others go as fast."""
    bars: list[list[tuple[int, int]]] = []

    class Noted(Steps):
        def __enter__(self) -> Self:
            bars.append([])
            return super().__enter__()

        def advance(self, n: int = 1, **fields: float) -> None:
            super().advance(n, **fields)
            bars[-1].append((self.done, self.total))

    monkeypatch.setattr(evaluation, "Steps", Noted)
    leave(Path("models/trained/m"))
    run()
    run()
    cold, warm = bars
    kinds = ("model", "reals", "noise", "blurred", "gaussian", "training_reals")
    assert cold[-1] == (24 * len(kinds) + 1, 24 * len(kinds) + 1)  # the mean image is one
    assert {total for _, total in warm} == {24}
    assert warm[-1][0] == 24
    # batches of up to 16: what is done grows evenly, so the rate so far tells the time left
    assert [done for done, _ in warm] == [16, 24]


@pytest.mark.parametrize("evaluated_before", [True, False])
def test_a_model_that_was_skipped_has_no_score_but_a_reason(
    run, capsys, evaluated_before: bool
) -> None:
    leave(Path("models/trained/m"), skipped="no training image of night")
    if evaluated_before:
        Path("data/evaluate/m").mkdir(parents=True)
        Path("data/evaluate/m/model.npy").touch()
    run()
    report = reports.read("evaluate/m")
    assert report == {"task": "generate", "skipped": "no training image of night"}
    assert list(Path("data/evaluate/m").iterdir()) == []
    assert "m is not scored: it was skipped: no training image" in capsys.readouterr().out


def test_a_model_that_failed_has_no_score_but_a_reason(run, capsys) -> None:
    leave(Path("models/trained/m"), failed="loss/a is not finite at step 3")
    Path("data/evaluate/m").mkdir(parents=True)
    Path("data/evaluate/m/model.npy").touch()  # of an earlier run
    run()
    assert reports.read("evaluate/m") == {
        "task": "generate",
        "failed": "loss/a is not finite at step 3",
    }
    assert list(Path("data/evaluate/m").iterdir()) == []
    assert "m is not scored: its training failed: loss/a" in capsys.readouterr().out
