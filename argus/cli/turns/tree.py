"""What the working tree may hold beside HEAD's content: the intake of a turn, and what it makes."""

from __future__ import annotations

import re
from pathlib import Path

from argus.cli.repository import git
from argus.cli.sources.dvc_index import stage_outputs
from argus.cli.turns.inputs import RECORDED, Inputs
from argus.core.errors import ArgusError
from argus.core.paths import RAW

INTAKE = re.compile(
    r"params\.yaml|data/sources/[^/]+\.yaml|data/raw/[^/]+/[^/]+\.dvc|data/raw/([^/]+/)?\.gitignore"
    r"|data/twins/([^/]+\.dvc|\.gitignore)"
)
"""What a person may have changed since the last turn."""

RETIRED = re.compile(r"data/ingest/.+|reports/ingest/[^/]+\.json")
"""What `argus source retire` may have deleted since the last turn."""


def foreign(changes: list[git.Change], begun: bool) -> list[git.Change]:
    """The changes that are not a turn's; `begun`: its pipeline has been at work already.

    A `.dvc` file that is modified stands for a delivery that was altered, which is never intake;
    twins may grow.
    Records that differ from the last turn's (a `dvc repro` on another kind of machine, say) are
    the turn's to write again; new ones before it has begun are not.
    """

    def own(change: git.Change) -> bool:
        if INTAKE.fullmatch(change.path):
            delivery = change.path.startswith(f"{RAW}/") and change.path.endswith(".dvc")
            return not (delivery and "M" in change.code)
        if change.deleted and RETIRED.fullmatch(change.path):
            return True
        return (begun or change.code != "??") and RECORDED.fullmatch(change.path) is not None

    return [change for change in changes if not own(change)]


def require_intake(resumed: bool, stale: list[Path]) -> None:
    """
    Args:
        resumed: the pipeline of the turn has been at work already.
        stale: paths that are swept away before it begins.

    Raises:
        ArgusError: something else than the intake differs from HEAD.
    """
    changes = [
        change
        for change in git.changes()
        if not any(Path(change.path).is_relative_to(path) for path in stale)
    ]
    found = foreign(changes, begun=resumed)
    if not found:
        return
    if not foreign(found, begun=True):
        advice = (
            "these come from a `dvc repro` outside a turn: `git commit` them, or delete them (the "
            "turn makes them again from DVC's cache)"
        )
    else:
        advice = "commit them, or put them back (`git restore`, `git stash -u`), and try again"
    raise ArgusError(
        "the tree holds more than the intake of a turn (deliveries, cards, params.yaml), so the "
        f"turn could not be reproduced from its commit:\n{listed(found)}\n{advice}"
    )


def listed(changes: list[git.Change], limit: int = 20) -> str:
    """The changes as `git status --short` shows them, at most `limit` of them."""
    lines = [f"  {change.code} {change.path}" for change in changes[:limit]]
    if len(changes) > limit:
        lines.append(f"  and {len(changes) - limit} more")
    return "\n".join(lines)


def require_only_own(changes: list[git.Change], inputs: Inputs, advice: str) -> None:
    """
    Args:
        changes: that the turn would commit.
        inputs: what its pipeline ran on.
        advice: what to do if there are others.

    Raises:
        ArgusError: something else than what the pipeline makes was changed while it ran.
    """
    strange = foreign(changes, begun=True)
    if strange:
        raise ArgusError(
            "these changed while the pipeline ran, so what ran may not be what would be "
            f"committed:\n{listed(strange)}\nput them back or commit them; {advice}"
        )
    edited = inputs.changed()
    if edited:
        raise ArgusError(
            "these changed while the pipeline ran, so what ran is not what would be committed: "
            f"{', '.join(edited)}. Put them back, or let them stay as they are now; {advice}, but "
            "for those that depend on what changed"
        )
    unknown = unmade(changes)
    if unknown:
        raise ArgusError(
            f"no stage makes these reports:\n{listed(unknown)}\nmove them away; {advice}"
        )


def unmade(changes: list[git.Change]) -> list[git.Change]:
    """New reports that no stage has made."""
    outputs = stage_outputs()
    return [
        change
        for change in changes
        if change.code in ("??", "A ")
        and RECORDED.fullmatch(change.path)
        and change.path.startswith("reports/")
        and not change.path.endswith(".gitignore")
        and not any(Path(change.path).is_relative_to(output) for output in outputs)
    ]
