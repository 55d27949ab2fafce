"""Other vehicles: where they start, how fast they go, and the light they throw."""

from dataclasses import dataclass

import numpy as np

from stages.demo import vehicles
from stages.demo.places import Place
from stages.demo.shapes import Face, shifted
from stages.demo.weather import Atmosphere


@dataclass(frozen=True)
class Beams:
    """Light of vehicles' lamps on the road: places [B, 3] at the start, irradiance [B, 3],
    reach [B] metres, speeds [B] m/s.
    """

    places: np.ndarray
    colours: np.ndarray
    reach: np.ndarray
    speeds: np.ndarray


def traffic(
    rng: np.random.Generator,
    place: Place,
    lane: float,
    speed: float,
    until: tuple[float, float],
    air: Atmosphere,
) -> tuple[list[list[Face]], list[float], Beams]:
    """All vehicles of a drive that goes `speed` m/s in `lane`.

    `until` is the end of the road (metres) and of the drive (seconds). Returns the vehicles,
    their speeds along the road, and their beams.
    """
    end, seconds = until
    busy = rng.uniform(0.4, 1.5)  # vehicles of this drive against the usual number
    found: list[list[Face]] = []
    speeds: list[float] = []
    beams: list[tuple[float, float, float, bool]] = []  # x, z of the lamps, speed, headlamps
    for u in place.lanes:
        pace = speed + (rng.uniform(-0.5, 0.5) if u == lane else rng.uniform(-2.5, 2.0))
        z = rng.uniform(7, 32) if u == lane else rng.uniform(-20, 25)
        while z < end:
            body, length = _vehicle(rng, place, air, air.vehicle_lamps, rng.random() < 0.15)
            found.append(shifted(body, u + rng.uniform(-0.25, 0.25), z))
            speeds.append(pace)
            beams.append((u, z - 1.5, pace, False))
            z += length + rng.uniform(6, 12) + rng.exponential(28 / busy)
    for u in place.oncoming:
        pace = -place.speed * rng.uniform(0.7, 1.1)
        z = rng.uniform(4, 40)
        while z < end - pace * seconds:
            body, length = _vehicle(rng, place, air, air.vehicle_lamps, False)
            found.append(shifted(body, u + rng.uniform(-0.25, 0.25), z + length, turn=True))
            speeds.append(pace)
            beams.append((u, z - 5.0, pace, True))
            z += length + rng.uniform(7, 15) + rng.exponential(34 / busy)
    for u in place.parking:
        z = rng.uniform(-10, 12)
        while z < end:
            if rng.random() < 0.55 * busy:
                body, length = _parked(rng)
                found.append(shifted(body, u, z + length * (u < 0), turn=u < 0))
                speeds.append(0.0)
            z += 6.3
    return found, speeds, _beams(beams, air.vehicle_lamps)


def _vehicle(
    rng: np.random.Generator, place: Place, air: Atmosphere, lit: float, braking: bool
) -> tuple[list[Face], float]:
    """One moving vehicle and its length in metres."""
    lamps = vehicles.lamps(lit, braking)
    paint = _paint(rng)
    kind = rng.random()
    if kind < place.lorries:
        return vehicles.lorry(paint, lamps), vehicles.LORRY_LENGTH
    if kind < place.lorries + place.buses:
        inside = np.array([0.30, 0.28, 0.21]) * air.lamps
        return vehicles.bus(paint, lamps, inside), vehicles.BUS_LENGTH
    body = vehicles.CARS[rng.integers(len(vehicles.CARS))]
    return vehicles.car(body, paint, lamps), body.length


def _parked(rng: np.random.Generator) -> tuple[list[Face], float]:
    body = vehicles.CARS[rng.integers(len(vehicles.CARS))]
    return vehicles.car(body, _paint(rng), vehicles.lamps(0.0, False)), body.length


def _paint(rng: np.random.Generator) -> np.ndarray:
    return np.asarray(vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))] * rng.uniform(0.8, 1.1))


def _beams(rows: list[tuple[float, float, float, bool]], strength: float) -> Beams:
    table = np.array(rows, float).reshape(-1, 4)
    head = table[:, 3:4]
    white, red = np.array([0.30, 0.28, 0.24]), np.array([0.10, 0.006, 0.004])
    return Beams(
        places=np.stack([table[:, 0], np.full(len(table), 0.5), table[:, 1]], axis=1),
        colours=(head * white + (1 - head) * red) * strength,
        reach=np.where(table[:, 3] > 0, 4.5, 2.2),
        speeds=table[:, 2],
    )
