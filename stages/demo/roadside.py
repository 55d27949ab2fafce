"""What stands beside the road as faces: buildings, trees, lamps, poles, fences.

Everything is built at its place: X is the distance from the middle of the road (positive right),
Z the distance along it.
"""

from dataclasses import dataclass

import numpy as np

from stages.demo.shapes import DARK, Block, Colour, Face, outward, panel

WALLS = np.array(
    [
        (0.42, 0.17, 0.11),
        (0.33, 0.13, 0.09),
        (0.62, 0.54, 0.42),
        (0.66, 0.62, 0.55),
        (0.50, 0.42, 0.30),
        (0.30, 0.30, 0.31),
        (0.55, 0.56, 0.58),
        (0.58, 0.36, 0.24),
        (0.24, 0.27, 0.31),
    ]
)
ROOFS = np.array([(0.30, 0.09, 0.05), (0.13, 0.10, 0.09), (0.22, 0.16, 0.12), (0.10, 0.11, 0.13)])
LEAVES = np.array([(0.07, 0.16, 0.03), (0.10, 0.19, 0.04), (0.05, 0.12, 0.04), (0.16, 0.19, 0.04)])
BARK = (0.10, 0.07, 0.05)
STEEL = (0.20, 0.21, 0.22)
SIGNS = ((0.55, 0.04, 0.03), (0.03, 0.12, 0.45), (0.70, 0.70, 0.68), (0.02, 0.25, 0.10))
WARM, COOL = np.array([1.0, 0.66, 0.28]), np.array([0.75, 0.85, 1.0])


@dataclass(frozen=True)
class Lit:
    """How bright windows and street lamps are, 0..1.

    `scene` is how bright they were when the street was laid out, which is how often a window drew
    lots: `now` differs from it in a twin alone, whose windows draw from `rng`, so that the street
    stays what it was.
    """

    now: float
    scene: float
    rng: np.random.Generator

    def window(self, rng: np.random.Generator) -> np.ndarray:
        """Radiance [3] of the next window of a street that is laid out by `rng`."""
        drawn = window_glow(rng, self.scene)
        return drawn if self.now == self.scene else window_glow(self.rng, self.now)


def window_glow(rng: np.random.Generator, lit: float) -> np.ndarray:
    """Radiance [3] of one window: dark, or warm or cool light with probability about `lit`."""
    if rng.random() > 0.45 * lit:
        return np.zeros(3)
    tint = WARM if rng.random() < 0.75 else COOL
    return np.asarray(tint * rng.uniform(0.15, 0.7) * lit)


def block_of_flats(
    rng: np.random.Generator, near: float, z: float, width: float, lit: Lit
) -> list[Face]:
    """A flat-roofed house of several storeys, its front at x = `near`, with a shop below."""
    storeys = int(rng.integers(2, 9))
    ground, storey = 4.0, 3.1
    height = ground + storeys * storey
    depth = rng.uniform(9, 14)
    body = Block(_span(near, depth), (0, height), (z, z + width))
    wall = WALLS[rng.integers(len(WALLS))] * rng.uniform(0.75, 1.1)
    columns = max(2, round(width / rng.uniform(2.6, 3.8)))
    tall = rng.uniform(0.45, 0.72)
    pane = np.array([0.10, 0.13, 0.17]) * rng.uniform(0.6, 1.5)
    faces = body.faces(wall)
    for side, count in ((_facing(near), columns), ("rear", 3)):
        front = body.wall(side)
        for row in range(storeys):
            low = (ground + (row + 0.5 - tall / 2) * storey) / height
            for column in range(count):
                left = (column + 0.25) / count
                faces.append(
                    panel(
                        front,
                        (left, left + 0.5 / count),
                        (low, low + tall * storey / height),
                        pane * rng.uniform(0.7, 1.6),
                        lit.window(rng),
                    )
                )
    front = body.wall(_facing(near))
    shop = rng.random() < 0.75
    sign = np.array(SIGNS[rng.integers(len(SIGNS))])
    shop_light = (WARM + COOL) * 0.30 * lit.now * shop
    faces.append(panel(front, (0.05, 0.95), (0.3 / height, 2.9 / height), pane * 0.7, shop_light))
    if shop:
        faces.append(
            panel(front, (0.03, 0.97), (3.0 / height, 3.7 / height), sign, sign * 0.8 * lit.now)
        )
    faces.append(panel(front, (0.0, 1.0), (1 - 0.6 / height, 1.0), wall * 0.6))
    return faces


def house(rng: np.random.Generator, near: float, z: float, width: float, lit: Lit) -> list[Face]:
    """A house with a pitched roof, its front at x = `near`."""
    depth, eaves = rng.uniform(7, 10), rng.uniform(3.0, 5.6)
    ridge = eaves + rng.uniform(1.8, 3.2)
    xs = _span(near, depth)
    body = Block(xs, (0, eaves), (z, z + width))
    wall = WALLS[rng.integers(len(WALLS))] * rng.uniform(0.85, 1.2)
    roof = ROOFS[rng.integers(len(ROOFS))]
    faces = body.faces(wall)
    storeys = 1 if eaves < 4.3 else 2
    frame = (0.6, 0.6, 0.58)
    for side, columns in ((_facing(near), 3), ("rear", 2)):
        front = body.wall(side)
        for row in range(storeys):
            for column in range(columns):
                left = (column + 0.28) / columns
                low = (row + 0.32) / storeys
                across, up = (left, left + 0.44 / columns), (low, low + 0.42 / storeys)
                border = 0.06 / columns
                faces.append(panel(front, (across[0] - border, across[1] + border), up, frame))
                faces.append(panel(front, across, up, (0.08, 0.1, 0.13), lit.window(rng)))
    door = rng.uniform(0.42, 0.5)
    faces.append(
        panel(
            body.wall(_facing(near)), (door, door + 0.1), (0, 2.1 / eaves), rng.uniform(0, 0.3, 3)
        )
    )
    faces += _gable(xs, (z - 0.4, z + width + 0.4), eaves, ridge, wall, roof)
    chimney = Block(
        (near + np.sign(near) * depth * 0.3, near + np.sign(near) * depth * 0.3 + 0.8),
        (ridge - 0.8, ridge + 0.8),
        (z + 0.8, z + 1.6),
    )
    return faces + chimney.faces(wall * 0.7)


def _gable(
    xs: tuple[float, float],
    zs: tuple[float, float],
    eaves: float,
    ridge: float,
    wall: np.ndarray,
    roof: np.ndarray,
) -> list[Face]:
    """Two roof slopes with the ridge along the road and the two triangles below it."""
    middle, inside = sum(xs) / 2, np.array([sum(xs) / 2, eaves, sum(zs) / 2])
    triangles = [[(xs[0], eaves, z), (xs[1], eaves, z), (middle, ridge, z)] for z in zs]
    slopes = [
        [(x, eaves, zs[0]), (x, eaves, zs[1]), (middle, ridge, zs[1]), (middle, ridge, zs[0])]
        for x in (xs[0] - 0.3, xs[1] + 0.3)
    ]
    return [Face(outward(t, inside), wall) for t in triangles] + [
        Face(outward(s, inside), roof) for s in slopes
    ]


def tree(rng: np.random.Generator, x: float, z: float, height: float) -> list[Face]:
    """A broad-leaved tree: a trunk and a crown of ragged clumps, dark ones behind."""
    crown = height * rng.uniform(0.26, 0.36)
    middle = height - crown
    leaf = LEAVES[rng.integers(len(LEAVES))] * rng.uniform(0.7, 1.3)
    faces = _trunk(x, z, height * 0.022 + 0.05, middle)
    for size, count, shade in ((0.72, 4, 0.45), (0.5, 6, 0.8), (0.3, 9, 1.2)):
        for _ in range(count):
            angle, away = rng.uniform(0, 2 * np.pi), crown * (1.02 - size) * rng.uniform(0.5, 1.25)
            dx, dy = away * np.cos(angle), away * np.sin(angle)
            light = shade * (1 + 0.45 * dy / crown)
            faces.append(_clump(rng, x + dx, middle + dy, z, crown * size, leaf * light))
    return faces


def conifer(rng: np.random.Generator, x: float, z: float, height: float) -> list[Face]:
    """A fir: ragged tiers, each narrower and lighter than the one below."""
    leaf = np.array([0.035, 0.09, 0.04]) * rng.uniform(0.7, 1.3)
    faces = _trunk(x, z, 0.16, height * 0.3)
    tiers = 5
    for k in range(tiers):
        low, high = height * (0.12 + 0.16 * k), height * (0.42 + 0.145 * k)
        half = height * 0.21 * (1 - 0.8 * k / tiers) * rng.uniform(0.9, 1.1)
        edge = np.linspace(-half, half, 7)
        skirt = [(x + e, low + (0.12 * half if i % 2 else 0.0), z) for i, e in enumerate(edge)]
        points = np.array([(x, high, z), *reversed(skirt)])
        faces.append(Face(points, leaf * (0.75 + 0.12 * k), solid=False))
    return faces


def hedge(rng: np.random.Generator, x: float, z: float, length: float, height: float) -> list[Face]:
    """A hedge along the road with a bumpy top."""
    leaf = LEAVES[rng.integers(len(LEAVES))]
    body = Block((x - 0.5, x + 0.5), (0, height), (z, z + length))
    faces = body.faces(leaf * 0.7)
    for step in np.arange(0.4, length, 0.9):
        faces.append(
            _clump(rng, x, height * 0.9, z + length - step, 0.5, leaf * rng.uniform(0.6, 1.2))
        )
    return faces


def street_lamp(x: float, z: float, reach: float, height: float, glow: Colour) -> list[Face]:
    """A pole with an arm of `reach` metres (negative to the left) and a lamp head of `glow`."""
    tip = x + reach
    arm = Block(_ordered(x, tip), (height - 0.12, height), (z - 0.05, z + 0.05))
    head = Block(_ordered(tip - 0.45, tip + 0.45), (height - 0.25, height), (z - 0.2, z + 0.2))
    return [
        *pole(x, z, height, 0.08),
        *arm.faces(STEEL),
        *head.faces(STEEL, glow),
        Face(head.wall("top")[::-1] - np.array([0, 0.26, 0]), (0.6, 0.6, 0.6), glow, casts=False),
    ]


def pole(x: float, z: float, height: float, radius: float, albedo: Colour = STEEL) -> list[Face]:
    """A post of square section."""
    return Block((x - radius, x + radius), (0, height), (z - radius, z + radius)).faces(albedo)


def utility_pole(x: float, z: float) -> list[Face]:
    """A wooden pole with a cross-arm."""
    arm = Block((x - 1.1, x + 1.1), (7.6, 7.8), (z - 0.06, z + 0.06))
    return [*pole(x, z, 8.6, 0.13, BARK), *arm.faces(BARK)]


def sign(rng: np.random.Generator, x: float, z: float) -> list[Face]:
    """A traffic sign on a post: a plate with a lighter field, facing the traffic."""
    colour = SIGNS[rng.integers(len(SIGNS))]
    plate = Block((x - 0.42, x + 0.42), (2.0, 2.85), (z - 0.03, z + 0.03))
    return [
        *pole(x, z, 2.0, 0.05),
        *plate.faces(colour),
        panel(plate.wall("rear"), (0.2, 0.8), (0.2, 0.8), (0.75, 0.75, 0.73)),
    ]


def gantry(x: tuple[float, float], z: float) -> list[Face]:
    """A sign bridge over a motorway carriageway."""
    beam = Block(x, (6.4, 6.9), (z, z + 0.5))
    middle = sum(x) / 2
    faces = [*pole(x[0], z, 6.9, 0.2), *pole(x[1], z, 6.9, 0.2), *beam.faces(STEEL)]
    for offset in (-3.2, 1.6):
        board = Block((middle + offset, middle + offset + 4.0), (5.6, 7.8), (z - 0.2, z))
        faces += board.faces(SIGNS[1])
        faces.append(panel(board.wall("rear"), (0.12, 0.7), (0.55, 0.72), (0.8, 0.8, 0.8)))
        faces.append(panel(board.wall("rear"), (0.12, 0.55), (0.25, 0.42), (0.8, 0.8, 0.8)))
    return faces


def rail(x: float, z: float, length: float) -> list[Face]:
    """A steel guard rail with posts, along the road."""
    bar = Block((x - 0.05, x + 0.05), (0.45, 0.78), (z, z + length))
    posts = [pole(x, z + d, 0.5, 0.06) for d in np.arange(0.0, length, 4.0)]
    return [face for post in reversed(posts) for face in post] + bar.faces((0.42, 0.43, 0.44))


def fence(x: float, z: float, length: float) -> list[Face]:
    """Wooden posts with two bars, along a field."""
    bars = [Block((x - 0.03, x + 0.03), (y, y + 0.14), (z, z + length)) for y in (0.45, 0.9)]
    posts = [pole(x, z + d, 1.15, 0.07, BARK) for d in np.arange(0.0, length, 3.0)]
    faces = [face for post in reversed(posts) for face in post]
    return faces + [face for bar in bars for face in bar.faces((0.22, 0.17, 0.12))]


def _clump(
    rng: np.random.Generator, x: float, y: float, z: float, radius: float, albedo: Colour
) -> Face:
    """A ragged round clump of leaves that faces the traffic."""
    angle = np.arange(11) * (2 * np.pi / 11)
    reach = radius * rng.uniform(0.78, 1.12, 11)
    ring = [x + reach * np.cos(angle), y + reach * np.sin(angle) * 0.9, np.full(11, z)]
    return Face(np.stack(ring, axis=1), albedo, solid=False)


def _trunk(x: float, z: float, half: float, height: float) -> list[Face]:
    return Block((x - half, x + half), (0, height), (z - half, z + half)).faces(BARK, DARK)


def _span(near: float, depth: float) -> tuple[float, float]:
    return (near, near + depth) if near > 0 else (near - depth, near)


def _ordered(a: float, b: float) -> tuple[float, float]:
    return (a, b) if a < b else (b, a)


def _facing(near: float) -> str:
    return "left" if near > 0 else "right"
