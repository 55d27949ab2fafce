"""A turn is one commit and one tag; what stops half-way is gone on with."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.cli.repository import lock, workspace
from argus.cli.repository.git import Change
from argus.cli.turns.inputs import Inputs
from argus.cli.turns.resume import STATE, Begun
from argus.cli.turns.tree import foreign
from argus.cli.turns.turn import turn
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.intake.test_submit import tree

Argus = Callable[..., tuple[int, str]]
TODAY = date(2026, 11, 24)
RAN = Path(".dvc/tmp/ran")


def status() -> list[str]:
    return sh("git", "status", "--porcelain", "--untracked-files=all").splitlines()


def commit_of(revision: str) -> str:
    return sh("git", "rev-parse", f"{revision}^{{commit}}").strip()


def deliver(upload: Path, name: str) -> None:
    for path in upload.rglob("*.jpg"):
        path.write_bytes(f"{name} {path.name}".encode())
    submit(folder_importer(upload, "none", "none"), "cam", name, datetime.now(UTC))


def test_two_turns_are_two_commits_with_tags_lineage_and_headlines(
    repo: Path, upload: Path, argus: Argus
) -> None:
    before = Path("params.yaml").read_text()
    deliver(upload, "d1")
    ended, printed = argus("turn", "-m", "#1: first images")
    assert ended == 0
    assert "turn-1 is recorded" in printed
    assert "r3gan beats noise" in printed
    assert status() == []
    assert not STATE.exists()
    assert sh("git", "cat-file", "-t", "turn-1").strip() == "tag"
    assert commit_of("turn-1") == commit_of("HEAD")
    message = sh("git", "log", "-1", "--format=%B")
    assert message.splitlines()[0] == "#1: first images"
    for words in (
        "images: 3 in, 2 accepted, 2 selected",
        "refused: truncated 1",
        "r3gan (generate): kid_efficientnet 0.05882, fd_efficientnet 0.5882",
        "generate: r3gan promoted",
        "Argus-Turn: 1",
    ):
        assert words in message
    committed = sh("git", "show", "--format=", "--name-only", "HEAD").split()
    assert {
        "params.yaml",
        "dvc.lock",
        "data/raw/cam/d1.dvc",
        "reports/dedupe.json",
        "reports/promote/decision.json",
    } <= set(committed)
    after = Path("params.yaml").read_text()
    now = before.replace('as_of: "2026-01-01"', f'as_of: "{today_utc()}"')
    now = now.replace('message: ""', 'message: "#1: first images"')
    assert after == now.replace("  turn: 0\n", "  turn: 1\n")

    deliver(upload, "d2")
    first = commit_of("HEAD")
    number, summary, _ = turn("more", TODAY)
    assert number == 2
    assert summary.images == 6
    settings = yaml.safe_load(Path("params.yaml").read_text())
    assert settings["lineage"] == {"turn": 2, "previous": first}
    assert first == commit_of("turn-2~1")
    assert settings["ingest"]["as_of"] == "2026-11-24"
    assert settings["report"] == {"turn": 2, "message": "more"}
    assert RAN.read_text().split() == ["ingest", "judge"] * 2
    assert json.loads(workspace.dvc("status", "--json")) == {}

    sh("git", "tag", "release", "turn-2")  # DVC names a commit by all its tags at once
    ended, printed = argus("history", "--write", "out/history.md")
    assert ended == 0
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in Path("out/history.md").read_text().splitlines()
        if line.startswith("|")
    ]
    assert rows[0] == [
        *("turn", "date", "message", "in", "accepted", "selected"),
        *("champions", "gain (KID)", "since the<br>first champion"),
    ]
    assert rows[2][2:6] == ["#1: first images", "3", "2", "2"]
    assert rows[2][6:] == ["day2night: none<br>generate: r3gan promoted", "-", "-"]
    assert rows[3][2:6] == ["more", "6", "6", "5"]
    assert rows[3][6] == "day2night: none<br>generate: r3gan stays"
    scored = "turn 1, generate (kid_efficientnet): r3gan 0.05882"
    assert f"- {scored}\n" in Path("out/history.md").read_text()
    for words in ("#1: first", "stays", scored):  # a cell may be wrapped
        assert words in printed
    ended, printed = argus("show")
    assert ended == 0
    assert "refused" not in printed
    assert "baseline: noise" in printed


def today_utc() -> date:
    return datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("toy.py", " M toy.py"),
        ("notes.txt", "?? notes.txt"),
        ("reports/old.json", "outside a turn"),
        ("data/raw/cam/d1/a.jpg", "not submitted: data/raw/cam/d1"),
    ],
)
def test_what_is_not_intake_stops_a_turn_before_it_begins(
    repo: Path, argus: Argus, path: str, words: str
) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("a") as file:
        file.write("# changed\n")
    params = Path("params.yaml").read_bytes()
    ended, printed = argus("turn", "-m", "x")
    assert ended == 1
    assert words in printed
    assert Path("params.yaml").read_bytes() == params
    assert not RAN.exists()
    assert sh("git", "tag") == ""


def test_records_that_differ_from_the_last_turn_are_the_next_turns_to_write() -> None:
    elsewhere = [Change(" M", "dvc.lock"), Change(" M", "reports/evaluate/r3gan.json")]
    assert foreign(elsewhere, begun=False) == []
    stray = [Change("??", "reports/notes.json"), Change(" M", "stages/split/assign.py")]
    assert foreign(elsewhere + stray, begun=False) == stray


def test_twins_come_in_with_a_turn_and_may_grow() -> None:
    brought = [
        Change("??", "data/twins/fleet.dvc"),
        Change(" M", "data/twins/fleet.dvc"),
        Change(" M", "data/twins/.gitignore"),
    ]
    assert foreign(brought, begun=False) == []
    altered = [Change(" M", "data/raw/fleet/d1.dvc"), Change("??", "data/twins/fleet/a.night.jpg")]
    assert foreign(altered, begun=False) == altered


def test_a_stage_that_fails_leaves_a_turn_that_is_gone_on_with(
    repo: Path, upload: Path, argus: Argus
) -> None:
    deliver(upload, "d1")
    Path(".dvc/tmp/fail-judge").touch()
    base = commit_of("HEAD")
    ended, printed = argus("turn", "-m", "first try's message")
    assert ended == 1
    assert "told to fail" in printed
    assert "status" in printed
    assert "argus turn -m 'first try'\"'\"'s message'" in printed
    assert commit_of("HEAD") == base
    assert sh("git", "tag") == ""
    assert "?? reports/dedupe.json" in status()

    Path("toy.py").write_text(Path("toy.py").read_text() + "# not committed\n")
    ended, printed = argus("turn", "-m", "again")
    assert ended == 1
    assert "M toy.py" in printed
    assert "reports" not in printed
    sh("git", "checkout", "--", "toy.py")

    Path("README").write_text("a commit in between\n")
    sh("git", "add", "README")
    sh("git", "commit", "--quiet", "--message", "between", "--", "README")
    Path(".dvc/tmp/fail-judge").unlink()
    number, _, _ = turn("again", today_utc())
    assert number == 1
    assert status() == []
    assert not STATE.exists()
    assert RAN.read_text().split() == ["ingest", "judge", "judge"]


def test_a_turn_that_lost_only_its_tag_gets_it(repo: Path, upload: Path) -> None:
    deliver(upload, "d1")
    lock = Path(".git/refs/tags/turn-1.lock")
    lock.touch()  # as another Git process would
    with pytest.raises(ArgusError, match="git tag"):
        turn("first", TODAY)
    assert commit_of("HEAD~0")
    assert sh("git", "tag") == ""
    lock.unlink()
    made = commit_of("HEAD")
    assert turn("first", TODAY)[0] == 1
    assert commit_of("turn-1") == commit_of("HEAD") == made
    assert RAN.read_text().split() == ["ingest", "judge"]
    Begun(commit_of("HEAD~1"), None, 1, Inputs.now()).write()
    sh("git", "tag", "--force", "turn-1", "HEAD~1")  # another's, fetched meanwhile
    assert turn("first", TODAY)[0] == 1
    assert commit_of("turn-1") == commit_of("HEAD~1")
    assert commit_of("HEAD") == made
    assert not STATE.exists()


def test_an_altered_delivery_is_never_taken_as_it_is(repo: Path, upload: Path) -> None:
    deliver(upload, "d1")
    image = Path("data/raw/cam/d1/day/drive1/a.jpg")
    image.chmod(0o644)
    image.write_bytes(b"altered")
    with pytest.raises(ArgusError, match=r"not as submitted: data/raw/cam/d1\.dvc"):
        turn("x", TODAY)
    assert not RAN.exists()
    sh("git", "commit", "--quiet", "--all", "--message", "delivery")
    tracker = Path("data/raw/cam/d1.dvc")
    tracker.write_text(tracker.read_text().replace("nfiles: 4", "nfiles: 5"))
    with pytest.raises(ArgusError, match=r"M data/raw/cam/d1\.dvc"):
        turn("x", TODAY)


def test_what_changes_while_the_pipeline_runs_is_not_recorded(
    repo: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(upload, "d1")

    def edits(*_: str) -> int:
        Path("toy.py").write_text("changed meanwhile")
        return 0

    monkeypatch.setattr(workspace, "dvc_aloud", edits)
    with pytest.raises(ArgusError, match=r"changed while the pipeline ran(.|\n)* M toy.py"):
        turn("x", TODAY)
    assert sh("git", "tag") == ""


def test_a_knob_edited_while_its_stage_runs_is_never_recorded_with_what_ran_before(
    repo: Path, upload: Path, argus: Argus
) -> None:
    deliver(upload, "d1")
    edit = Path(".dvc/tmp/during-judge")
    edit.write_text("sed -i 's/steps: 1,/steps: 2,/' params.yaml\n")
    base = commit_of("HEAD")
    ended, printed = argus("turn", "-m", "x")
    assert ended == 1
    assert "changed while the pipeline ran" in printed
    assert "params.yaml" in printed
    assert commit_of("HEAD") == base
    assert RAN.read_text().split() == ["ingest", "judge"]
    edit.unlink()

    hook = Path(".git/hooks/pre-commit")
    hook.write_text("#!/bin/sh\necho no turns on fridays\nexit 1\n")
    hook.chmod(0o755)
    ended, printed = argus("turn", "-m", "x")
    assert ended == 1
    assert "no turns on fridays" in printed
    # DVC took the run with 1 step for one with 2, in dvc.lock and in its run cache
    assert RAN.read_text().split() == ["ingest", "judge", "judge"]
    assert sh("git", "diff", "--cached", "--name-only") == ""
    assert yaml.safe_load(Path("params.yaml").read_text())["lineage"]["turn"] == 0
    hook.unlink()

    assert turn("x", today_utc())[0] == 1
    assert RAN.read_text().split() == ["ingest", "judge", "judge"]
    committed = yaml.safe_load(sh("git", "show", "HEAD:params.yaml"))
    assert committed["models"]["r3gan"]["steps"] == 2
    assert committed["lineage"]["turn"] == 1
    assert status() == []


def test_a_turn_that_was_killed_forgets_what_ran_on_an_edit_before_it_goes_on(
    repo: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(upload, "d1")
    Begun(commit_of("HEAD"), None, 1, Inputs.now()).write()
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("steps: 1,", "steps: 2,"))
    ran = {"cmd": "python toy.py judge", "params": {"params.yaml": {"models.r3gan.steps": 2}}}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"judge": ran}}))
    kept = []

    def repro(*_: str) -> int:
        kept.append(yaml.safe_load(Path("dvc.lock").read_text())["stages"])
        return 7

    monkeypatch.setattr(workspace, "dvc_aloud", repro)
    with pytest.raises(ArgusError, match="status 7"):
        turn("x", TODAY)
    assert kept == [{}]


def test_a_report_that_no_stage_makes_is_not_recorded(
    repo: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(upload, "d1")

    def repro(*_: str) -> int:
        Path("reports").mkdir()
        Path("reports/notes.json").write_text("{}")
        return 0

    monkeypatch.setattr(workspace, "dvc_aloud", repro)
    with pytest.raises(ArgusError, match=r"no stage makes(.|\n)*reports/notes\.json"):
        turn("x", TODAY)


def test_code_that_git_does_not_see_changed_is_not_recorded(
    repo: Path, upload: Path, argus: Argus
) -> None:
    deliver(upload, "d1")
    sh("git", "update-index", "--assume-unchanged", "toy.py")
    with Path("toy.py").open("a") as code:
        code.write("# tried out\n")
    ended, printed = argus("turn", "-m", "x", "--new-line")
    assert ended == 1
    assert "changed deps: toy.py modified" in printed
    assert "argus turn -m x --new-line" in printed
    assert sh("git", "tag") == ""
    assert sh("git", "diff", "--cached", "--name-only") == ""


def test_two_commands_do_not_change_a_repository_at_once(repo: Path, argus: Argus) -> None:
    lock.LOCK.parent.mkdir(exist_ok=True)
    with lock.LOCK.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(f"argus turn, process {os.getpid()}")
        held.flush()
        for command in (["turn", "-m", "x"], ["source", "retire", "cam"]):
            ended, printed = argus(*command)
            assert ended == 1
            assert f"`argus turn, process {os.getpid()}` is at work" in printed


def test_without_a_name_for_commits_nothing_is_begun(
    repo: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.delenv("EMAIL", raising=False)
    sh("git", "config", "user.useConfigOnly", "true")
    ended, printed = argus("turn", "-m", "x")
    assert ended == 1
    assert "git config user.name" in printed
    assert not RAN.exists()


def test_in_a_folder_of_another_repository_nothing_is_begun(repo: Path, argus: Argus) -> None:
    shutil.rmtree(".git")
    sh("git", "init", "--quiet", str(repo.parent))
    sh("git", "add", "--all")
    sh("git", "commit", "--quiet", "--message", "all")
    before = tree(repo / "data")
    status, printed = argus("turn", "-m", "one")
    assert status == 1
    assert "a repository of its own" in " ".join(printed.split())
    assert tree(repo / "data") == before


def test_a_message_is_needed(repo: Path, argus: Argus) -> None:
    assert argus("turn")[0] == 2
    ended, printed = argus("turn", "-m", "  ")
    assert ended == 1
    assert "message" in printed


def test_ctrl_c_stops_the_stages_and_says_how_to_go_on(repo: Path, upload: Path) -> None:
    deliver(upload, "d1")
    toy = Path("toy.py")
    toy.write_text(toy.read_text().replace("def judge(params):\n", f"def judge(params):\n{SLEEP}"))
    sh("git", "commit", "--quiet", "--message", "a slow stage", "--", "toy.py")
    command = [sys.executable, "-m", "argus.cli", "turn", "-m", "slow"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    deadline = time.monotonic() + 60
    while "judge" not in (RAN.read_text() if RAN.exists() else ""):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "error: interrupted: the turn is not recorded. `argus turn -m slow` goes on" in printed
    assert "Traceback" not in printed.split("error: ")[-1]
    with pytest.raises(ProcessLookupError):  # nobody of the group is left
        os.killpg(process.pid, 0)


SLEEP = "    import time\n    time.sleep(60)\n"
