"""Compare the architectures on real images: `make bench-quality`."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from argus.cli.repository import params_edit
from argus.cli.tables import Table
from argus.core.errors import ArgusError, exits_cleanly
from argus.core.files import write_json
from argus.judging.registry import deciding, metric_of
from benchmarks.quality.lineup import DELIVERIES, MODELS, PARAMS, RESOLUTION, entry
from benchmarks.trial.clone import argus, clone, set_params
from benchmarks.trial.plans import CARDS, arranged

RESULT = Path(__file__).parents[1] / "results" / "quality.json"
SEEDS = 3  # of the best of each task
Found = dict[str, Any]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def prepare(data: Path, scratch: Path) -> Path:
    """A scratch clone of HEAD with the real images packed."""
    where = clone(scratch / "clone")
    path = where / "params.yaml"
    for source in params_edit.items(path.read_text(encoding="utf-8"), "sources"):
        argus(where, "source", "retire", source)
    set_params(path, PARAMS)
    change(path, {"pack": {"resolution": RESOLUTION}})
    for source in dict.fromkeys(delivery.source for delivery in DELIVERIES):
        argus(where, "source", "add", source, "--card", str(CARDS / f"{source}.yaml"))
    for delivery in DELIVERIES:
        folder = arranged(delivery, data, scratch / "arranged")
        argus(where, "submit", str(folder), "--source", delivery.source, *delivery.options)
    run(where, "dvc", "repro", "pack")
    return where


def change(path: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Set parameters of a `params.yaml`, by section."""
    yaml = YAML()
    params = yaml.load(path)
    for section, knobs_of in values.items():
        params[section].update(knobs_of)
    yaml.dump(params, path)


def run(where: Path, module: str, *arguments: str) -> None:
    """Run a module in the clone, showing what it prints.

    Raises:
        ArgusError: it failed.
    """
    print(f"$ {shlex.join(['python', '-m', module, *arguments])}", flush=True)
    done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=where, check=False)
    if done.returncode:
        raise ArgusError(f"`python -m {module}` failed in {where}, see above")


def measured(where: Path, trainings: Sequence[tuple[str, int]], seconds: float) -> list[Found]:
    """Train and score (architecture, seed) pairs.

    Each trains on one core of its own, so many at a time as there are cores: none then waits for
    another, and all have the same. They are scored one after the other.

    Returns:
        For each the metrics of `evaluate` with the steps that it took.
    """
    names = {f"{arch}_{seed}": entry(arch, seconds, seed) for arch, seed in trainings}
    change(where / "params.yaml", {"models": names})
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        list(cores.map(lambda name: run(where, "stages.train", name), names))
    found = []
    for name, (arch, seed) in zip(names, trainings, strict=True):
        run(where, "stages.evaluate", name)
        card = json.loads((where / "models/trained" / name / "card.json").read_text())
        scores = json.loads((where / "reports/evaluate" / f"{name}.json").read_text())
        kept = {key: card[key] for key in ("steps", "best_step", "validation", "parameters")}
        found.append({"arch": arch, "seed": seed, **kept, **scores})
    return found


def best_of_each_task(found: list[Found], key: str) -> list[str]:
    """The architectures nearest to the reals, one for each task."""
    tasks = dict.fromkeys(one["task"] for one in found)
    of_task = {task: [one for one in found if one["task"] == task and key in one] for task in tasks}
    return [min(ones, key=lambda one: one[key])["arch"] for ones in of_task.values() if ones]


def table(found: list[Found]) -> Table:
    """A row for each training, and for each baseline."""
    kinds = [key for key in found[0] if metric_of(key)]
    rows, tasks = [], set()
    for one in found:
        cells = [f"{one[kind]:.4g}" if kind in one else one["failed"] for kind in kinds]
        rows.append([f"{one['arch']}, seed {one['seed']}", one["task"], str(one["steps"]), *cells])
        if one["task"] not in tasks:
            tasks.add(one["task"])
            rows += [
                [name, one["task"], "", *[f"{scores[kind]:.4g}" for kind in kinds]]
                for name, scores in one.get("baselines", {}).items()
            ]
    rows.sort(key=lambda row: row[1])
    headers = ["", "task", "steps", *kinds]
    return Table("The same time for each", headers, rows, frozenset(range(2, len(headers))))


@app.command()
def quality(
    data: Annotated[Path, typer.Option(help="The folder of the real sets.")],
    seconds: Annotated[float, typer.Option(help="Training time of each model.")] = 600,
    keep: Annotated[Path | None, typer.Option(help="An empty folder for clone and models.")] = None,
) -> None:
    """Train every architecture for the same time, more seeds for the best, and score them."""
    if not data.is_dir():
        raise ArgusError(f"{data} is no folder: `make bench-quality DATA=FOLDER`")
    with tempfile.TemporaryDirectory(prefix="argus-quality-") as scratch:
        where = prepare(data.resolve(), keep or Path(scratch))
        found = measured(where, [(arch, 0) for arch in MODELS], seconds)
        key = next(name for name in found[0] if metric_of(name) is deciding())
        best = best_of_each_task(found, key)
        more = [(arch, seed) for arch in best for seed in range(1, SEEDS)]
        found += measured(where, more, seconds)
    table(found).show()
    write_json(RESULT, found)


@exits_cleanly
def main() -> None:
    app(prog_name="benchmarks.quality")


if __name__ == "__main__":
    main()
