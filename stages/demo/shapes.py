"""Flat faces and the few solids that the world is put together from.

Points are (X, Y, Z) in metres: X across the road, Y up, Z along the road. Colours are linear RGB.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

Colour = Sequence[float] | np.ndarray
DARK = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Face:
    """One flat polygon: points [n, 3], diffuse albedo [3] in 0..1, emitted radiance [3]."""

    points: np.ndarray
    albedo: Colour
    glow: Colour = DARK
    solid: bool = True  # the skin of a body: seen from outside only, lit by its own normal
    casts: bool = True  # throws a shadow


@dataclass(frozen=True)
class Mesh:
    """Many faces in arrays, so that a frame is shaded at once.

    points [V, 3]; first int [F]: where a face's points start; owner int [F]: the thing that it
    belongs to, non-decreasing; albedo, glow [F, 3]; solid, casts bool [F].
    """

    points: np.ndarray
    first: np.ndarray
    owner: np.ndarray
    albedo: np.ndarray
    glow: np.ndarray
    solid: np.ndarray
    casts: np.ndarray

    @staticmethod
    def of(things: Sequence[Sequence[Face]]) -> "Mesh":
        """Put things, each a list of faces in drawing order, into one mesh."""
        faces = [face for thing in things for face in thing]
        sizes = [len(face.points) for face in faces]
        return Mesh(
            points=np.concatenate([face.points for face in faces]).astype(np.float32),
            first=np.cumsum([0, *sizes[:-1]]),
            owner=np.repeat(np.arange(len(things)), [len(thing) for thing in things]),
            albedo=np.array([face.albedo for face in faces], np.float32),
            glow=np.array([face.glow for face in faces], np.float32),
            solid=np.array([face.solid for face in faces]),
            casts=np.array([face.casts for face in faces]),
        )

    def sizes(self) -> np.ndarray:
        """Number of points of every face, int [F]."""
        return np.diff(self.first, append=len(self.points))

    def take(self, chosen: np.ndarray) -> "Mesh":
        """The mesh of the faces where `chosen` (bool [F]) holds, in the same order."""
        sizes = self.sizes()
        return Mesh(
            points=self.points[np.repeat(chosen, sizes)],
            first=np.cumsum(sizes[chosen]) - sizes[chosen],
            owner=self.owner[chosen],
            albedo=self.albedo[chosen],
            glow=self.glow[chosen],
            solid=self.solid[chosen],
            casts=self.casts[chosen],
        )

    def moved(self, points: np.ndarray) -> "Mesh":
        """The same faces with other points [V, 3]."""
        return replace(self, points=points)

    def centres(self) -> np.ndarray:
        """Mean point of every face, [F, 3]."""
        return np.add.reduceat(self.points, self.first) / self.sizes()[:, None].astype(np.float32)

    def normals(self) -> np.ndarray:
        """Unit normal of every face [F, 3], from its first three points."""
        a, b, c = (self.points[self.first + k] for k in range(3))
        normal = np.cross(b - a, c - b)
        length = np.linalg.norm(normal, axis=1, keepdims=True)
        return normal / np.maximum(length, 1e-12)


def outward(points: Sequence[Sequence[float]], centre: np.ndarray) -> np.ndarray:
    """Order a polygon's points [n, 3] so that its normal points away from `centre`."""
    polygon = np.asarray(points, float)
    normal = np.cross(polygon[1] - polygon[0], polygon[2] - polygon[1])
    return polygon if normal @ (polygon.mean(axis=0) - centre) >= 0 else polygon[::-1].copy()


@dataclass(frozen=True)
class Block:
    """Solid with a rectangular floor and a rectangular, perhaps smaller, ceiling.

    x, z are (low, high) on the floor, y is (floor, ceiling); `top_x`, `top_z` (low, high) above.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]
    top_x: tuple[float, float] | None = None
    top_z: tuple[float, float] | None = None

    def wall(self, side: str) -> np.ndarray:
        """Points [4, 3] of `rear`, `front`, `left`, `right` (low left, low right, high right,
        high left, seen from outside) or `top`; the normal points outwards.
        """
        (x0, x1), (z0, z1) = self.x, self.z
        (a0, a1), (c0, c1) = self.top_x or self.x, self.top_z or self.z
        low, high = self.y
        corners = {
            "rear": [(x0, low, z0), (x1, low, z0), (a1, high, c0), (a0, high, c0)],
            "front": [(x1, low, z1), (x0, low, z1), (a0, high, c1), (a1, high, c1)],
            "left": [(x0, low, z1), (x0, low, z0), (a0, high, c0), (a0, high, c1)],
            "right": [(x1, low, z0), (x1, low, z1), (a1, high, c1), (a1, high, c0)],
            "top": [(a0, high, c0), (a1, high, c0), (a1, high, c1), (a0, high, c1)],
        }
        return np.array(corners[side], float)[::-1]

    def faces(self, albedo: Colour, glow: Colour = DARK) -> list[Face]:
        """The five visible faces, all of one colour."""
        return [Face(self.wall(s), albedo, glow) for s in ("rear", "front", "left", "right", "top")]


def panel(
    wall: np.ndarray,
    across: tuple[float, float],
    up: tuple[float, float],
    albedo: Colour,
    glow: Colour = DARK,
) -> Face:
    """A part of a wall of a `Block`, `across` and `up` as fractions of it (0 left and low)."""
    (a, b), (c, d) = across, up
    corners = ((a, d), (b, d), (b, c), (a, c))
    shares = [((1 - x) * y, x * y, x * (1 - y), (1 - x) * (1 - y)) for x, y in corners]
    return Face(np.array(shares) @ wall, albedo, glow, casts=False)


def disc(centre: Colour, radius: float, axis: str, albedo: Colour, sides: int = 12) -> Face:
    """Regular polygon about `centre`, facing along `axis`: "-x", "+x", or "z" (seen both ways)."""
    angle = np.arange(sides) * (2 * np.pi / sides)
    if axis == "-x":
        angle = -angle
    a, b = radius * np.cos(angle), radius * np.sin(angle)
    zero = np.zeros(sides)
    ring = np.stack([a, b, zero] if axis == "z" else [zero, a, b], axis=1)
    return Face(np.asarray(centre) + ring, albedo, solid=axis != "z", casts=False)


def shifted(
    faces: Iterable[Face], x: float = 0.0, z: float = 0.0, turn: bool = False
) -> list[Face]:
    """Faces moved by x, z metres, after a half turn about the vertical axis if `turn`."""
    sign = np.array([-1.0, 1.0, -1.0]) if turn else np.ones(3)
    offset = np.array([x, 0.0, z])
    return [replace(face, points=face.points * sign + offset) for face in faces]
