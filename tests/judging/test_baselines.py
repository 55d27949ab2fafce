import numpy as np
import pytest

from argus.judging.baselines import baselines
from argus.judging.evaluation_set import EvaluationSet
from tests.conftest import scenes


def test_what_a_model_is_compared_with() -> None:
    reals = scenes(6)
    made = baselines(EvaluationSet(reals, ("day",) * 6, ("day",) * 6, None), seed=0)
    assert set(made) == {"noise", "mean_image", "blurred"}
    assert made["mean_image"].shape == (1, 32, 48, 3)
    assert np.abs(made["mean_image"][0] - reals.mean(axis=0)).max() <= 0.5
    # blur keeps the light and takes the detail
    assert made["blurred"].mean() == pytest.approx(reals.mean(), abs=2)
    assert made["blurred"].std() < reals.std()
    sources = scenes(6, seed=9)
    with_sources = baselines(EvaluationSet(reals, ("night",) * 6, ("night",) * 6, sources), seed=0)
    assert (with_sources["untranslated"] == sources).all()


def test_the_baselines_of_a_task_are_the_same_for_every_model() -> None:
    evaluation_set = EvaluationSet(scenes(4), ("day",) * 4, ("day",) * 4, None)
    for one, other in zip(
        baselines(evaluation_set, 3).values(), baselines(evaluation_set, 3).values(), strict=True
    ):
        assert (one == other).all()
