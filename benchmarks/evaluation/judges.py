"""Do the judges see what a person sees? KID of real images, of other conditions and of damage to
the same held-out reals, by every judge, small and large.

What holds is stated for each reference set, since there is no law of it: whether a night is further
from a day than that day blurred by three pixels depends on the size of the images and on the eye.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from argus.cli.tables import Table
from argus.core.determinism import deterministic
from argus.core.progress import Steps
from argus.features.backbone import BACKBONES
from argus.judging.metrics.kid import kid
from benchmarks.measures import Measure

JUDGES = ("mobilenetv2", "squeezenet", "efficientnet")
SIZES = ((32, 48), (128, 192))  # rows and columns of the images
COUNT = 100  # images of a set at most: reference, other reals, each condition
SETS = {
    "day": "bdd_daynight/day/*/*.jpg",
    "night": "bdd_daynight/night/*/*.jpg",
    "fog": "adverse_weather/radiate_tiny_foggy/*.jpg",
}
OTHERS = {"day": ("night", "fog"), "night": ("day",)}
"""By the set that is the reference, the other conditions it is compared with."""


def blurred(radius: float) -> Callable[[np.ndarray], np.ndarray]:
    """A Gaussian blur of so many px of the images as judged, uint8 [N, H, W, 3] to the same."""
    blur = ImageFilter.GaussianBlur(radius)
    return lambda images: np.stack([np.asarray(Image.fromarray(i).filter(blur)) for i in images])


def noise(images: np.ndarray) -> np.ndarray:
    """Independent uniform pixels, as many as the images have."""
    return np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)


DAMAGE = {"blur 1 px": blurred(1), "blur 3 px": blurred(3), "noise": noise}


def expected(size: tuple[int, int], reference: str) -> list[tuple[str, str]]:
    """Pairs of which a person would call the first nearer to the reference.

    One pixel of blur is slight at 128x192: poles, wheels and letters are still there, and any
    other condition changes more. At 32x48 it takes poles and lamps away, so it is only held to lie
    between other reals and heavier damage. A condition may lie on either side of three pixels of
    blur.
    """
    conditions = OTHERS[reference]
    pairs = [("other reals", "blur 1 px"), ("blur 1 px", "blur 3 px"), ("blur 3 px", "noise")]
    pairs += [(condition, "noise") for condition in conditions]
    pairs += [("other reals", condition) for condition in conditions]
    if size[0] >= 128:
        pairs += [("blur 1 px", condition) for condition in conditions]
    return pairs


def measures(data: Path) -> list[Measure]:
    """The distances of every set to every reference, and whether their order is as expected."""
    deterministic(seed=0, threads=2)
    measured: list[Measure] = []
    for size in SIZES:
        for reference in OTHERS:
            sets = dict(_sets(data, size, reference))
            rows = {judge: _distances(sets, judge, reference) for judge in JUDGES}
            for judge in JUDGES:
                measured += _measures(rows[judge], size, reference, judge)
            names = list(rows[JUDGES[0]])
            Table(
                f"KID to {reference}, {size[0]}x{size[1]}",
                ["judge", *names, "order"],
                [
                    [
                        judge,
                        *(f"{rows[judge][n]:.4f}" for n in names),
                        _order(rows[judge], size, reference),
                    ]
                    for judge in JUDGES
                ],
                frozenset(range(1, len(names) + 1)),
            ).show()
    return measured


def _sets(data: Path, size: tuple[int, int], reference: str) -> Iterator[tuple[str, np.ndarray]]:
    """The reals of the reference, others of the same condition, damaged ones, other conditions."""
    paths = sorted(data.glob(SETS[reference]))
    yield "reference", _read(paths[::2], size)  # trips are in order of their names, one or two each
    others = _read(paths[1::2], size)
    yield "other reals", others
    for name, damage in DAMAGE.items():
        yield name, damage(others)
    for condition in OTHERS[reference]:
        yield condition, _read(sorted(data.glob(SETS[condition]))[::2], size)


def _read(paths: list[Path], size: tuple[int, int]) -> np.ndarray:
    """At most `COUNT` images spread over a list, uint8 [N, rows, columns, 3]."""
    chosen = [paths[k] for k in np.linspace(0, len(paths) - 1, min(len(paths), COUNT)).astype(int)]
    shape = size[::-1]
    return np.stack(
        [
            np.asarray(Image.open(p).convert("RGB").resize(shape, Image.Resampling.BICUBIC))
            for p in chosen
        ]
    )


def _distances(sets: dict[str, np.ndarray], judge: str, reference: str) -> dict[str, float]:
    """KID of every set to the reference, in the order in which a table shows them."""
    net = BACKBONES[judge]()
    with Steps(sum(map(len, sets.values())), f"{judge}, {reference}") as steps:
        features = {name: net.features(images, steps.advance) for name, images in sets.items()}
    reals = features.pop("reference")
    order = ["other reals", "blur 1 px", *OTHERS[reference], "blur 3 px", "noise"]
    return {name: kid(features[name], reals) for name in order}


def _broken(
    found: dict[str, float], size: tuple[int, int], reference: str
) -> list[tuple[str, str]]:
    return [pair for pair in expected(size, reference) if found[pair[0]] >= found[pair[1]]]


def _order(found: dict[str, float], size: tuple[int, int], reference: str) -> str:
    broken = _broken(found, size, reference)
    return "; ".join(f"NOT {a} < {b}" for a, b in broken) or "holds"


def _measures(
    found: dict[str, float], size: tuple[int, int], reference: str, judge: str
) -> list[Measure]:
    place = f"{judge}, {size[0]}x{size[1]}, to {reference}"
    rows = [Measure(f"{place}: {n}", v, None, "KID", None, "", None) for n, v in found.items()]
    pairs, broken = expected(size, reference), _broken(found, size, reference)
    held = Measure(
        f"{place}: order", len(pairs) - len(broken), len(pairs), "pairs", None, "all", not broken
    )
    return [*rows, held]
