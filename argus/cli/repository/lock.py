"""The lock of a repository: held by one command, and by everything that it has started.

The lock (`flock`) belongs to the open file, so whoever inherits that holds it too: a command that
is killed leaves it to the pipeline that it had begun, until the last process of that has ended.
DVC closes all files of a stage's command but the standard ones, which is why the file is handed on
as standard input.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil

from argus.cli.terminal import say
from argus.core.errors import ArgusError

TEMPORARY = Path(".dvc/tmp")
LOCK = TEMPORARY / "argus.lock"
PATIENCE = 15.0
"""Seconds that what a killed command has started gets to end: Git does, a training does not."""

_held: IO[str] | None = None


@contextlib.contextmanager
def hold(command: str) -> Iterator[None]:
    """Hold the repository while `command` changes it; not twice in one process.

    Raises:
        ArgusError: another command holds it, or what a killed one has started.
    """
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as lock:
        _acquire(lock)
        with _holding(lock, command):
            yield


@contextlib.contextmanager
def hold_if_free(command: str) -> Iterator[bool]:
    """Hold the repository if nothing else does, and tell whether."""
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as lock:
        if not _free(lock):
            yield False
            return
        with _holding(lock, command):
            yield True


@contextlib.contextmanager
def _holding(lock: IO[str], command: str) -> Iterator[None]:
    global _held
    lock.truncate(0)
    lock.write(f"{command}, process {os.getpid()}")
    lock.flush()
    _held = lock
    try:
        yield
    finally:
        _held = None
        # not by closing it: a daemon that Git has left behind (gpg-agent, say) has it open too
        fcntl.flock(lock, fcntl.LOCK_UN)


def inherited() -> int | None:
    """What a process that works for us takes as standard input; None where we hold no lock."""
    return None if _held is None else _held.fileno()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits to be noticed does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _free(lock: IO[str]) -> bool:
    """Take the lock if nobody has it; whether that was so."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire(lock: IO[str]) -> None:
    end = None
    while not _free(lock):
        lock.seek(0)
        holder = lock.read().strip() or "another command"
        process = re.search(r", process (\d+)$", holder)
        if process is None or alive(int(process[1])):
            raise ArgusError(f"`{holder}` is at work here: wait until it is done")
        if end is None:
            end = time.monotonic() + PATIENCE
            say(f"`{holder}` was killed, but what it started is still at work here: waiting")
        elif time.monotonic() > end:
            raise ArgusError(
                f"`{holder}` was killed, but what it started is still at work here: "
                f"{_at_work()}. Wait until that is done, or end it, and try again"
            )
        time.sleep(0.1)


def _at_work() -> str:
    """The processes that have the lock's file open and are not this one, as far as we may know."""
    place = str(LOCK.resolve())
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and place in {at.path for at in process.open_files()}:
                found.append(f"process {process.pid} ({' '.join(process.cmdline())})")
    return "; ".join(found) or "processes of somebody else"
