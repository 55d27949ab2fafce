"""The turns that commits record, read from the repository's own history.

A turn says in three places that it is one: in its tree (`lineage.turn` in `params.yaml`), in the
trailer of its message, and by its tag. Only the tree outlives a squash, a rebase, a shallow clone
and a clone without tags, so it decides; trailers and tags find turns from before it was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from argus.cli.repository import git, git_history
from argus.core.paths import PARAMS

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as quick, where there is one
HANDED_ON = ("data/split", "models/champions")
"""Outputs that a turn takes over from the one before."""


class Lineage(NamedTuple):
    """`lineage:` in the `params.yaml` of a commit; `turn` is 0 where no turn is recorded."""

    turn: int
    previous: str | None


@dataclass(frozen=True)
class TurnCommit:
    """A commit that holds what a turn made.

    Attributes:
        found: where it says so: "lineage.turn", "trailer" or "tag".
        signed: whether the trailer of its message names this very number, as `argus turn` writes.
        lineage: of its `params.yaml`.
        lock: Git's hash of its `dvc.lock`, None if it has none.
    """

    number: int
    commit: str
    found: str
    signed: bool
    lineage: Lineage
    lock: str | None

    def __str__(self) -> str:
        return f"turn {self.number} (commit {self.commit[:10]})"


class History:
    """All commits that HEAD, branches (remote-tracking ones too) and tags reach, children first."""

    def __init__(self) -> None:
        self.head = git.head()
        self.commits = git_history.commits()
        self.tags = git_history.turn_tags()
        self.cut = git_history.shallow()
        self.here = self.ancestors(self.head)
        changed = set(git_history.commits_touching(PARAMS)) & self.commits.keys()
        said = {commit for commit, known in self.commits.items() if known.turns}
        parents = {parent for commit in changed for parent in self.commits[commit].parents}
        read = sorted(changed | said | parents | {self.head} | set(self.tags.values()))
        texts = git_history.contents([f"{commit}:{PARAMS}" for commit in read])
        self.lineages = {
            commit: lineage(found.text if found else "")
            for commit, found in zip(read, texts, strict=True)
        }
        self.turns = self._turns(changed)

    def ancestors(self, commit: str) -> set[str]:
        """A commit and everything before it."""
        found, ahead = set(), [commit]
        while ahead:
            commit = ahead.pop()
            if commit not in found and commit in self.commits:
                found.add(commit)
                ahead += self.commits[commit].parents
        return found

    def _turns(self, changed: set[str]) -> list[TurnCommit]:
        tagged = {commit: number for number, commit in sorted(self.tags.items())}
        found: list[tuple[int, str, str]] = []
        for commit, (parents, numbers, _) in self.commits.items():
            own = self.lineages.get(commit)
            if own is None:
                continue
            if own.turn:
                fresh = commit in changed and all(
                    self.lineages[p].turn != own.turn for p in parents
                )
                if fresh or own.turn in numbers:
                    found.append((own.turn, commit, "lineage.turn"))
            elif numbers:
                found.append((max(numbers), commit, "trailer"))
            elif commit in tagged:
                found.append((tagged[commit], commit, "tag"))
        locks = git_history.contents([f"{commit}:dvc.lock" for _, commit, _ in found])
        return [
            TurnCommit(
                number,
                commit,
                by,
                number in self.commits[commit].turns,
                self.lineages[commit],
                lock.oid if lock else None,
            )
            for (number, commit, by), lock in zip(found, locks, strict=True)
        ]

    def known(self) -> int:
        """The highest number of a turn that anything here names, 0 if nothing does."""
        said = [number for commit in self.commits.values() for number in commit.turns]
        return max([*said, *self.tags, *(turn.number for turn in self.turns)], default=0)

    def behind_head(self) -> list[TurnCommit]:
        """The turns in HEAD's history, the newest first."""
        return [turn for turn in self.turns if turn.commit in self.here]

    def is_cut_after(self, turn: TurnCommit | None) -> bool:
        """Whether a shallow clone hides commits that may have come after that turn."""
        if turn is None:
            return bool(self.here & self.cut)
        after = self.here - self.ancestors(turn.commit)
        return bool(after & self.cut) or (turn.commit in self.cut and not turn.signed)


def distinct(turns: list[TurnCommit]) -> list[TurnCommit]:
    """The turns without commits that hold the same turn again, such as a squash beside the branch;
    of those the one that `argus turn` made is kept, if it is there."""
    found: dict[tuple[int, str | None], TurnCommit] = {}
    for turn in turns:
        key = (turn.number, turn.lock)
        if key not in found or (turn.signed and not found[key].signed):
            found[key] = turn
    return list(found.values())


def untagged(turn: TurnCommit) -> str:
    """What to do about a turn whose tag is not here."""
    name = f"turn-{turn.number}"
    return f"{name} has no tag here: `git fetch --tags`, or `git tag {name} {turn.commit[:10]}`"


def lineage(text: str) -> Lineage:
    """`lineage` in the text of a `params.yaml` of any age, broken ones too."""
    section = mapping(mapping(parsed(text)).get("lineage"))
    turn, previous = section.get("turn"), section.get("previous")
    return Lineage(
        turn if isinstance(turn, int) and turn > 0 else 0,
        previous if isinstance(previous, str) else None,
    )


def is_whole(turn: TurnCommit) -> bool:
    """Whether the `dvc.lock` of a turn's commit was written by that turn."""
    return all(made == turn.lineage.previous for made in handed_on(turn.commit))


def lock_previous(commit: str) -> str | None:
    """`lineage.previous` of the run that a commit's `dvc.lock` records."""
    return next((made for made in handed_on(commit) if made), None)


def handed_on(commit: str) -> list[str | None]:
    """`lineage.previous` with which the outputs that a turn hands on were made, by `dvc.lock`.

    DVC never takes out the entry of a stage that `dvc.yaml` no longer has: that does not count.
    """
    texts = git_history.contents([f"{commit}:{name}" for name in ("dvc.lock", "dvc.yaml")])
    lock, pipeline = (
        mapping(mapping(parsed(file.text if file else "")).get("stages")) for file in texts
    )
    found: list[str | None] = []
    for name, stage in ((name, mapping(entry)) for name, entry in lock.items()):
        if str(name).partition("@")[0] not in pipeline:
            continue
        outs = {mapping(out).get("path") for out in stage.get("outs") or []}
        made = mapping(mapping(stage.get("params")).get(str(PARAMS)))
        if outs & set(HANDED_ON) and made:
            section = mapping(made.get("lineage"))
            if "lineage.previous" in made or section:
                found.append(made.get("lineage.previous", section.get("previous")))
    return found


def lock_of(commit: str) -> str | None:
    """Git's hash of a commit's `dvc.lock`."""
    (lock,) = git_history.contents([f"{commit}:dvc.lock"])
    return lock.oid if lock else None


def parsed(text: str) -> Any:
    """YAML, or None where it is none: history holds what people once committed."""
    try:
        return yaml.load(text, Loader=SAFE)  # noqa: S506 - the safe loader, or that in C
    except yaml.YAMLError:
        return None


def mapping(content: Any) -> dict[str, Any]:
    """The content if it is a mapping, else an empty one."""
    return content if isinstance(content, dict) else {}
