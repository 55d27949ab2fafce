"""The repository a command works in: its top folder, its lock, and DVC as a subprocess."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from stages.common.errors import ArgusError

TEMPORARY = Path(".dvc/tmp")
LOCK = TEMPORARY / "argus.lock"


def require_top() -> None:
    """Raises:
    ArgusError: the current folder is not the top of a flywheel repository.
    """
    if not (Path(".dvc").is_dir() and Path("params.yaml").is_file()):
        raise ArgusError(
            f"{Path.cwd()} has no .dvc/ and params.yaml: run from the top folder of the repository"
        )


@contextlib.contextmanager
def exclusive(command: str) -> Iterator[None]:
    """Hold the repository while a command changes it; the system lets go if the process dies.

    Raises:
        ArgusError: another command holds it, or this is not the top of a repository.
    """
    require_top()
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another command"
            raise ArgusError(f"`{holder}` is at work here: wait until it is done") from None
        lock.truncate(0)
        lock.write(f"{command}, process {os.getpid()}")
        lock.flush()
        yield


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
    that nothing goes on writing, and then raises KeyboardInterrupt.
    """
    sys.stdout.flush()
    with subprocess.Popen([sys.executable, "-m", "dvc", *arguments], env=environment()) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
