"""What the record of code holds of architectures that come from elsewhere, and of what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argus.core import installed
from argus.core.errors import ArgusError
from argus.core.files import write_json
from argus.core.params import Model
from argus.core.paths import CODE_RECORD
from argus.models.code_record import is_current, must_be_current, parts_of, record

OURS = Model(arch="cut", task="generate", steps=1, batch=1, seed=0)
INSTALLED = OURS.model_copy(update={"arch": "roadgan"})
BESIDE = OURS.model_copy(update={"arch": "beside.model:Beside"})
MODELS = {"ours": OURS, "installed": INSTALLED, "beside": BESIDE}


@pytest.fixture
def places(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One package that is installed, with an entry point, and one that lies there as source."""
    release(workspace, "1.0")
    (workspace / "roadgan.py").write_text("class RoadGAN: ...\n")
    (workspace / "beside").mkdir()
    (workspace / "beside/__init__.py").touch()
    (workspace / "beside/layers.py").write_text("WIDTH = 3\n")
    (workspace / "beside/model.py").write_text("from beside.layers import WIDTH\n")
    monkeypatch.syspath_prepend(workspace)
    installed.owners.cache_clear()
    yield workspace
    installed.owners.cache_clear()


def release(folder: Path, version: str) -> None:
    info = folder / "roadgan-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: roadgan\nVersion: {version}\n")
    (info / "RECORD").write_text("roadgan.py,,\n")
    (info / "entry_points.txt").write_text("[argus.architectures]\nroadgan = roadgan:RoadGAN\n")


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The lines of a record that differ, as `stage@model`."""
    lines = {
        f"{s}@{m}" for s in ("train", "evaluate") for m in MODELS if before[s][m] != after[s][m]
    }
    return lines | ({"promote"} if before["promote"] != after["promote"] else set())


@pytest.mark.usefixtures("places")
def test_a_model_rests_on_its_own_architecture_alone() -> None:
    parts = parts_of("train", MODELS, "ours")
    assert {part for part in parts if ".architectures." in part} == {
        "argus.models.architectures.cut"
    }
    assert parts_of("train", MODELS, "installed")["roadgan"] == "1.0"
    assert "beside.layers" in parts_of("evaluate", MODELS, "beside")
    assert not any(part.startswith("argus.cli") for part in record(MODELS)["parts"])


def test_another_release_of_a_package_is_another_model(places: Path) -> None:
    before = record(MODELS)
    (places / "roadgan.py").write_text("class RoadGAN: other = 1\n")
    assert changed(before, record(MODELS)) == set()
    release(places, "1.1")
    assert changed(before, record(MODELS)) == {"train@installed", "evaluate@installed", "promote"}


def test_a_package_that_is_no_release_counts_by_what_its_files_say(places: Path) -> None:
    before = record(MODELS)
    (places / "beside/layers.py").write_text('"""Layers."""\n\nWIDTH = 3  # as published\n')
    assert changed(before, record(MODELS)) == set()
    (places / "beside/layers.py").write_text("WIDTH = 4\n")
    assert changed(before, record(MODELS)) == {"train@beside", "evaluate@beside", "promote"}


def test_a_stage_that_would_run_other_code_than_the_record_says_stops(places: Path) -> None:
    must_be_current("train", MODELS, "beside")  # no record: nothing was promised
    assert is_current(MODELS)
    write_json(CODE_RECORD, record(MODELS))
    must_be_current("train", MODELS, "beside")
    (places / "beside/layers.py").write_text("WIDTH = 4\n")
    assert not is_current(MODELS)
    must_be_current("train", MODELS, "ours")
    with pytest.raises(ArgusError, match="train@beside is not what"):
        must_be_current("train", MODELS, "beside")
    with pytest.raises(ArgusError, match="promote is not what"):
        must_be_current("promote", MODELS)


def test_an_architecture_that_is_gone_is_named(places: Path) -> None:
    (places / "beside/model.py").unlink()
    with pytest.raises(ArgusError, match=r"beside\.model:Beside is not to be found"):
        record(MODELS)
