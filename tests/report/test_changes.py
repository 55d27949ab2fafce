"""What changed since the turn before, by its commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from argus.core import reports
from argus.core.errors import ArgusError
from stages.report.changes import Figure, Parameter, changes
from tests.report.turn_world import DECISIONS, leave, rows


def git(*command: str) -> str:
    named = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(["git", *named, *command], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def before(workspace: Path) -> str:
    """The commit of a turn; what `leave` leaves lies in the folder."""
    leave()
    settings = yaml.safe_load(Path("params.yaml").read_text())
    now = Path("params.yaml").read_text()
    settings["sources"] = ["acme", "gone"]
    settings["prune"]["budget"] += 100
    settings["report"] = {"turn": 1, "message": "the first"}
    settings["ingest"]["as_of"] = "2026-01-01"
    del settings["dedupe"]["mirrored"]
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    taken = {"images": 30, "accepted": 30, "refused": {}}
    reports.metrics("ingest/acme", taken)
    reports.metrics("ingest/gone", taken)
    reports.metrics("promote/decision", {"generate": {"champion": "sngan", "weights": "a"}})
    Path("data/raw/gone").mkdir()
    Path("data/raw/gone/d7.dvc").touch()
    git("init", "--quiet")
    git("add", "params.yaml", "reports", "data/raw/gone")
    git("commit", "--quiet", "--message", "turn 1")
    Path("params.yaml").write_text(now)
    Path("data/raw/gone/d7.dvc").unlink()
    Path("data/raw/acme/d1.dvc").touch()
    reports.metrics("ingest/acme", {**taken, "images": 70, "accepted": 65})
    return git("rev-parse", "HEAD")


def test_figures_sources_deliveries_parameters_and_champions(before: str) -> None:
    found = changes(before, rows(), DECISIONS)
    assert found.figures[:2] == [
        Figure("images in", 60, 70),
        Figure("accepted at the door", 60, 65),
    ]
    assert found.came == ["the delivery acme/d1"]
    assert found.went == ["the source gone", "the delivery gone/d7"]
    budget = yaml.safe_load(Path("params.yaml").read_text())["prune"]["budget"]
    assert sorted(found.parameters) == [
        Parameter("dedupe.mirrored", "not there", "true"),
        Parameter("prune.budget", str(budget + 100), str(budget)),
        Parameter("sources", '["acme", "gone"]', '["acme"]'),
    ]
    assert found.champions == [
        "day2night: cut is the first champion",
        "generate: r3gan took over from sngan",
    ]


def test_a_turn_that_is_not_here_is_named(before: str) -> None:
    with pytest.raises(ArgusError, match=f"commit {'1' * 10}, is not in this repository"):
        changes("1" * 40, rows(), DECISIONS)
