"""A million rows through `dedupe`, `split`, `label` and `prune`, each in a process of its own.

They run as `dvc repro` runs them, except that no contact sheets are drawn: there are no image
files behind the rows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from argus.core.paths import DEDUPED, EMBEDDED, IMAGES
from benchmarks.curation import fleet
from benchmarks.measures import Measure

ROOT = Path(__file__).parents[2]
ROWS = 1_000_000
LIMIT = 4.0  # GB
SHEETS = {  # what draws from image files, and what it gives if there is nothing to draw
    "dedupe": ("stages.dedupe.charts.groups", None),
    "split": None,
    "label": ("stages.label.charts.predicted", None),
    "prune": ("stages.prune.charts.isolated_sheet", Image.new("L", (1, 1))),
}


def run(stage: str) -> None:
    """The whole of a stage in the current folder, but for its contact sheet."""
    main = import_module(f"stages.{stage}.__main__").main
    if sheet := SHEETS[stage]:
        with patch(sheet[0], return_value=sheet[1]):
            main()
    else:
        main()
    if stage == "dedupe":  # `embed` would say of no image that it cannot be read
        shutil.copy(DEDUPED / IMAGES, EMBEDDED / IMAGES)


@dataclass(frozen=True)
class Cost:
    """What a process took. `memory`: GB at its peak as the kernel counts them, which has in it what
    was touched of a file that is mapped (`features.npy` has 2 GB), though that can be dropped at
    any time; `own`: GB at their peak that are not backed by a file, looked up every 20 ms; CPU
    seconds of all its threads; seconds by the clock."""

    memory: float
    own: float
    cpu: float
    wall: float


def cost(arguments: list[str], folder: Path) -> Cost:
    """Run Python with some arguments in a folder.

    The peak is at least what this process has at the start, since the child is forked from it: so
    the rows are built by a child too.
    """
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    start, own = time.monotonic(), 0.0
    child = subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": path}
    )
    pid = 0
    while not pid:
        own = max(own, _anonymous(child.pid))
        time.sleep(0.02)
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}")
    return Cost(
        memory=usage.ru_maxrss * 1024 / 1e9,
        own=own,
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - start,
    )


def _anonymous(pid: int) -> float:
    """GB of a process that no file backs; Linux tells."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = [int(line.split()[1]) for line in status if line.startswith("RssAnon:")]
    return sum(kilobytes) * 1024 / 1e9  # none once it has ended


def measures(_data: Path) -> list[Measure]:
    """Peak memory and time of each stage on the same rows; `_data` is not used."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-") as name:
        folder = Path(name)
        (folder / "params.yaml").write_text(fleet.settings(ROOT / "params.yaml"))
        cost(["-m", fleet.__name__, str(ROWS)], folder)
        found = {stage: cost(["-m", __name__, stage], folder) for stage in SHEETS}
    found["all of them"] = Cost(
        memory=max(took.memory for took in found.values()),
        own=max(took.own for took in found.values()),
        cpu=sum(took.cpu for took in found.values()),
        wall=sum(took.wall for took in found.values()),
    )
    return [line for stage, took in found.items() for line in _measures(stage, took)]


def _measures(stage: str, took: Cost) -> list[Measure]:
    what = f"1e6 rows through {stage}"
    bar, holds = f"< {LIMIT:g} GB", took.memory < LIMIT
    return [
        Measure(f"{what}: peak memory", took.memory, None, "GB", None, bar, holds),
        Measure(f"{what}: peak without mapped files", took.own, None, "GB", None, "", None),
        Measure(f"{what}: time", took.cpu, None, "CPU-s", None, "", None),
        Measure(f"{what}: time by the clock", took.wall, None, "s", None, "", None),
    ]


if __name__ == "__main__":
    run(sys.argv[1])
