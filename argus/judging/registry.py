"""Which metrics there are: the files of `argus/judging/metrics/`, and those of other packages.

Another package joins with an entry point in the group `argus.metrics` that names its `METRIC`.
Installing it is enough for its metric to be computed, so it belongs into `requirements.lock` like
all that decides what a stage writes.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple, get_args

from packaging.utils import canonicalize_name

from argus.core.errors import ArgusError, nearest
from argus.judging import metrics
from argus.judging.evidence import NEEDS
from argus.judging.metric import Better, Metric
from argus.judging.statistics import Comparison

GROUP = "argus.metrics"
DECIDING = "kid"
"""The metric by which challengers are chosen and put to the test."""

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED = frozenset(
    {
        *("task", "samples", "baselines", "intervals", "packages", "failed", "skipped"),
        *("champion", "promoted", "reason", "challenger", "incumbent", "model", "chosen"),
        *("against", "unbeaten", "refused", "refused_on", "incumbent_refused", "non_commercial"),
        *("weights", "judge", "judges", "protocol", "classes", "witness", "level", "guards"),
        *("gain", "over_limits", "rolled_back"),
        *("not_measured", "seeds", "beside", "vacated"),
    }
)
"""What reports of `evaluate` and `promote` hold besides scores; the last two, and `samples`, in
earlier turns."""


class Registered(NamedTuple):
    """A metric, and where it is from: the package and its version, or empty for our own."""

    metric: Metric
    package: str


def known() -> dict[str, Metric]:
    """All metrics by name, the deciding one first.

    Raises:
        ArgusError: one cannot be loaded, is no metric, or there are two of a name.
    """
    return {name: registered.metric for name, registered in _registered().items()}


def evaluated() -> list[Metric]:
    """Those that `evaluate` computes, the deciding one first."""
    return [metric for metric in known().values() if metric.evaluated]


def deciding() -> Metric:
    """The one that decides."""
    return known()[DECIDING]


def deciding_test() -> Callable[..., Comparison]:
    """The `compare` of the metric that decides."""
    test = deciding().compare
    assert test is not None
    return test


def packages() -> dict[str, str]:
    """The package, with its version, of each metric that is not our own, by the metric's name."""
    return {name: each.package for name, each in _registered().items() if each.package}


def unpinned(lock: Path) -> list[str]:
    """The packages of `packages` that a `requirements.lock` does not name in that version.

    What they compute is then not what another machine would find.
    """
    found: set[str] = set()
    if not packages():
        return []
    pins = {line.split(" ")[0] for line in lock.read_text(encoding="utf-8").splitlines()}
    for package in packages().values():
        name, version = package.rsplit(" ", 1)
        if f"{canonicalize_name(name)}=={version}" not in pins:
            found.add(package)
    return sorted(found)


def metric_of(key: str) -> Metric | None:
    """The metric whose value a report has under a key; None if it is not known here (any more)."""
    names = [name for name in known() if key == name or key.startswith(f"{name}_")]
    return known()[max(names, key=len)] if names else None


@cache
def _registered() -> dict[str, Registered]:
    found: dict[str, Registered] = {}
    for entry in _entries():
        where = f"{_package(entry)} ({entry.value})" if _package(entry) else entry.value
        metric = _checked(_loaded(entry, where), where)
        if other := found.get(metric.name):
            raise ArgusError(
                f"two metrics are called {metric.name!r}: that of {where}, and one of "
                f"{other.package or 'Argus itself'}. {_mend(entry)}"
            )
        found[metric.name] = Registered(metric, _package(entry))
    return dict(sorted(found.items(), key=lambda item: (item[0] != DECIDING, item[0])))


def _entries() -> Iterable[EntryPoint]:
    """Our own first, so that it is the other of two of a name that has to go."""
    for module in pkgutil.iter_modules(metrics.__path__):
        yield EntryPoint(module.name, f"{metrics.__name__}.{module.name}:METRIC", GROUP)
    yield from sorted(entry_points(group=GROUP), key=lambda entry: entry.value)


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""


def _mend(entry: EntryPoint) -> str:
    package = entry.dist.name if entry.dist else "Argus"
    return f"Mend or uninstall {package}; docs/metrics.md says what a metric is"


def _loaded(entry: EntryPoint, where: str) -> object:
    """What an entry point names; whatever importing another's package raises is said."""
    if entry.dist is None:
        return entry.load()
    try:
        return entry.load()
    except Exception as error:
        said = f"the metric of {where} cannot be loaded ({type(error).__name__}: {error})"
        raise ArgusError(f"{said}. {_mend(entry)}") from error


def _checked(metric: object, where: str) -> Metric:
    if not isinstance(metric, Metric):
        raise ArgusError(
            f"the metric of {where} is {metric!r}, not a {Metric.__module__}.{Metric.__name__}"
        )
    wrong = [
        *_of_name(metric.name),
        *(
            f"there is nothing like {need!r} to need{nearest(need, NEEDS)}"
            for need in metric.needs
            if need not in NEEDS
        ),
    ]
    directions = get_args(Better)
    if metric.better not in directions:
        wrong.append(f"`better` is {metric.better!r}, and can be {' or '.join(directions)}")
    if metric.digits < 1:
        wrong.append(f"`digits` is {metric.digits}, and must be at least 1")
    if wrong:
        raise ArgusError(f"the metric of {where} is invalid: {'; '.join(wrong)}")
    return metric


def _of_name(name: str) -> list[str]:
    if not NAME.fullmatch(name):
        return [f"{name!r} is no name: lower-case words and digits, joined by single underscores"]
    return [f"the name {name!r} is one that reports use for something else"] * (name in RESERVED)
