"""The turns so far, from commits alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from argus.cli.turns import history
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.turns.test_turn_summary import FOUND


def recorded(number: int, previous: str | None, images: int) -> str:
    """A turn's commit, with its reports and those of a source that is no longer used."""
    lineage = {"turn": number, "previous": previous}
    settings = {"sources": ["a"], "models": {"g": {}}, "lineage": lineage}
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    for name, report in FOUND.items():
        path = Path(f"reports/{name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**report, **({"images": images} if name[0] == "i" else {})}))
    Path("dvc.lock").write_text(f"made by {number}\n")
    sh("git", "add", "--all")
    sh("git", "commit", "--quiet", "--message", f"turn {number} | more\n\nArgus-Turn: {number}")
    return sh("git", "rev-parse", "HEAD").strip()


@pytest.fixture
def twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A repository with two turns, and their commits."""
    (tmp_path / "here/.dvc").mkdir(parents=True)
    (tmp_path / "here/.dvc/config").touch()
    monkeypatch.chdir(tmp_path / "here")
    sh("git", "init", "--quiet", "--initial-branch=main")
    first = recorded(1, None, 10)
    sh("git", "tag", "turn-1")
    second = recorded(2, first, 20)
    sh("git", "tag", "turn-2")
    return first, second


def test_a_clone_without_tags_shows_the_same_turns(
    twice: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past, notes = history.turns()
    assert [(turn.number, turn.message) for turn in past] == [
        (1, "turn 1 | more"),
        (2, "turn 2 | more"),
    ]
    assert [turn.summary and turn.summary.images for turn in past] == [10, 20]
    assert notes == []
    sh("git", "clone", "--quiet", "--no-tags", str(Path.cwd()), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert history.turns()[0] == past
    for number, commit, note in zip((1, 2), twice, history.turns()[1], strict=True):
        assert f"git tag turn-{number} {commit[:10]}" in note


def test_a_turn_stands_once_whatever_holds_it_and_a_broken_report_hides_no_row(
    twice: tuple[str, str],
) -> None:
    sh("git", "revert", "--no-edit", "HEAD")
    sh("git", "revert", "--no-edit", "HEAD")
    assert [turn.number for turn in history.turns()[0]] == [1, 2]
    Path("reports/prune.json").write_text("<<<<<<<\n")
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("turn: 2", "turn: 3"))
    Path("dvc.lock").write_text("made by 3\n")
    sh("git", "commit", "--quiet", "--all", "--message", "three")
    third = history.turns()[0][-1]
    assert (third.number, third.summary, third.lacks) == (3, None, "prune")


def test_tags_of_turns_that_are_not_heads_are_named(twice: tuple[str, str]) -> None:
    sh("git", "reset", "--quiet", "--hard", twice[0])
    past, notes = history.turns()
    assert [turn.number for turn in past] == [1]
    assert notes == [f"turn-2 (commit {twice[1][:10]}) is not in HEAD's history"]


def test_before_the_first_turn_it_says_so(twice: tuple[str, str]) -> None:
    sh("git", "checkout", "--quiet", "--orphan", "empty")
    sh("git", "rm", "--quiet", "-r", "--cached", ".")
    sh("git", "commit", "--quiet", "--allow-empty", "--message", "nothing")
    with pytest.raises(ArgusError, match="argus turn -m MESSAGE"):
        history.turns()
