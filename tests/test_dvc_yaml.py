"""`dvc.yaml` must say what the code reads: a forgotten dependency leaves old results standing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from argus.core import code, params
from argus.models import code_record
from tests.conftest import ROOT

EMPTY = code.meaning("")
# what is imported by name, one for each file of a folder, and what does so
FOUND_BY_NAME = {"argus.judging.registry": "argus/judging/metrics"}
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
RECORDED = {*code_record.PER_MODEL, code_record.ALL_MODELS}
"""Stages whose code stands in the record, as a parameter."""
LISTED = sorted(STAGES.keys() - RECORDED - {"code"})
"""Stages that depend on files of code."""


def modules(folder: str) -> set[str]:
    """All modules in a folder."""
    files = (ROOT / folder).rglob("*.py")
    parts = (file.relative_to(ROOT).with_suffix("").parts for file in files)
    return {".".join(part[:-1] if part[-1] == "__init__" else part) for part in parts}


def imported(module: str) -> dict[str, Path]:
    """What a module of this repository imports from it, by module."""
    file = code.source(module)
    assert file is not None
    names = [
        name for name in code.imports(module, file) if name.split(".")[0] in ("argus", "stages")
    ]
    if folder := FOUND_BY_NAME.get(module):
        names += modules(folder)
    return {name: found for name in names if (found := code.source(name)) is not None}


def needed(entries: Iterable[str]) -> set[str]:
    """The files that modules rest on, relative to the top: the closure of what they import."""
    return {
        file.relative_to(ROOT).as_posix()
        for file in code.closure(*entries, without=code.NEUTRAL).values()
        if code.meaning(file.read_text()) != EMPTY
    }


def missing(stage: str) -> set[str]:
    """The files that a stage rests on and does not depend on."""
    deps = STAGES[stage]["deps"]
    files = needed(modules(f"stages/{stage}"))
    return {file for file in files if not any(_within(file, dep) for dep in deps)}


def _within(file: str, dep: str) -> bool:
    return file == dep or file.startswith(f"{dep}/")


@pytest.mark.parametrize("stage", LISTED)
def test_a_stage_depends_on_all_that_it_imports(stage: str) -> None:
    assert f"stages/{stage}" in STAGES[stage]["deps"]
    assert not missing(stage)


@pytest.mark.parametrize("stage", LISTED)
def test_a_stage_depends_on_no_code_that_it_does_not_import(stage: str) -> None:
    files = needed(modules(f"stages/{stage}"))
    code_of = [dep for dep in STAGES[stage]["deps"] if dep.startswith(("argus/", "stages/"))]
    assert [dep for dep in code_of if not any(_within(file, dep) for file in files)] == []


@pytest.mark.parametrize("stage", sorted(RECORDED))
def test_a_stage_that_runs_architectures_depends_on_its_line_of_the_record(stage: str) -> None:
    (line,) = (entry for entry in STAGES[stage]["params"] if isinstance(entry, dict))
    of_model = f"{stage}.${{item.model}}" if stage in code_record.PER_MODEL else stage
    assert line == {"reports/code.json": [of_model]}
    assert not [dep for dep in STAGES[stage]["deps"] if dep.startswith(("argus/", "stages/"))]


def test_what_is_recorded_is_looked_at_anew_when_any_of_it_changes() -> None:
    models = params.load(ROOT / "params.yaml").models
    sources = map(code.source, code_record.record(models)["parts"])
    files = [file for file in sources if file is not None]
    own = needed(modules("stages/code")) | {file.relative_to(ROOT).as_posix() for file in files}
    deps = STAGES["code"]["deps"]
    assert [file for file in own if not any(_within(file, dep) for dep in deps)] == []


def test_what_is_neutral_is_there() -> None:
    assert [module for module in code.NEUTRAL if code.source(module) is None] == []


def test_what_is_imported_far_down_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    deps = [dep for dep in STAGES["split"]["deps"] if dep != "argus/hamming"]
    monkeypatch.setitem(STAGES["split"], "deps", deps)
    assert "argus/hamming/plan.py" in missing("split")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_libraries(stage: str) -> None:
    assert "requirements.lock" in STAGES[stage]["deps"]


def pinned(name: str) -> set[str]:
    """The libraries in a lock, with their versions."""
    lines = (ROOT / name).read_text().splitlines()
    return {line.split(" ")[0] for line in lines if "==" in line and line[0].isalnum()}


def test_what_only_tests_need_makes_no_stage_run_again() -> None:
    run, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    names = {pin.split("==")[0] for pin in run}
    assert {"torch", "pillow", "numpy", "polars"} <= names
    assert not names & {"pytest", "ruff", "mypy", "hypothesis", "mlcroissant", "prdc"}
    assert {pin for pin in dev if pin.split("==")[0] in names} <= run  # the same versions


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other(stage: str) -> None:
    for module in modules(f"stages/{stage}"):
        others = {name.split(".")[1] for name in imported(module) if name.startswith("stages.")}
        assert others <= {stage}, module


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_is_for(stage: str) -> None:
    assert len(STAGES[stage]["desc"]) > 30
