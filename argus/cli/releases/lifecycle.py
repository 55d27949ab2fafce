"""Which version of a task clients are to use, in GTO's stages: `generate#production#3`.

One version is in `production`, the one that serves; what was taken back is `retired`. As GTO does
it, an assignment is a tag on the version's commit with a count at its end, and one with `!` takes
it back.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from argus.cli.repository import git, git_history

PRODUCTION, RETIRED = "production", "retired"
STAGE = re.compile(r"(?P<task>[^#@]+)#(?P<stage>[^#!]+)(?P<over>!?)#(?P<count>[0-9]+)")
COUNT = re.compile(r"[^#@]+[#@][^#]+#([0-9]+)")


class Assignment(NamedTuple):
    """A tag by which a version was put into a stage, or (`over`) taken out of it."""

    order: int
    stage: str
    commit: str
    over: bool


def assignments(task: str) -> list[Assignment]:
    """All of a task, first to last."""
    matches = [(STAGE.fullmatch(name), commit) for name, commit in git_history.tags().items()]
    return sorted(
        Assignment(int(match["count"]), match["stage"], commit, bool(match["over"]))
        for match, commit in matches
        if match and match["task"] == task
    )


def serving(task: str) -> str | None:
    """The commit of the version in production; None if there is none."""
    found = [each for each in assignments(task) if each.stage == PRODUCTION]
    return found[-1].commit if found and not found[-1].over else None


def retired(task: str) -> set[str]:
    """The commits of the versions that were taken back, and not put into production since."""
    last = {each.commit: each for each in assignments(task) if not each.over}
    return {commit for commit, each in last.items() if each.stage == RETIRED}


def ever_served(task: str, commit: str) -> bool:
    """Whether a version was put into production at any time."""
    return any(e.commit == commit and e.stage == PRODUCTION for e in assignments(task))


def put_into_production(task: str, version: str, commit: str) -> None:
    """Let a version serve, if it does not yet."""
    if serving(task) != commit:
        _assign(task, PRODUCTION, commit, f"artifact {task} version {version}")


def retire(task: str, version: str, commit: str, because: str) -> None:
    """Let a version serve no more, if it is not retired yet."""
    if commit not in retired(task):
        _assign(task, RETIRED, commit, f"artifact {task} version {version}\n\n{because}")
    if serving(task) == commit:
        _assign(task, f"{PRODUCTION}!", commit, f"artifact {task} version {version}\n\n{because}")


def _assign(task: str, stage: str, commit: str, what: str) -> None:
    counts = [match for name in git_history.tags() if (match := COUNT.fullmatch(name))]
    number = max((int(m[1]) for m in counts if re.split("[#@]", m[0])[0] == task), default=0) + 1
    done = "Unassigning" if stage.endswith("!") else "Assigning"
    name = stage.removesuffix("!")
    git.tag(f"{task}#{stage}#{number}", f"{done} stage {name} to {what}", commit)
