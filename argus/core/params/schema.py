"""`params.yaml` as a whole: its sections, and what does not go together among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from argus.core.fields import Name, once_each
from argus.core.params.sections import (
    Dedupe,
    Demo,
    Domains,
    Embed,
    Evaluate,
    Ingest,
    Label,
    Lineage,
    Model,
    Pack,
    Promote,
    Prune,
    Report,
    Split,
    Strict,
    Train,
)


class Params(Strict):
    sources: Annotated[list[str], AfterValidator(once_each)]
    rendered: Annotated[list[str], AfterValidator(once_each)]
    demo: Demo
    ingest: Ingest
    dedupe: Dedupe
    split: Split
    embed: Embed
    label: Label
    prune: Prune
    pack: Pack
    train: Train
    models: dict[Name, Model]
    evaluate: Evaluate
    promote: Promote
    report: Report
    lineage: Lineage

    @model_validator(mode="after")
    def _go_together(self) -> Params:
        if found := conflicts({name: getattr(self, name) for name in type(self).model_fields}):
            raise ValueError("; ".join(found))
        return self


def conflicts(sections: Mapping[str, Any]) -> list[str]:
    """All of them, in words, among the sections that are there.

    Args:
        sections: the checked sections of `Params` by name; `models` may lack those entries
            that are wrong by themselves.
    """
    found: list[str] = []
    found += _radii(sections.get("split"), sections.get("dedupe"))
    models = sections.get("models", {})
    found += _batches(models, sections.get("train"))
    found += _tasks(models)
    return found


def _radii(split: Split | None, dedupe: Dedupe | None) -> Iterator[str]:
    if split and dedupe and split.radius < dedupe.radius:
        yield (
            f"split.radius ({split.radius}) is below dedupe.radius ({dedupe.radius}): duplicates "
            "would cross splits"
        )


def _batches(models: Mapping[str, Model], train: Train | None) -> Iterator[str]:
    for name, model in models.items():
        if train and model.batch % train.processes:
            yield (
                f"models.{name}.batch is {model.batch}, which {train.processes} processes cannot "
                "share evenly: change it or train.processes"
            )


def _tasks(models: Mapping[str, Model]) -> Iterator[str]:
    """Models of one task compete, so they must do the same thing."""
    by_task: dict[str, dict[str, Domains | None]] = {}
    for name, model in models.items():
        by_task.setdefault(model.task, {})[name] = model.domains
    for task, competing in by_task.items():
        kinds: dict[str, list[str]] = {}
        for name, domains in competing.items():
            kind = f"{domains.source} to {domains.target}" if domains else "no `domains`"
            kinds.setdefault(kind, []).append(name)
        if len(kinds) > 1:
            each = "; ".join(f"{', '.join(names)}: {kind}" for kind, names in kinds.items())
            yield (
                f"the models of task '{task}' must all have the same `domains`, or none of them "
                f"({each}): give those that do something else another task"
            )
