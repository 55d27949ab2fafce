"""Seamless random texture, and reading it anywhere."""

import numpy as np


def texture(rng: np.random.Generator, size: int, slope: float) -> np.ndarray:
    """A tile [size, size] of noise with power falling as frequency**-slope; mean 0, deviation 1.

    `size` is a power of two. The tile is made of whole waves, so that it can be repeated.
    """
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    frequency[0, 0] = np.inf
    waves = np.fft.rfft2(rng.standard_normal((size, size))) * frequency ** (-slope / 2)
    tile = np.fft.irfft2(waves, s=(size, size))
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


def nearest(tile: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Values of the repeated tile at the tile pixels that hold the real positions (a, b)."""
    size = len(tile)
    i, j = np.floor(a).astype(np.int32), np.floor(b).astype(np.int32)
    return np.asarray(tile.ravel()[(i & (size - 1)) * size + (j & (size - 1))])


def sample(tile: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Values of the repeated tile at real positions (a, b) in tile pixels, bilinear."""
    size, flat = len(tile), tile.ravel()
    i, j = np.floor(a), np.floor(b)
    u, v = a - i, b - j
    i0, j0 = i.astype(np.int32) & (size - 1), j.astype(np.int32) & (size - 1)
    i1, j1 = ((i0 + 1) & (size - 1)) * size, (j0 + 1) & (size - 1)
    i0 *= size
    upper = flat[i0 + j0] * (1 - v) + flat[i0 + j1] * v
    lower = flat[i1 + j0] * (1 - v) + flat[i1 + j1] * v
    return np.asarray(upper * (1 - u) + lower * u)
