"""Pinhole camera of a car: where a point of the ego frame falls in the image, and back.

Ego frame: X to the right, Y up, Z ahead, in metres, the origin on the ground below the camera.
Image: x to the right, y down, in pixels, (0, 0) the upper left corner (Hartley and Zisserman,
Multiple View Geometry, section 6.1, without skew and with square pixels).
"""

from dataclasses import dataclass

import numpy as np

NEAR = 0.6  # metres: what is nearer than this plane is cut off


@dataclass(frozen=True)
class Camera:
    """Camera without roll. `pitch` is positive looking down, `yaw` positive looking right (rad)."""

    height: int  # pixels
    width: int  # pixels
    focal: float  # pixels
    altitude: float  # metres above the ground
    pitch: float
    yaw: float

    @property
    def horizon(self) -> float:
        """Row (pixels, may lie outside the image) where the ground plane ends."""
        return self.height / 2 - self.focal * float(np.tan(self.pitch))

    def rotation(self) -> np.ndarray:
        """Rotation [3, 3] from ego to camera axes: first the yaw, then the pitch."""
        cp, sp, cy, sy = np.cos(self.pitch), np.sin(self.pitch), np.cos(self.yaw), np.sin(self.yaw)
        pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
        yaw = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        return np.asarray(pitch @ yaw, np.float32)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Ego points [..., 3] in camera axes; the last coordinate is the depth in metres."""
        from_lens = points - np.array([0.0, self.altitude, 0.0], np.float32)
        # einsum, not a matrix product: that would use threads, and their number would show
        return np.einsum("...j,ij->...i", from_lens, self.rotation())

    def to_image(self, seen: np.ndarray) -> np.ndarray:
        """Camera-axes points [..., 3] of positive depth as pixel coordinates [..., 2]."""
        scale = self.focal / seen[..., 2]
        x = self.width / 2 + seen[..., 0] * scale
        y = self.height / 2 - seen[..., 1] * scale
        return np.stack([x, y], axis=-1)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Ego points [..., 3] in front of the camera as pixel coordinates [..., 2]."""
        return self.to_image(self.to_camera(points))

    def rays(self, first: int, last: int, step: int = 1) -> np.ndarray:
        """Unit directions, float32 [rows, columns, 3], ego frame, of rows `first` to `last`.

        Of every `step`-th row and column: through the centres of squares of that many pixels.
        """
        x = np.arange(0, self.width, step) + step / 2 - self.width / 2
        y = self.height / 2 - (np.arange(first, last, step) + step / 2)
        axes = self.rotation() / self.focal
        rays = x[None, :, None] * axes[0] + y[:, None, None] * axes[1] + self.focal * axes[2]
        length = np.sqrt((x * x)[None, :] + (y * y)[:, None] + self.focal**2) / self.focal
        return np.asarray(rays / length[..., None], np.float32)

    @property
    def ground_row(self) -> int:
        """First row, 0..height, that shows nothing but ground (the camera has no roll)."""
        return int(np.clip(np.ceil(self.horizon + 0.6), 0, self.height))


def clip_near(polygon: np.ndarray) -> np.ndarray:
    """Cut a polygon [n, 3] in camera axes at depth NEAR (Sutherland and Hodgman, 1974).

    Returns the part in front [m, 3]; m is 0 where nothing is left.
    """
    kept = []
    for here, after in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if here[2] >= NEAR:
            kept.append(here)
        if (here[2] >= NEAR) != (after[2] >= NEAR):
            kept.append(here + (after - here) * ((NEAR - here[2]) / (after[2] - here[2])))
    return np.array(kept).reshape(-1, 3)
