import numpy as np
import pytest

from argus.core.params import Domains
from argus.data.packed import Packed
from argus.judging.baselines import baselines, must_beat
from argus.judging.closed_forms import gaussian_draws, tone_curve, translated
from argus.judging.evaluation_set import DRAWS, SOURCE_DRIVES, TARGET_DRIVES, EvaluationSet
from tests.conftest import scenes

DAY2NIGHT = Domains(source="day", target="night")
TRAIN = Packed(
    np.concatenate([scenes(8, seed=100), scenes(8, seed=200) // 3]),
    np.array([0] * 8 + [1] * 8),
    ("day", "night"),
    tuple(f"{i:02d}" for i in range(16)),
    tuple("abcdefghijklmnop"),
)


def generated() -> EvaluationSet:
    return EvaluationSet(scenes(6), ("day",) * 4 + ("night",) * 2, tuple("aabbcc"), None)


def translations() -> EvaluationSet:
    sources = scenes(5, seed=9)
    return EvaluationSet(scenes(6) // 3, ("night",) * 6, tuple("aabbcc"), sources, tuple("ddeef"))


@pytest.mark.parametrize(
    ("domains", "own"), [(None, {"gaussian"}), (DAY2NIGHT, {"untranslated", "tone_curve"})]
)
def test_a_task_has_the_baselines_that_it_must_beat(domains: Domains | None, own: set[str]) -> None:
    of_task = translations() if domains else generated()
    made = baselines(of_task, TRAIN, domains, seed=0)
    assert tuple(made) == must_beat(domains)
    assert set(made) == {"noise", "mean_image", "blurred"} | own
    for each in made.values():
        assert each.images.dtype == np.uint8
        assert len(each.images) == len(each.units) == len(each.requested)


def test_of_the_reals_alone() -> None:
    reals = generated().reals
    made = baselines(generated(), TRAIN, None, seed=0)
    assert np.abs(made["mean_image"].images - reals.mean(axis=0)).max() <= 0.5
    # blur keeps the light and takes the detail
    assert made["blurred"].images.mean() == pytest.approx(reals.mean(), abs=2)
    assert made["blurred"].images.std() < reals.std()


def test_a_generator_is_held_against_draws_from_the_training_images() -> None:
    made = baselines(generated(), TRAIN, None, seed=4)["gaussian"]
    assert made.requested == generated().labels
    assert (made.images == gaussian_draws(TRAIN, generated().labels, seed=4)).all()


def test_a_translator_is_held_against_its_sources_and_a_curve_of_the_training_images() -> None:
    of_task = translations()
    made = baselines(of_task, TRAIN, DAY2NIGHT, seed=0)
    assert of_task.sources is not None
    curve = tone_curve(TRAIN.images[:8], TRAIN.images[8:])
    assert (made["untranslated"].images == of_task.sources).all()
    assert (made["tone_curve"].images == translated(of_task.sources, curve)).all()
    assert made["tone_curve"].images.mean() < 0.5 * of_task.sources.mean()  # day to night
    assert made["tone_curve"].requested == made["untranslated"].requested == ("night",) * 5


def test_images_of_a_drive_keep_it_and_draws_are_each_their_own() -> None:
    """Else a blurred real would be paired with its own drive, and all draws would be one."""
    made = baselines(translations(), TRAIN, DAY2NIGHT, seed=0)
    made |= baselines(generated(), TRAIN, None, seed=0)
    assert (made["blurred"].population, made["blurred"].units) == (TARGET_DRIVES, tuple("aabbcc"))
    for name in ("untranslated", "tone_curve"):
        assert (made[name].population, made[name].units) == (SOURCE_DRIVES, tuple("ddeef"))
    drawn = [made[name] for name in ("noise", "mean_image", "gaussian")]
    assert all(len(set(each.units)) == len(each.images) for each in drawn)
    assert {each.population for each in drawn} == {DRAWS}


def test_the_baselines_of_a_task_are_the_same_for_every_model() -> None:
    one, other = (baselines(generated(), TRAIN, None, seed=3) for _ in range(2))
    for name in one:
        assert (one[name].images == other[name].images).all()
