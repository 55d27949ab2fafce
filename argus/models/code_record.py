"""Which code the training and the judging of each model rest on: `reports/code.json`.

In dvc.yaml they do not depend on files of code but on their model's line in this record, as on a
parameter. So a model is trained again when code that it runs says something else: neither for a
comment anywhere, nor for the architecture of another model. The stage `code` writes the record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from argus.core import code
from argus.core.errors import ArgusError
from argus.core.params import Model
from argus.core.paths import CODE_RECORD
from argus.models.entries import built_in, module_of

PER_MODEL = ("train", "evaluate")
"""Stages that run the architecture of one model."""
ALL_MODELS = "promote"
"""The stage that runs those of all models, and those of champions of earlier turns."""

NEUTRAL = code.NEUTRAL | {"argus.data.contact_sheets", "stages.train.curves"}
"""What changes no weight and no number. What draws a training as it goes is among it: its curves
and sample sheets stay as they were drawn then."""


def record(models: Mapping[str, Model]) -> dict[str, Any]:
    """The record of what `models` in params.yaml lists.

    Returns:
        by stage, and of those `PER_MODEL` by model: a digest of the code that it rests on. Under
        `parts`, all that is in any of them, so that Git's diff of the record says what changed.

    Raises:
        ArgusError: an entry's architecture is not to be found.
    """
    found: dict[str, Any] = {stage: {} for stage in PER_MODEL}
    every: dict[str, str] = {}
    for stage in PER_MODEL:
        for name in models:
            parts = parts_of(stage, models, name)
            found[stage][name] = digest(parts)
            every |= parts
    parts = parts_of(ALL_MODELS, models)
    return found | {ALL_MODELS: digest(parts), "parts": dict(sorted((every | parts).items()))}


def parts_of(stage: str, models: Mapping[str, Model], name: str | None = None) -> dict[str, str]:
    """What a stage rests on; see `code.parts`.

    Args:
        stage: one of `PER_MODEL`, or `ALL_MODELS`.
        models: of params.yaml.
        name: the model; None for `ALL_MODELS`.

    Raises:
        ArgusError: an architecture is not to be found.
    """
    wanted = [models[name]] if name else list(models.values())
    archs = {model.arch for model in wanted} | set(() if name else built_in())
    modules = {module_of(arch) for arch in archs}
    try:
        return code.parts(f"stages.{stage}.__main__", *modules, without=NEUTRAL)
    except ModuleNotFoundError as error:
        raise ArgusError(
            f"an architecture of {', '.join(sorted(archs))} is not to be found ({error}): install "
            "the package that it lives in, or mend `arch` in params.yaml"
        ) from None


def digest(parts: Mapping[str, str]) -> str:
    """16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(json.dumps(dict(sorted(parts.items()))).encode()).hexdigest()[:16]


def is_current(models: Mapping[str, Model]) -> bool:
    """Whether the record says of all models what would run now; where there is none, it does.

    DVC sees by itself that code of this repository was changed, but not a package beside it.
    """
    if not CODE_RECORD.exists():
        return True
    return bool(json.loads(CODE_RECORD.read_text(encoding="utf-8")) == record(models))


def must_be_current(stage: str, models: Mapping[str, Model], name: str | None = None) -> None:
    """Check that the record says of a stage what runs now; where there is none, nothing.

    DVC takes the record at its word: what other code makes would stand under the old line.

    Args:
        stage: as for `parts_of`.
        models: as for `parts_of`.
        name: as for `parts_of`.

    Raises:
        ArgusError: the code was changed after the record was written.
    """
    if not CODE_RECORD.exists():
        return
    line = json.loads(CODE_RECORD.read_text(encoding="utf-8")).get(stage)
    if name:
        line = (line or {}).get(name)
    if line != digest(parts_of(stage, models, name)):
        target = f"{stage}@{name}" if name else stage
        raise ArgusError(
            f"the code of {target} is not what {CODE_RECORD} says of it: run `dvc repro --force "
            f"--single-item code`, then `dvc repro {target}`"
        )
