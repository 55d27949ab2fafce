"""A package of metrics, installed for the length of a test."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus.judging import registry
from tests.conftest import ROOT

(BRIGHTNESS,) = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"), re.DOTALL
)
"""The example of docs/metrics.md."""


@pytest.fixture
def metrics_anew() -> Iterator[None]:
    """What is installed during a test is known in it, and not after it."""
    registry._registered.cache_clear()
    yield
    registry._registered.cache_clear()


def install(folder: Path, patch: pytest.MonkeyPatch, **files: str) -> None:
    """Install `roadmetrics` 1.0: a module with a METRIC, and an entry point, for each file."""
    package, info = folder / "roadmetrics", folder / "roadmetrics-1.0.dist-info"
    for place in (package, info):
        place.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name, content in files.items():
        (package / f"{name}.py").write_text(content)
    points = "".join(f"{name} = roadmetrics.{name}:METRIC\n" for name in files)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: roadmetrics\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[argus.metrics]\n{points}")
    patch.syspath_prepend(str(folder))
    for module in [m for m in sys.modules if m.split(".")[0] == "roadmetrics"]:
        patch.delitem(sys.modules, module)
    registry._registered.cache_clear()
