"""Metrics as small JSON files that `dvc metrics` reads and Git diffs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from argus.core.errors import ArgusError
from argus.core.files import write_json
from argus.core.paths import REPORTS

SIGNIFICANT_DIGITS = 6


def metrics(name: str, values: Mapping[str, Any]) -> None:
    """Write `reports/<name>.json`; floats keep six significant digits, mappings may nest."""
    write_json(REPORTS / f"{name}.json", rounded(values))


def read(name: str) -> dict[str, Any]:
    """Read back `reports/<name>.json`.

    Raises:
        ArgusError: the file is not there, so the stage that writes it has not run.
    """
    path = REPORTS / f"{name}.json"
    if not path.exists():
        raise ArgusError(f"{path} is missing: run `dvc repro` first, it writes the reports")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def rounded(value: Any) -> Any:
    """The same structure with every float at six significant digits."""
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return value
