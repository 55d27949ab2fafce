"""Scenes of the demo whose night is known, and translators of them: good, poor, broken, trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from argus.core import params
from argus.core.paths import TRAINED
from argus.data.packed import Packed, read_packed
from argus.models import loading
from argus.models.inference import TrainedModel, Translator
from benchmarks.training.subject import training
from stages.demo.deliver import jpeg
from stages.demo.draw import prepare, render
from stages.demo.layout import roadside
from stages.demo.roadside import Lit
from stages.demo.world import VIEW, Drive, World, build
from stages.pack.pixels import shrink

SEED = 8  # not the demo's: drives that no model has trained on
DRIVES, FRAMES = 20, (0, 6, 12)
SIZE = (128, 192)  # px; of a twin
KNOTS = 33
CHECKPOINTS = {"cut": (20, 60, 130), "cyclegan": (30, 90)}
"""Steps after which a training of each is looked at, beside the model of the last turn."""
LOST = ("no vehicles", "road black", "blurred", "mirrored", "another scene", "mosaic", "noise over")
"""What stands in the names of translators that lost content for certain."""
KEPT = ("identity", "x .5", "x .25", "tone curve", "curve + twin", "cut", "cyclegan")
"""Translators that have all content, whatever else is wrong with them."""


@dataclass(frozen=True)
class Scenes:
    """M day images with their nights, all uint8 [M, H, W, 3].

    `sources` by day and `twins` by night, `bare` and `bare_twins` the same without vehicles;
    `drives` names the drive of each.
    """

    sources: np.ndarray
    twins: np.ndarray
    bare: np.ndarray
    bare_twins: np.ndarray
    drives: np.ndarray


def scenes(resolution: tuple[int, int]) -> Scenes:
    """Render the scenes of the comparison.

    Five held-out drives, as the demo's turn has, are too few to tell chance from a rank: these are
    twenty, which are in no split at all.
    """
    shown: list[list[np.ndarray]] = []
    for number in range(DRIVES):
        drive = Drive(SEED, "day", number, max(FRAMES) + 1, SIZE)
        day, night = build(drive), build(drive, "night")
        worlds = [day, night, _without_vehicles(day), _without_vehicles(night)]
        views = [(world, prepare(world)) for world in worlds]
        for frame in FRAMES:
            files = [jpeg(Image.fromarray(render(*view, frame))) for view in views]
            decoded = [Image.open(BytesIO(file)).convert("RGB") for file in files]
            shown.append([shrink(image, resolution) for image in decoded])
    sources, twins, bare, bare_twins = np.array(shown).swapaxes(0, 1)
    return Scenes(sources, twins, bare, bare_twins, np.repeat(np.arange(DRIVES), len(FRAMES)))


def translators(data: Scenes, train: Packed) -> Iterator[tuple[str, np.ndarray]]:
    """What translators of many qualities make of the scenes, by name: uint8 [M, H, W, 3]."""
    day, night = (train.images[train.labels == train.classes.index(c)] for c in ("day", "night"))
    sources, twins, half = data.sources, data.twins, len(data.sources) // 2
    curved = tone_curve(sources, day, night)
    yield "twin (the true answer)", twins
    yield "identity", sources
    for share in (0.5, 0.25, 0.12):
        yield f"x {share:.2g}".replace("0.", "."), _levels(sources * share)
    yield "tone curve", curved
    yield "curve + random lamps", _lamps(curved)
    yield "curve + twin, half and half", _levels((curved.astype(float) + twins) / 2)
    yield "curve, no vehicles", tone_curve(data.bare, day, night)
    yield "twin, no vehicles", data.bare_twins
    yield "curve, road black", _road_black(curved)
    yield "twin, road black", _road_black(twins)
    yield "curve, blurred", _blurred(curved)
    yield "twin, blurred", _blurred(twins)
    yield "curve, mosaic", _mosaic(curved)
    yield "twin, mirrored", twins[:, :, ::-1]
    yield "twin of another scene", np.roll(twins, half - 1, axis=0)
    yield "curve of another scene", np.roll(curved, half - 1, axis=0)
    yield "noise over day", _pink(sources, 40.0)
    yield "noise over curve", _pink(curved, 20.0)
    yield "inverted", 255 - sources
    yield "inverted x .5", _levels((255 - sources) * 0.5)
    yield "curve, red for green", curved[..., [1, 0, 2]]
    yield "twin, red for green", twins[..., [1, 0, 2]]
    yield "black", np.full_like(sources, 6)
    for name, steps in CHECKPOINTS.items():
        yield name, _translated(loading.load(TRAINED / name), sources)
        yield from _checkpoints(name, steps, train, sources)


def tone_curve(images: np.ndarray, day: np.ndarray, night: np.ndarray) -> np.ndarray:
    """Every channel's levels by one curve, from the day's quantiles to the night's."""
    shares, found = np.linspace(0, 1, KNOTS), np.empty_like(images)
    for channel in range(3):
        before, after = (np.quantile(each[..., channel], shares) for each in (day, night))
        before = before + np.arange(KNOTS) * 1e-6  # increasing, where levels are many of a kind
        found[..., channel] = _levels(np.interp(images[..., channel], before, after))
    return found


def _checkpoints(
    name: str, steps: tuple[int, ...], train: Packed, sources: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    settings = params.load()
    entry = settings.models[name].model_copy(update={"seed": 1})
    loop = training(entry, train, settings.train.threads)
    for step in range(1, max(steps) + 1):
        loop.step()
        if step in steps:
            yield f"{name} after {step} steps", _translated(loop.model(), sources)


def _translated(model: TrainedModel, sources: np.ndarray) -> np.ndarray:
    assert isinstance(model, Translator)
    return model.translate(sources)


def _without_vehicles(world: World) -> World:
    drive = world.drive
    end = float(world.way[-1]) + build(drive).air.reach(VIEW)
    standing, _ = roadside(drive.rng(1), world.place, end, Lit(0.0, 0.0, drive.rng(13)))
    return replace(world, mesh=world.mesh.take(world.mesh.owner < len(standing)))


def _levels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _blurred(images: np.ndarray) -> np.ndarray:
    blur = ImageFilter.GaussianBlur(2.0)
    return np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images])


def _mosaic(images: np.ndarray, side: int = 4) -> np.ndarray:
    count, height, width, _ = images.shape
    blocks = images.reshape(count, height // side, side, width // side, side, 3)
    return _levels(blocks.mean(axis=(2, 4)).repeat(side, axis=1).repeat(side, axis=2))


def _road_black(images: np.ndarray) -> np.ndarray:
    """Painted over: a wedge from below the horizon to the whole lower edge."""
    height, width = images.shape[1:3]
    y, x = np.mgrid[:height, :width]
    wedge = width * (0.06 + 0.6 * (y / height - 0.5) / 0.5)
    painted = images.copy()
    painted[:, (y > height * 0.52) & (np.abs(x - (width - 1) / 2) < wedge)] = 4
    return painted


def _lamps(images: np.ndarray) -> np.ndarray:
    """Six bright warm pixels about the horizon, anywhere."""
    rng, lit = np.random.default_rng(0), images.copy()
    height, width = images.shape[1:3]
    for image in lit:
        for _ in range(6):
            y, x = rng.integers(height // 4, height * 9 // 16), rng.integers(0, width)
            image[y, x] = (255, 220, 150)
    return lit


def _pink(images: np.ndarray, strength: float) -> np.ndarray:
    """With noise over it whose amplitude falls with frequency, as in photographs; in levels."""
    count, height, width, _ = images.shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1
    white = np.random.default_rng(0).standard_normal((count, 3, height, width))
    noise = np.fft.ifft2(np.fft.fft2(white) / frequency).real
    noise *= strength / noise.std(axis=(2, 3), keepdims=True)
    return _levels(images + np.moveaxis(noise, 1, 3))


def packed() -> tuple[Packed, Packed]:
    """The demo's training images and held-out ones, as the last turn packed them."""
    return read_packed("train"), read_packed("test")
