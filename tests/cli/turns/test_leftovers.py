"""A turn records what it made, and nothing of models and sources that it does not have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from argus.cli.turns import leftovers
from argus.core import params
from argus.core.paths import PARAMS
from tests.cli.conftest import sh
from tests.cli.turns.test_turn import deliver, status

STALE = (
    "models/trained/old/card.json",
    "data/evaluate/old/model.npy",
    "data/ingest/gone/images.parquet",
    "reports/train/old/metrics.json",
    "reports/train/old/plots/metrics/loss/a.tsv",
    "reports/train/old/plots/metrics/.gitkeep",
    "reports/evaluate/old.json",
    "reports/ingest/gone.json",
    "reports/ingest/gone/flaws.png",
    "data/twins/gone/a.night.jpg",
)
OWN = (
    "models/trained/r3gan/card.json",
    "models/trained/.r3gan.1.part/card.json",
    "models/champions/generate/card.json",
    "reports/train/r3gan/metrics.json",
    "reports/ingest/cam/flaws.png",
    "reports/evaluate/.gitignore",
    "data/raw/gone/d1/a.jpg",
    "data/twins/README.md",
    "data/twins/cam/a.night.jpg",
    "data/twins/kept/a.night.jpg",
    "data/twins/kept.dvc",
)


def lay(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("{}")


def test_only_what_is_of_no_model_and_no_source_is_deleted(repo: Path) -> None:
    lay(*STALE, *OWN)
    deleted = leftovers.sweep(params.load(PARAMS))
    assert [str(path) for path in deleted] == [
        "models/trained/old",
        "data/evaluate/old",
        "reports/train/old",
        "reports/evaluate/old.json",
        "data/ingest/gone",
        "reports/ingest/gone",
        "reports/ingest/gone.json",
        "data/twins/gone",
    ]
    assert not any(Path(path).exists() for path in STALE)
    assert all(Path(path).exists() for path in OWN)
    assert leftovers.sweep(params.load(PARAMS)) == []


def test_a_model_of_a_dotted_name_is_known_by_all_of_it(repo: Path) -> None:
    PARAMS.write_text(PARAMS.read_text().replace("  r3gan: {", "  r3gan.v2: {"))
    lay("reports/evaluate/r3gan.v2.json", "reports/evaluate/r3gan.json", "models/trained/r3gan/x")
    deleted = leftovers.sweep(params.load(PARAMS))
    assert list(map(str, deleted)) == ["models/trained/r3gan", "reports/evaluate/r3gan.json"]


def test_what_left_and_what_was_aborted_is_no_dirt_and_not_in_the_turn(
    repo: Path, upload: Path, argus: Callable[..., tuple[int, str]]
) -> None:
    reports = [path for path in STALE if path.startswith("reports/") and "flaws" not in path]
    lay(*reports)
    sh("git", "add", "--force", *reports)
    sh("git", "commit", "--quiet", "--message", "an earlier turn")
    lay(*STALE, "reports/train/aborted/metrics.json", "reports/evaluate/aborted.json")
    deliver(upload, "d1")
    ended, printed = argus("turn", "-m", "first")
    assert ended == 0
    assert "deleted, as of no model or source in params.yaml" in printed
    assert status() == []
    listed = sh("git", "ls-files", "reports", "models", "data").splitlines()
    assert not [path for path in listed if set(path.split("/")) & {"old", "gone", "aborted"}]
    assert not set(reports) & set(listed)
    assert "reports/evaluate/aborted.json" not in listed


def test_what_else_lies_in_the_tree_still_stops_a_turn_and_then_nothing_is_deleted(
    repo: Path, argus: Callable[..., tuple[int, str]]
) -> None:
    lay(*STALE, "reports/evaluate/notes.txt")
    ended, printed = argus("turn", "-m", "x")
    assert ended == 1
    assert "?? reports/evaluate/notes.txt" in printed
    assert "reports/evaluate/old.json" not in printed
    assert all(Path(path).exists() for path in STALE)


MATRIX = """\
  train:
    matrix: {model: "${models}"}
    cmd: python toy.py ${item.model}
  demo:
    matrix: {source: "${rendered}"}
    cmd: python toy.py ${item.source}
"""


def test_stages_that_are_gone_leave_dvc_lock_but_those_that_rendered_a_delivery(
    repo: Path,
) -> None:
    with Path("dvc.yaml").open("a") as pipeline:
        pipeline.write(MATRIX)
    rendered = {"cmd": "x", "outs": [{"path": "data/raw/demo/d1"}]}
    names = ("ingest", "train@r3gan", "train@old", "evaluate@old", "ingest@gone", "demo@gone")
    stages = {**{name: {"cmd": "x"} for name in names}, "demo@demo": rendered}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))
    leftovers.sweep(params.load(PARAMS))
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    assert set(lock["stages"]) == {"ingest", "train@r3gan", "demo@demo"}
    assert lock["schema"] == "2.0"
    assert json.dumps(lock["stages"]["demo@demo"]) == json.dumps(rendered)
