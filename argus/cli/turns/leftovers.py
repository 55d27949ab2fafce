"""What earlier runs left of models and sources that the turn does not have.

DVC leaves the outputs of a stage that is gone where they are, in the tree and in `dvc.lock`, and
later stages depend on the folders above them: a turn that took them along would record models that
it never trained, and no clone could tell why. DVC's cache is left alone, and so are all deliveries
and the twins that were handed in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from argus.cli.repository import workspace
from argus.core import params
from argus.core.files import atomic, remove
from argus.core.paths import LOCK, PIPELINE, RAW, TWINS
from argus.data.pulled import tracker_of

OF_MODELS = (
    Path("models/trained"),
    Path("data/evaluate"),
    Path("reports/train"),
    Path("reports/evaluate"),
)
OF_SOURCES = (Path("data/ingest"), Path("reports/ingest"))
"""Folders with something for each model or source: a folder of its name, or NAME.json."""


def found(settings: params.Params) -> list[Path]:
    """What lies there of no model and no source that `params.yaml` lists, sorted by folder."""
    kept: list[tuple[tuple[Path, ...], Collection[str]]] = [
        (OF_MODELS, settings.models),
        (OF_SOURCES, settings.sources),
    ]
    return [
        path for folders, names in kept for folder in folders for path in _others(folder, names)
    ] + [path for path in _others(TWINS, settings.sources) if not tracker_of(path).is_file()]


def _others(folder: Path, names: Collection[str]) -> list[Path]:
    """Folders and reports of other names; what a person may have put there is not looked at."""
    return [
        path
        for path in sorted(folder.glob("[!.]*"))
        if (path.is_dir() and path.name not in names)
        or (path.suffix == ".json" and path.stem not in names)
    ]


def sweep(settings: params.Params) -> list[Path]:
    """Delete what is `found`, and take the stages that are gone out of `dvc.lock`.

    Returns:
        What was deleted.

    Raises:
        ArgusError: DVC cannot read the pipeline.
    """
    deleted = found(settings)
    for path in deleted:
        remove(path)
    forget_what_is_gone()
    return deleted


def forget_what_is_gone() -> None:
    """Take the entries of stages that `dvc.yaml` does not make any more out of `dvc.lock`.

    But not of those that rendered a delivery: it is kept, and by its entry it is known as no
    stranger.

    Raises:
        ArgusError: DVC cannot read the pipeline.
    """
    if not LOCK.exists():
        return
    yaml = YAML()
    lock = yaml.load(LOCK.read_text(encoding="utf-8"))
    recorded = lock.get("stages") or {}
    suspects = recorded.keys() - _plain_stages()
    if not suspects:  # asking DVC takes a second
        return
    made = set(workspace.dvc("stage", "list", "--name-only").split())
    gone = [name for name in suspects - made if not _rendered(recorded[name])]
    for name in gone:
        del recorded[name]
    if gone:
        with atomic(LOCK) as temporary:
            yaml.dump(lock, temporary)


def _plain_stages() -> set[str]:
    """The stages of `dvc.yaml` that are no matrix."""
    if not PIPELINE.exists():
        return set()
    stages = YAML(typ="safe", pure=True).load(PIPELINE.read_text(encoding="utf-8"))["stages"]
    return {name for name, stage in stages.items() if "matrix" not in stage}


def _rendered(entry: Mapping[str, Any]) -> bool:
    return any(Path(out["path"]).is_relative_to(RAW) for out in entry.get("outs") or [])
