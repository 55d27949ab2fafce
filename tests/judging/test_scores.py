"""Scores: computed where all that a metric needs is there, written, and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from argus.core.errors import ArgusError
from argus.judging import registry
from argus.judging.metric import Metric
from argus.judging.scores import ModelScores, Scores, by_task, columns, score
from tests.judging.roadmetrics import BRIGHTNESS, install, metrics_anew

__all__ = ["metrics_anew"]
pytestmark = pytest.mark.usefixtures("metrics_anew")

KID, FD = "kid_efficientnet", "fd_efficientnet"
EVIDENCE = {
    "images": np.full((3, 4, 4, 3), 50, np.uint8),
    "real_images": np.full((3, 4, 4, 3), 100, np.uint8),
    "features": np.zeros((3, 2)),
}


def test_a_metric_is_computed_only_where_there_is_all_that_it_needs() -> None:
    count = Metric("count", "count", ("images",), len)
    pairs = Metric("pairs", "pairs", ("images", "sources"), len)
    far = Metric("far", "far", ("features",), lambda x: x.sum())
    found = score([count, pairs, far], EVIDENCE, "eyes", "m")
    assert dict(found.values) == {"count": 3, "far_eyes": 0}


def test_no_two_metrics_write_under_one_key() -> None:
    """One of features by the backbone `eyes`, and one that is called so."""
    far = Metric("far", "far", ("features",), lambda x: x.sum())
    other = Metric("far_eyes", "other", ("images",), len)
    with pytest.raises(ArgusError, match=r"'far_eyes' in reports, one of them .*'far_eyes'"):
        score([far, other], EVIDENCE, "eyes", "m")


def test_what_is_written_is_what_is_read() -> None:
    own = Scores({KID: 0.25, "brightness": 1.5}, {"brightness": (1.25, 2.0)})
    model = ModelScores(
        "generate",
        own,
        {"noise": Scores({KID: 2.0})},
        {"night": Scores({KID: 1.0}, {KID: (0.5, 1.5)})},
        ("eyes", "others"),
        {"answers": 72, "reals": 19},
        packages={"b": "c 1"},
    )
    assert ModelScores.read(model.report()) == model
    skipped = ModelScores("generate", skipped="no image of night")
    assert skipped.report() == {"task": "generate", "skipped": "no image of night"}
    assert ModelScores.read(skipped.report()) == skipped


def test_reports_of_earlier_turns_and_of_metrics_that_are_gone_are_read() -> None:
    old = {"task": "generate", "fid_inception": 90.0, "samples": 8, "beside": {"noise": {FD: 9.0}}}
    model = ModelScores.read({**old, KID: 0.5, "lpips_alex": 0.123456})
    assert model.baselines["noise"].values == {FD: 9.0}
    assert model.protocol == {"answers": 8, "reals": 8}
    assert columns([model.scores]) == [KID, "fid_inception", "lpips_alex"]
    assert str(model) == f"{KID} 0.5, fid_inception 90, lpips_alex 0.1235"


def test_an_interval_is_shown_with_its_value_in_the_digits_of_the_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, brightness=BRIGHTNESS)
    found = score(registry.evaluated(), EVIDENCE, "eyes", "m")
    assert found.text("brightness") == "0.5 (0.5 to 0.5)"
    odd = Scores({"brightness": 1.234}, {"brightness": (0.987, 1.345)})
    assert odd.text("brightness") == "1.2 (0.99 to 1.3)"
    assert odd.text(KID) == "-"


@pytest.mark.parametrize(("better", "first"), [("smaller", "a"), ("larger", "b")])
def test_the_best_of_a_task_comes_first_by_whatever_metric_there_is(
    better: str, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, brightness=BRIGHTNESS.replace('"larger"', f'"{better}"'))
    models = {
        "c": ModelScores("generate", failed="it broke"),
        "a": ModelScores("generate", Scores({"brightness": 0.25})),
        "b": ModelScores("generate", Scores({"brightness": 0.5})),
    }
    ranked = list(by_task(models)["generate"])
    assert (ranked[0], ranked[-1]) == (first, "c")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            "raise ValueError('too dark')",
            r"'brightness' of roadmetrics 1.0 failed on m \(ValueError",
        ),
        ("return float('nan')", "'brightness' of roadmetrics 1.0 is not finite on m: nan"),
        ("return 'dark'", "failed on m.*ValueError"),
    ],
)
def test_a_metric_of_another_package_that_breaks_is_named(
    broken: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = BRIGHTNESS.replace("return images.mean() / reals.mean()", broken)
    install(tmp_path, monkeypatch, brightness=content)
    with pytest.raises(ArgusError, match=words):
        score(registry.evaluated(), EVIDENCE, "eyes", "m")


def test_a_mistake_of_our_own_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        score([Metric("odd", "odd", ("images",), lambda x: 1 / 0)], EVIDENCE, "eyes", "m")  # noqa: ARG005
