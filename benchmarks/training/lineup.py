"""Every model of params.yaml as it trains: steps, images, memory, and the share of loading."""

from __future__ import annotations

import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from argus.core import params
from benchmarks.measures import Measure
from benchmarks.training.steps import loading
from benchmarks.training.subject import CLASSES, DOMAINS, made_up, training

SIDES = {"as packed": None, "at 64x96": (64, 96)}
SECONDS = 12.0  # each is timed for about so long
MEGABYTE = 1024**2
BAR = 0.02


def measures() -> list[Measure]:
    """Each model in a process of its own, as in a turn, so that its peak is its own."""
    found = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as alone:
        for name in params.load().recipes():
            for where, size in SIDES.items():
                steps, batch, share, peak = alone.submit(_timed, name, size).result()
                what = f"{name}, {where}, batch {batch}"
                found += [
                    Measure(what, steps, None, "steps/s", None, "", None),
                    Measure(what, steps * batch, None, "images/s", None, "", None),
                    Measure(what, peak, None, "MB at most", None, "", None),
                    Measure(
                        f"{what}: loading; a step",
                        share / steps,
                        1 / steps,
                        "s",
                        share,
                        "<= 0.02",
                        share <= BAR,
                    ),
                ]
    return found


def _timed(name: str, size: tuple[int, int] | None) -> tuple[float, int, float, float]:
    """Steps a second, batch, share of loading, and peak memory in MB."""
    p = params.load()
    model = p.models[name]
    if model.domains:
        model = model.model_copy(update={"domains": DOMAINS})
    assert set(CLASSES) == {DOMAINS.source, DOMAINS.target}
    loop = training(model, made_up(*(size or p.pack.resolution)), p.train.threads)
    loop.step()
    start = time.perf_counter()
    loop.step()
    steps = max(3, round(SECONDS / (time.perf_counter() - start)))
    whole, inside = loading(loop, steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    return steps / whole, model.batch, inside / whole, peak
