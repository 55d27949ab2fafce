"""The repository a command works in: its top folder, its lock, and DVC as a subprocess."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import psutil

from argus.cli.repository import git, lock, recovery
from argus.cli.repository.lock import TEMPORARY as TEMPORARY
from argus.core.errors import ArgusError

GRACE = 10.0  # seconds for a stage to stop


class Terminated(KeyboardInterrupt):
    """The process was told to end (SIGTERM)."""


def require_top() -> None:
    """Raises:
    ArgusError: the current folder is not the top of a flywheel repository.
    """
    if not (Path(".dvc").is_dir() and Path("params.yaml").is_file()):
        raise ArgusError(
            f"{Path.cwd()} has no .dvc/ and params.yaml: run from the top folder of the repository"
        )


def enter() -> None:
    """Begin a command that changes nothing: it shows no remains of one that was killed.

    Raises:
        ArgusError: the current folder is not the top of a flywheel repository.
    """
    require_top()
    with contextlib.suppress(OSError):  # somebody else's repository is theirs to sweep
        if recovery.remains():
            with lock.hold_if_free("sweeping") as free:
                if free:
                    recovery.sweep()


@contextlib.contextmanager
def exclusive(command: str) -> Iterator[None]:
    """Hold the repository while a command changes it, swept of what a killed one has left.

    SIGTERM ends the command as Ctrl-C does, so that what it has begun is undone or stopped.

    Raises:
        ArgusError: another command holds it, Git's index is locked, or this is not the top of a
            repository.
    """
    require_top()
    with lock.hold(command), _terminable():
        git.require_unlocked()
        recovery.sweep()
        yield


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    def end(_signal: int, _frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def environment() -> dict[str, str]:
    """The environment of DVC: `python` in a stage's command is the interpreter that runs us."""
    own = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def dvc(*arguments: str) -> str:
    """Run DVC quietly and return what it prints.

    Raises:
        ArgusError: it failed; with its own words.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        stdin=lock.inherited(),
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    if done.returncode:
        raise ArgusError(f"dvc {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def dvc_aloud(*arguments: str) -> int:
    """Run DVC with its output on ours, as it comes; returns its exit status.

    On Ctrl-C the terminal tells DVC and its stages too; this waits until they have stopped, so
    that nothing goes on writing, and then raises KeyboardInterrupt. On SIGTERM it tells them.
    """
    sys.stdout.flush()
    command = [sys.executable, "-m", "argus.cli.repository.dvc", *arguments]
    with subprocess.Popen(command, stdin=lock.inherited(), env=environment()) as process:
        try:
            return process.wait()
        except Terminated:
            _end(process.pid)
            raise
        except KeyboardInterrupt:
            process.wait()
            raise


def _end(pid: int) -> None:
    """End a process and all that it has started: by SIGTERM, and what is left by SIGKILL."""
    try:
        top = psutil.Process(pid)
        family = [*top.children(recursive=True), top]
    except psutil.NoSuchProcess:  # it had just come to its own end
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=GRACE)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
