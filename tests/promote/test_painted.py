"""What a model may paint to fool the judge, on scenes of the demo and by the judges themselves.

Each is set against a champion that is worse than all of them, so that its distance alone would
promote it: what refuses it is the guard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from argus.features.backbone import BACKBONES, Backbone
from argus.judging import evaluation_set
from argus.judging.closed_forms import tone_curve, translated
from stages.evaluate import __main__ as evaluate
from stages.promote import rivals
from tests.evaluate.world import packed
from tests.promote.contest import DAY2NIGHT, Contest, Drawing, Translation
from tests.promote.rendered import CLASSES, Rendered, rendered

JUDGES = ("mobilenetv2", "squeezenet")
SHIFT = 3  # px


@pytest.fixture(scope="module")
def world() -> Rendered:
    return rendered()


@pytest.fixture(scope="module")
def judges() -> dict[str, Backbone]:
    return {name: BACKBONES[name]() for name in JUDGES}


@pytest.fixture
def contest(
    world: Rendered,
    judges: dict[str, Backbone],
    workspace: Path,
    card: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Contest:
    """Among generators."""
    card("fleet", licence="MIT")
    known = tmp_path_factory.getbasetemp() / "known_features"
    known.mkdir(exist_ok=True)
    (workspace / ".cache").symlink_to(known)
    for name in judges:
        monkeypatch.setitem(BACKBONES, name, partial(judges.__getitem__, name))
    packed(monkeypatch, [evaluate, rivals], lambda split: world.packs[split])

    def twins(split: str, _target: str) -> tuple[np.ndarray, np.ndarray]:
        pack = world.packs[split]
        rows = np.flatnonzero(pack.labels == CLASSES.index("day"))
        return rows, world.true_nights(pack.images[rows])

    monkeypatch.setattr(evaluation_set, "read_twins", twins)
    return Contest(monkeypatch, judges)


@pytest.fixture
def translators(contest: Contest) -> Contest:
    return Contest(contest.monkeypatch, contest.judges, DAY2NIGHT)


# --- translators ----------------------------------------------------------------------------------


def curve(world: Rendered) -> Translation:
    """The tone curve of the training images."""
    levels = tone_curve(*map(world.learnt, CLASSES))
    return lambda images: translated(images, levels)


def good(world: Rendered) -> Translation:
    """Half the true night and half the tone curve: what a sound translator comes to."""
    dim = curve(world)

    def paint(images: np.ndarray) -> np.ndarray:
        return ((world.true_nights(images).astype(int) + dim(images)) // 2).astype(np.uint8)

    return paint


def scribble(images: np.ndarray) -> np.ndarray:
    """Worse than all that is tried here."""
    return np.random.default_rng(5).integers(0, 256, images.shape, dtype=np.uint8)


def nothing(_: Rendered) -> Translation:
    return np.copy


def nearest_night(world: Rendered) -> Translation:
    """Of all training nights the one that is most like the image, made dark."""
    nights, dim = world.learnt("night"), curve(world)

    def paint(images: np.ndarray) -> np.ndarray:
        apart = dim(images)[:, None].astype(float) - nights
        return nights[(apart**2).mean(axis=(2, 3, 4)).argmin(axis=1)]

    return paint


def shifted_night(world: Rendered) -> Translation:
    paint = nearest_night(world)
    return lambda images: shifted(paint(images))


def pink_noise(world: Rendered) -> Translation:
    """Noise over the image whose amplitude falls with frequency, as in photographs."""
    dim = curve(world)

    def paint(images: np.ndarray) -> np.ndarray:
        count, height, width, _ = images.shape
        frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
        frequency[0, 0] = 1
        white = np.random.default_rng(0).standard_normal((count, 3, height, width))
        noise = np.fft.ifft2(np.fft.fft2(white) / frequency).real
        noise *= 20 / noise.std(axis=(2, 3), keepdims=True)
        return (dim(images) + np.moveaxis(noise, 1, 3)).clip(0, 255).astype(np.uint8)

    return paint


def black_road(world: Rendered) -> Translation:
    """The true night, and nothing where the road is."""

    def paint(images: np.ndarray) -> np.ndarray:
        height, width = images.shape[1:3]
        y, x = np.mgrid[:height, :width]
        half = width * (0.06 + 0.6 * (2 * y / height - 1))
        painted = world.true_nights(images).copy()
        painted[:, (y > 0.52 * height) & (np.abs(x - (width - 1) / 2) < half)] = 4
        return painted

    return paint


def red_for_green(world: Rendered) -> Translation:
    paint = good(world)
    return lambda images: paint(images)[..., [1, 0, 2]]


@pytest.mark.slow
def test_a_sound_translator_is_promoted_over_a_worse_one(
    world: Rendered, translators: Contest
) -> None:
    """What follows is refused for what it does, and not because nobody passes."""
    decision, figures = translators.decided({"new": good(world)}, incumbent=scribble)
    assert decision.promoted
    measured = {each["guard"]: each["passed"] for each in figures["guards"]}
    asked = ("copied", "too_near", "structure", "swapped", "condition", "twin_error")
    assert all(measured[name] is True for name in (*asked, "second judge"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cheat", "guards"),
    [
        (nothing, {"condition"}),
        (nearest_night, {"copied", "too_near", "structure"}),
        (shifted_night, {"too_near", "structure"}),
        (pink_noise, {"structure"}),
        (black_road, {"structure"}),
        (red_for_green, {"swapped"}),
    ],
)
def test_a_translator_that_cheats_is_refused_for_what_it_does_whatever_its_distance(
    cheat: Callable[[Rendered], Translation],
    guards: set[str],
    world: Rendered,
    translators: Contest,
) -> None:
    decision, figures = translators.decided({"new": cheat(world)}, incumbent=scribble)
    assert (decision.champion, decision.promoted) == ("old", False)
    assert guards <= refusals(figures)
    before, promoted, _ = decision.reason.partition("; else it would be promoted: today's new is")
    assert promoted
    said = [each["says"] for each in figures["guards"] if each["guard"] in guards]
    assert all(each in before for each in said)
    assert figures["level"]["alpha"] is None


@pytest.mark.slow
@pytest.mark.parametrize(("cheat", "baseline"), [(nothing, "untranslated"), (curve, "tone_curve")])
def test_a_translator_that_does_no_more_than_a_baseline_is_no_first_champion(
    cheat: Callable[[Rendered], Translation],
    baseline: str,
    world: Rendered,
    translators: Contest,
) -> None:
    decision, figures = translators.decided({"new": cheat(world)})
    assert (decision.champion, decision.promoted) == (None, False)
    assert (figures["against"][baseline]["difference"]) == 0
    assert baseline.replace("_", " ") in decision.reason.partition(" at 99.04%")[0]


# --- generators -----------------------------------------------------------------------------------


def drawing(images: dict[str, np.ndarray]) -> Drawing:
    """Gives out images of each class, one after the other."""

    def draw(labels):
        left = {
            name: iter(np.resize(of, (len(labels), *of.shape[1:]))) for name, of in images.items()
        }
        return np.stack([next(left[label]) for label in labels])

    return draw


def blurred(images: np.ndarray, radius: float) -> np.ndarray:
    return gaussian_filter(images, (0, radius, radius, 0))


@pytest.mark.slow
def test_images_that_nobody_has_seen_before_are_promoted(world: Rendered, contest: Contest) -> None:
    decision, figures = contest.decided({"new": drawing(world.fresh)})
    assert decision.promoted
    assert refusals(figures) == set()


def shifted(images: np.ndarray) -> np.ndarray:
    return np.roll(images, SHIFT, axis=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("disguise", "guards"),
    [
        (np.copy, {"copied", "too_near"}),
        (shifted, {"too_near"}),
    ],
)
def test_a_copy_machine_beats_every_baseline_and_is_refused(
    disguise: Translation, guards: set[str], world: Rendered, contest: Contest
) -> None:
    learnt = {name: disguise(world.learnt(name)) for name in CLASSES}
    decision, figures = contest.decided({"new": drawing(learnt)})
    assert (decision.champion, decision.promoted) == (None, False)
    assert refusals(figures) == guards
    assert "else it would be promoted: no incumbent; new beats every baseline" in decision.reason


@pytest.mark.slow
def test_a_model_whose_night_is_broken_is_refused_for_it_though_it_is_better_on_average(
    world: Rendered, contest: Contest
) -> None:
    day, night = world.fresh["day"], world.fresh["night"]
    decision, figures = contest.decided(
        {"new": drawing({"day": day, "night": blurred(night, 0.6)})},
        incumbent=drawing({"day": blurred(day, 3.0), "night": night}),
    )
    assert (decision.champion, decision.promoted) == ("old", False)
    assert figures["against"]["incumbent"]["confidence"] > 0.9904
    assert refusals(figures) == {"classes"}
    assert "night is further from the reals than that of the incumbent" in decision.reason
    assert "else it would be promoted" in decision.reason
    key = "kid_mobilenetv2"
    assert figures["classes"]["day"][key] < figures["incumbent"]["classes"]["day"][key]


def refusals(figures: dict[str, Any]) -> set[str]:
    """The guards that said no."""
    return {each["guard"] for each in figures["guards"] if each["passed"] is False}
