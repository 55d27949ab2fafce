"""One turn of the wheel: `dvc repro` on a clean tree, recorded as a commit and a tag."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

from stages.client import audit, git, knobs, workspace
from stages.client.outcome import Outcome, current
from stages.client.tracked import require_seen
from stages.common import params
from stages.common.errors import ArgusError
from stages.common.files import write_json
from stages.ingest.deliveries import RAW

STATE = workspace.TEMPORARY / "argus-turn.json"

INTAKE = re.compile(
    r"params\.yaml|data/sources/[^/]+\.yaml|data/raw/[^/]+/[^/]+\.dvc|data/raw/([^/]+/)?\.gitignore"
)
"""What a person may have changed since the last turn."""

RETIRED = re.compile(r"data/ingest/.+|reports/ingest/[^/]+\.json")
"""What `argus source retire` may have deleted since the last turn."""

RECORDED = re.compile(
    r"dvc\.lock|reports/.+\.(json|tsv|csv|md)|(data|models|reports)/(.+/)?\.gitignore"
)
"""What the pipeline itself writes into Git: never pictures, which may show what must be erased."""


def turn(message: str, today: date) -> tuple[int, Outcome]:
    """Run the pipeline and record it; returns the number of the turn and what it came to.

    A turn that stopped half-way is gone on with: DVC skips the stages that are done, and the
    files that they have written meanwhile do not count as dirt. `ingest.as_of` is always the day
    on which the turn is completed, so that no consent outlives its end in an interrupted one.

    Raises:
        ArgusError: the tree holds more than the intake of a turn, a delivery has changed since it
            was submitted, a stage fails, or Git cannot commit.
    """
    if not message.strip():
        raise ArgusError("a turn needs a message: say in one line what came in")
    with workspace.exclusive("argus turn"):
        git.require_identity()
        number = max(git.turns(), default=0) + 1
        lineage = git.turns(merged=True)
        previous = git.commit_of(lineage[-1]) if lineage else None
        resumed = unfinished(previous)
        if resumed and git.recorded_turn() == number:  # stopped between the commit and its tag
            git.tag(number, message)
        else:
            require_intake(resumed)
            require_deliveries(params.load().sources)
            base = git.head()
            write_json(STATE, {"base": base, "previous": previous})
            set_params(previous, today)
            try:
                run(message)
                record(number, message, base)
            except KeyboardInterrupt:
                raise ArgusError(f"interrupted: {resuming(message)}") from None
        STATE.unlink()
        settings = params.load()
        return number, current(settings.sources, settings.models)


def unfinished(previous: str | None) -> bool:
    """Whether a turn after `previous` was begun here, on this commit or one that HEAD is after."""
    try:
        state = json.loads(STATE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(state["previous"] == previous and git.descends_from(state["base"]))


def foreign(changes: list[git.Change], begun: bool) -> list[git.Change]:
    """The changes that are not a turn's; `begun`: its pipeline has been at work already.

    A `.dvc` file that is modified stands for a delivery that was altered, which is never intake.
    Records that differ from the last turn's (a `dvc repro` on another kind of machine, say) are
    the turn's to write again; new ones before it has begun are not.
    """

    def own(change: git.Change) -> bool:
        if INTAKE.fullmatch(change.path):
            return not (change.path.endswith(".dvc") and "M" in change.code)
        if change.deleted and RETIRED.fullmatch(change.path):
            return True
        return (begun or change.code != "??") and RECORDED.fullmatch(change.path) is not None

    return [change for change in changes if not own(change)]


def require_intake(resumed: bool) -> None:
    """Raises:
    ArgusError: something else than the intake differs from HEAD.
    """
    found = foreign(git.changes(), begun=resumed)
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


def require_deliveries(sources: list[str]) -> None:
    """`dvc repro` would take any folder that lies there, and an altered delivery as it is.

    Raises:
        ArgusError: a delivery was not submitted, or its files are not those submitted, or are not
            here.
    """
    strangers = audit.untracked(folder for name in sources for folder in audit.delivered(name))
    if strangers:
        raise ArgusError(
            f"not submitted: {', '.join(map(str, strangers))}. Move them away and bring them in "
            "with `argus submit`"
        )
    tracked = [str(path) for name in sources for path in sorted(RAW.glob(f"{name}/*.dvc"))]
    require_seen([Path(path) for path in tracked])
    changed = json.loads(workspace.dvc("status", "--json", *tracked)) if tracked else {}
    if changed:
        raise ArgusError(
            "deliveries are never changed, but the files of these are not as submitted: "
            f"{', '.join(sorted(changed))}. `dvc checkout --force` them back (`dvc pull` if they "
            "are not here); bring new images in as a delivery of their own"
        )


def set_params(previous: str | None, today: date) -> None:
    """Set `lineage.previous` and `ingest.as_of` in `params.yaml`."""
    text = knobs.read()
    commit = f'"{previous}"' if previous else "null"  # quoted: hexadecimal may look like a number
    text = knobs.with_value(text, "lineage.previous", commit)
    # quoted, too: DVC takes no YAML dates as params
    knobs.write(knobs.with_value(text, "ingest.as_of", f'"{today.isoformat()}"'))


def resuming(message: str) -> str:
    """What to do about a turn that stopped half-way."""
    return (
        "the turn is not recorded. Once the cause is mended (and a change of code committed), "
        f"`argus turn -m {shlex.quote(message)}` goes on with it; stages that are done are not "
        "run again"
    )


def run(message: str) -> None:
    """Run the pipeline.

    Raises:
        ArgusError: a stage failed; what it said stands above.
    """
    status = workspace.dvc_aloud("repro")
    if status:
        raise ArgusError(
            f"`dvc repro` stopped with status {status}, see above: {resuming(message)}"
        )


def record(number: int, message: str, base: str) -> None:
    """Commit everything that the turn changed since the commit `base`, and tag it.

    Raises:
        ArgusError: something else was changed while the pipeline ran, or Git fails.
    """
    changes = git.changes()
    found = foreign(changes, begun=True)
    if git.head() != base:
        raise ArgusError(f"another commit was made while the pipeline ran: {resuming(message)}")
    if found:
        raise ArgusError(
            "these changed while the pipeline ran, so what ran may not be what would be "
            f"committed:\n{listed(found)}\nput them back or commit them; {resuming(message)}"
        )
    settings = params.load()
    headline = current(settings.sources, settings.models).headline()
    subject = f"{message.strip()}\n\n{headline}\n\n{git.TRAILER}: {number}\n"
    git.commit(subject, [change.path for change in changes])
    git.tag(number, message)
