"""Cars, vans, lorries and buses as faces; the rear bumper at z = 0, heading along +Z."""

from dataclasses import dataclass

import numpy as np

from stages.demo.shapes import Block, Face, disc, panel

GLASS = (0.05, 0.065, 0.08)
RUBBER = (0.012, 0.012, 0.013)
HUB = (0.24, 0.24, 0.25)
PLATE = (0.75, 0.72, 0.5)
PAINTS = np.array(
    [
        (0.72, 0.72, 0.70),
        (0.72, 0.72, 0.70),
        (0.38, 0.40, 0.42),
        (0.14, 0.15, 0.16),
        (0.025, 0.025, 0.03),
        (0.025, 0.025, 0.03),
        (0.50, 0.03, 0.03),
        (0.03, 0.09, 0.32),
        (0.06, 0.16, 0.36),
        (0.05, 0.16, 0.09),
        (0.55, 0.34, 0.05),
        (0.30, 0.22, 0.14),
    ]
)


@dataclass(frozen=True)
class Body:
    """Measures of a kind of vehicle in metres."""

    length: float
    width: float
    height: float
    belt: float  # height of the lower edge of the windows
    bonnet: float  # from the front bumper to the foot of the windscreen
    boot: float  # from the rear bumper to the foot of the rear window
    rake: float  # how far the windscreen leans back
    tail: float  # how far the rear window leans forward


SALOON = Body(4.6, 1.82, 1.45, 0.92, 1.15, 0.75, 0.75, 0.65)
HATCH = Body(4.0, 1.76, 1.50, 0.95, 0.95, 0.08, 0.70, 0.30)
SUV = Body(4.6, 1.92, 1.74, 1.08, 1.05, 0.06, 0.60, 0.25)
VAN = Body(5.3, 2.00, 2.35, 1.15, 0.75, 0.03, 0.65, 0.08)
CARS = (SALOON, HATCH, SUV, SALOON, HATCH, SUV, VAN)

LORRY_LENGTH, BUS_LENGTH = 10.5, 11.5


@dataclass(frozen=True)
class Lamps:
    """Radiance of the lamps of a vehicle, linear RGB: zeros where they are off."""

    head: np.ndarray
    tail: np.ndarray


def lamps(strength: float, braking: bool) -> Lamps:
    """Lamps at `strength` (0 off, 1 full); brake lights burn whatever the hour."""
    brake = 1.3 if braking else 0.0
    return Lamps(
        head=np.array([1.0, 0.94, 0.80]) * 4.0 * strength,
        tail=np.array([1.0, 0.05, 0.03]) * (0.9 * strength + brake),
    )


def car(body: Body, paint: np.ndarray, lit: Lamps) -> list[Face]:
    """A car or van: wheels and shadow, lower body with lamps, cabin with windows."""
    half, long = body.width / 2, body.length
    lower = Block(
        (-half, half), (0.28, body.belt), (0, long), (-half * 0.97, half * 0.97), (0.06, long - 0.1)
    )
    foot = (body.boot + 0.06, long - body.bonnet)
    cabin = Block(
        (-half * 0.94, half * 0.94),
        (body.belt, body.height),
        foot,
        (-half * 0.76, half * 0.76),
        (foot[0] + body.tail, foot[1] - body.rake),
    )
    return [
        *_underside(half, long),
        *_wheels(half, (0.75, long - 0.85), 0.33),
        *lower.faces(paint),
        *_ends(lower, lit, tail_up=(0.52, 0.80)),
        *cabin.faces(paint),
        panel(cabin.wall("rear"), (0.08, 0.92), (0.15, 0.88), GLASS),
        panel(cabin.wall("front"), (0.05, 0.95), (0.08, 0.92), GLASS),
        *(
            panel(cabin.wall(side), across, (0.10, 0.86), GLASS)
            for side in ("left", "right")
            for across in ((0.07, 0.48), (0.52, 0.93))
        ),
    ]


def lorry(paint: np.ndarray, lit: Lamps) -> list[Face]:
    """A box lorry: cab in front, load behind with doors and low tail lamps."""
    half = 1.22
    load = Block((-half, half), (0.95, 3.6), (0, 7.9))
    cab = Block((-half, half), (0.45, 2.9), (8.2, LORRY_LENGTH), (-half, half), (8.2, 10.2))
    chassis = Block((-half * 0.9, half * 0.9), (0.5, 0.95), (0.1, 8.0))
    rear = load.wall("rear")
    return [
        *_underside(half, LORRY_LENGTH),
        *_wheels(half, (1.3, 2.4, 9.0), 0.5),
        *cab.faces(paint),
        panel(cab.wall("front"), (0.06, 0.94), (0.50, 0.90), GLASS),
        panel(cab.wall("left"), (0.10, 0.60), (0.52, 0.88), GLASS),
        panel(cab.wall("right"), (0.40, 0.90), (0.52, 0.88), GLASS),
        *(panel(cab.wall("front"), a, (0.08, 0.18), (0.6,) * 3, lit.head) for a in _PAIR),
        *chassis.faces(RUBBER),
        *(panel(chassis.wall("rear"), a, (0.25, 0.75), (0.3, 0.02, 0.02), lit.tail) for a in _PAIR),
        *load.faces(0.5 * paint + 0.32),
        panel(rear, (0.485, 0.515), (0.0, 1.0), (0.15,) * 3),
        panel(rear, (0.0, 1.0), (0.0, 0.03), (0.5, 0.05, 0.04)),
    ]


def bus(paint: np.ndarray, lit: Lamps, inside: np.ndarray) -> list[Face]:
    """A city bus with a row of windows, lit from `inside` (radiance [3])."""
    half = 1.27
    body = Block((-half, half), (0.35, 3.05), (0, BUS_LENGTH))
    windows = [(0.03 + 0.16 * k, 0.17 + 0.16 * k) for k in range(6)]
    return [
        *_underside(half, BUS_LENGTH),
        *body.faces(paint),
        *_wheels(half + 0.01, (2.6, 8.6), 0.48),
        panel(body.wall("rear"), (0.12, 0.88), (0.52, 0.85), GLASS, inside),
        panel(body.wall("front"), (0.05, 0.95), (0.35, 0.85), GLASS, inside * 0.5),
        *(
            panel(body.wall(side), across, (0.45, 0.82), GLASS, inside)
            for side in ("left", "right")
            for across in windows
        ),
        *(panel(body.wall("rear"), a, (0.10, 0.28), (0.3, 0.02, 0.02), lit.tail) for a in _PAIR),
        *(panel(body.wall("front"), a, (0.08, 0.16), (0.6,) * 3, lit.head) for a in _PAIR),
    ]


_PAIR = ((0.03, 0.16), (0.84, 0.97))


def _ends(lower: Block, lit: Lamps, tail_up: tuple[float, float]) -> list[Face]:
    """Lamps, plates, bumpers and grille on the front and the rear of a car."""
    rear, front = lower.wall("rear"), lower.wall("front")
    return [
        panel(rear, (0.0, 1.0), (0.0, 0.20), RUBBER),
        panel(rear, (0.36, 0.64), (0.30, 0.50), PLATE),
        *(
            panel(rear, a, tail_up, (0.35, 0.02, 0.02), lit.tail)
            for a in ((0.02, 0.2), (0.8, 0.98))
        ),
        panel(front, (0.0, 1.0), (0.0, 0.18), RUBBER),
        panel(front, (0.28, 0.72), (0.30, 0.62), (0.03, 0.03, 0.03)),
        panel(front, (0.38, 0.62), (0.20, 0.32), PLATE),
        *(
            panel(front, a, (0.5, 0.78), (0.6, 0.6, 0.6), lit.head)
            for a in ((0.03, 0.22), (0.78, 0.97))
        ),
    ]


def _underside(half: float, length: float) -> list[Face]:
    """The dark of the road below a vehicle, in two steps towards the edge."""
    return [
        Face(_flat(half + 0.18, -0.15, length + 0.15), (0.035,) * 3, solid=False),
        Face(_flat(half, 0.1, length - 0.1), (0.008,) * 3, solid=False),
    ]


def _flat(half: float, rear: float, front: float) -> np.ndarray:
    return np.array(
        [(-half, 0.01, rear), (half, 0.01, rear), (half, 0.01, front), (-half, 0.01, front)]
    )


def _wheels(half: float, axles: tuple[float, ...], radius: float) -> list[Face]:
    """Tyres with hubs outside, and the tread as seen from behind and before."""
    faces = []
    for side, axis in ((-1, "-x"), (1, "+x")):
        for z in axles:
            x = side * (half + 0.015)
            faces.append(disc((x, radius, z), radius, axis, RUBBER))
            faces.append(disc((x + side * 0.01, radius, z), radius * 0.58, axis, HUB, 8))
        inner, outer = sorted((side * (half - 0.22), side * half))
        tread = Block((inner, outer), (0, 2 * radius), (min(axles) - radius, max(axles) + radius))
        faces += [Face(tread.wall("rear"), RUBBER), Face(tread.wall("front"), RUBBER)]
    return faces
