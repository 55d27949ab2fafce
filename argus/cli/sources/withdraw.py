"""Take a delivery back: whole if no turn held it, else by a word on its source's rights card."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.util import load_yaml_guess_indent

from argus.cli.repository import recovery, workspace
from argus.cli.repository.recorded import History
from argus.cli.sources import audit, sources
from argus.cli.sources.held import held, is_in_history, span
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.paths import RAW
from argus.data import rights_cards
from argus.data.names import is_text
from argus.data.pulled import deliveries_known, tracker_of

WIDE = 1 << 20  # characters of a line, so that none is wrapped
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
    reason = told(reason)
    target = RAW / source / delivery
    cut_short = recovery.going()
    with workspace.exclusive(COMMAND):
        if cut_short == target and not tracker_of(target).exists():
            return [*gone(source, delivery), *after(source)]
        require_delivered(source, delivery)
        history = History()
        if not is_in_history(target, history):
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
        turns = held(history.turns, [target])[target]
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


def told(reason: str) -> str:
    """A reason as it is written down.

    Raises:
        ArgusError: it is blank, goes over several lines, or is no text.
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
    there = sources.known(params.load().sources)
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
        raise ArgusError(audit.stranger(folder))


def write_terms(source: str, delivery: str, today: date, reason: str) -> None:
    """Say on the card of a source that a delivery is withdrawn; all else stays.

    Raises:
        ArgusError: the card is not valid, or written so that others would change with it.
    """
    path, word = rights_cards.path_of(source), {"on": today, "reason": reason}

    def add(card: Any) -> Any:
        card.setdefault("deliveries", {}).setdefault(delivery, {})["withdrawn"] = word
        return card

    wanted = rights_cards.RightsCard(
        **add(rights_cards.read(source).model_dump(exclude_unset=True))
    )
    text = edited(path.read_bytes().decode("utf-8"), add)
    if (
        rights_cards.parse(text, source, f"rights card {path}") != wanted
    ):  # an alias, say, stands for two
        raise ArgusError(
            f"{path} cannot be changed for '{delivery}' alone: in `deliveries`, below its name, "
            f"write `withdrawn: {{on: {today}, reason: ...}}` yourself"
        )
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def edited(text: str, edit: Callable[[Any], Any]) -> str:
    """YAML with a change, its comments, order, quotes and line ends as they are."""
    _, indent, offset = load_yaml_guess_indent(text)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDE
    yaml.indent(mapping=2, sequence=indent or 2, offset=offset or 0)
    content = yaml.load(text.replace("\r\n", "\n"))
    edit(content)
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue().replace("\n", "\r\n") if "\r\n" in text else out.getvalue()


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
    which = f"turn{'s' if len(turns) > 1 else ''} {span(turns)}" if turns else "an earlier turn"
    return [
        f"{source}/{delivery} is withdrawn: {rights_cards.path_of(source)} says since when and why",
        f"{which} held it, so nothing is deleted. From the next turn on none of its images is in "
        "use, and no model that learnt from them serves or is exported",
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
        return [f"no delivery of '{source}' is left in use: {audit.nothing_left(source)}"]
    return ["next: argus turn -m MESSAGE"]
