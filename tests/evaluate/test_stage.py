"""The stage on models of today: scored, or passed over with the reason of their failure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Self

import pytest

from argus.core import params, reports
from argus.core.files import remove
from argus.core.progress import Steps
from argus.judging import evaluated, evaluation
from stages.evaluate import __main__ as evaluate
from tests.evaluate.world import leave, settings, stand_in


@pytest.fixture
def run(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    """Evaluate a model called m, whose samples are somewhat dark."""
    stand_in(monkeypatch, [evaluate], {"m": 0.2})
    p = settings({"m": "generate"})
    monkeypatch.setattr(params, "load", lambda: p)
    monkeypatch.setattr(sys, "argv", ["evaluate", "m"])
    return evaluate.main


def test_a_model_is_scored_with_its_baselines_by_every_judge(run) -> None:
    leave(Path("models/trained/m"))
    run()
    report = reports.read("evaluate/m")
    assert report["task"] == "generate"
    assert report["judges"] == ["mobilenetv2", "squeezenet"]
    assert report["protocol"] == {"answers": 96, "reals": 24, "drives": 8}
    kinds = {"noise", "mean_image", "blurred", "gaussian", "training_reals"}
    assert set(report["baselines"]) == kinds
    for distance in ("kid_mobilenetv2", "kid_squeezenet", "fd_mobilenetv2"):
        assert report["baselines"]["training_reals"][distance] < report[distance]
    assert set(report["classes"]) == {"day", "night"}
    assert report["classes"]["day"]["kid_mobilenetv2"] != report["kid_mobilenetv2"]
    for judge, dimensions in (("mobilenetv2", 12), ("squeezenet", 3)):
        seen = evaluated.read(Path("data/evaluate/m"), judge)
        assert set(seen.samples) == {"model", "reals", *kinds}
        answers = seen.samples["model"]
        assert answers.features.shape == (96, dimensions)
        assert len(set(answers.units)) == 96
        reals = seen.samples["reals"]
        assert len(set(reals.units)) == 8
        assert seen.samples["blurred"].units == reals.units
        nights = seen.of_class("night").samples["model"]
        assert len(nights.features) == 48


def test_warm_or_cold_it_leaves_the_same_bytes(run) -> None:
    leave(Path("models/trained/m"))

    def left() -> dict[str, bytes]:
        run()
        files = [*Path("data/evaluate/m").rglob("*.*"), Path("reports/evaluate/m.json")]
        return {str(path): path.read_bytes() for path in files}

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
    cold, _, warm, _ = bars  # a bar for each judge
    # answers and Gaussians are 96; the mean image is one
    everything = 2 * 96 + 4 * 24 + 1
    assert cold[-1] == (everything, everything)
    assert {total for _, total in warm} == {96}
    # batches of up to 16: what is done grows evenly, so the rate so far tells the time left
    assert [done for done, _ in warm] == list(range(16, 97, 16))


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
