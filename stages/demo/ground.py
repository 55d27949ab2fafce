"""The flat ground: asphalt, painted lines, pavements and the land beside them.

Lines are blended by how much of a pixel they cover, so that they neither crawl nor break up far
away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.demo import noise
from stages.demo.places import WHITE, Place
from stages.demo.world import World

ASPHALT = np.array([0.105, 0.105, 0.11], np.float32)
STONE = np.array([0.27, 0.26, 0.245], np.float32)
PLAZA = np.array([0.20, 0.19, 0.18], np.float32)
KERB = np.array([0.40, 0.39, 0.37], np.float32)
VERGE = np.array([0.085, 0.145, 0.04], np.float32)


def covered(offset: np.ndarray, width: float, pixel: np.ndarray) -> np.ndarray:
    """Share (0..1) of a pixel of size `pixel`, `offset` away, that a band of `width` covers."""
    share = (0.5 * (width + pixel) - np.abs(offset)) / pixel
    return np.asarray(np.maximum(np.minimum(share, np.minimum(1.0, width / pixel)), 0.0))


def sum_covered(
    x: np.ndarray, middles: Sequence[float], width: float, pixel: np.ndarray
) -> np.ndarray:
    """Share of a pixel that bands of `width` about each of the `middles` cover."""
    return np.asarray(sum(covered(x - middle, width, pixel) for middle in middles))


@dataclass(frozen=True)
class Layer:
    """A material of one colour [3], how much of each pixel it covers, and how bright it is [N]."""

    colour: np.ndarray | tuple[float, float, float]
    share: np.ndarray
    brightness: np.ndarray


def albedo(
    world: World, u: np.ndarray, s: np.ndarray, across: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """Albedo [N, 3] of the ground `u` metres right of the middle of the road, `s` along it.

    `across` and `along` [N] are the size of a pixel on the ground in metres in both directions.
    """
    fine = noise.nearest(world.grain, s * 37.0, u * 37.0) / (1.0 + 9.0 * along)
    coarse = noise.sample(world.grain, s * 0.9 + 91.0, u * 1.6) / (1.0 + 0.15 * along)
    place, layers = world.place, _land(world, u, fine, coarse)
    if place.pavement:
        sides = _both_sides(place, place.pavement / 2)
        slabs = 1 + 0.06 * fine + 0.05 * coarse - 0.25 * covered(_wrapped(s, 1.5), 0.05, along)
        layers.append(Layer(STONE, sum_covered(u, sides, place.pavement, across), slabs))
    track = np.cos((u - world.lane) * (2 * np.pi / 1.75))  # the wheels polish two tracks a lane
    road = 1 + 0.10 * fine + 0.07 * coarse - 0.05 * track
    for left, right in place.asphalt:
        strip = covered(u - (left + right) / 2, right - left, across)
        layers.append(Layer(ASPHALT, strip, road))
    worn = np.clip(0.86 + 0.16 * coarse + 0.10 * fine, 0.25, 1.0)
    full = np.ones_like(u)
    if place.pavement:
        kerbs = sum_covered(u, _both_sides(place, 0.12), 0.24, across)
        layers.append(Layer(KERB, kerbs, full))
    for line in place.lines:
        share = covered(u - line.u, line.width, across) * worn
        if line.gap:
            share *= _dashes(line.dash, line.dash + line.gap, s, along)
        layers.append(Layer(line.colour, share, full))
    if len(world.crossings):
        left, right = place.edges
        stripes = covered(_wrapped(u, 1.2), 0.6, across) * ((u > left) & (u < right)) * worn
        bands = sum_covered(s, (world.crossings + 1.6).tolist(), 3.2, along)
        layers.append(Layer(WHITE, stripes * bands, full))
    return _compose(layers)


def _compose(layers: list[Layer]) -> np.ndarray:
    """Colour [N, 3] of layers that lie on each other, the lowest first."""
    seen = np.ones_like(layers[0].share)  # what the layers above leave free
    colour = np.zeros((3, len(seen)), np.float32)
    for layer in reversed(layers):
        weight = seen * layer.share * layer.brightness
        for channel, value in zip(colour, layer.colour, strict=True):
            channel += weight * np.float32(value)
        seen = seen * (1.0 - layer.share)
    return np.ascontiguousarray(colour.T)


def _land(world: World, u: np.ndarray, fine: np.ndarray, coarse: np.ndarray) -> list[Layer]:
    """Grass or paving beside the road; in the open a field begins behind the verge."""
    everywhere = np.ones_like(u)
    if world.place.flats == 1.0:
        return [Layer(PLAZA, everywhere, 1 + 0.10 * fine + 0.08 * coarse)]
    left, right = world.place.edges
    field = np.clip((np.maximum(left - u, u - right) - 7.0) / 2.0, 0, 1)
    patches = np.clip(1 + 0.28 * fine + 0.22 * coarse, 0.3, 2.0)
    return [Layer(VERGE, everywhere, patches), Layer(world.land, field, patches)]


def _dashes(dash: float, period: float, s: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Share (0..1) of a pixel that a broken line covers, its average where dashes are too small."""
    sharp = covered(_wrapped(s, period), dash, along)
    return np.asarray(np.where(along < period, sharp, dash / period))


def _wrapped(x: np.ndarray, period: float) -> np.ndarray:
    """Signed distance from x to the nearest multiple of `period`."""
    return np.asarray(x - period * np.rint(x * (1.0 / period)))


def _both_sides(place: Place, away: float) -> tuple[float, float]:
    """Distances from the middle of the road `away` metres outside both edges."""
    return place.edges[0] - away, place.edges[1] + away
