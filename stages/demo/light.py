"""Light that falls on surfaces: sky, sun, the own headlights, and lamps beside the road."""

from dataclasses import dataclass

import numpy as np

from stages.demo.weather import Atmosphere

BEAM_TOP = 0.85  # metres: the dipped beam is cut off above
HEADLIGHT = np.array([1.0, 0.97, 0.88], np.float32)
BEAM_REACH = 14.0  # metres at which the beam has fallen to half


@dataclass(frozen=True)
class Pools:
    """Lamps as seen in one frame: places [L, 3] (ego frame), irradiance right below or before
    them [L, 3], and reach [L] in metres where it has fallen to a quarter.
    """

    places: np.ndarray
    colours: np.ndarray
    reach: np.ndarray


def irradiance(
    points: np.ndarray, normals: np.ndarray, air: Atmosphere, pools: Pools, sunlit: np.ndarray
) -> np.ndarray:
    """Irradiance [N, 3] on `points` [N, 3] of unit `normals` [N, 3], or [3] for all.

    `sunlit` [N] is the share of the sun that reaches the point, 0 in full shadow.
    """
    up = 0.62 + 0.38 * np.broadcast_to(normals, points.shape)[:, 1:2]  # sky seen by a tilted face
    light = air.ambient * up
    if air.sunlight.any():
        facing = np.maximum((normals * air.sun).sum(axis=-1), 0.0) * sunlit
        light += facing[:, None] * air.sunlight
    if air.headlights:
        light += _own_beam(points, air.headlights)[:, None] * HEADLIGHT
    x, y, z = (np.ascontiguousarray(axis) for axis in points.T)
    glow = np.zeros((3, len(points)), np.float32)
    for (a, b, c), colour, reach in zip(
        pools.places.tolist(), pools.colours, pools.reach.tolist(), strict=True
    ):
        away = 1.0 + ((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) * (1.0 / reach**2)
        shade = np.clip(1.2 - y * (1.0 / (b + 1.5)), 0.0, 1.0) / (away * away)
        for channel, value in zip(glow, colour, strict=True):  # lamps shine downwards
            channel += shade * value
    return light + glow.T


def _own_beam(points: np.ndarray, strength: float) -> np.ndarray:
    """Relative irradiance [N] of the own dipped headlights, wider with distance, cut off above."""
    x, y, z = points[:, 0], points[:, 1], np.maximum(points[:, 2], 0.1)
    side = (np.abs(x - 0.02 * z) / (1.3 + 0.30 * z)) ** 2
    above = np.maximum(y - BEAM_TOP, 0.0) / 0.55
    start = 1.0 - np.exp(-((z / 4.5) ** 2))  # the bonnet shades the road just ahead
    return np.asarray(strength * start * np.exp(-side - above**2) / (1.0 + (z / BEAM_REACH) ** 2))
