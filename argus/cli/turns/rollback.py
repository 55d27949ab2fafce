"""Make an earlier release champion again: a commit, which records the turn anew without its own
champion.

`promote.rolled_back` in params.yaml names the version, and DVC runs `promote` with it: so the
commit holds what ran, `dvc status` finds nothing to do, and the next turn, which goes on from this
commit, meets the earlier champion as its incumbent. The earlier release, signature and all, is the
newest version then: a rollback needs no key.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from argus.cli.models.export import require_free
from argus.cli.releases import lifecycle, registry, release, verify
from argus.cli.releases.registry import Version
from argus.cli.repository import git, git_history, params_edit, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.turns.commit import commit_what_ran, require_nothing_to_do
from argus.cli.turns.inputs import RECORDED, Inputs, md5
from argus.cli.turns.tree import listed
from argus.core import lineage, params, reports
from argus.core.errors import ArgusError
from argus.core.files import atomic, remove, write_json
from argus.core.paths import PARAMS, RELEASES
from argus.data.pulled import tracker_of
from argus.models import card

JOURNAL = workspace.TEMPORARY / "argus-rollback.json"
"""The commit that a rollback was begun on."""
AGAIN = "Then roll back again"


def rollback(task: str, to: str | None, because: str, today: date) -> list[str]:
    """Make an earlier release of a task champion again, and commit that.

    Args:
        task: whose champion goes.
        to: the version, `v1` or `v1.0.0`; None for the newest but today's that is not retired.
        because: why, in a line.
        today: the day on which all data behind the earlier one must be free to use.

    Returns:
        Lines that say what was done.

    Raises:
        ArgusError: there is no such release, it may not be used or does not verify, the tree or
            DVC holds something else than the last turn left, or promotion came out otherwise.
    """
    if not because.strip():
        raise ArgusError("a rollback needs a reason: say in one line what is wrong")
    with workspace.exclusive("argus rollback"):
        git.require_top()
        git.require_identity()
        git.require_settled()
        undo()
        release.put_back()
        back = params.load().promote.rolled_back.get(task)
        for name in release.complete():  # of a rollback that was killed after its commit
            if back and name.partition("@")[0] == task:
                return told(name, back.to)
        history = History()
        now, target = registry.newest(history, task), chosen(history, task, to)
        require_untouched()
        with tempfile.TemporaryDirectory() as scratch:
            folder = fetched(target, Path(scratch))
            verify.require(folder, None)
            require_free(folder, card.read(folder), today)
            name = f"{task}@{registry.next_version(registry.of_task(history, task))}"
            write_json(JOURNAL, git.head())
            try:
                record(target, folder, name, now, because.strip())
            except BaseException:
                undo()
                raise
        JOURNAL.unlink()
        release.publish(name)
        return told(name, target.text)


def chosen(history: History, task: str, to: str | None) -> Version:
    """The release to go back to.

    Raises:
        ArgusError: there is none, or it is the one that serves.
    """
    (decided,) = registry.decisions([history.head])
    serving = (decided.get(task) or {}).get("weights")
    tags, taken_back = git_history.tags(), lifecycle.retired(task)
    tracker = tracker_of(RELEASES / task)
    found = [
        version
        for version in registry.of_task(history, task)
        if version.commit in history.here
        and str(version) in tags
        and git.attempt("cat-file", "-e", f"{version.commit}:{tracker}").returncode == 0
    ]
    hashes = dict(zip(found, registry.weights(found), strict=True))
    others = [version for version in found if hashes[version] != serving]
    named = ", ".join(version.text for version in sorted(others)) or "none"
    if to is None:
        usable = [version for version in others if version.commit not in taken_back]
        if usable:
            return max(usable)
        raise ArgusError(f"there is no earlier release of '{task}' to go back to: {named} in all")
    wanted = re.fullmatch(r"v?(\d+)(?:\.(\d+)\.(\d+))?", to)
    number = tuple(int(part or 0) for part in wanted.groups()) if wanted else None
    if match := next((version for version in others if version.number == number), None):
        return match
    if any(version.number == number for version in found):
        raise ArgusError(f"{task}@{to} is what serves already")
    raise ArgusError(f"no release {to} of '{task}' is in HEAD's history; there is {named}")


def fetched(target: Version, into: Path) -> Path:
    """The folder of an earlier release.

    Raises:
        ArgusError: it is in no cache or remote here.
    """
    try:
        return lineage.fetch(RELEASES / target.task, target.commit, into)
    except ArgusError:
        raise ArgusError(
            f"{target} is neither in DVC's cache nor in a remote here: `dvc fetch --all-tags` "
            "brings what has been pushed"
        ) from None


def require_untouched() -> None:
    """Raises:
    ArgusError: the tree is not HEAD's, or DVC would run more than the rollback.
    """
    if changes := git.changes():
        raise ArgusError(
            f"the tree holds more than HEAD:\n{listed(changes)}\ncommit it or put it aside (`git "
            f"stash -u`). {AGAIN}"
        )
    advice = (
        "`dvc checkout` brings what is missing here; if code or settings were changed since the "
        "last turn, go to its commit first (`git switch --create rollback turn-N`), and merge that "
        f"branch. {AGAIN}"
    )
    require_nothing_to_do(json.loads(workspace.dvc("status", "--json")), advice)


def record(target: Version, folder: Path, name: str, now: Version | None, because: str) -> None:
    """Run promotion with the earlier version in its place, and commit what comes of it.

    Args:
        target: the earlier version.
        folder: its release.
        name: of the version that it becomes, `generate@v3.0.0`.
        now: the version that goes, if it has one.
        because: why.

    Raises:
        ArgusError: a stage fails, another task's champion came out otherwise, or Git refuses.
    """
    task = target.task
    before = reports.read("promote/decision")
    entries = {**params.load().promote.rolled_back}
    entries[task] = params.RolledBack(to=target.text, commit=target.commit, because=because)
    text = ", ".join(
        f"{each}: {{to: {e.to}, commit: {json.dumps(e.commit)}, "
        f"because: {json.dumps(e.because, ensure_ascii=False)}}}"
        for each, e in sorted(entries.items())
    )
    settings = params_edit.with_mapping(params_edit.read(), "promote.rolled_back", f"{{{text}}}")
    params_edit.write(settings)
    inputs = Inputs.now()
    if status := workspace.dvc_aloud("repro"):
        raise ArgusError(
            f"`dvc repro` stopped with status {status}, see above: nothing was changed"
        )
    require_only(target, before)
    with atomic(RELEASES / task) as temporary:
        shutil.copytree(folder, temporary)
    workspace.dvc("add", "--quiet", str(RELEASES / task))
    tracker = tracker_of(RELEASES / task)
    inputs = replace(inputs, files={**inputs.files, str(tracker): md5(tracker.read_bytes())})
    number = params.load().lineage.turn
    message = (
        f"Roll {task} back to {target.text}\n\n{because}\n\n{git_history.CHAMPION}: {name}\n"
        f"{git_history.RELEASE}: {name}\n{git_history.TRAILER}: {number}\n"
    )
    if now and str(now) in git_history.tags() and now.commit != target.commit:
        lifecycle.retire(task, now.text, now.commit, because)
    commit_what_ran(message, [change.path for change in git.changes()], inputs, AGAIN)


def require_only(target: Version, before: dict[str, dict[str, object]]) -> None:
    """Raises:
    ArgusError: promotion did not bring the earlier champion back, or changed another task's.
    """
    after = reports.read("promote/decision")
    made = after[target.task]
    (weights,) = registry.weights([target])
    if made.get("weights") != weights:
        raise ArgusError(f"{target} does not serve again: {made.get('reason')}")
    moved = [
        task
        for task in sorted({*before, *after} - {target.task})
        if before.get(task, {}).get("weights") != after.get(task, {}).get("weights")
    ]
    if moved:
        raise ArgusError(
            f"run again, promotion changed the champion of {', '.join(moved)}, too: its data may "
            "be used no more, or this is another kind of machine than the turn's. `argus turn` "
            "decides about those"
        )


def told(name: str, version: str) -> list[str]:
    """What to say of a rollback."""
    task = name.partition("@")[0]
    return [
        f"{task} is rolled back: {name} is {version} again, and in production",
        "the next turn's challengers must beat it",
    ]


def undo() -> None:
    """Put everything back that a rollback which did not come to its commit has changed."""
    if not JOURNAL.exists():
        return
    if json.loads(JOURNAL.read_text(encoding="utf-8")) == git.head():
        for change in git.changes():
            if change.path == str(PARAMS) or RECORDED.fullmatch(change.path):
                git.attempt("reset", "--quiet", "--", change.path)
                if git.attempt("checkout", "--quiet", "HEAD", "--", change.path).returncode:
                    remove(Path(change.path))
        release.put_back()
        workspace.dvc("checkout", "--force", "--quiet")
    JOURNAL.unlink()
