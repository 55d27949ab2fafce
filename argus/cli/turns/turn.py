"""One turn: `dvc repro` on a clean tree, recorded as a commit and a tag."""

from __future__ import annotations

import json
from datetime import date, timedelta

from argus.cli.releases import registry, release
from argus.cli.repository import git, git_history, params_edit, storage, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.sources import holdings
from argus.cli.sources.check import require_deliveries
from argus.cli.sources.rights import require_valid_cards
from argus.cli.terminal import say, today_utc
from argus.cli.turns import leftovers, line, rollback, tree
from argus.cli.turns.commit import commit_what_ran
from argus.cli.turns.inputs import Inputs
from argus.cli.turns.resume import STATE, Begun, resuming
from argus.cli.turns.turn_summary import TurnSummary, current
from argus.core import params, reports
from argus.core.errors import ArgusError, printable
from argus.core.params import preflight
from argus.models import code_record


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
        rollback.undo()
        release.put_back()
        release.complete()
        begun = Begun.read()
        made = begun.commit() if begun else None
        if begun and made:  # stopped between the commit and its tag
            number = begun.number
        else:
            found = line.find(new_line)
            for note in found.notes:
                say(note)
            number = found.number
            make(message, today, found, begun)
            made = git.head()
        tagged = git_history.turn_tags().get(number)
        if tagged is None:
            git.tag(f"turn-{number}", message, made)
        elif tagged != made:  # fetched while this one ran
            say(f"turn-{number} is the tag of another turn, commit {tagged[:10]}: this has none")
        for text in release.after_turn(today):
            say(text)
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
    resumed = begun is not None and begun.is_after(found.parent_commit)
    preflight.require(whole_pipeline=True)
    settings = params.load()
    registry.require_artifacts(model.task for model in settings.models.values())
    tree.require_intake(resumed, leftovers.found(settings))
    require_valid_cards(settings)
    require_deliveries(settings.sources, settings.rendered)
    if deleted := leftovers.sweep(settings):
        say(f"deleted, as of no model or source in params.yaml: {', '.join(map(str, deleted))}")
    if begun and resumed:
        begun.inputs.forget_what_changed()  # edited while it ran, and then it was killed
    base, advice = git.head(), resuming(message, found.is_new)
    try:
        inputs = run_as_of_today(found, base, today, message, advice)
        commit(message, found, base, inputs, advice)
    except KeyboardInterrupt:
        stopped = resuming(message, found.is_new, "")
        raise ArgusError(f"interrupted: {stopped}") from None


def run_as_of_today(found: line.Line, base: str, today: date, message: str, advice: str) -> Inputs:
    """Run the pipeline with consents judged by the day on which it ends; returns what it ran on.

    What runs past midnight runs again as of the new day: images whose consent has just ended are
    gone then, and where none has, DVC finds hardly anything to do.

    Raises:
        ArgusError: a stage failed; what it said stands above.
    """
    while True:
        began = today_utc().date()
        set_params(found, today, message)
        inputs = Inputs.now()
        Begun(base, found.parent_commit, found.number, inputs).write()
        run(inputs, advice)
        passed = today_utc().date() - began
        if passed <= timedelta(0):
            return inputs
        today += passed


def set_params(found: line.Line, today: date, message: str) -> None:
    """Set `lineage`, `report` and `ingest.as_of` in `params.yaml`.

    `report` heads the page of the turn, which is made before there is a commit. `lineage.turn`
    stays that of HEAD until the turn is complete: a half one may be committed with
    a change of code, and is no turn.
    """
    text = params_edit.read()
    commit = (
        f'"{found.previous}"' if found.previous else "null"
    )  # quoted: hexadecimal may look like a number
    text = params_edit.with_value(text, "lineage.previous", commit)
    text = params_edit.with_value(text, "lineage.turn", str(found.head_turn))
    text = params_edit.with_value(text, "report.turn", str(found.number))
    told = json.dumps(printable(message.strip().splitlines()[0]), ensure_ascii=False)
    text = params_edit.with_value(text, "report.message", told)
    if params.load().promote.rolled_back:  # of the turn before, whose champions are incumbents now
        text = params_edit.with_mapping(text, "promote.rolled_back", "{}")
    # quoted, too: DVC takes no YAML dates as params
    params_edit.write(params_edit.with_value(text, "ingest.as_of", f'"{today.isoformat()}"'))


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


def commit(message: str, found: line.Line, base: str, inputs: Inputs, advice: str) -> None:
    """Commit everything that the turn changed since the commit `base`.

    Raises:
        ArgusError: something else was changed while the pipeline ran, or Git fails.
    """
    changes = git.changes()
    if git.head() != base:
        raise ArgusError(f"another commit was made while the pipeline ran: {advice}")
    tree.require_only_own(changes, inputs, advice)
    text = commit_message(message, found)
    numbered = params_edit.with_value(inputs.params, "lineage.turn", str(found.number))
    params_edit.write(numbered)
    try:
        paths = [change.path for change in git.changes()]
        commit_what_ran(text, paths, inputs.with_params(numbered), advice)
    except BaseException:
        if git.head() == base and params_edit.read() == numbered:
            params_edit.write(inputs.params)
        raise


def commit_message(message: str, found: line.Line) -> str:
    """The message of the turn's commit: what came in, the headline figures, what a person should
    know of the turns before it, and the trailers by which the turn and its champions are found."""
    settings, history = params.load(), History()
    withdrawn = holdings.withdrawals_since(found.parent_commit)
    versions = registry.due(history, reports.read("promote/decision"))
    trailers = [f"{git_history.CHAMPION}: {version}" for version in versions]
    paragraphs = [
        [message.strip()],
        [current(settings.sources, settings.models).headline()],
        [*found.notes, *holdings.withdrawal_notes(history.turns, withdrawn)],
        [*trailers, f"{git_history.TRAILER}: {found.number}"],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"
