"""A commit holds what ran, or is not made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from argus.cli.repository import git, workspace
from argus.cli.turns import commit
from argus.cli.turns.commit import commit_what_ran, without_outputs
from argus.cli.turns.inputs import Inputs
from argus.cli.turns.resume import Begun
from argus.core.errors import ArgusError
from tests.cli.conftest import sh

CARD, REPORT, PARAMS = "data/sources/cam.yaml", "reports/split.json", "params.yaml"


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """A tree in which a pipeline has written a report; DVC finds nothing to do whenever asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workspace, "dvc", lambda *_: "{}")
    sh("git", "init", "--quiet", "--initial-branch=main")
    for name in (CARD, PARAMS, "code.py", ".dvc/config"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"name: {name}\n")
    Path(".dvc/.gitignore").write_text("/tmp\n")  # noqa: S108 - a rule for Git
    sh("git", "add", "--all")
    sh("git", "commit", "--quiet", "--message", "the project")
    Path(PARAMS).write_text("name: edited before the turn\n")
    inputs = Inputs.now()
    Path(REPORT).parent.mkdir()
    Path(REPORT).write_text("{}")
    return inputs


def edit(name: str) -> None:
    with Path(name).open("a") as file:
        file.write("edited: meanwhile\n")


def test_what_ran_is_committed_with_what_was_edited_before(ran: Inputs) -> None:
    commit_what_ran("a turn", [PARAMS, REPORT], ran, "")
    assert sh("git", "show", "--format=%s", "--name-only", "HEAD").split() == [
        *("a", "turn", PARAMS, REPORT)
    ]
    assert git.changes() == []


@pytest.mark.parametrize("name", [CARD, REPORT, PARAMS, "code.py", "data/sources/new.yaml"])
@pytest.mark.parametrize("at", ["stage", "status"])
def test_an_edit_before_the_tree_is_looked_at_is_refused(
    ran: Inputs, monkeypatch: pytest.MonkeyPatch, at: str, name: str
) -> None:
    base = git.head()
    if at == "stage":
        after(monkeypatch, git, "stage", lambda: edit(name))
    else:
        after(monkeypatch, workspace, "dvc", lambda: edit(name))
    with pytest.raises(ArgusError, match=f"(?s){name}.*do it again"):
        commit_what_ran("a turn", [PARAMS, REPORT], ran, "do it again")
    assert git.head() == base
    assert sh("git", "diff", "--cached", "--name-only") == ""
    assert "edited: meanwhile" in Path(name).read_text()


def test_a_name_that_is_not_utf8_is_a_file_like_others(ran: Inputs) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    Path(name).touch()
    begun = Begun("0" * 40, None, 1, Inputs.now())
    begun.write()
    assert Begun.read() == begun
    assert begun.inputs.changed() == []
    edit(name)
    assert begun.inputs.changed() == [name]


def test_an_edit_staged_with_the_rest_is_refused_too(ran: Inputs) -> None:
    edit(CARD)  # between the pipeline and `git add`
    with pytest.raises(ArgusError, match=CARD):
        commit_what_ran("a turn", [PARAMS, REPORT, CARD], ran, "")


@pytest.mark.parametrize("name", [CARD, REPORT, PARAMS, "code.py"])
def test_an_edit_after_that_is_not_in_the_commit(
    ran: Inputs, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    after(monkeypatch, commit, "status_of_index", lambda: edit(name))
    commit_what_ran("a turn", [PARAMS, REPORT], ran, "")
    assert "meanwhile" not in sh("git", "show", f"HEAD:{name}")
    assert git.changes() == [git.Change(" M", name)]


def test_a_hook_that_changes_the_commit_is_found_out(ran: Inputs) -> None:
    base = git.head()
    hook = Path(".git/hooks/pre-commit")
    hook.write_text(f"#!/bin/sh\necho tidied: true >> {CARD}\ngit add {CARD}\n")
    hook.chmod(0o755)
    with pytest.raises(ArgusError, match=f"hook changed.*{CARD}"):
        commit_what_ran("a turn", [PARAMS, REPORT], ran, "")
    assert git.head() == base
    assert sh("git", "diff", "--cached", "--name-only") == ""


@pytest.mark.parametrize("which", [0, 1])
def test_what_dvc_would_run_again_is_refused(
    ran: Inputs, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    said = ["{}", "{}"]
    said[which] = '{"split": [{"changed deps": {"params.yaml": {"split.seed": "modified"}}}]}'
    monkeypatch.setattr(workspace, "dvc", lambda *_: said.pop(0))
    with pytest.raises(ArgusError, match=r"split: changed deps: params\.yaml"):
        commit_what_ran("a turn", [PARAMS, REPORT], ran, "")
    assert sh("git", "diff", "--cached", "--name-only") == ""


def test_in_a_clone_only_outputs_that_dvc_keeps_may_be_missing() -> None:
    missing: dict[str, list[Any]] = {
        "demo": [{"changed outs": {"data/raw/demo": "not in cache"}}],
        "data/raw/cam/d1.dvc": [{"changed outs": {"data/raw/cam/d1": "not in cache"}}],
        "dedupe": [
            {"changed deps": {"data/raw": "modified", "data/raw/demo/a.jpg": "deleted"}},
            {"changed outs": {"data/dedupe": "not in cache"}},
        ],
    }
    assert without_outputs(missing) == {}
    wrong: dict[str, list[Any]] = {
        "split": [
            {"changed deps": {"stages/split": "modified", "stages/local.py": "deleted"}},
            {"changed outs": {"data/split": "not in cache", "reports/split.json": "modified"}},
            "changed command",
        ],
        "prune": [{"changed deps": {"params.yaml": {"prune.budget": "modified"}}}],
    }
    assert without_outputs({**missing, **wrong}) == {
        "split": [
            {"changed deps": {"stages/split": "modified", "stages/local.py": "deleted"}},
            {"changed outs": {"reports/split.json": "modified"}},
            "changed command",
        ],
        "prune": wrong["prune"],
    }


def after(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, then: Callable[[], None]
) -> None:
    """Let something happen right after a function is called, the first time."""
    called = getattr(module, name)
    left = [then]

    def wrapped(*arguments: object) -> object:
        result = called(*arguments)
        if left:
            left.pop()()
        return result

    monkeypatch.setattr(module, name, wrapped)


STAGES = {
    "ran before": {"params": {"params.yaml": {"a.b": 1}}, "deps": [{"path": CARD, "md5": "CARD"}]},
    "ran on the edit": {"params": {"params.yaml": {"a.b": 2}}},
    "lost its parameter": {"params": {"params.yaml": {"a.c": 3}}},
    "read the edited card": {"deps": [{"path": CARD, "md5": "0" * 32}]},
    "read all cards": {"deps": [{"path": "data/sources", "md5": "1.dir"}]},
    "read none": {"deps": [{"path": "data/source", "md5": "1.dir"}], "params": {"other.yaml": {}}},
}
NEVER = "lost its parameter"  # had not run before


def test_dvc_forgets_what_may_have_run_on_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "dvc", lambda *_: f"{tmp_path}/cache\n")
    sh("git", "init", "--quiet", str(tmp_path / "top"))
    monkeypatch.chdir(tmp_path / "top")
    Path(CARD).parent.mkdir(parents=True)
    Path(CARD).write_text("a card\n")
    Path(PARAMS).write_text("a: {b: 1}\n")
    inputs = Inputs.now()
    text = yaml.safe_dump({"schema": "2.0", "stages": STAGES}, sort_keys=False)
    Path("dvc.lock").write_text(text.replace("CARD", inputs.files[CARD]))
    for name, entry in STAGES.items():
        for age in ("new",) if name == NEVER else ("old", "new"):
            run = tmp_path / "cache/runs/ab" / name / age
            run.parent.mkdir(parents=True, exist_ok=True)
            run.write_text(yaml.safe_dump(entry).replace("CARD", inputs.files[CARD]))
            if age == "old":
                sh("touch", "--date=@1000000000", str(run))

    before = Path("dvc.lock").read_text()
    assert inputs.forget_what_changed() == []
    assert Path("dvc.lock").read_text() == before

    Path(PARAMS).write_text("a: {b: 2}\n")
    Path(CARD).write_text("another card\n")
    assert inputs.forget_what_changed() == [CARD, PARAMS]
    kept = {"ran before", "read none"}
    assert yaml.safe_load(Path("dvc.lock").read_text())["stages"].keys() == kept
    runs = tmp_path / "cache/runs/ab"
    assert {path.parent.name for path in runs.glob("*/new")} == kept
    assert {path.parent.name for path in runs.glob("*/old")} == STAGES.keys() - {NEVER}
    assert not (runs / NEVER).exists()  # DVC fails on an empty folder


def test_a_clone_has_the_bytes_that_ran_whatever_line_ends_its_owner_likes(
    repo: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    sh("git", "clone", "--quiet", "--config", "core.autocrlf=true", str(repo), str(clone))
    listed = sh("git", "ls-files").split()
    assert "toy.py" in listed
    assert "params.yaml" in listed
    for name in listed:
        assert (clone / name).read_bytes() == (repo / name).read_bytes(), name
