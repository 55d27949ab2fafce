"""The stage itself in a scratch repository of Git and DVC: turns that hand the record on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from argus.cli.repository import params_edit
from argus.data import catalogue
from stages.split.__main__ import recorded
from stages.split.prior_splits import empty
from tests.conftest import ROOT
from tests.split.tables import fleet, lay_out

PIPELINE = """\
stages:
  split:
    cmd: python -m stages.split
    deps: [data/embed]
    params: [split, dedupe.mirrored, lineage.previous]
    outs: [data/split]
    metrics:
      - reports/split.json: {cache: false}
"""
RETIRED = "fleet/3"  # a drive that is gone in the second turn


def sh(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def set_param(name: str, value: str) -> None:
    path = Path("params.yaml")
    path.write_text(params_edit.with_value(path.read_text(), name, value))


def turn(images: pl.DataFrame) -> str:
    """Run the stage on a catalogue and commit; the commit."""
    lay_out(images)
    sh(sys.executable, "-m", "dvc", "repro")
    sh("git", "add", "--all", ":!data/embed")
    sh("git", "commit", "--quiet", "--message", "turn")
    return sh("git", "rev-parse", "HEAD")


@pytest.fixture
def repository(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    Path("dvc.yaml").write_text(PIPELINE)
    set_param("lineage.previous", "null")
    sh("git", "init", "--quiet")
    sh(sys.executable, "-m", "dvc", "init", "--quiet")
    return workspace


def splits() -> dict[str, str]:
    """The split of each image by the newest turn."""
    images = catalogue.read("data/split/images.parquet")
    return dict(images.select("image_id", "split").iter_rows())


def test_the_second_turn_goes_by_the_record_of_the_first(repository: Path) -> None:
    images = fleet([("day", 2)] * 60)
    first = turn(images.head(80))
    before = splits()
    record = catalogue.read("data/split/record.parquet")

    set_param("lineage.previous", f'"{first}"')
    set_param("split.seed", "99")
    turn(images.filter(pl.col("sequence") != RETIRED))
    now = splits()
    gone = set(images.filter(sequence=RETIRED)["image_id"])
    assert before.keys() - now.keys() == gone
    assert all(now[name] == before[name] for name in before.keys() - gone)
    assert len(set(now.values())) == 3

    # the commit's record, not what lies there now
    assert recorded(first).equals(record)
    longer = catalogue.read("data/split/record.parquet")
    assert longer.height > record.height
    assert longer.head(record.height).equals(record)

    assert "Running stage" not in sh(sys.executable, "-m", "dvc", "repro")


def test_without_a_turn_before_there_is_nothing_to_fetch(workspace: Path) -> None:
    assert recorded(None).equals(empty())


def test_a_record_that_cannot_be_fetched_stops_the_stage(repository: Path) -> None:
    set_param("lineage.previous", f'"{"1" * 40}"')
    lay_out(fleet([("day", 2)]))
    command = [sys.executable, "-m", "stages.split"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "data/split/record.parquet of turn 1111111111" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path("data/split/images.parquet").exists()
