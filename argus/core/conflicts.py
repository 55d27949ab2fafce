"""What single entries of `params.yaml` do not show: those that do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argus.core import params


def conflicts(sections: Mapping[str, Any]) -> list[str]:
    """All of them, in words, among the sections that are there.

    Args:
        sections: the checked sections of `params.Params` by name; `models` may lack those entries
            that are wrong by themselves.
    """
    found: list[str] = []
    found += _radii(sections.get("split"), sections.get("dedupe"))
    models = sections.get("models", {})
    found += _batches(models, sections.get("train"))
    found += _tasks(models)
    return found


def _radii(split: params.Split | None, dedupe: params.Dedupe | None) -> Iterator[str]:
    if split and dedupe and split.radius < dedupe.radius:
        yield (
            f"split.radius ({split.radius}) is below dedupe.radius ({dedupe.radius}): duplicates "
            "would cross splits"
        )


def _batches(models: Mapping[str, params.Model], train: params.Train | None) -> Iterator[str]:
    for name, model in models.items():
        if train and model.batch % train.processes:
            yield (
                f"models.{name}.batch is {model.batch}, which {train.processes} processes cannot "
                "share evenly: change it or train.processes"
            )


def _tasks(models: Mapping[str, params.Model]) -> Iterator[str]:
    """Models of one task are rivals, so they must do the same thing."""
    by_task: dict[str, dict[str, params.Domains | None]] = {}
    for name, model in models.items():
        by_task.setdefault(model.task, {})[name] = model.domains
    for task, rivals in by_task.items():
        kinds: dict[str, list[str]] = {}
        for name, domains in rivals.items():
            kind = f"{domains.source} to {domains.target}" if domains else "no `domains`"
            kinds.setdefault(kind, []).append(name)
        if len(kinds) > 1:
            each = "; ".join(f"{', '.join(names)}: {kind}" for kind, names in kinds.items())
            yield (
                f"the models of task '{task}' must all have the same `domains`, or none of them "
                f"({each}): give those that do something else another task"
            )
