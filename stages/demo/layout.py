"""What stands along a street, drawn by lot from what its kind of place allows."""

import numpy as np

from stages.demo import roadside as build
from stages.demo.places import Place
from stages.demo.shapes import Face

LAMP_LIGHT = np.array([1.0, 0.62, 0.27])  # sodium


def roadside(
    rng: np.random.Generator, place: Place, end: float, lit: build.Lit
) -> tuple[list[list[Face]], np.ndarray]:
    """Everything that stands along the street from behind the car to `end` metres.

    Windows and street lamps shine as `lit` says. Returns the things, each a list of
    faces, and the places [L, 3] of the lamp heads.
    """
    things: list[list[Face]] = []
    lamps: list[tuple[float, float, float]] = []
    for side in (-1, 1):
        edge = abs(place.edges[0] if side < 0 else place.edges[1])
        things += _houses(rng, place, side, edge, end, lit)
        things += _trees(rng, place, side, edge, end)
        things += _furniture(rng, place, side, edge, end)
        row, heads = _lamps(rng, place, side, edge, end, lit)
        things += row
        lamps += heads
    things += [build.rail(x, z, 12.0) for x in place.rails for z in np.arange(-12, end, 12.0)]
    if place.gantries:
        left, right = place.asphalt[-1]
        start = rng.uniform(25, 90)
        rows = np.arange(start, end, place.gantries)
        things += [build.gantry((left - 0.4, right + 1.0), z) for z in rows]
    return things, np.array(lamps).reshape(-1, 3)


def _houses(
    rng: np.random.Generator, place: Place, side: int, edge: float, end: float, lit: build.Lit
) -> list[list[Face]]:
    things = []
    z = rng.uniform(-20, 5)
    while z < end:
        width = rng.uniform(9, 15) + 8 * place.flats * rng.random()
        near = side * (edge + rng.uniform(*place.setback))
        if rng.random() < place.houses:
            kind = build.block_of_flats if rng.random() < place.flats else build.house
            things.append(kind(rng, near, z, width, lit))
        z += width + rng.uniform(0.0, 2.0 if place.flats == 1 else 9.0)
    return things


def _trees(
    rng: np.random.Generator, place: Place, side: int, edge: float, end: float
) -> list[list[Face]]:
    """Trees in a row on the pavement, or strewn over the land between road and houses."""
    things = []
    for _ in range(rng.poisson(place.trees * rng.uniform(0.4, 1.7) * (end + 10) / 100)):
        if place.pavement and place.flats == 1:
            away, height = 2.5, rng.uniform(5, 8)
        else:
            away = rng.uniform(2.6 if not place.pavement else place.pavement + 0.7, 4.0)
            away += rng.exponential(6.0) * (place.houses < 0.5)
            height = rng.uniform(4, 9) + 5 * (place.houses < 0.5) * rng.random()
        x, z = side * (edge + away), rng.uniform(-5, end)
        kind = build.conifer if rng.random() < place.conifers else build.tree
        things.append(kind(rng, x, z, height))
    return things


def _furniture(
    rng: np.random.Generator, place: Place, side: int, edge: float, end: float
) -> list[list[Face]]:
    """Signs everywhere; hedges before houses, fences and utility poles in the country."""
    things = [
        build.sign(rng, side * (edge + 0.8), z)
        for z in np.arange(rng.uniform(5, 40), end, rng.uniform(35, 70))
    ]
    for z in np.arange(rng.uniform(0, 12), end, 13.0):
        if rng.random() < place.hedges:
            x = side * (edge + place.pavement + 0.9)
            things.append(build.hedge(rng, x, z, rng.uniform(4, 10), rng.uniform(0.8, 1.6)))
    if rng.random() < place.fields:
        x = side * (edge + rng.uniform(2.0, 3.5))
        things += [build.fence(x, z, 9.0) for z in np.arange(0, end, 9.0)]
    if rng.random() < place.fields:
        x = side * (edge + rng.uniform(2.2, 5.0))
        things += [build.utility_pole(x, z) for z in np.arange(rng.uniform(4, 30), end, 32.0)]
    return things


def _lamps(
    rng: np.random.Generator, place: Place, side: int, edge: float, end: float, lit: build.Lit
) -> tuple[list[list[Face]], list[tuple[float, float, float]]]:
    """Street lamps on both sides by turns, or on the right only."""
    if not place.lamps or (side < 0 and not place.both_sides):
        return [], []
    height, reach = rng.uniform(6.5, 9.5), -side * rng.uniform(1.2, 2.4)
    x = side * (edge + 0.6)
    start = rng.uniform(-10, 5) + (place.lamps / 2 if side < 0 else 0.0)
    rows = np.arange(start, end, place.lamps)
    faces = [build.street_lamp(x, z, reach, height, LAMP_LIGHT * 5.0 * lit.now) for z in rows]
    return faces, [(x + reach, height - 0.3, z) for z in rows]
