"""What the loop costs against a plain one, what CUT costs against CycleGAN, what loading costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from argus.models.registry import build
from argus.models.scene import Images
from benchmarks.measures import Measure, cpu_seconds
from benchmarks.training.plain import Plain
from benchmarks.training.subject import entry, made_up, training
from stages.train.training import Training

SIDE = 64  # px
ROUNDS = 24  # each way is timed so often, in turns
PUBLISHED_RATIO = 0.24 / 0.40  # seconds a step, CUT and CycleGAN (anchors: Park et al., ECCV 2020)


def measures() -> list[Measure]:
    """Ratios of the CPU time of one step, one thread, batch 1, published configurations."""
    data = made_up(SIDE, SIDE)
    alike = {"threads": 1, "channels_last": False}  # as the plain one has it
    ours = training(entry("cyclegan", 1, "published"), data, **alike)
    cut = training(entry("cut", 1, "published"), data, **alike)
    plain = _plain(ours)
    took = _in_turns({"ours": ours.step, "plain": plain, "cut": cut.step})
    overhead = median(a / b for a, b in zip(took["ours"], took["plain"], strict=True))
    ratio = median(a / b for a, b in zip(took["cut"], took["ours"], strict=True))
    low, high = 0.8 * PUBLISHED_RATIO, 1.2 * PUBLISHED_RATIO
    what = f"published, {SIDE} px, batch 1, one thread"
    return [
        Measure(
            f"CycleGAN's step in our loop; in a plain one ({what})",
            median(took["ours"]),
            median(took["plain"]),
            "CPU-s",
            overhead,
            "<= 1.03",
            overhead <= 1.03,
        ),
        Measure(
            f"CUT's step; CycleGAN's ({what})",
            median(took["cut"]),
            median(took["ours"]),
            "CPU-s",
            ratio,
            f"{low:.2f} to {high:.2f}",
            low <= ratio <= high,
        ),
    ]


def loading(loop: Training, steps: int, alone: bool = True) -> tuple[float, float]:
    """Wall seconds of `steps` steps, and of putting their batches together.

    Args:
        loop: what is stepped.
        steps: how many.
        alone: whether a GPU has nothing else to do meanwhile. Otherwise, as in a real training, it
            still works at the step before, and only the first of the two figures means anything.
    """
    inside, load = 0.0, loop._images

    def wait() -> None:
        if loop.device.type == "cuda":
            torch.cuda.synchronize(loop.device)

    def timed(stream: str) -> Images:
        nonlocal inside
        if alone:
            wait()
        start = time.perf_counter()
        images = load(stream)
        if alone:
            wait()
        inside += time.perf_counter() - start
        return images

    loop._images = timed  # type: ignore[method-assign]  # put back below
    start = time.perf_counter()
    for _ in range(steps):
        loop.step()
    wait()
    whole = time.perf_counter() - start
    loop._images = load  # type: ignore[method-assign]
    return whole, inside


def _plain(ours: Training) -> Callable[[], None]:
    """A plain step on fresh networks like `ours`, on images already at hand."""
    spec, scene = ours.card.spec, ours.card.spec.scene()
    networks = build(spec.arch, spec.config, scene, "published")
    parts = ("forth", "back", "discriminator_target", "discriminator_source")
    script = Plain(*(networks.get_submodule(part) for part in parts))
    source, target = torch.rand(2, 1, 3, scene.height, scene.width).mul(2).sub(1)
    return lambda: script.step(source, target)


def _in_turns(ways: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """CPU seconds of each way by round; the order turns round from one to the next."""
    for work in ways.values():
        work()
    took: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for round_ in range(ROUNDS):
        for name in names if round_ % 2 else reversed(names):
            took[name].append(cpu_seconds(ways[name])[0])
    return took
