"""`params.yaml` as a whole: its sections, and what does not go together among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from argus.core.errors import nearest
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

FEWEST_SEEDS = 3
"""Of a recipe that has several: by how much two differ says too little of how much others would,
so a comparison of two has no standard error, and the gate would promote neither."""


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

    def recipes(self) -> dict[str, tuple[str, ...]]:
        """The models of each recipe, by its name: itself, then its repetitions with other seeds."""
        return {
            name: (name, *(n for n, other in self.models.items() if other.recipe == name))
            for name, model in self.models.items()
            if model.recipe is None
        }


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
    found += list(_recipes(models)) or list(_seeds(models))
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


def _recipes(models: Mapping[str, Model]) -> Iterator[str]:
    """A repetition is all that its recipe is, but for the seed; so each is a whole entry, and DVC
    and every stage see what it depends on."""
    seeds: dict[str, dict[int, str]] = {}
    for name, model in models.items():
        if model.recipe is None:
            continue
        place, recipe = f"models.{name}", models.get(model.recipe)
        if recipe is None:
            others = [n for n, other in models.items() if other.recipe is None]
            yield (
                f"{place}.recipe is {model.recipe!r}, and no valid entry of `models` has this name"
                f"{nearest(model.recipe, others)}"
            )
            continue
        if recipe.recipe is not None:
            of = "itself" if model.recipe == name else f"a repetition of {recipe.recipe!r}"
            yield f"{place}.recipe is {model.recipe!r}, which is {of}: name the first of them"
            continue
        differing = [
            field
            for field in Model.model_fields
            if field not in ("recipe", "seed") and getattr(model, field) != getattr(recipe, field)
        ]
        if differing:
            yield (
                f"{place} repeats the recipe {model.recipe!r} and differs from it in "
                f"{', '.join(differing)}: all but the seed are the same. Begin the recipe with "
                f"`{model.recipe}: &{model.recipe}` and this one with `<<: *{model.recipe}`, and "
                "leave out the rest"
            )
        taken = seeds.setdefault(model.recipe, {recipe.seed: model.recipe})
        if (first := taken.setdefault(model.seed, name)) != name:
            yield f"{place}.seed is {model.seed}, as that of models.{first}: give it another"


def _seeds(models: Mapping[str, Model]) -> Iterator[str]:
    """A recipe of two seeds could never be promoted, however good; see `FEWEST_SEEDS`."""
    repeated = Counter(model.recipe for model in models.values() if model.recipe is not None)
    for recipe, times in repeated.items():
        if times + 1 < FEWEST_SEEDS:
            yield (
                f"the recipe {recipe!r} has {times + 1} seeds, of which no spread can be told: "
                f"give it at least {FEWEST_SEEDS}, or leave it with one"
            )
