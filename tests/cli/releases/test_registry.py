"""Which champions are versions of their task's artifact, and by what number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from argus.cli.releases import registry
from argus.cli.repository.turn_commits import History
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.turns.test_turn import Argus, commit_of
from tests.conftest import ROOT


def test_a_task_without_an_artifact_stops_a_turn_before_it_begins(repo: Path, argus: Argus) -> None:
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("task: generate,", "task: snow,"))
    status, printed = argus("turn", "-m", "x")
    assert status == 1
    assert "no artifact for its champion" in printed
    assert "  snow:\n    path: releases/snow\n    type: model" in printed
    assert not Path(".dvc/tmp/ran").exists()
    with pytest.raises(ArgusError, match=r"'snow\.2' cannot be registered"):
        registry.require_artifacts(["snow.2"])


def test_the_artifacts_of_the_project_are_its_tasks() -> None:
    artifacts = yaml.safe_load((ROOT / "dvc.yaml").read_text())["artifacts"]
    models = yaml.safe_load((ROOT / "params.yaml").read_text())["models"]
    assert {name: artifact["path"] for name, artifact in artifacts.items()} == {
        model["task"]: f"releases/{model['task']}" for model in models.values()
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
            for name in names:
                registry.register(name)
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
    assert not registry.register("generate@v1.0.0")
    assert "the next turn registers this one" in capsys.readouterr().out
    assert commit_of("generate@v1.0.0") == theirs
    assert champion("mine") == ["generate@v2.0.0"]
