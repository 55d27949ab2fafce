"""Champions as versions of DVC's artifacts, in GTO's tags: `generate@v2.0.0` is the second champion
of the task `generate`, released, and `dvc artifacts get . generate` brings the newest.

A turn's message names the versions of its new champions, in trailers: so the numbers are known in a
clone without tags, and before the champions are released, which is what sets the tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from argus.cli.repository import git, git_history
from argus.cli.repository.turn_commits import History, mapping, parsed
from argus.cli.terminal import say
from argus.core.errors import ArgusError
from argus.core.paths import PIPELINE, RELEASES, REPORTS

VERSION = re.compile(r"(.+)@v([0-9]+)\.([0-9]+)\.([0-9]+)(?:#[0-9]+)?")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")
"""Names that GTO takes for an artifact."""
DECISION = REPORTS / "promote/decision.json"


class Version(NamedTuple):
    """A champion that was registered, and the commit of its tag, else of the turn that names it."""

    task: str
    number: tuple[int, int, int]
    commit: str

    @property
    def text(self) -> str:
        """`v2.0.0`."""
        return "v" + ".".join(map(str, self.number))

    def __str__(self) -> str:
        return f"{self.task}@{self.text}"


def require_artifacts(tasks: Iterable[str]) -> None:
    """Check that `dvc.yaml` has an artifact for the champion of each task.

    Raises:
        ArgusError: it lacks one, or a task is called what no artifact can be.
    """
    pipeline = mapping(parsed(PIPELINE.read_text(encoding="utf-8")))
    artifacts = mapping(pipeline.get("artifacts"))
    for task in sorted(set(tasks)):
        if not NAME.fullmatch(task):
            raise ArgusError(
                f"a champion of the task '{task}' cannot be registered: in params.yaml, name the "
                "task by letters, digits, '-' and '_', with a letter or digit at both ends"
            )
        path = str(RELEASES / task)
        if mapping(artifacts.get(task)).get("path") != path:
            raise ArgusError(
                f"params.yaml has models for the task '{task}', and dvc.yaml no artifact for its "
                f"champion: write\n  {task}:\n    path: {path}\n    type: model\n"
                "below `artifacts:` there, and commit it"
            )


def due(history: History, decided: Mapping[str, Any]) -> list[str]:
    """The versions to be registered: of champions that are not the newest one of their task yet.

    Newest is that in HEAD's history, or of all that are known here: a champion that came back by
    a revert is registered again, one that was squashed with its turn is not.

    Args:
        history: before the turn's commit.
        decided: `reports/promote/decision.json` of the turn.
    """
    known = versions(history)
    found = []
    for task, made in sorted(decided.items()):
        if made.get("champion") is None:
            continue
        there = [version for version in known if version.task == task]
        here = [version for version in there if version.commit in history.here]
        last = [max(group) for group in (there, here) if group]
        if made.get("weights") not in weights(last):
            found.append(f"{task}@{next_version(there)}")
    return found


def next_version(known: Iterable[Version]) -> str:
    """The version that comes after those of a task, `v3.0.0`."""
    return f"v{max((version.number[0] for version in known), default=0) + 1}.0.0"


def of_task(history: History, task: str) -> list[Version]:
    """The versions of a task, in any order."""
    return [version for version in versions(history) if version.task == task]


def newest(history: History, task: str) -> Version | None:
    """The newest version of a task in HEAD's history, whether its tag is set yet or not."""
    here = [version for version in of_task(history, task) if version.commit in history.here]
    return max(here, default=None)


def versions(history: History) -> list[Version]:
    """Those that tags name, and those that only the trailers of commits do."""
    tags = git_history.tags()
    said = {
        name: commit
        for commit, known in history.commits.items()
        for name in known.champions
        if name not in tags
    }
    matches = [(VERSION.fullmatch(name), commit) for name, commit in (tags | said).items()]
    return [
        Version(match[1], (int(match[2]), int(match[3]), int(match[4])), commit)
        for match, commit in matches
        if match
    ]


def weights(found: Iterable[Version]) -> list[str | None]:
    """SHA-256 of the weights of each, by the decision in its commit; None where none is told."""
    listed = list(found)
    return [
        mapping(decided.get(version.task)).get("weights")
        for version, decided in zip(listed, decisions([v.commit for v in listed]), strict=True)
    ]


def decisions(commits: Iterable[str]) -> list[dict[str, Any]]:
    """`reports/promote/decision.json` of commits; an empty one where there is none."""
    texts = git_history.contents([f"{commit}:{DECISION}" for commit in commits])
    return [mapping(parsed(text.text if text else "")) for text in texts]


def register(name: str) -> bool:
    """Set the tag of a version on HEAD, if it is not set yet; whether it stands there then."""
    tags = git_history.tags()
    task, _, version = name.partition("@")
    if name not in tags:
        git.tag(name, f"Registering artifact {task} version {version}")
    elif tags[name] != git.head():  # fetched meanwhile
        say(
            f"{name} is the tag of another champion, commit {tags[name][:10]}: the next turn "
            "registers this one"
        )
        return False
    return True
