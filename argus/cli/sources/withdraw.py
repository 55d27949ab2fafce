"""Take a delivery back: whole if no turn held it, else by a word on its source's rights card."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches

from argus.cli.repository import recovery, workspace
from argus.cli.repository.turn_commits import History
from argus.cli.sources.card_edit import write_terms
from argus.cli.sources.dvc_index import untracked_advice
from argus.cli.sources.holdings import held_by_a_turn, turn_ranges, turns_holding
from argus.cli.sources.registration import empty_source_advice, known_sources
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data import rights_cards
from argus.data.names import is_text
from argus.data.pulled import deliveries_known, tracker_of

COMMAND = "argus delivery withdraw"


def withdraw(name: str, reason: str, today: date) -> list[str]:
    """Take a delivery back; returns lines that say what came of it.

    One that no recorded turn held goes with its files, its `.dvc` file and its rule for Git. Else
    nothing is deleted, so that those turns can be made again: the card says since when it is
    withdrawn and why, and what comes after keeps away from it.

    Args:
        name: `SOURCE/DELIVERY`.
        reason: why, on one line; it lies in Git.
        today: the day that the card gets.

    Raises:
        ArgusError: there is no such delivery, or it is not one that was handed in; no reason; it is
            withdrawn already; the card is not valid. Then nothing has changed.
    """
    source, delivery = parts(name)
    reason = checked_reason(reason)
    target = RAW / source / delivery
    cut_short = recovery.going()
    with workspace.exclusive(COMMAND):
        if cut_short == target and not tracker_of(target).exists():
            return [*gone(source, delivery), *after(source)]
        require_delivered(source, delivery)
        history = History()
        if not held_by_a_turn(target, history):
            recovery.take_out(target)
            return [*gone(source, delivery), *after(source)]
        before = rights_cards.read(source).withdrawal(delivery)
        if before and before.reason != reason:
            raise ArgusError(
                f"{source}/{delivery} is withdrawn already, on {before.on} ({before.reason}): for "
                f"another reason, change it in {rights_cards.path_of(source)}"
            )
        if not before:
            write_terms(source, delivery, today, reason)
        turns = turns_holding(history.turns, [target])[target]
        return [*said(source, delivery, turns), *after(source)]


def parts(name: str) -> tuple[str, str]:
    """Source and delivery of a name.

    Raises:
        ArgusError: it is none.
    """
    source, slash, delivery = name.partition("/")
    if not (source and slash and delivery) or "/" in delivery or {source, delivery} & {".", ".."}:
        raise ArgusError(
            f"'{name}' names no delivery: say SOURCE/DELIVERY, as `argus delivery list` shows them"
        )
    return source, delivery


def checked_reason(reason: str) -> str:
    """A reason as it is written down.

    Raises:
        ArgusError: it is blank, goes over several lines, or is not UTF-8 text.
    """
    reason = reason.strip()
    if not reason:
        raise ArgusError("a withdrawal needs a reason (--reason TEXT): it is what history keeps")
    if not is_text(reason) or not reason.isprintable():
        raise ArgusError("the reason must be text on one line: it stands in tables and messages")
    return reason


def require_source(source: str) -> None:
    """Raises:
    ArgusError: no source is called so.
    """
    there = known_sources(params.load().sources)
    if source not in there:
        close = get_close_matches(source, there, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(there) or 'none'}"
        raise ArgusError(f"no source is called '{source}': {hint}")


def require_delivered(source: str, delivery: str) -> None:
    """Raises:
    ArgusError: the source has no such delivery, or its deliveries are not handed in.
    """
    require_source(source)
    if source in params.load().rendered:
        raise ArgusError(
            f"'{source}' is rendered by the pipeline, which makes its deliveries anew: use the "
            f"source no more (`argus source retire {source}`), or give the delivery terms on "
            f"{rights_cards.path_of(source)}"
        )
    known = deliveries_known(source)
    if delivery not in known:
        close = get_close_matches(delivery, known, n=1)
        there = f"they are {', '.join(sorted(known))}" if known else "it has none"
        hint = f"did you mean '{source}/{close[0]}'?" if close else there
        raise ArgusError(f"'{source}' has no delivery '{delivery}': {hint}")
    folder = RAW / source / delivery
    if not tracker_of(folder).is_file():
        raise ArgusError(untracked_advice(folder))


def gone(source: str, delivery: str) -> list[str]:
    """What is to be said of a delivery that was taken out."""
    lines = [
        f"{source}/{delivery} was in no turn: its folder and .dvc file are taken out whole. DVC's "
        "cache keeps the bytes until `dvc gc -w -a -T`, and so does a remote that they were pushed "
        "to (`dvc gc -c`)"
    ]
    try:
        named = delivery in rights_cards.read(source).deliveries
    except ArgusError:
        named = False
    if named:
        lines.append(
            f"{rights_cards.path_of(source)} still has terms for '{delivery}': take them off"
        )
    return lines


def said(source: str, delivery: str, turns: list[int]) -> list[str]:
    """What is to be said of a delivery that is withdrawn after turns held it."""
    which = (
        f"turn{'s' if len(turns) > 1 else ''} {turn_ranges(turns)}" if turns else "an earlier turn"
    )
    return [
        f"{source}/{delivery} is withdrawn: {rights_cards.path_of(source)} says since when and why",
        f"{which} held it, so nothing is deleted. From the next turn on none of its images is in "
        "use, and no model trained on them serves or is exported",
        "the same images may come in again as another delivery; those held out before stay so",
    ]


def after(source: str) -> list[str]:
    """What comes next."""
    settings = params.load()
    if source not in settings.sources:
        return [f"'{source}' is retired, so its images were in no use"]
    try:
        card = rights_cards.read(source)
    except ArgusError as error:
        return [str(error)]
    if not [name for name in deliveries_known(source) if not card.withdrawal(name)]:
        return [f"no delivery of '{source}' is left in use: {empty_source_advice(source)}"]
    return ["next: argus turn -m MESSAGE"]
