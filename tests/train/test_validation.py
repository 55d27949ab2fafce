"""Validation while training: on the reals of val, with one noise, not fooled by classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from argus.core.params import Domains
from argus.data.feasibility import FEWEST
from argus.data.packed import Packed
from argus.features.backbone import Backbone
from argus.judging.metrics.kid import compare, kid
from argus.judging.statistics import Sample
from argus.models.inference import Generator, Translator
from stages.train.validation import MOST, Validation
from tests.conftest import scenes

CLASSES = ("day", "fog", "night")
DAY2NIGHT = Domains(source="day", target="night")

# the mean colour of each quarter: twelve numbers a picture
COLOURS = Backbone(
    "colours", 8, 12, 0.0, 0.1, lambda x: torch.nn.functional.avg_pool2d(x, 4).flatten(1)
)


def pack(labels: list[int], seed: int = 0) -> Packed:
    ids = tuple(f"{seed}-{i:03d}" for i in range(len(labels)))
    pixels = scenes(len(labels), seed=seed) if labels else np.zeros((0, 32, 48, 3), np.uint8)
    return Packed(pixels, np.array(labels, np.int64), CLASSES, ids, ids)


class Draws(Generator):
    """Draws what it is told to for each class: a function of class index, place and seed."""

    def __init__(
        self, image: Callable[[int, int], np.ndarray], seen: Sequence[str] = CLASSES
    ) -> None:
        self.image, self.seeds = image, list[int]()
        images = {name: 5 if name in seen else 0 for name in CLASSES}
        self.card = SimpleNamespace(  # type: ignore[assignment]
            spec=SimpleNamespace(model="m", task="generate"), images_per_class=images
        )

    def sample(self, labels: Sequence[str], seed: int) -> np.ndarray:
        self.seeds.append(seed)
        return np.stack([self.image(CLASSES.index(c), i) for i, c in enumerate(labels)])


class Carries(Translator):
    def __init__(self, carry: Callable[[np.ndarray], np.ndarray]) -> None:
        self.carry = carry
        self.card = SimpleNamespace(  # type: ignore[assignment]
            spec=SimpleNamespace(model="t", task="day2night")
        )

    def translate(self, images: np.ndarray) -> np.ndarray:
        return self.carry(images)


def of(val: Packed, domains: Domains | None = None) -> Validation:
    made = Validation.of(val, domains, COLOURS)
    assert made is not None
    return made


def test_reals_themselves_are_as_near_as_can_be_and_as_diverse_as_reals() -> None:
    val = pack([0, 1, 2] * 6)
    validation = of(val)
    score = validation.score(Draws(lambda _label, place: validation.evaluation_set.reals[place]))
    assert score.diversity == pytest.approx(1)
    # with itself a set's KID is below zero: no image is paired with itself within, but across
    reals, units = COLOURS.features(val.images), val.image_ids
    drawn, real = (Sample(reals, name, units) for name in ("draws", "target drives"))
    assert score.kid == pytest.approx(kid(drawn, real))
    assert score.kid < 0


def test_a_validation_is_told_from_the_nearest_one_before_it_by_their_standard_error() -> None:
    val = pack([0, 1, 2] * 6)
    validation, others = of(val), scenes(18, seed=100)
    shades = [np.clip(others * factor, 0, 255).astype(np.uint8) for factor in (0.3, 1, 0.9, 0.2)]

    def drawn(shade: np.ndarray) -> Draws:
        return Draws(lambda _label, place: shade[place])

    models = [drawn(shade) for shade in shades]
    dark, near, close, darker = (validation.score(model) for model in models)
    assert dark.excess == near.excess == 0  # the first, and one that is nearer

    of_set = validation.evaluation_set
    reals = of_set.real_answers.sample(COLOURS.features(of_set.reals))
    for shade, score in ((shades[2], close), (shades[3], darker)):
        one, other = (of_set.drawn(s).sample(COLOURS.features(s)) for s in (shade, shades[1]))
        wanted = compare([one], [other], reals)
        assert wanted.standard_error
        assert wanted.units == {"draws": 18, "target drives": 18}
        assert score.excess == pytest.approx(wanted.difference / wanted.standard_error)
    assert 0 < close.excess < darker.excess

    resumed = of(val)
    resumed.restore(validation.state())
    assert resumed.score(models[3]) == darker


def test_dark_pictures_are_further_away_than_other_scenes() -> None:
    validation, others = of(pack([0, 1, 2] * 6)), scenes(18, seed=100)
    near = validation.score(Draws(lambda _label, place: others[place]))
    far = validation.score(Draws(lambda _label, place: others[place] // 3))
    assert far.kid > near.kid
    assert near.diversity == pytest.approx(1, abs=0.2)


def test_one_picture_for_each_class_is_a_collapse_although_classes_differ() -> None:
    single = scenes(3, seed=50)
    score = of(pack([0, 1, 2] * 6)).score(Draws(lambda label, _place: single[label]))
    assert score.diversity == 0


def test_half_the_contrast_is_half_the_diversity() -> None:
    validation = of(pack([0, 1, 2] * 6))
    reals = validation.evaluation_set.reals
    score = validation.score(Draws(lambda _label, place: reals[place] // 2))
    assert score.diversity == pytest.approx(0.5, abs=0.02)


def test_a_class_that_the_model_does_not_know_is_no_sign_of_diversity() -> None:
    # one image for each class, but fog is made up from day and night, which differ
    single = scenes(3, seed=50)
    model = Draws(lambda label, _place: single[label], seen=("day", "night"))
    assert of(pack([0, 1, 2] * 6)).score(model).diversity == 0


def test_reals_that_are_single_in_their_class_raise_no_alarm() -> None:
    names = tuple("abcdefghi")
    reals = scenes(9)
    val = Packed(reals, np.arange(9), names, names, names)
    model = Draws(lambda _label, _place: reals[0])
    model.card.images_per_class = dict.fromkeys(names, 1)  # type: ignore[misc]
    model.sample = lambda _labels, _seed: reals  # type: ignore[method-assign,assignment]
    assert of(val).score(model).diversity == 1


def test_the_noise_is_the_same_at_every_validation_and_the_generator_of_torch_untouched() -> None:
    model, validation = Draws(lambda _label, _place: scenes(1)[0]), of(pack([0, 2] * 5))
    torch.manual_seed(3)
    before = torch.get_rng_state()
    assert validation.score(model) == validation.score(model)
    assert len(set(model.seeds)) == 1
    assert (torch.get_rng_state() == before).all()


def test_a_translator_is_compared_with_its_target_only() -> None:
    val = pack([0] * 10 + [2] * 12 + [1] * 9)
    validation = of(val, DAY2NIGHT)
    assert set(validation.evaluation_set.labels) == {"night"}
    kept = validation.score(Carries(lambda days: days))
    assert kept.diversity > 0.5
    collapsed = validation.score(Carries(lambda days: np.repeat(days[:1], len(days), axis=0)))
    assert collapsed.diversity == 0
    assert collapsed.kid > kept.kid


def test_a_large_val_is_taken_in_part() -> None:
    assert len(of(pack([0] * (MOST + 20))).evaluation_set.reals) == MOST
    validation = of(pack([0] * (MOST + 20) + [2] * 10), DAY2NIGHT)
    assert validation.evaluation_set.sources is not None
    assert len(validation.evaluation_set.sources) == MOST


def test_a_translator_answers_all_sources_and_is_told_apart_over_both_kinds_of_drives() -> None:
    """Frames of one drive are one piece of evidence, of the sources as of the reals."""
    val = pack([0] * 24 + [2] * 12)
    drives = tuple(f"d{row // (4 if row < 24 else 3)}" for row in range(36))
    validation = of(replace(val, groups=drives), DAY2NIGHT)
    shown: list[int] = []

    def carry(factor: float) -> Carries:
        def dim(days: np.ndarray) -> np.ndarray:
            shown.append(len(days))
            return np.clip(days * factor, 0, 255).astype(np.uint8)

        return Carries(dim)

    _, worse = (validation.score(carry(factor)) for factor in (1.0, 0.3))
    assert shown == [24, 24]
    of_set = validation.evaluation_set
    sources = of_set.sources
    assert sources is not None
    kept, dimmed = (
        Sample(
            COLOURS.features(np.clip(sources * f, 0, 255).astype(np.uint8)),
            "source drives",
            of_set.source_drives,
        )
        for f in (1.0, 0.3)
    )
    reals = Sample(COLOURS.features(of_set.reals), "target drives", of_set.drives)
    wanted = compare([dimmed], [kept], reals)
    assert wanted.units == {"source drives": 6, "target drives": 4}
    assert wanted.standard_error
    assert worse.kid == pytest.approx(kid(dimmed, reals))
    assert worse.excess == pytest.approx(wanted.difference / wanted.standard_error)


def test_a_single_drive_of_the_reals_tells_nothing_apart() -> None:
    """Then nothing but a lower KID is taken for as near."""
    val = pack([0] * 12 + [2] * 12)
    drives = tuple(f"d{row // 2}" if row < 12 else "night" for row in range(24))
    validation = of(replace(val, groups=drives), DAY2NIGHT)
    assert len(set(validation.evaluation_set.drives)) == 1
    validation.score(Carries(lambda days: days))
    assert validation.score(Carries(lambda days: days // 3)).excess == np.inf


@pytest.mark.parametrize("nights", [0, FEWEST - 1])
def test_too_few_reals_are_said_once_and_give_no_validation(
    nights: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Validation.of(pack([0] * 20 + [2] * nights), DAY2NIGHT, COLOURS) is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{f'only {nights} images' if nights else 'no image'} of night held out" in said


def test_an_empty_val_gives_none(capsys: pytest.CaptureFixture[str]) -> None:
    for domains in (None, DAY2NIGHT):
        assert Validation.of(pack([]), domains, COLOURS) is None
    assert "no image held out, where a score needs 8" in capsys.readouterr().err


def test_the_curves_have_names_of_their_own() -> None:
    val = pack([0, 2] * 5)
    score = of(val).score(Draws(lambda _label, place: val.images[place]))
    assert score.scalars() == {"val/kid": score.kid, "val/diversity": score.diversity}
