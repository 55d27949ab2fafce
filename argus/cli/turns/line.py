"""The line of turns: which turn HEAD's content comes from, and what number the next one has."""

from __future__ import annotations

from dataclasses import dataclass

from argus.cli.repository import git_history
from argus.cli.repository.turn_commits import (
    History,
    TurnCommit,
    distinct,
    is_whole,
    lock_of,
    lock_previous,
    untagged,
)
from argus.core.errors import ArgusError

NEW_LINE = (
    "`argus turn --new-line` begins a new line instead, whose splits and champions owe nothing to "
    "earlier turns: what was held out may train"
)
SHOWN = 5  # turns of other branches that are named one by one


@dataclass(frozen=True)
class Line:
    """Where the next turn stands.

    Attributes:
        parent: the newest turn that HEAD's content comes from, None if it comes from none.
        is_new: whether the next one owes nothing to it, by a person's word.
        number: of the next turn, above every number that any ref here knows.
        head_turn: `lineage.turn` of HEAD, 0 if it has none.
        notes: what a person should hear about it.
    """

    parent: TurnCommit | None
    is_new: bool
    number: int
    head_turn: int
    notes: list[str]

    @property
    def parent_commit(self) -> str | None:
        """Commit of the turn that HEAD's content comes from, None if it comes from none."""
        return self.parent.commit if self.parent else None

    @property
    def previous(self) -> str | None:
        """Commit of the turn that the next one goes on from, None if it begins a line."""
        return None if self.is_new else self.parent_commit


def parent(history: History) -> TurnCommit | None:
    """The newest turn that HEAD's content comes from.

    Of several commits that hold it (a merge of branches, a revert that was reverted) the one
    whose `dvc.lock` HEAD has is taken, then one that `argus turn` made, then the newest.
    """
    own = history.lineages[history.head]
    lock = lock_of(history.head)
    if own.turn:
        claims = [turn for turn in history.behind_head() if turn.number == own.turn]
    else:  # the number of a turn of old stands in messages and tags alone
        claims = [
            turn
            for turn in history.behind_head()
            if not turn.lineage.turn
            and (turn.lock == lock or turn.lineage.previous == own.previous)
        ]
    if not claims:
        return None
    whole = [turn for turn in claims if is_whole(turn)]
    if not whole:
        raise ArgusError(
            f"commit {claims[0].commit[:10]} says that it is turn {claims[0].number}, but its "
            "dvc.lock is another turn's: a merge or cherry-pick took only a part of it. Merge "
            f"the branch that holds that turn. {NEW_LINE}"
        )
    return max(  # the first of equals, and so the newest
        whole,
        key=lambda turn: (
            turn.lock == lock,
            turn.lineage.previous == own.previous,
            turn.signed,
        ),
    )


def find(new_line: bool = False) -> Line:
    """Find the turn that HEAD's content comes from, and what the next one is called.

    Args:
        new_line: owe nothing to any turn before; its number is never used again all the same.

    Raises:
        ArgusError: there is a sign of a turn before, but not enough is here to go on from it.
    """
    history = History()
    try:
        before = parent(history)
    except ArgusError:
        if not new_line:
            raise
        before = None
    if history.is_cut_after(before):
        raise ArgusError(
            "this clone is shallow: its history ends before it shows which turn HEAD's content "
            "comes from. `git fetch --unshallow`, and try again"
        )
    number = history.known() + 1
    if new_line:
        said = [begins(history, before)]
    elif before:
        said = notes(history, before, number)
    else:
        require_no_trace(history)
        said = ["the first turn: nothing here goes back to an earlier one"]
    return Line(before, new_line, number, history.lineages[history.head].turn, said)


def notes(history: History, before: TurnCommit, number: int) -> list[str]:
    """What turn `number` goes on from, and which turns it does not."""
    by = {"lineage.turn": "lineage.turn in params.yaml", "trailer": "its message", "tag": "its tag"}
    said = [
        f"turn {number} goes on from turn {before.number}, commit {before.commit[:10]} "
        f"(found by {by[before.found]})"
    ]
    if before.lock != lock_of(history.head):
        said.append(
            f"HEAD's dvc.lock is not that of turn {before.number}: stages ran outside a turn, or a "
            "merge took the dvc.lock of another one"
        )
    past = before.lineage.previous  # of a branch that is gone, it may not be here
    line = history.ancestors(past if past in history.commits else before.commit)
    undone = history.ancestors(before.commit)  # the turn that was rolled back is the same one
    same = {turn.lock for turn in history.turns if turn.commit in line} | {before.lock}
    same |= {
        turn.lock
        for turn in history.turns
        if turn.commit in undone and (turn.number, turn.lineage) == (before.number, before.lineage)
    }
    said += [
        f"{turn} is in HEAD's history, too, but HEAD's content does not come from it: what it held "
        "out may train"
        for turn in distinct(history.behind_head())
        if turn.commit not in line and turn.lock not in same
    ]
    mine = {turn.lock for turn in history.behind_head()}
    missed = [
        turn
        for turn in distinct(history.turns)
        if turn.commit not in history.here
        and turn.number >= before.number
        and turn.lock not in mine
    ]
    said += [
        f"{turn} of {', '.join(git_history.refs_with(turn.commit))} is not in HEAD's history: "
        "merge it first if this turn is to go on from it"
        for turn in missed[:SHOWN]
    ]
    if len(missed) > SHOWN:
        said.append(f"nor are {len(missed) - SHOWN} more turns of other branches")
    if before.number not in history.tags:
        said.append(untagged(before))
    return said


def begins(history: History, before: TurnCommit | None) -> str:
    """What a new line leaves behind."""
    left = [before] if before else distinct(history.turns)[:1]
    if not left:
        return "a new line; there is no earlier turn that it leaves behind"
    return (
        f"a new line: {left[0]} is left behind, with its splits and champions; what it held out "
        "may train"
    )


def require_no_trace(history: History) -> None:
    """Raises:
    ArgusError: there is a sign of a turn, though HEAD's content comes from none that is here.
    """
    own = history.lineages[history.head]
    previous = own.previous or lock_previous(history.head)
    behind = history.behind_head()
    if behind:
        turn = behind[0]
        raise ArgusError(
            f"{turn} is in HEAD's history, but HEAD's content does not come from it: it was "
            "reverted, or `lineage` in params.yaml was changed by hand. If it does, put "
            f"`lineage.turn: {turn.number}` back and commit that. {NEW_LINE}"
        )
    if previous:
        raise ArgusError(
            f"HEAD's content comes from a turn after commit {previous[:10]} (lineage.previous), "
            "but nothing in HEAD's history says which. `git fetch --tags` may bring it; or write "
            f"its number as `lineage.turn` into params.yaml and commit that. {NEW_LINE}"
        )
    if history.turns:
        turn = history.turns[0]
        raise ArgusError(
            f"{turn} of {', '.join(git_history.refs_with(turn.commit))} is known here, but is not "
            f"in HEAD's history: merge it, or switch to its branch. {NEW_LINE}"
        )
    if history.known():
        raise ArgusError(
            f"turn {history.known()} is named here by a tag or a message, but no commit holds it: "
            f"`git fetch --tags` may bring it. {NEW_LINE}"
        )
