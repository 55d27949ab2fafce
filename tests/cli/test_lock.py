"""It is said who is at work on a repository, a killed command's pipeline too; SIGTERM stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import psutil
import pytest

from argus.cli.intake.importers import folder_importer
from argus.cli.intake.submit import submit
from argus.cli.repository import lock, recovery, workspace
from argus.core.errors import ArgusError
from tests.cli.conftest import sh
from tests.cli.intake.test_submit import NOW, tree

Argus = Callable[..., tuple[int, str]]
RAN, GO = Path(".dvc/tmp/ran"), Path(".dvc/tmp/go")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
WAIT = "    import time\n    while not Path('.dvc/tmp/go').exists():\n        time.sleep(0.02)\n"


def until(true: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for something; the process must not end before."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.fixture
def slow(repo: Path, upload: Path) -> Iterator[subprocess.Popen[str]]:
    """A turn whose last stage is at work, until `GO` is there."""
    submit(folder_importer(upload, "none", "none"), "cam", "d1", datetime.now(UTC))
    toy = Path("toy.py")
    toy.write_text(toy.read_text().replace("def judge(params):\n", f"def judge(params):\n{WAIT}"))
    sh("git", "commit", "--quiet", "--message", "a slow stage", "--", "toy.py")
    command = [sys.executable, "-m", "argus.cli", "turn", "-m", "slow"]
    out, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, text=True, env=ENVIRONMENT, stdout=out, stderr=both) as process:
        until(lambda: RAN.exists() and "judge" in RAN.read_text(), process)
        yield process
        GO.touch()


def at_work() -> list[psutil.Process]:
    """DVC and the stages that are at work in this folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = {"repro", "judge"} & set(process.cmdline())
            if words and process.cwd() == str(Path.cwd()):
                found.append(process)
    return found


def test_what_a_killed_turn_has_started_holds_the_lock_until_it_is_done(
    slow: subprocess.Popen[str], argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.kill()  # and nobody takes note of it: it stays a zombie
    until(lambda: not lock.alive(slow.pid))
    dvc = next(process for process in at_work() if "repro" in process.cmdline())
    monkeypatch.setattr(lock, "PATIENCE", 0.2)
    for _ in range(2):
        ended, printed = argus("turn", "-m", "slow")
        assert ended == 1
        assert "argus turn, process" in printed
        assert "was killed" in printed
        stage = next(process for process in at_work() if "judge" in process.cmdline())
        assert f"process {stage.pid} (" in printed
        assert "toy.py judge" in printed
        assert (f"process {dvc.pid} (" in printed) == lock.alive(dvc.pid)
        dvc.kill()  # the second time, the stage is the only one left
        until(lambda: not lock.alive(dvc.pid))

    monkeypatch.setattr(lock, "PATIENCE", 60.0)
    Timer(1, GO.touch).start()
    ended, printed = argus("turn", "-m", "slow")
    assert ended == 0, printed
    assert "still at work here: waiting" in printed
    assert "turn-1 is" in printed
    assert at_work() == []


def test_files_that_only_a_dead_dvc_has_in_use_are_free(repo: Path, argus: Argus) -> None:
    dead = subprocess.Popen(["true"])
    until(lambda: not lock.alive(dead.pid))  # a zombie, which DVC takes for alive
    users = [{"pid": pid, "cmd": "dvc repro"} for pid in (dead.pid, os.getpid())]
    for listed, kept in [
        (json.dumps({"a": {"read": [users[0]]}, "b": {"write": users[0]}}), False),
        ('{"a": {"wri', False),  # as it was killed
        (json.dumps({"a": {"read": users}}), True),
        (json.dumps({"a": {"read": [users[0]]}, "b": {"write": users[1]}}), True),
    ]:
        recovery.RWLOCK.parent.mkdir(exist_ok=True)
        recovery.RWLOCK.write_text(listed)
        assert argus("source", "retire", "cam")[0] == 0
        assert recovery.RWLOCK.exists() == kept
    dead.wait()


def test_a_turn_that_is_told_to_end_stops_its_stages(slow: subprocess.Popen[str]) -> None:
    assert len(at_work()) >= 2
    slow.terminate()
    printed, _ = slow.communicate(timeout=30)
    assert slow.returncode == 1
    assert "argus turn -m slow" in printed
    assert at_work() == []
    with lock.hold("the next"):
        pass


def test_a_submission_that_is_told_to_end_leaves_nothing(
    repo: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, handler = tree(repo), signal.getsignal(signal.SIGTERM)

    def told(*_: str) -> str:
        assert Path("data/raw/cam/d1/delivery.yaml").exists()
        os.kill(os.getpid(), signal.SIGTERM)
        return ""

    monkeypatch.setattr(workspace, "dvc", told)
    with pytest.raises(KeyboardInterrupt):
        submit(folder_importer(upload, "none", "none"), "cam", "d1", NOW)
    assert tree(repo) == before
    assert sh("git", "status", "--porcelain") == ""
    assert signal.getsignal(signal.SIGTERM) is handler


def test_the_lock_is_free_after_a_command_whatever_that_has_left_running(repo: Path) -> None:
    with lock.hold("first"):
        daemon = subprocess.Popen(["sleep", "60"], stdin=lock.inherited())
    try:
        with lock.hold("second"):
            assert "second" in lock.LOCK.read_text()
            with pytest.raises(ArgusError, match="`second, process"), lock.hold("third"):
                pass
    finally:
        daemon.kill()
        daemon.wait()
    assert lock.inherited() is None


def test_an_index_that_git_left_locked_is_told_before_anything_begins(
    repo: Path, upload: Path, argus: Argus
) -> None:
    locked = Path(".git/index.lock")
    locked.touch()
    before = tree(repo / "data")
    status, printed = argus("submit", upload, "--source", "cam", "--delivery", "d1")
    assert status == 1
    assert f"delete {locked} and try again" in " ".join(printed.split())
    assert tree(repo / "data") == before
    locked.unlink()
    assert argus("submit", upload, "--source", "cam", "--delivery", "d1")[0] == 0
