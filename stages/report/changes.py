"""What changed since the turn before: figures, sources, deliveries, parameters and champions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from argus.core import lineage, strict_yaml
from argus.core.paths import PARAMS, RAW, REPORTS
from stages.report import words

OWN = ("lineage", "report", "ingest.as_of")
"""Parameters that `argus turn` sets: they change with every turn."""


class Figure(NamedTuple):
    what: str
    before: int
    now: int


class Parameter(NamedTuple):
    name: str
    before: str
    now: str


class Changes(NamedTuple):
    """Against the turn before, whose commit is `commit`."""

    commit: str
    figures: list[Figure]
    came: list[str]
    went: list[str]
    parameters: list[Parameter]
    champions: list[str]


def changes(
    previous: str, images: pl.DataFrame, decisions: Mapping[str, Mapping[str, Any]]
) -> Changes:
    """What changed since a commit of this repository.

    Args:
        previous: 40 hexadecimal digits.
        images: today's catalogue after `prune`.
        decisions: today's, by task.

    Raises:
        ArgusError: that commit is not here.
    """
    settings = strict_yaml.parse(lineage.text_of(PARAMS, previous) or "", f"{PARAMS} of {previous}")
    now = strict_yaml.parse(PARAMS.read_text(encoding="utf-8"), str(PARAMS))
    before = settings if isinstance(settings, dict) else {}
    had = set(before.get("sources") or [])
    held = {
        "/".join(Path(name).with_suffix("").parts[-2:])
        for name in lineage.names_of(RAW, previous)
        if name.endswith(".dvc")
    }
    known = images.select("source", "delivery").unique().rows()
    holds = {f"{source}/{delivery}" for source, delivery in known}
    tracked = {path for path in holds if (RAW / f"{path}.dvc").exists()}
    has = set(now.get("sources") or [])
    return Changes(
        previous,
        _figures(_counts_then(previous, had), _counts_now(has)),
        _named(has - had, tracked - held),
        _named(had - has, held - tracked),
        list(_parameters(before, now)),
        list(_champions(_report("promote/decision", previous), decisions)),
    )


def _named(sources: set[str], deliveries: set[str]) -> list[str]:
    return [
        *(f"the source {name}" for name in sorted(sources)),
        *(f"the delivery {name}" for name in sorted(deliveries)),
    ]


def _report(name: str, revision: str) -> dict[str, Any]:
    found = json.loads(lineage.text_of(REPORTS / f"{name}.json", revision) or "{}")
    return found if isinstance(found, dict) else {}


def _counts_then(revision: str, sources: set[str]) -> dict[str, int]:
    names = [*(f"ingest/{source}" for source in sorted(sources)), "dedupe", "split", "prune"]
    return _counts({name: _report(name, revision) for name in names})


def _counts_now(sources: set[str]) -> dict[str, int]:
    names = [*(f"ingest/{source}" for source in sorted(sources)), "dedupe", "split", "prune"]
    found = {}
    for name in names:
        path = REPORTS / f"{name}.json"
        found[name] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return _counts(found)


def _counts(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    ingested = [report for name, report in reports.items() if name.startswith("ingest/")]
    split = reports.get("split", {})
    return {
        "images": sum(report.get("images", 0) for report in ingested),
        "accepted": sum(report.get("accepted", 0) for report in ingested),
        "distinct": reports.get("dedupe", {}).get("kept", 0),
        "held_out": split.get("val", 0) + split.get("test", 0),
        "selected": reports.get("prune", {}).get("selected", 0),
    }


def _figures(before: Mapping[str, int], now: Mapping[str, int]) -> list[Figure]:
    return [Figure(what, before[key], now[key]) for key, what in words.FIELDS.items()]


def _parameters(before: Any, now: Any, name: str = "") -> Iterator[Parameter]:
    """Every value that differs, by its dotted name."""
    if name in OWN or before == now:
        return
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*now, *(key for key in before if key not in now)]:
            yield from _parameters(before.get(key), now.get(key), f"{name}.{key}".lstrip("."))
        return
    yield Parameter(name, _value(before), _value(now))


def _value(value: Any) -> str:
    return "not there" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _champions(before: Mapping[str, Any], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every slot whose weights changed hands, in words."""
    for task in sorted({*before, *now}):
        then, today = (each.get(task) or {} for each in (before, now))
        old, new = then.get("champion"), today.get("champion")
        if then.get("weights") == today.get("weights") and old == new:
            continue
        if new is None:
            yield f"{task}: {old} is champion no more, and nobody took over"
        elif old is None:
            yield f"{task}: {new} is the first champion"
        else:
            yield f"{task}: {new} took over from {'its own earlier weights' if old == new else old}"
