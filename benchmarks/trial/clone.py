"""A scratch clone of the repository, and its commands run as a person would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from argus.cli.repository import params_edit
from argus.core.errors import ArgusError

ROOT = Path(__file__).parents[2]
BEGINS = re.compile(r"Running stage '(.+)':")
ENDS = re.compile(r"(Updating|Generating) lock file 'dvc\.lock'")


class Line(NamedTuple):
    """A line that a command printed, and when, in seconds since it was started."""

    second: float
    text: str


def clone(into: Path) -> Path:
    """A clone of HEAD at `into`, with a name for its commits.

    Raises:
        ArgusError: Git fails.
    """
    git(ROOT, "clone", "--quiet", "--no-tags", str(ROOT), str(into))
    git(into, "config", "user.name", "the trial")
    git(into, "config", "user.email", "trial@example.invalid")
    return into


def set_params(path: Path, values: Mapping[str, str]) -> None:
    """Write values, by dotted key, into a `params.yaml`."""
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text = params_edit.with_value(text, key, value)
    path.write_text(text, encoding="utf-8")


def dirty() -> bool:
    """Whether the repository holds changes that the clone will not have."""
    return bool(git(ROOT, "status", "--porcelain"))


def git(where: Path, *arguments: str) -> str:
    """Run Git in a folder and return what it prints.

    Raises:
        ArgusError: it failed; with its own words.
    """
    done = subprocess.run(
        ["git", *arguments], cwd=where, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ArgusError(f"git {arguments[0]} in {where}: {done.stderr.strip()}")
    return done.stdout


def argus(where: Path, *arguments: str) -> list[Line]:
    """Run the `argus` of a clone, printing what it prints as it comes.

    Raises:
        ArgusError: it failed.
    """
    print(f"$ {shlex.join(['argus', *arguments])}", flush=True)
    start = time.monotonic()
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "argus.cli", *arguments],
        cwd=where,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            print(text, end="", flush=True)
            lines.append(Line(time.monotonic() - start, text.rstrip("\n")))
    if process.returncode:
        raise ArgusError(f"`argus {arguments[0]}` failed in the scratch clone, see above")
    return lines


def stage_seconds(lines: list[Line]) -> dict[str, float]:
    """Wall seconds of each stage that DVC ran, in order, from what it printed."""
    seconds = {}
    running: tuple[str, float] | None = None
    for line in lines:
        if begins := BEGINS.fullmatch(line.text):
            running = (begins[1], line.second)
        elif running and ENDS.fullmatch(line.text):
            seconds[running[0]] = line.second - running[1]
            running = None
    return seconds
