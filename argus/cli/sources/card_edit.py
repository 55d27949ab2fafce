"""Rights cards changed in place: comments, order, quotes and line ends stay."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.util import load_yaml_guess_indent

from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.data import rights_cards

WIDE = 1 << 20  # characters of a line, so that none is wrapped


def write_terms(source: str, delivery: str, today: date, reason: str) -> None:
    """Say on the card of a source that a delivery is withdrawn; all else stays.

    Raises:
        ArgusError: the card is not valid, or written so that others would change with it.
    """
    path, word = rights_cards.path_of(source), {"on": today, "reason": reason}

    def add(card: Any) -> Any:
        card.setdefault("deliveries", {}).setdefault(delivery, {})["withdrawn"] = word
        return card

    fields = rights_cards.read(source).model_dump(exclude_unset=True)
    wanted = rights_cards.RightsCard(**add(fields))
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
