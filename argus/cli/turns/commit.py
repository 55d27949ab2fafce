"""Commit a turn so that its commit holds what ran: DVC has nothing to do there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from argus.cli.repository import git, workspace
from argus.cli.turns.inputs import Inputs
from argus.core.errors import ArgusError
from argus.core.paths import RELEASES

SHOWN = 20  # differences that are listed one by one
UNCACHED = "not in cache"  # DVC's word for an output of which nothing is here
NO_GIT = "[core]\n    no_scm = true\n"


def commit_what_ran(message: str, paths: Iterable[str], inputs: Inputs, advice: str) -> None:
    """Commit the present state of `paths`.

    Args:
        message: of the commit.
        paths: of files that changed, came or went.
        inputs: what the pipeline ran on, with `params.yaml` as it is to be committed.
        advice: what to do if it cannot be.

    Raises:
        ArgusError: it is not what ran, or Git refuses. Then nothing is committed or staged.
    """
    git.stage(paths)
    try:
        require_nothing_to_do(json.loads(workspace.dvc("status", "--json")), advice)
        require_staged(inputs, advice)
        require_nothing_to_do(status_of_index(), advice)
        git.commit(message)
    except BaseException:
        git.unstage()
        raise


def require_staged(inputs: Inputs, advice: str) -> None:
    """Raises:
    ArgusError: the tree is not what is staged, or not what the pipeline ran on.
    """
    unstaged = [change.path for change in git.changes() if change.code[1] != " "]
    edited = sorted({*unstaged, *inputs.changed()})
    if edited:
        raise ArgusError(
            "these changed after the pipeline ran, so what would be committed is not what ran: "
            f"{', '.join(edited[:SHOWN])}. {advice}"
        )


def require_nothing_to_do(status: Mapping[str, Any], advice: str) -> None:
    """Raises:
    ArgusError: the status names a stage or delivery that is not as `dvc.lock` has it.
    """
    found = differences(status)
    if found:
        lines = "\n".join(f"  {line}" for line in found[:SHOWN])
        raise ArgusError(
            f"DVC would have something to do at this turn's commit, by `dvc status`:\n{lines}\n"
            "files that a stage reads must be in Git as they are here, neither ignored nor marked "
            f"unchanged; params and outputs as they were when it ran. {advice}"
        )


def differences(status: Mapping[str, Any]) -> list[str]:
    """A line for each entry of `dvc status --json`, but for releases: no stage reads one, and a
    clone need not have them."""
    found = []
    for stage, entries in status.items():
        if Path(stage).is_relative_to(RELEASES):
            continue
        for entry in entries:
            if isinstance(entry, str):
                found.append(f"{stage}: {entry}")
                continue
            for what, paths in entry.items():
                named = paths.items() if isinstance(paths, dict) else [("", paths)]
                found += [f"{stage}: {what}: {path} {how}" for path, how in named]
    return found


def status_of_index() -> dict[str, Any]:
    """`dvc status --json` of what is in Git's index alone, as a clone will see it.

    Outputs that DVC keeps are not there, and say nothing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        git.git("checkout-index", "--all", f"--prefix={scratch}/")
        local = Path(scratch) / ".dvc/config.local"
        local.parent.mkdir(exist_ok=True)
        local.write_text(NO_GIT, encoding="utf-8")
        status = json.loads(workspace.dvc("--cd", scratch, "status", "--json"))
    return without_outputs(status)


def without_outputs(status: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The entries of `dvc status --json` that do not come from missing outputs alone."""

    def changes(entry: Any, what: str) -> dict[str, Any]:
        return entry.get(what, {}) if isinstance(entry, dict) else {}

    kept = [
        Path(path)
        for entries in status.values()
        for entry in entries
        for path, how in changes(entry, "changed outs").items()
        if how == UNCACHED
    ]

    def is_missing(path: str, how: Any) -> bool:
        inside = any(Path(path).is_relative_to(out) for out in kept)
        around = any(out.is_relative_to(path) for out in kept)
        return how == UNCACHED or (how == "deleted" and inside) or (around and not inside)

    left: dict[str, list[Any]] = {}
    for stage, entries in status.items():
        for entry in entries:
            if isinstance(entry, str):
                left.setdefault(stage, []).append(entry)
                continue
            for what, paths in entry.items():
                if what in ("changed outs", "changed deps"):
                    paths = {path: how for path, how in paths.items() if not is_missing(path, how)}
                if paths:
                    left.setdefault(stage, []).append({what: paths})
    return left
