"""One drive: the street, what stands along it, the traffic, the car with its camera.

A `Drive` names a drive; `build` makes its `World`, from which every frame can be drawn alone.
Road coordinates: X metres right of the middle of the road, Z metres along it.
"""

from dataclasses import dataclass

import numpy as np

from stages.demo import noise, traffic
from stages.demo.camera import Camera
from stages.demo.layout import roadside
from stages.demo.places import PLACES, Place
from stages.demo.roadside import Lit
from stages.demo.shapes import Mesh
from stages.demo.weather import ATMOSPHERES, Atmosphere

CONDITIONS = tuple(ATMOSPHERES)
VIEW = 210.0  # metres of road built ahead of the last frame
_LAND = np.array(  # grass, dry grass, wheat, ploughed earth
    [
        (0.08, 0.15, 0.035),
        (0.10, 0.17, 0.045),
        (0.20, 0.19, 0.07),
        (0.34, 0.27, 0.10),
        (0.15, 0.10, 0.06),
    ],
    np.float32,
)


@dataclass(frozen=True)
class Drive:
    """The name of a drive; the same drive is the same images, byte for byte."""

    seed: int
    condition: str  # one of CONDITIONS
    number: int  # within its condition
    frames: int
    size: tuple[int, int]  # [H, W] pixels

    @property
    def name(self) -> str:
        return f"{self.condition}-{self.number:02d}"

    def rng(self, *stream: int) -> np.random.Generator:
        """An independent random stream of this drive."""
        key = (self.seed, CONDITIONS.index(self.condition), self.number, *stream)
        return np.random.default_rng(np.random.SeedSequence(key))


@dataclass(frozen=True)
class Bend:
    """Sideways course of the road, a sine: X = amplitude sin(2 pi Z / length + phase)."""

    amplitude: float
    length: float
    phase: float

    def ahead(self, at: float, z: np.ndarray) -> np.ndarray:
        """Metres the road has swung right, `z` metres ahead of `at`, off its tangent there."""
        turn = 2 * np.pi / self.length
        angle = turn * at + self.phase
        tangent = float(np.sin(angle)) + float(turn * np.cos(angle)) * z
        return np.asarray(self.amplitude * (np.sin(angle + turn * z) - tangent))

    def heading(self, at: np.ndarray) -> np.ndarray:
        """Angle (rad, positive right) between the road at `at` metres and the straight."""
        turn = 2 * np.pi / self.length
        return np.asarray(np.arctan(self.amplitude * turn * np.cos(turn * at + self.phase)))


@dataclass(frozen=True)
class World:
    """All that a frame is drawn from. `speeds` [owners]: m/s along the road, 0 for what stands.

    `lamps` [L, 3] are street lamps, `beams` what the lamps of vehicles throw on the road.
    """

    drive: Drive
    place: Place
    air: Atmosphere
    camera: Camera
    bend: Bend
    lane: float  # metres right of the middle where the camera drives
    times: np.ndarray  # seconds [frames]
    speed: float  # m/s
    mesh: Mesh
    speeds: np.ndarray
    lamps: np.ndarray
    beams: traffic.Beams
    clouds: np.ndarray  # tile [256, 256]
    grain: np.ndarray  # tile [256, 256]
    hills: np.ndarray  # elevations (rad) [2, 512] over the full circle
    land: np.ndarray  # albedo [3] of the ground beside the road
    crossings: np.ndarray  # metres along the road where zebra crossings begin
    bonnet: float  # height of the own bonnet in the image, share of it; 0: not seen

    @property
    def way(self) -> np.ndarray:
        """Metres [frames] that the own car has come."""
        return self.speed * self.times


def build(drive: Drive, condition: str | None = None) -> World:
    """Lay out the world of a drive; in another condition than its own, that of its twin.

    The twin is one of the nights (say) that this street might have: all that stands and moves, the
    camera and the times of the frames are the drive's, air, light and lamps are drawn anew.
    """
    rng = drive.rng(0)
    place = PLACES[drive.number % len(PLACES)]
    air = own = ATMOSPHERES[drive.condition](rng)
    if condition is not None:
        air = ATMOSPHERES[condition](drive.rng(12, CONDITIONS.index(condition)))
    height, width = drive.size
    camera = Camera(
        height=height,
        width=width,
        focal=width * rng.uniform(0.72, 1.15),
        altitude=rng.uniform(1.15, 1.75),
        pitch=rng.uniform(-0.10, 0.13),
        yaw=rng.uniform(-0.13, 0.13),
    )
    bend = Bend(
        amplitude=place.bends * rng.uniform(0.3, 1.0),
        length=rng.uniform(260, 420),
        phase=rng.uniform(0, 2 * np.pi),
    )
    lane = float(rng.choice(place.lanes))
    times = _times(rng, drive.frames)
    speed = place.speed * rng.uniform(0.8, 1.2)
    end = speed * float(times[-1]) + own.reach(VIEW)
    lit = Lit(air.lamps, own.lamps, drive.rng(13))
    standing, lamps = roadside(drive.rng(1), place, end, lit)
    vehicles, speeds, beams = traffic.traffic(
        drive.rng(2), place, lane, speed, (end, float(times[-1])), air
    )
    return World(
        drive=drive,
        place=place,
        air=air,
        camera=camera,
        bend=bend,
        lane=lane + rng.uniform(-0.35, 0.35),
        times=times,
        speed=speed,
        mesh=Mesh.of(standing + vehicles),
        speeds=np.array([0.0] * len(standing) + speeds),
        lamps=lamps,
        beams=beams,
        clouds=noise.texture(drive.rng(3), 256, slope=3.2),
        grain=noise.texture(drive.rng(4), 256, slope=1.0),
        hills=_hills(drive.rng(5), town=place.skyline == "town"),
        land=_LAND[rng.integers(len(_LAND))] * rng.uniform(0.8, 1.2),
        crossings=np.arange(rng.uniform(8, 80), end, 75.0) if place.pavement else np.array([]),
        bonnet=rng.uniform(0.05, 0.11) if rng.random() < 0.4 else 0.0,
    )


def _times(rng: np.random.Generator, frames: int) -> np.ndarray:
    """Seconds of the frames: bursts a few hundredths apart, and gaps up to a second.

    A recorder that keeps a burst at every event gives such series; the bursts are the
    near-duplicates that the flywheel has to find.
    """
    burst = rng.random(frames - 1) < 0.5
    steps = np.where(burst, rng.uniform(0.02, 0.05, frames - 1), rng.uniform(0.5, 1.1, frames - 1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _hills(rng: np.random.Generator, town: bool) -> np.ndarray:
    """Elevations (rad) [2, 512] of a far and a near skyline round the horizon."""
    angle = np.arange(512) * (2 * np.pi / 512)
    lines = []
    for base, rough in ((rng.uniform(0.02, 0.07), 1.6), (rng.uniform(0.012, 0.03), 1.2)):
        waves = np.arange(1, 40)
        size = waves**-rough * rng.standard_normal(39)
        line = (size[:, None] * np.sin(waves[:, None] * angle + rng.uniform(0, 6.3, (39, 1)))).sum(
            0
        )
        lines.append(base * (1 + 0.45 * line / line.std()))
    if town:
        steps = np.repeat(rng.gamma(2.0, 0.022, 128), 4)
        lines[0] = np.maximum(steps, 0.01)
    return np.maximum(np.array(lines, np.float32), 0.004)
