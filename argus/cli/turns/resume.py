"""A turn that was begun and has not ended: what is written down of it, and how a person goes on."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass

from argus.cli.repository import git, git_history, workspace
from argus.cli.turns.inputs import Inputs
from argus.core.files import atomic

STATE = workspace.TEMPORARY / "argus-turn.json"
MENDED = "Once the cause is mended (and a change of code committed), "


@dataclass(frozen=True)
class Begun:
    """A turn that was begun here and is not yet tagged.

    Attributes:
        base: the commit that it was begun on.
        parent: commit of the turn that `base` came from, None before the first.
        number: of this turn.
        inputs: what it ran on.
    """

    base: str
    parent: str | None
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

    def is_after(self, parent: str | None) -> bool:
        """Whether it can be gone on with: it follows that turn, and HEAD where it was begun."""
        return self.parent == parent and git_history.descends_from(self.base)

    def commit(self) -> str | None:
        """Its commit, if that is HEAD, or HEAD the release of its champions; None if neither is."""
        known, head = git_history.commits(), git.head()
        before = known[head].parents[:1] if git_history.released_by(head) else []
        for commit in (head, *before):
            made = known.get(commit)
            if made and made.parents[:1] == [self.base] and self.number in made.turns:
                return commit
        return None


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
