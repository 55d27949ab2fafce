"""Which turns a delivery was in, and what is to be said of those that were withdrawn since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from argus.cli.repository import git, git_history
from argus.cli.repository.turn_commits import History, TurnCommit, mapping, parsed
from argus.core.errors import ArgusError
from argus.core.paths import CARDS, RAW
from argus.data import rights_cards
from argus.data.pulled import tracker_of
from argus.data.rights_cards import Withdrawal


def turns_holding(turns: Sequence[TurnCommit], deliveries: Sequence[Path]) -> dict[Path, list[int]]:
    """The numbers of the turns that had each delivery in use, ascending; none, an empty list.

    Turns made after it was withdrawn have it in their commit, too, but not in use.

    Args:
        turns: in any order.
        deliveries: their folders.
    """
    sources = sorted({folder.parent.name for folder in deliveries})
    asked = [(turn.commit, source) for turn in turns for source in sources]
    cards_then = git_history.contents(
        [f"{commit}:{rights_cards.path_of(source)}" for commit, source in asked]
    )
    out = {pair: _out(card) for pair, card in zip(asked, cards_then, strict=True)}
    found: dict[Path, set[int]] = {folder: set() for folder in deliveries}
    for turn, folder in _present(turns, deliveries):
        if folder.name not in out[turn.commit, folder.parent.name]:
            found[folder].add(turn.number)
    return {folder: sorted(numbers) for folder, numbers in found.items()}


def _present(
    turns: Sequence[TurnCommit], deliveries: Sequence[Path]
) -> list[tuple[TurnCommit, Path]]:
    """Which turns have which deliveries in their commit."""
    asked = [(turn, folder) for turn in turns for folder in deliveries]
    blobs = git_history.contents([f"{turn.commit}:{tracker_of(folder)}" for turn, folder in asked])
    return [pair for pair, blob in zip(asked, blobs, strict=True) if blob is not None]


def _out(card: git_history.Blob | None) -> set[str]:
    """The deliveries that a card of any age says are withdrawn."""
    terms = mapping(mapping(parsed(card.text if card else "")).get("deliveries"))
    return {str(name) for name, of in terms.items() if "withdrawn" in mapping(of)}


def held_by_a_turn(delivery: Path, history: History) -> bool:
    """Whether a turn's commit has a delivery: of one of those that are here, or of one that a
    shallow clone does not show.
    """
    if _present(history.turns, [delivery]):
        return True
    committed = git.attempt("cat-file", "-e", f"HEAD:./{tracker_of(delivery)}").returncode == 0
    return bool(history.cut) and committed


def turn_ranges(numbers: Sequence[int]) -> str:
    """Turns as one says them: `1`, `1 and 2`, `1 to 3 and 5`."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ]
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def withdrawals() -> dict[Path, Withdrawal]:
    """The deliveries that a rights card of the working tree says are withdrawn, by their folder."""
    found: dict[Path, Withdrawal] = {}
    for path in sorted(CARDS.glob("*.yaml")):
        try:
            card = rights_cards.read(path.stem)
        except ArgusError:  # `argus source check` says what is wrong with it
            continue
        withdrawals = {RAW / card.source / name: card.withdrawal(name) for name in card.deliveries}
        found |= {folder: why for folder, why in withdrawals.items() if why}
    return found


def withdrawals_since(commit: str | None) -> dict[Path, Withdrawal]:
    """Those of `withdrawals` of which the cards of a commit did not say so; all, of none."""
    now = withdrawals()
    sources = sorted({folder.parent.name for folder in now}) if commit else []
    texts = git_history.contents([f"{commit}:{rights_cards.path_of(source)}" for source in sources])
    before = {RAW / s / name for s, text in zip(sources, texts, strict=True) for name in _out(text)}
    return {folder: why for folder, why in now.items() if folder not in before}


def withdrawal_notes(turns: Sequence[TurnCommit], gone: Mapping[Path, Withdrawal]) -> list[str]:
    """A line for each withdrawn delivery: why, and which of some turns held it."""
    lines = []
    for folder, numbers in turns_holding(turns, [*gone]).items():
        name = f"{folder.parent.name}/{folder.name}"
        which = (
            f"turn{'s' if len(numbers) > 1 else ''} {turn_ranges(numbers)}"
            if numbers
            else "no turn"
        )
        lines.append(f"{which} held {name}, {gone[folder]}")
    return lines
