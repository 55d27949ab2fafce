"""A champion with new weights is a new version of its task's artifact, and no other one is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from argus.cli.repository.turn_commits import History
from argus.cli.turns import registry
from argus.cli.turns.resume import STATE
from argus.cli.turns.turn import turn
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.turns.test_turn import Argus, commit_of, deliver, today_utc
from tests.conftest import ROOT

BEST = Path(".dvc/tmp/weights")
"""What the toy's model has learnt."""


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run DVC or GTO, which stand beside the interpreter."""
    command = [Path(sys.executable).with_name(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def versions(revision: str = "HEAD") -> list[str]:
    return [name for name in sh("git", "tag", "--points-at", revision).split() if "@" in name]


@pytest.mark.slow
def test_a_champion_is_registered_when_it_changes_and_got_from_a_clone(
    repo: Path, upload: Path, argus: Argus, tmp_path: Path
) -> None:
    assert run("dvc", "remote", "add", "-d", "store", tmp_path / "store").returncode == 0
    sh("git", "commit", "--quiet", "--all", "--message", "a remote")  # that later commits know
    deliver(upload, "d1")
    status, printed = argus("turn", "-m", "first")
    assert status == 0
    told = "generate@v1.0.0 is registered: `dvc artifacts get . generate --rev v1.0.0`"
    assert told in printed
    assert versions() == ["generate@v1.0.0"]
    assert sh("git", "cat-file", "-t", "generate@v1.0.0").strip() == "tag"
    assert "Argus-Champion: generate@v1.0.0\nArgus-Turn: 1\n" in sh(
        "git", "log", "-1", "--format=%B"
    )

    deliver(upload, "d2")
    turn("the champion stays", today_utc())
    assert versions() == []
    turn("of a new line the same champion", today_utc(), new_line=True)
    assert versions() == []
    BEST.write_text("better")
    deliver(upload, "d3")
    turn("a new champion", today_utc())
    assert versions() == ["generate@v2.0.0"]

    shown = run("gto", "show", "--json").stdout
    assert json.loads(shown)["generate"]["version"] == "v2.0.0"
    events = [event["ref"] for event in json.loads(run("gto", "history", "--json").stdout)]
    assert sorted(events) == ["generate@v1.0.0", "generate@v2.0.0"]

    assert run("dvc", "push", "--all-tags").returncode == 0
    clone = tmp_path / "clone"
    sh("git", "clone", "--quiet", str(repo), str(clone))
    for name, asked, weights in (
        ("newest", ("artifacts", "get", clone, "generate"), "better"),
        ("tag", ("artifacts", "get", clone, "generate", "--rev", "v1.0.0"), "weights"),
        ("branch", ("get", clone, "models/champions/generate", "--rev", "main"), "better"),
    ):
        done = run("dvc", *asked, "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "generator.safetensors").read_text() == weights
    nobody = run("dvc", "artifacts", "get", clone, "day2night", "--out", tmp_path / "none")
    assert nobody.returncode == 1
    assert "Unable to find artifact 'day2night'" in nobody.stderr


def test_a_turn_killed_before_its_tags_gets_them(repo: Path, upload: Path) -> None:
    deliver(upload, "d1")
    lock = Path(".git/refs/tags/generate@v1.0.0.lock")
    lock.touch()  # as another Git process would
    with pytest.raises(ArgusError, match="git tag"):
        turn("first", today_utc())
    assert versions() == []
    assert STATE.exists()
    lock.unlink()
    made = commit_of("HEAD")
    assert turn("first", today_utc())[0] == 1
    assert commit_of("HEAD") == made
    assert versions() == ["generate@v1.0.0"]
    assert not STATE.exists()


def test_a_task_without_an_artifact_stops_a_turn_before_it_begins(repo: Path, argus: Argus) -> None:
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("task: generate,", "task: snow,"))
    status, printed = argus("turn", "-m", "x")
    assert status == 1
    assert "no artifact for its champion" in printed
    assert "  snow:\n    path: models/champions/snow\n    type: model" in printed
    assert not Path(".dvc/tmp/ran").exists()
    with pytest.raises(ArgusError, match=r"'snow\.2' cannot be registered"):
        registry.require_artifacts(["snow.2"])


def test_the_artifacts_of_the_project_are_its_tasks() -> None:
    artifacts = yaml.safe_load((ROOT / "dvc.yaml").read_text())["artifacts"]
    models = yaml.safe_load((ROOT / "params.yaml").read_text())["models"]
    assert {name: artifact["path"] for name, artifact in artifacts.items()} == {
        model["task"]: f"models/champions/{model['task']}" for model in models.values()
    }


Champion = Callable[..., list[str]]


@pytest.fixture
def champion(repo: Path) -> Champion:
    """Commit a turn in which weights serve the task `generate`, with the versions that are due."""

    def commit(weights: str | None, tag: bool = True) -> list[str]:
        decided = {"generate": {"champion": weights and "gan", "weights": weights}}
        names = registry.due(History(), decided)
        registry.DECISION.parent.mkdir(parents=True, exist_ok=True)
        registry.DECISION.write_text(json.dumps(decided))
        sh("git", "add", "--all")
        trailers = "\n".join(f"Argus-Champion: {name}" for name in names)
        sh("git", "commit", "--quiet", "--allow-empty", "--message", f"turn\n\n{trailers}")
        if tag:
            registry.register(names, "turn")
        return names

    return commit


def test_numbers_rise_with_each_new_champion_alone(champion: Champion) -> None:
    made = [champion(weights) for weights in ("a", "a", None, "b", "b", None, "b", "a")]
    first, second, third = (["generate@v1.0.0"], ["generate@v2.0.0"], ["generate@v3.0.0"])
    assert made == [first, [], [], second, [], [], [], third]


@pytest.mark.parametrize("tag", [True, False])
def test_on_another_branch_only_its_own_champion_counts(champion: Champion, tag: bool) -> None:
    """Nor does it matter whether the clone has the tags."""
    champion("a", tag)
    sh("git", "switch", "--quiet", "--create", "other")
    assert champion("b", tag) == ["generate@v2.0.0"]
    sh("git", "switch", "--quiet", "main")
    assert champion("a", tag) == []
    assert champion("c", tag) == ["generate@v3.0.0"]


def test_a_champion_that_came_back_is_registered_again_and_a_squashed_one_is_not(
    champion: Champion,
) -> None:
    champion("a")
    champion("b")
    sh("git", "revert", "--no-edit", "HEAD")
    assert champion("a") == ["generate@v3.0.0"]
    sh("git", "reset", "--quiet", "--soft", "HEAD~3")  # the revert, and the turns around it
    sh("git", "commit", "--quiet", "--allow-empty", "--message", "all in one")
    assert champion("a") == []
    champion("c")
    sh("git", "reset", "--quiet", "--soft", "HEAD~1")
    sh("git", "commit", "--quiet", "--message", "squashed, without the trailer")
    assert champion("c") == []


def test_a_tag_that_another_took_meanwhile_is_left_to_it(
    champion: Champion, capsys: pytest.CaptureFixture[str]
) -> None:
    sh("git", "switch", "--quiet", "--create", "other")
    champion("theirs")
    theirs = commit_of("HEAD")
    sh("git", "switch", "--quiet", "main")
    sh("git", "branch", "--quiet", "-D", "other")
    sh("git", "tag", "--delete", "generate@v1.0.0")  # not fetched yet
    assert champion("mine", tag=False) == ["generate@v1.0.0"]
    sh("git", "tag", "--annotate", "generate@v1.0.0", theirs, "--message", "fetched")
    registry.register(["generate@v1.0.0"], "turn")
    assert "the next turn registers this one" in capsys.readouterr().out
    assert commit_of("generate@v1.0.0") == theirs
    assert champion("mine") == ["generate@v2.0.0"]
