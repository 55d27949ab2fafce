"""`python -m tests.cli.killed N COMMAND...`: an argus command that is killed at its N-th step.

A step is a moment at which the command is about to change a file of the repository, is about to
start a process, or has just started one. With N = 0 it runs to its end and says how many there
were.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from argus.cli.__main__ import main

CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
COUNT = "steps: "

steps = 0
last = 0


def step() -> None:
    """Count a step, and die at the last one as by `kill -9`."""
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)


def here(path: object) -> bool:
    """Whether a path lies in the repository."""
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    return Path(os.fsdecode(path)).absolute().is_relative_to(Path.cwd())


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" or (
        here(arguments[0])
        if event in CHANGING
        else event == "open" and here(arguments[0]) and arguments[2] & WRITING
    ):
        step()


class Watched(subprocess.Popen):
    """A process whose start is a step of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        step()


if __name__ == "__main__":
    last = int(sys.argv[1])
    sys.argv = ["argus", *sys.argv[2:]]
    subprocess.Popen = Watched  # type: ignore[misc]
    sys.addaudithook(watch)
    try:
        main()
    finally:
        print(f"{COUNT}{steps}")
