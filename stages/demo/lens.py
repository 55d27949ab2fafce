"""What rain on the windscreen, the lens and the sensor do to a finished view."""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from stages.demo.weather import Atmosphere


def glare(image: Image.Image, strength: float) -> Image.Image:
    """Let what is bright bleed into its surroundings: three wide blurs, screened over the view."""
    excess = [int(v * min(max((v - 165) / 90, 0.0), 1.0)) for v in range(256)]
    small = image.point(excess * 3).reduce(4)
    spread = np.zeros((small.height, small.width, 3), np.float32)
    for radius, weight in ((0.5, 0.5), (1.8, 0.9), (5.0, 1.0)):
        blur = ImageFilter.GaussianBlur(radius * small.width / 96)
        spread += (weight * strength) * np.asarray(small.filter(blur), np.float32)
    halo = Image.fromarray(np.minimum(spread, 255).astype(np.uint8))
    return ImageChops.screen(image, halo.resize(image.size, Image.Resampling.BILINEAR))


def streaks(image: Image.Image, rain: float, rng: np.random.Generator) -> None:
    """Draw falling rain: thin slanting strokes, longer and fainter the nearer."""
    draw = ImageDraw.Draw(image, "RGBA")
    width, height = image.size
    slant = rng.uniform(-0.25, 0.25)
    for _ in range(int(230 * rain)):
        x, y = rng.uniform(0, width), rng.uniform(-20, height)
        near = rng.random()
        length = (6 + 26 * near * near) * height / 256
        shade = int(rng.uniform(26, 70) * (1 - 0.5 * near))
        draw.line((x, y, x + slant * length, y + length), (222, 228, 236, shade), 1)


def drops(image: Image.Image, rain: float, rng: np.random.Generator) -> Image.Image:
    """Drops on the windscreen: each shows the scene small and upside down, out of focus."""
    width, height = image.size
    blurred = np.asarray(image.filter(ImageFilter.BoxBlur(2)), np.float32)
    wet = np.array(image, np.float32)
    for _ in range(int(10 + 26 * rain)):
        radius = (1.6 + rng.exponential(1.8)) * width / 384
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        rows = np.arange(max(0, int(y - radius)), min(height, int(y + radius) + 2))
        columns = np.arange(max(0, int(x - radius)), min(width, int(x + radius) + 2))
        dy, dx = (rows - y)[:, None] / radius, (columns - x)[None, :] / radius
        away = np.sqrt(dy * dy + (dx * 1.12) ** 2)
        share = np.clip((1.0 - away) * radius, 0.0, 1.0)[..., None] * 0.85
        view_y = np.clip(y - dy * radius * 7, 0, height - 1).astype(np.int64)
        view_x = np.clip(x - dx * radius * 7, 0, width - 1).astype(np.int64)
        shade = (1.0 - 0.30 * away**4 + 0.10 * dy)[..., None]
        here = np.ix_(rows, columns)
        wet[here] += (blurred[view_y, view_x] * shade - wet[here]) * share
    return Image.fromarray(np.clip(wet, 0, 255).astype(np.uint8))


def sensor(image: Image.Image, air: Atmosphere, rng: np.random.Generator) -> np.ndarray:
    """Vignette and noise; returns uint8 [H, W, 3]."""
    width, height = image.size
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / (width / 2)
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / (width / 2)
    vignette = 1.0 - 0.13 * (x * x + y * y)
    grain = rng.standard_normal((height, width + 16), dtype=np.float32) * np.float32(air.noise)
    # mostly grey grain, and a little colour from a displaced copy in each channel
    tint = np.stack([grain[:, k : k + width] for k in (4, 10, 16)], axis=-1)
    noisy = (
        np.asarray(image, np.float32) * vignette[..., None] + grain[:, :width, None] + 0.4 * tint
    )
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
