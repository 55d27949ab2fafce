"""One turn of the wheel: `dvc repro` on a clean tree, recorded as a commit and a tag."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from argus.cli.repository import git, params_edit, storage, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.sources import holdings
from argus.cli.sources.check import require_deliveries
from argus.cli.sources.dvc_index import stage_outputs
from argus.cli.sources.rights import require_valid_cards
from argus.cli.terminal import say, today_utc
from argus.cli.turns import leftovers, line, registry
from argus.cli.turns.commit import commit_what_ran
from argus.cli.turns.inputs import RECORDED, Inputs
from argus.cli.turns.turn_summary import TurnSummary, current
from argus.core import params, reports
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.params import preflight
from argus.models import code_record

STATE = workspace.TEMPORARY / "argus-turn.json"
MENDED = "Once the cause is mended (and a change of code committed), "

INTAKE = re.compile(
    r"params\.yaml|data/sources/[^/]+\.yaml|data/raw/[^/]+/[^/]+\.dvc|data/raw/([^/]+/)?\.gitignore"
)
"""What a person may have changed since the last turn."""

RETIRED = re.compile(r"data/ingest/.+|reports/ingest/[^/]+\.json")
"""What `argus source retire` may have deleted since the last turn."""


@dataclass(frozen=True)
class Begun:
    """A turn that was begun here and is not yet tagged.

    Attributes:
        base: the commit that it was begun on.
        origin: commit of the turn that `base` came from, None before the first.
        number: of this turn.
        inputs: what it ran on.
    """

    base: str
    origin: str | None
    number: int
    inputs: Inputs

    @classmethod
    def read(cls) -> Begun | None:
        """What is written down, None if nothing is."""
        try:
            state = json.loads(STATE.read_text(encoding="utf-8"))
            return cls(**{**state, "inputs": Inputs(**state["inputs"])})
        except (FileNotFoundError, KeyError, TypeError, ValueError):  # or an older version's
            return None

    def write(self) -> None:
        """Write it down, so that a turn that is killed can be gone on with."""
        with atomic(STATE) as temporary:
            temporary.write_text(json.dumps(asdict(self)), encoding="ascii")

    def is_after(self, origin: str | None) -> bool:
        """Whether it can be gone on with: it follows that turn, and HEAD where it was begun."""
        return self.origin == origin and git.descends_from(self.base)

    def is_committed(self) -> bool:
        """Whether HEAD is its commit."""
        made = git.commits()[git.head()]
        return made.parents[:1] == [self.base] and self.number in made.turns


def turn(message: str, today: date, new_line: bool = False) -> tuple[int, TurnSummary, list[str]]:
    """Run the pipeline and record it; returns the number of the turn, what it came to, and what a
    person should know of where its bytes are.

    A turn that stopped half-way is gone on with: DVC skips the stages that are done, and the
    files that they have written meanwhile do not count as dirt. `ingest.as_of` is always the day
    on which the turn is completed, so that no consent outlives its end in an interrupted one.

    Args:
        message: what came in, in a line.
        today: what `ingest.as_of` becomes.
        new_line: owe nothing to the turns before.

    Raises:
        ArgusError: params.yaml does not fit, a turn before shows in the history but is not here, a
            merge or rebase is under way, the tree holds more than the intake of a turn, a delivery
            has changed since it was submitted, a stage fails, something was edited while the
            pipeline ran, or Git cannot commit.
    """
    if not message.strip():
        raise ArgusError("a turn needs a message: say in one line what came in")
    with workspace.exclusive("argus turn"):
        git.require_top()
        git.require_identity()
        git.require_settled()
        begun = Begun.read()
        if begun and begun.is_committed():  # stopped between the commit and its tag
            number = begun.number
        else:
            found = line.find(new_line)
            for note in found.notes:
                say(note)
            number = found.number
            make(message, today, found, begun)
        tagged = git.turn_tags().get(number)
        if tagged is None:
            git.tag(f"turn-{number}", message)
        elif tagged != git.head():  # fetched while this one ran
            say(f"turn-{number} is the tag of another turn, commit {tagged[:10]}: this has none")
        registry.register(git.commits()[git.head()].champions, message)
        settings = params.load()
        summary = current(settings.sources, settings.models)
        alone = storage.only_copy(f"turn-{number}")
        STATE.unlink()  # last: a turn killed before this is gone on with, and says how it ended
        return number, summary, alone


def make(message: str, today: date, found: line.Line, begun: Begun | None) -> None:
    """Run the pipeline of the turn that stands there in the line, and commit it.

    Raises:
        ArgusError: as `turn`.
    """
    origin = found.origin.commit if found.origin else None
    resumed = begun is not None and begun.is_after(origin)
    preflight.require(whole_pipeline=True)
    settings = params.load()
    registry.require_artifacts(model.task for model in settings.models.values())
    require_intake(resumed, leftovers.found(settings))
    require_valid_cards(settings)
    require_deliveries(settings.sources, settings.rendered)
    if deleted := leftovers.sweep(settings):
        say(f"deleted, as of no model or source in params.yaml: {', '.join(map(str, deleted))}")
    if begun and resumed:
        begun.inputs.forget_what_changed()  # edited while it ran, and then it was killed
    base, advice = git.head(), resuming(message, found.is_new)
    try:
        inputs = run_as_of_today(found, base, today, advice)
        record(message, found, base, inputs, advice)
    except KeyboardInterrupt:
        stopped = resuming(message, found.is_new, "")
        raise ArgusError(f"interrupted: {stopped}") from None


def run_as_of_today(found: line.Line, base: str, today: date, advice: str) -> Inputs:
    """Run the pipeline with consents judged by the day on which it ends; returns what it ran on.

    What runs past midnight runs again as of the new day: images whose consent has just ended are
    gone then, and where none has, DVC finds hardly anything to do.

    Raises:
        ArgusError: a stage failed; what it said stands above.
    """
    origin = found.origin.commit if found.origin else None
    while True:
        began = today_utc().date()
        set_params(found.previous, found.recorded, today)
        inputs = Inputs.now()
        Begun(base, origin, found.number, inputs).write()
        run(inputs, advice)
        passed = today_utc().date() - began
        if passed <= timedelta(0):
            return inputs
        today += passed


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


def set_params(previous: str | None, recorded: int, today: date) -> None:
    """Set `lineage` and `ingest.as_of` in `params.yaml`.

    `lineage.turn` stays that of HEAD until the turn is complete: a half one may be committed with
    a change of code, and is no turn.
    """
    text = params_edit.read()
    commit = f'"{previous}"' if previous else "null"  # quoted: hexadecimal may look like a number
    text = params_edit.with_value(text, "lineage.previous", commit)
    text = params_edit.with_value(text, "lineage.turn", str(recorded))
    # quoted, too: DVC takes no YAML dates as params
    params_edit.write(params_edit.with_value(text, "ingest.as_of", f'"{today.isoformat()}"'))


def resuming(message: str, new_line: bool, first: str = MENDED) -> str:
    """What to do about a turn that stopped half-way.

    Args:
        message: of the turn.
        new_line: whether it begins a line.
        first: what must be done before; empty if nothing was wrong.
    """
    again = f"argus turn -m {shlex.quote(message)}{' --new-line' if new_line else ''}"
    return (
        f"the turn is not recorded. {first}`{again}` goes on with it; stages that are done are not "
        "run again"
    )


def run(inputs: Inputs, advice: str) -> None:
    """Run the pipeline.

    Raises:
        ArgusError: a stage failed; what it said stands above.
    """
    try:
        status = 0
        if not code_record.is_current(params.load().models):
            status = workspace.dvc_aloud("repro", "--force", "--single-item", "code")
        status = status or workspace.dvc_aloud("repro")
    finally:
        inputs.forget_what_changed()
    if status:
        raise ArgusError(f"`dvc repro` stopped with status {status}, see above: {advice}")


def record(message: str, found: line.Line, base: str, inputs: Inputs, advice: str) -> None:
    """Commit everything that the turn changed since the commit `base`.

    Raises:
        ArgusError: something else was changed while the pipeline ran, or Git fails.
    """
    changes = git.changes()
    strange = foreign(changes, begun=True)
    if git.head() != base:
        raise ArgusError(f"another commit was made while the pipeline ran: {advice}")
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
    strays = unmade(changes)
    if strays:
        raise ArgusError(
            f"no stage makes these reports:\n{listed(strays)}\nmove them away; {advice}"
        )
    settings = params.load()
    origin = found.origin.commit if found.origin else None
    history = History()
    gone = holdings.withdrawal_notes(history.turns, holdings.withdrawals_since(origin))
    versions = registry.due(history, reports.read("promote/decision"))
    paragraphs = [
        message.strip(),
        current(settings.sources, settings.models).headline(),
        "\n".join([*found.notes, *gone]),
        "\n".join(
            [
                *(f"{git.CHAMPION}: {version}" for version in versions),
                f"{git.TRAILER}: {found.number}",
            ]
        ),
    ]
    text = "\n\n".join(paragraphs) + "\n"
    numbered = params_edit.with_value(inputs.params, "lineage.turn", str(found.number))
    params_edit.write(numbered)
    try:
        paths = [change.path for change in git.changes()]
        commit_what_ran(text, paths, inputs.with_params(numbered), advice)
    except BaseException:
        if git.head() == base and params_edit.read() == numbered:
            params_edit.write(inputs.params)
        raise


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
