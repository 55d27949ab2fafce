"""How far translations are from the true answer, where there is one (data/twins/README.md)."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric

PIXEL, LUMINANCE = 2.0, 0.5
"""Weights of the errors beside the perceptual one: chosen so that translators of the demo come in
the order in which a person puts them (docs/adr/0021-content-kept.md)."""
LUMA = (0.299, 0.587, 0.114)


def errors(
    images: np.ndarray, twins: np.ndarray, maps: np.ndarray, twin_maps: np.ndarray
) -> np.ndarray:
    """Error of each image to its twin: perceptual + 2 * pixel + (1 - SSIM) / 2.

    No part is enough. By pixels alone a blurred, a mirrored and a black night beat all translators,
    since nights are dark; features alone take an image and its negative, or swapped colours, for
    much the same. Perceptual is the squared distance of unit features, mean over places (as LPIPS
    without its weights: Zhang et al., CVPR 2018); pixel the mean absolute difference in shares of
    full scale; SSIM that of luminance (Wang et al., 2004).

    Args:
        images: uint8 [M, H, W, 3].
        twins: uint8 [M, H, W, 3].
        maps: float32 [M, C, h, w], features of the images.
        twin_maps: float32 [M, C, h, w], of the twins.

    Returns:
        float64 [M], 0 for the twin itself.
    """
    seen = ((_unit(maps) - _unit(twin_maps)) ** 2).sum(axis=1).mean(axis=(1, 2))
    pixel = np.abs(images.astype(np.float64) - twins).mean(axis=(1, 2, 3)) / 255
    found: np.ndarray = seen + PIXEL * pixel + LUMINANCE * (1 - ssim(images, twins))
    return found


def twin_error(
    images: np.ndarray, twins: np.ndarray, maps: np.ndarray, twin_maps: np.ndarray
) -> float:
    """The mean of `errors`."""
    return float(errors(images, twins, maps, twin_maps).mean())


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity of the luminance of images, Gaussian window of 1.5 px.

    Args:
        a: uint8 [M, H, W, 3].
        b: uint8 [M, H, W, 3].

    Returns:
        float64 [M], 1 where they are the same.
    """
    from scipy.ndimage import gaussian_filter

    def window(values: np.ndarray) -> np.ndarray:
        return np.asarray(gaussian_filter(values, (0, 1.5, 1.5)))

    a, b = (each.astype(np.float64) @ np.array(LUMA) for each in (a, b))
    mean_a, mean_b = window(a), window(b)
    spread = window(a * a) - mean_a**2 + window(b * b) - mean_b**2
    both = window(a * b) - mean_a * mean_b
    light, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    map_ = (2 * mean_a * mean_b + light) * (2 * both + contrast)
    map_ /= (mean_a**2 + mean_b**2 + light) * (spread + contrast)
    found: np.ndarray = map_.mean(axis=(1, 2))
    return found


def _unit(maps: np.ndarray) -> np.ndarray:
    maps = maps.astype(np.float64)
    unit: np.ndarray = maps / np.maximum(np.linalg.norm(maps, axis=1, keepdims=True), 1e-12)
    return unit


METRIC = Metric(
    "twin_error",
    "error to the twin",
    ("images", "twins", "maps", "twin_maps"),
    twin_error,
    digits=3,
    table=False,
)
