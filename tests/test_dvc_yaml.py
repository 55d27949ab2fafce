"""`dvc.yaml` must say what the code reads: a forgotten dependency leaves old results standing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

# These cannot change what a stage writes: messages, bars, the check of params.yaml (whose values
# DVC tracks by themselves), and a memory that must not be seen in any output.
NEUTRAL = {"stages/common/" + name for name in ("errors.py", "progress.py", "params.py")} | {
    "stages/common/sidecache.py"
}
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def imported(file: Path) -> set[str]:
    """The files of this repository that a module imports, relative to the top."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    paths = {Path(*name.split(".")).with_suffix(".py") for name in names}
    return {path.as_posix() for path in paths if (ROOT / path).is_file()}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_what_it_imports(stage: str) -> None:
    deps = STAGES[stage]["deps"]
    folder = Path("stages") / stage
    assert folder.as_posix() in deps
    needed = set().union(*(imported(file) for file in (ROOT / folder).rglob("*.py"))) - NEUTRAL
    missing = {path for path in needed if not any(path.startswith(dep) for dep in deps)}
    assert not missing


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_only_common_and_earlier_stages(stage: str) -> None:
    order = list(STAGES)
    for file in (ROOT / "stages" / stage).rglob("*.py"):
        for path in imported(file):
            other = path.split("/")[1]
            assert other == "common" or order.index(other) <= order.index(stage), (file, path)


def test_common_knows_no_stage() -> None:
    for file in (ROOT / "stages/common").glob("*.py"):
        assert {path.split("/")[1] for path in imported(file)} <= {"common"}, file


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_is_for(stage: str) -> None:
    assert len(STAGES[stage]["desc"]) > 30
