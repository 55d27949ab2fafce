"""Which measures of content tell the truth: their ranks beside those by the error to the twin.

Every scene here has its true night, so every translation has a true answer. What needs no answer (a
proxy) is as good as the order in which it puts translators.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from scipy.stats import kendalltau, spearmanr

from argus.cli.tables import Table
from argus.core import params
from argus.core.determinism import deterministic
from argus.core.files import atomic
from argus.data.packed import read_origins
from argus.features.backbone import BACKBONES
from argus.judging.conditions import named
from argus.judging.metrics.condition import reached
from argus.judging.metrics.kid import kernel
from argus.judging.metrics.lights import swapped
from argus.judging.metrics.structure import kept
from argus.judging.metrics.twin_error import errors
from benchmarks.evaluation.translations import KEPT, LOST, Scenes, packed, scenes, translators
from benchmarks.measures import RESULTS, Measure

JUDGES = ("mobilenetv2", "squeezenet", "efficientnet")
RESAMPLES = 500
SHEET = RESULTS / "evaluation_proxies.png"
TRUE = "twin (the true answer)"
LUMA = (0.299, 0.587, 0.114)


class Scored(NamedTuple):
    """Of one translator: values by image, float [M].

    `own` and `other` are the structure kept, of the own source and of another scene's; `pixel` the
    mean absolute difference to the twin, 0 to 1; `among` [M, M] and `to_reals` [M] the kernels of
    KID, of every two translations, and the mean of those with real nights. What is a mapping is so
    by judge.
    """

    images: np.ndarray
    own: dict[str, np.ndarray]
    other: dict[str, np.ndarray]
    edges: np.ndarray
    swapped: float
    night: float
    error: dict[str, np.ndarray]
    pixel: np.ndarray
    among: dict[str, np.ndarray]
    to_reals: dict[str, np.ndarray]


def measures(_: Path) -> list[Measure]:
    """Print all translators with all scores, draw them, and rank every proxy.

    On the demo, and the turn made last: no real set is needed.
    """
    settings = params.load()
    deterministic(0, settings.train.threads)
    train, test = packed()
    data = scenes(settings.pack.resolution)
    nets = {name: BACKBONES[name]() for name in JUDGES}
    of_sources = {name: net.maps(data.sources) for name, net in nets.items()}
    of_twins = {name: net.maps(data.twins) for name, net in nets.items()}
    labels = [train.classes[label] for label in train.labels]
    learnt = nets[JUDGES[0]].features(train.images), labels, read_origins("train")["source"]
    nights = test.images[test.labels == test.classes.index("night")]
    reals = {judge: net.features(nights) for judge, net in nets.items()}
    found = {}
    for name, images in translators(data, train):
        described = {judge: net.features_and_maps(images) for judge, net in nets.items()}
        maps = {judge: pair[1] for judge, pair in described.items()}
        half = len(images) // 2
        vectors = described[JUDGES[0]][0]
        said = named(vectors, ["demo"] * len(images), learnt[0], labels, list(learnt[2]), {"night"})
        found[name] = Scored(
            images,
            {j: kept(maps[j], of_sources[j]) for j in JUDGES},
            {j: kept(maps[j], np.roll(of_sources[j], half, axis=0)) for j in JUDGES},
            edges(images, data.sources),
            swapped(images, data.sources),
            reached(said, ["night"] * len(images)) or 0.0,
            {j: errors(images, data.twins, maps[j], of_twins[j]) for j in JUDGES},
            np.abs(images.astype(float) - data.twins).mean(axis=(1, 2, 3)) / 255,
            {j: kernel(pair[0], pair[0]) for j, pair in described.items()},
            {j: kernel(pair[0], reals[j]).mean(axis=1) for j, pair in described.items()},
        )
        print(f"{name}: scored", flush=True)
    _show(found, reals)
    _draw(data, found)
    return _ranked(found, data.drives)


def edges(images: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Agreement of edges whatever their contrast, float [M], 0 to 1.

    Normalised gradient fields (Haber and Modersitzki, MICCAI 2006): the squared cosine of the two
    gradients, where the strength of each is taken relative to the median of its image.
    """

    def field(some: np.ndarray) -> np.ndarray:
        y, x = np.gradient(some.astype(float) @ np.array(LUMA), axis=(1, 2))
        strength = np.hypot(x, y)
        usual = np.median(strength, axis=(1, 2), keepdims=True)
        return np.stack([x, y]) / np.sqrt(strength**2 + usual**2 + 1)

    one, other = field(images), field(sources)
    both = ((one * other).sum(axis=0) ** 2).sum(axis=(1, 2))
    lengths = [((each**2).sum(axis=0) ** 2).sum(axis=(1, 2)) for each in (one, other)]
    agreement: np.ndarray = both / np.sqrt(lengths[0] * lengths[1] + 1e-9)
    return agreement


def _structure(scored: Scored, judge: str, rows: np.ndarray) -> float:
    own, other = scored.own[judge][rows].mean(), scored.other[judge][rows].mean()
    return float((own - other) / (1 - other))


def _kid(scored: Scored, judge: str, rows: np.ndarray) -> float:
    """Squared MMD to the reals, less the reals' own part; no image with itself or its double."""
    apart = rows[:, None] != rows[None]
    among = scored.among[judge][np.ix_(rows, rows)][apart].mean()
    return float(among - 2 * scored.to_reals[judge][rows].mean())


def _values(found: Mapping[str, Scored], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Each proxy of each translator, the larger the better, on some of the scenes."""
    each = list(found.values())
    return {
        **{f"structure, {j}": np.array([_structure(s, j, rows) for s in each]) for j in JUDGES},
        "edges": np.array([s.edges[rows].mean() for s in each]),
        "condition": np.array([s.night for s in each]),
        "colours not swapped": np.array([-s.swapped for s in each]),
        **{f"KID, {j}": np.array([-_kid(s, j, rows) for s in each]) for j in JUDGES},
    }


def _ranked(found: Mapping[str, Scored], drives: np.ndarray) -> list[Measure]:
    """Rank correlations with the error to the twin, with a bootstrap over drives."""
    judged = {name: scored for name, scored in found.items() if name != TRUE}
    everything = np.arange(len(drives))
    truth = _truth(judged, everything)
    values = _values(judged, everything)
    values["structure and KID, mean rank"] = _both(values)
    rng = np.random.default_rng(0)
    draws: dict[str, list[float]] = {name: [] for name in values}
    for _ in range(RESAMPLES):
        chosen = rng.choice(np.unique(drives), len(np.unique(drives)))
        rows = np.concatenate([np.flatnonzero(drives == drive) for drive in chosen])
        again = _values(judged, rows)
        again["structure and KID, mean rank"] = _both(again)
        for name, value in again.items():
            draws[name].append(spearmanr(value, -_truth(judged, rows))[0])
    measured = []
    chance = spearmanr(values[f"KID, {JUDGES[0]}"], -truth)[0]
    for name, value in values.items():
        low, high = np.quantile(draws[name], (0.025, 0.975))
        rho, tau = spearmanr(value, -truth)[0], kendalltau(value, -truth)[0]
        what = f"{name}: rank correlation with the truth ({low:.2f} to {high:.2f}; tau {tau:.2f})"
        measured.append(Measure(what, rho, chance, "Spearman; peer: KID", None, "", None))
    return [*measured, *_told_apart(judged)]


def _told_apart(judged: Mapping[str, Scored]) -> list[Measure]:
    """How surely one image shows that content was lost: the area under the ROC curve."""
    proxies = {
        **{f"structure, {j}": {n: s.own[j] for n, s in judged.items()} for j in JUDGES},
        "edges": {n: s.edges for n, s in judged.items()},
    }
    measured = []
    for name, by_image in proxies.items():
        whole = np.concatenate([by_image[n] for n in judged if _is_of(n, KEPT)])
        for what in ("no vehicles", "road black", ""):
            broken = [by_image[n] for n in judged if _is_of(n, LOST, within=True) and what in n]
            area = (whole[:, None] > np.concatenate(broken)[None]).mean()
            told = f"{name}: one image tells that content was lost{f' ({what})' * bool(what)}"
            measured.append(Measure(told, float(area), None, "area under ROC", None, "", None))
    return measured


def _is_of(name: str, names: tuple[str, ...], within: bool = False) -> bool:
    if within:
        return any(each in name for each in names)
    return any(name == each or name.startswith("curve + twin") for each in names)


def _truth(found: Mapping[str, Scored], rows: np.ndarray) -> np.ndarray:
    return np.array([scored.error[JUDGES[0]][rows].mean() for scored in found.values()])


def _both(values: Mapping[str, np.ndarray]) -> np.ndarray:
    structure, kid = (values[f"{name}, {JUDGES[0]}"] for name in ("structure", "KID"))
    total: np.ndarray = structure.argsort().argsort() + kid.argsort().argsort()
    return total


def _show(found: Mapping[str, Scored], reals: Mapping[str, np.ndarray]) -> None:
    """A line for each translator, the nearest to its twin first; by mobilenetv2 where not said."""
    rows = np.arange(len(next(iter(found.values())).images))
    headers = ["translator", "error", "(sq)", "pixel", "struct.", "(sq)", "(lite0)"]
    headers += ["edges", "swaps", "night", "KID", "(sq)", "(lite0)"]
    lines = []
    own = {j: _within(reals[j]) for j in JUDGES}
    for name, s in sorted(found.items(), key=lambda item: item[1].error[JUDGES[0]].mean()):
        values = [s.error["mobilenetv2"].mean(), s.error["squeezenet"].mean(), s.pixel.mean()]
        values += [_structure(s, j, rows) for j in JUDGES]
        values += [s.edges.mean(), s.swapped, s.night]
        values += [_kid(s, j, rows) + own[j] for j in JUDGES]
        lines.append(
            [name, *(f"{value:.2f}" if value < 10 else f"{value:.0f}" for value in values)]
        )
    numbers = frozenset(range(1, len(headers)))
    Table("Translators, the nearest to the true night first", headers, lines, numbers).show()


def _within(features: np.ndarray) -> float:
    values = kernel(features, features)
    return float(values[~np.eye(len(values), dtype=bool)].mean())


def _draw(data: Scenes, found: Mapping[str, Scored]) -> None:
    """All translators of seven scenes, as in the table, each with its error and its structure."""
    shown = np.linspace(0, len(data.sources) - 1, 7).astype(int)
    order = sorted(found, key=lambda name: found[name].error[JUDGES[0]].mean())
    every = np.arange(len(data.sources))
    lines = [("source", data.sources)]
    for name in order:
        scored = found[name]
        said = f"error {scored.error[JUDGES[0]].mean():.2f}"
        said += f", structure {_structure(scored, JUDGES[0], every):.2f}"
        lines.append((f"{name}\n{said}", scored.images))
    sheet = Image.new("RGB", (180 + 96 * 7, 66 * len(lines)), "white")
    pen = ImageDraw.Draw(sheet)
    for row, (text, images) in enumerate(lines):
        pen.multiline_text((4, 66 * row + 18), text, fill="black")
        for column, index in enumerate(shown):
            image = Image.fromarray(images[index]).resize((96, 64), Image.Resampling.BICUBIC)
            sheet.paste(image, (180 + 96 * column, 66 * row))
    with atomic(SHEET) as temporary:
        sheet.save(temporary)
    print(f"all of them: {SHEET}")
