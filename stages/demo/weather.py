"""The air and the light of a drive: sky, sun, fog, rain, and what they do to radiance.

Radiance is linear RGB, 1 about that of a white wall in full sunlight.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Atmosphere:
    """Everything about air and light that does not change during a drive."""

    zenith: np.ndarray  # radiance [3] of the sky overhead
    horizon: np.ndarray  # radiance [3] of the sky low down
    airlight: np.ndarray  # radiance [3] of an endless depth of air
    extinction: float  # 1/m
    ambient: np.ndarray  # irradiance [3] from the whole sky
    sunlight: np.ndarray  # irradiance [3] square to the sun's rays
    sun: np.ndarray  # unit vector [3] towards the sun, ego frame at the start of the drive
    clouds: float  # cover, 0..1
    cloud_light: np.ndarray  # radiance [3]
    cloud_shade: np.ndarray  # radiance [3]
    exposure: float
    lamps: float = 0.0  # how bright windows and street lamps are, 0..1
    vehicle_lamps: float = 0.0  # how bright the lamps of other vehicles are, 0..1
    headlights: float = 0.0  # irradiance of the own headlights on a wall 10 m ahead
    wetness: float = 0.0  # 0 dry .. 1 a film of water on the road
    rain: float = 0.0  # streaks and drops, 0..1
    glare: float = 0.0  # how much bright lamps bleed into their surroundings
    noise: float = 1.5  # standard deviation of the sensor noise, of 255

    def reach(self, metres: float) -> float:
        """How far, up to `metres`, anything is worth drawing: contrast is left there (e^-5)."""
        return min(metres, 5.0 / self.extinction)


def attenuate(
    radiance: np.ndarray, distance: np.ndarray, extinction: float, airlight: np.ndarray
) -> np.ndarray:
    """Radiance [..., 3] as seen through `distance` (metres, [...]) of hazy air.

    Koschmieder's law: L = L0 exp(-b d) + A (1 - exp(-b d)), so contrast falls as exp(-b d)
    (Middleton, Vision Through the Atmosphere, 1952, chapter 4).
    """
    passing = np.exp(-extinction * np.asarray(distance))[..., None]
    return np.asarray(radiance * passing + airlight * (1.0 - passing))


def expose(radiance: np.ndarray, exposure: float) -> np.ndarray:
    """Radiance [...] as image values 0..1: a soft shoulder, then gamma 2."""
    return np.asarray(np.sqrt(1.0 - np.exp(-exposure * np.maximum(radiance, 0.0))))


def _rgb(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def towards(azimuth: float, elevation: float) -> np.ndarray:
    """Unit vector [3] at `azimuth` (0 ahead, positive right) and `elevation`, in radians."""
    flat = np.cos(elevation)
    return _rgb(flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth))


def _day(rng: np.random.Generator) -> Atmosphere:
    haze, side = rng.uniform(0.7, 1.2), rng.choice([-1, 1])
    return Atmosphere(
        zenith=_rgb(0.09, 0.24, 0.62) * rng.uniform(0.8, 1.15),
        horizon=_rgb(0.55, 0.72, 0.90) * haze,
        airlight=_rgb(0.50, 0.62, 0.78) * haze,
        extinction=1 / rng.uniform(900, 2500),
        ambient=_rgb(0.22, 0.28, 0.36),
        sunlight=_rgb(1.0, 0.93, 0.80) * rng.uniform(0.75, 1.15),
        sun=towards(side * rng.uniform(0.5, 2.6), rng.uniform(0.5, 1.0)),
        clouds=rng.uniform(0.15, 0.65),
        cloud_light=_rgb(1.1, 1.1, 1.08),
        cloud_shade=_rgb(0.52, 0.58, 0.66),
        exposure=rng.uniform(1.9, 2.6),
        noise=1.2,
    )


def _dusk(rng: np.random.Generator) -> Atmosphere:
    late = rng.uniform(0.0, 1.0)  # 0 the sun just above the horizon, 1 long below it
    fire = _rgb(1.05, 0.42, 0.13) * (1 - late) + _rgb(0.62, 0.22, 0.20) * late
    return Atmosphere(
        zenith=_rgb(0.07, 0.10, 0.24) * (1.25 - 0.5 * late),
        horizon=fire,
        airlight=fire * 0.45 + _rgb(0.05, 0.06, 0.10),
        extinction=1 / rng.uniform(500, 1200),
        ambient=_rgb(0.125, 0.108, 0.150) * (1.25 - 0.5 * late),
        sunlight=_rgb(0.55, 0.24, 0.08) * (1 - late),
        sun=towards(rng.uniform(-0.6, 0.6), rng.uniform(0.05, 0.12)),
        clouds=rng.uniform(0.3, 0.7),
        cloud_light=_rgb(1.0, 0.42, 0.26) * (1.0 - 0.4 * late),
        cloud_shade=_rgb(0.17, 0.11, 0.19),
        exposure=rng.uniform(2.1, 2.8),
        lamps=0.35 + 0.5 * late,
        vehicle_lamps=0.8,
        headlights=0.02 + 0.05 * late,
        glare=0.5,
        noise=2.0,
    )


def _night(rng: np.random.Generator) -> Atmosphere:
    town = rng.uniform(0.3, 1.0)
    return Atmosphere(
        zenith=_rgb(0.0015, 0.0028, 0.0085),
        horizon=_rgb(0.026, 0.016, 0.014) * town + _rgb(0.002, 0.004, 0.010),
        airlight=_rgb(0.012, 0.009, 0.010) * town,
        extinction=1 / rng.uniform(350, 900),
        ambient=_rgb(0.007, 0.009, 0.016) * rng.uniform(0.7, 1.6),
        sunlight=_rgb(0.0, 0.0, 0.0),
        sun=towards(0.0, 1.0),
        clouds=rng.uniform(0.0, 0.4),
        cloud_light=_rgb(0.022, 0.016, 0.016) * town,
        cloud_shade=_rgb(0.006, 0.006, 0.009),
        exposure=rng.uniform(2.4, 3.1),
        lamps=1.0,
        vehicle_lamps=1.0,
        headlights=rng.uniform(0.6, 0.85),
        wetness=0.75 if rng.random() < 0.35 else 0.0,
        glare=1.0,
        noise=2.5,
    )


def _fog(rng: np.random.Generator) -> Atmosphere:
    grey = _rgb(0.60, 0.63, 0.66) * rng.uniform(0.75, 1.1)
    return Atmosphere(
        zenith=grey * 1.06,
        horizon=grey,
        airlight=grey,
        extinction=1 / rng.uniform(24, 60),
        ambient=_rgb(0.44, 0.46, 0.48),
        sunlight=_rgb(0.0, 0.0, 0.0),
        sun=towards(0.0, 1.0),
        clouds=0.0,
        cloud_light=grey,
        cloud_shade=grey,
        exposure=rng.uniform(1.6, 2.2),
        lamps=0.35,
        vehicle_lamps=1.0,
        noise=1.8,
    )


def _rain(rng: np.random.Generator) -> Atmosphere:
    heavy = rng.uniform(0.4, 1.0)
    grey = _rgb(0.40, 0.43, 0.47) * (1.15 - 0.4 * heavy)
    return Atmosphere(
        zenith=grey * 0.5,
        horizon=grey,
        airlight=grey,
        extinction=1 / (320 - 180 * heavy),
        ambient=_rgb(0.27, 0.29, 0.32) * (1.15 - 0.4 * heavy),
        sunlight=_rgb(0.0, 0.0, 0.0),
        sun=towards(0.0, 1.0),
        clouds=rng.uniform(0.6, 0.9),
        cloud_light=grey * 0.85,
        cloud_shade=grey * 0.32,
        exposure=rng.uniform(2.0, 2.6),
        lamps=0.4,
        vehicle_lamps=0.9,
        headlights=0.03,
        wetness=1.0,
        rain=heavy,
        glare=0.5,
        noise=2.0,
    )


ATMOSPHERES: dict[str, Callable[[np.random.Generator], Atmosphere]] = {
    "day": _day,
    "dusk": _dusk,
    "night": _night,
    "fog": _fog,
    "rain": _rain,
}
