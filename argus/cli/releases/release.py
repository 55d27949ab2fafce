"""Release champions: build the folder, sign it, let DVC keep it, commit, tag.

The commit is made before the tags, and names its versions in trailers; what is killed in between
is completed by the next `argus release` or `argus turn`, and what is killed before it begun anew.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from argus.cli.models.export import export, require_free
from argus.cli.releases import keys, lifecycle, model_card, registry, signature, summary, verify
from argus.cli.releases.registry import Version
from argus.cli.repository import git, git_history, workspace
from argus.cli.repository.turn_commits import History
from argus.core.errors import ArgusError
from argus.core.files import atomic, remove, sha256
from argus.core.paths import CHAMPIONS, EVALUATED, RELEASES, TRAINED
from argus.data.pulled import tracker_of
from argus.judging import worst
from argus.models import card
from argus.models.ancestry import IMAGES
from argus.models.card import CARD, WEIGHTS


def release(task: str | None, key: Path | None, today: date) -> list[str]:
    """Release the champion of a task, or of every task, where that has not been done.

    Args:
        task: None for all.
        key: the file of the private key; None for that of the environment, or the default one.
        today: the day on which all data behind a champion must be free to use.

    Returns:
        Lines that say what was done, and what was not.

    Raises:
        ArgusError: there is no such champion, no key, one may not be used, or Git refuses.
    """
    with workspace.exclusive("argus release"):
        git.require_top()
        git.require_identity()
        git.require_settled()
        put_back()
        complete()
        (decided,) = registry.decisions([git.head()])
        wanted = {task} if task else set(decided)
        served = {name for name in wanted if (decided.get(name) or {}).get("champion")}
        vacant = [nobody(name, decided) for name in sorted(wanted - served)]
        if not served:
            raise ArgusError("; ".join(vacant) or "no turn has decided about a champion here yet")
        made = release_due(served, decided, key, today)
        done = served - {version.task for version in made}
        return [*map(told, made), *map(already, sorted(done)), *vacant]


def nobody(task: str, decided: Mapping[str, Any]) -> str:
    """Why a task has nothing to release."""
    if task not in decided:
        known = f"tasks are {', '.join(sorted(decided))}" if decided else "no turn was made yet"
        return f"no task is called '{task}': {known}"
    return f"task '{task}' has no champion: {decided[task].get('reason') or 'nobody serves it'}"


def already(task: str) -> str:
    """What is to be said of a champion that has nothing due."""
    version = registry.newest(History(), task)
    if version and str(version) in git_history.tags():
        return f"{version} is released already"
    return f"the champion of '{task}' has no version yet: `argus turn` registers it"


def pending(history: History, decided: Mapping[str, Any]) -> list[Version]:
    """The versions of today's champions that a turn has named, and that have no tag yet."""
    tags = git_history.tags()
    newest = [registry.newest(history, task) for task in sorted(decided)]
    untagged = [version for version in newest if version and str(version) not in tags]
    told = registry.weights(untagged)
    return [
        version
        for version, weights in zip(untagged, told, strict=True)
        if weights and weights == decided[version.task].get("weights")
    ]


def release_due(
    tasks: Collection[str], decided: Mapping[str, Any], key: Path | None, today: date
) -> list[Version]:
    """Release those champions of tasks that are not released yet.

    Args:
        tasks: that have a champion.
        decided: `reports/promote/decision.json` of HEAD.
        key: as for `release`.
        today: likewise.

    Raises:
        ArgusError: as `release`.
    """
    due = [version for version in pending(History(), decided) if version.task in tasks]
    made = released(due)
    missing = [version for version in due if str(version) not in made]
    if missing:
        private = keys.private(key)
        if private is None:
            names = ", ".join(map(str, missing))
            raise ArgusError(
                f"{names} is not released: no key to sign with. {keys.HOW_TO_MAKE_ONE}"
            )
        keys.require_public(keys.public_of(private), private)
        for version in missing:
            build(version, private, today)
        commit(missing)
    return [version for version in due if publish(str(version))]


def released(due: Collection[Version]) -> set[str]:
    """Those of the versions whose release HEAD's last commit is: it lacks only its tags."""
    names = {str(version) for version in due}
    return names & set(git_history.released_by(git.head()))


def build(version: Version, private_key: Path, today: date) -> None:
    """Make the folder of a release, `releases/<task>/`, and let DVC keep it.

    Raises:
        ArgusError: the champion is not here, is not the one that was decided on, may not be used,
            or cannot be exported.
    """
    champion = CHAMPIONS / version.task
    saved = card.read(champion)
    (told,) = registry.weights([version])
    if not (champion / WEIGHTS).is_file() or sha256(champion / WEIGHTS) != told:
        raise ArgusError(
            f"{champion} is not the champion of {version}: `dvc checkout {CHAMPIONS}` brings it"
        )
    require_free(champion, saved, today)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / version.task
        folder.mkdir()
        for name in (CARD, WEIGHTS, IMAGES):
            if (champion / name).is_file():
                shutil.copyfile(champion / name, folder / name)
        export(version.task, folder / summary.ONNX, today)
        if panel := worst_answers(saved.spec.model, told):
            shutil.copyfile(panel, folder / worst.FILE)
        content = summary.summarize(version, saved, folder, summary.origin(version))
        files = {path.name for path in folder.iterdir()}
        (folder / summary.SUMMARY).write_text(summary.to_text(content), encoding="utf-8")
        page = model_card.page(content, files)
        (folder / summary.MODEL_CARD).write_text(page, encoding="utf-8")
        signature.sign(folder, private_key)
        verify.require(folder, None)
        with atomic(RELEASES / version.task) as temporary:
            shutil.copytree(folder, temporary)
    workspace.dvc("add", "--quiet", str(RELEASES / version.task))


def worst_answers(model: str, weights: str) -> Path | None:
    """The sheet of a champion's worst answers, if it is the model that `evaluate` saw last."""
    panel, trained = EVALUATED / model / worst.FILE, TRAINED / model / WEIGHTS
    same = panel.is_file() and trained.is_file() and sha256(trained) == weights
    return panel if same else None


def commit(versions: Collection[Version]) -> None:
    """Commit the releases of versions, and only them."""
    names = ", ".join(map(str, versions))
    trailers = "".join(f"{git_history.RELEASE}: {version}\n" for version in versions)
    paths = [str(tracker_of(RELEASES / version.task)) for version in versions]
    git.commit_only(f"Release {names}\n\n{trailers}", paths)


def publish(name: str) -> bool:
    """Set the tags of a version whose release is HEAD; whether they are this one's."""
    task, _, version = name.partition("@")
    if not registry.register(name):
        return False
    lifecycle.put_into_production(task, version, git.head())
    return True


def complete() -> list[str]:
    """Set the tags of a release that was killed after its commit, if that is HEAD.

    Returns:
        The versions whose release or rollback HEAD is and that lacked tags.
    """
    tags, head = git_history.tags(), git.head()
    lacking = [
        name
        for name in git_history.released_by(head)
        if name not in tags or not lifecycle.ever_served(name.partition("@")[0], head)
    ]
    return [name for name in lacking if publish(name)]


def told(version: Version) -> str:
    """What to say of a release."""
    return f"{version} is released: `dvc artifacts get . {version.task} --rev {version.text}`"


def put_back() -> None:
    """Undo a release that was killed before its commit; nobody else writes into `releases/`."""
    changed = [c for c in git.changes() if Path(c.path).is_relative_to(RELEASES)]
    for change in changed:
        path = Path(change.path)
        git.attempt("reset", "--quiet", "--", change.path)
        if git.attempt("checkout", "--quiet", "HEAD", "--", change.path).returncode:
            remove(path)
        remove(path.with_suffix(""))  # the folder that it tracks; DVC's cache has the one before


def after_turn(today: date) -> list[str]:
    """What a turn does about releases once it is recorded; a line for each.

    New champions are released where there is a key, and what may serve no longer is retired. What
    stands in the way stops no turn: it is said, and `argus release` does it later.
    """
    put_back()
    (decided,) = registry.decisions([git.head()])
    lines = [line for task in sorted(decided) for line in retire_vacant(task, decided[task])]
    served = {task for task, made in decided.items() if made.get("champion")}
    try:
        return [*lines, *map(told, release_due(served, decided, None, today))]
    except ArgusError as error:
        return [*lines, str(error)]


def retire_vacant(task: str, made: Mapping[str, Any]) -> list[str]:
    """Let the version in production serve no more, where its task has no champion any more."""
    commit = lifecycle.serving(task)
    if made.get("champion") or commit is None:
        return []
    known = [v for v in registry.of_task(History(), task) if v.commit == commit]
    name = known[0].text if known else commit[:10]
    lifecycle.retire(task, name, commit, str(made.get("reason") or "no champion"))
    return [f"{task}@{name} is retired: {made.get('reason')}"]
