"""What a side-by-side measurement found: printed as a table, written as JSON. It never fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from argus.cli.tables import Table
from argus.core.files import write_json
from argus.core.reports import rounded

RESULTS = Path(__file__).parent / "results"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Measure:
    """One figure of ours and that of a peer, measured in the same run.

    `ratio` is what the bar speaks of (ours over theirs, or theirs over ours: `bar` says which
    side it must lie on). None where there is no peer, no bar, or nothing to hold.
    """

    measure: str
    ours: float
    peer: float | None
    unit: str
    ratio: float | None
    bar: str
    holds: bool | None


def cpu_seconds(work: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds of this process (all threads, no children) for a call, and what it returned."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def publish(name: str, title: str, found: list[Measure]) -> None:
    """Print a table and write `benchmarks/results/<name>.json`."""
    headers = ["measure", "ours", "peer", "unit", "ratio", "bar", "holds"]
    rows = [
        [
            m.measure,
            f"{m.ours:.4g}",
            "" if m.peer is None else f"{m.peer:.4g}",
            m.unit,
            "" if m.ratio is None else f"{m.ratio:.3g}",
            m.bar,
            {True: "yes", False: "NO", None: ""}[m.holds],
        ]
        for m in found
    ]
    Table(title, headers, rows, frozenset({1, 2, 4})).show()
    write_json(RESULTS / f"{name}.json", [rounded(asdict(m)) for m in found])
