"""Sources come and go by their rights card and the lists in `params.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from argus.cli.repository import params_edit, workspace
from argus.core.errors import ArgusError
from argus.core.files import atomic, remove
from argus.core.paths import CARDS, INGESTED, RAW, REPORTS
from argus.data import rights_cards

ACTIVE, RENDERED = "sources", "rendered"  # keys of params.yaml
REPORTED = REPORTS / "ingest"

CARD = """\
# Rights card: who owns the images of this source, and what may be done with them until when.
# Without it none of them is read.
source: {source}
# client | academic | fleet | demo
kind: {kind}
# the person or body that holds the rights
owner: {owner}
# whom to ask there: a role, never a person's name
contact_role: {contact_role}
# an SPDX expression (https://spdx.org/licenses), or contract:<reference>. Whether a contract allows
# commercial use is for you to say: add `commercial: true` or `commercial: false`
licence: {licence}
# whose law governs the use
jurisdiction: {jurisdiction}
# what the owner allows: train, evaluate; with `evaluate` alone they are in val and test only
purposes: {purposes}
consent:
  # where the permission is written down
  reference: {reference}
  # the last day on which it holds, YYYY-MM-DD, or never
  expires: {expires}
# camera | rendered; generated images are never accepted
origin: {origin}
# how the owner wants to be cited
citation: {citation}
"""


def new_card(fields: Mapping[str, Any]) -> str:
    """The text of a new rights card.

    Args:
        fields: what `CARD` names; `purposes` a list of strings, `expires` a date or `never`, all
            others strings.

    Raises:
        ArgusError: a field is not what it must be, or the images would be generated ones.
    """
    text = CARD.format(**{name: _scalar(value) for name, value in fields.items()})
    _checked(text, fields["source"], "the card")
    return text


def read_card(file: Path, source: str) -> str:
    """The text of a card that somebody else wrote.

    Raises:
        ArgusError: it cannot be read, is invalid, is the card of another source, or of
            generated images.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgusError(f"card {file} cannot be read: {error}") from None
    _checked(text, source, f"card {file}")
    return text


def public_card(source: str) -> Path:
    """Where the card of a public dataset would lie that comes with Argus, not registered."""
    return CARDS / "public" / f"{source}.yaml"


def can_be_fetched(card: str) -> bool:
    """Whether a card (a checked text) says where its images can be fetched from."""
    return yaml.safe_load(card).get("fetch") is not None


def add(source: str, card: str) -> Path:
    """Register a source: put it on `sources` and write its card (a checked text).

    In that order, so that one cut short (on the list, without a card) is told from one that was
    retired (a card, not on the list), and can be repeated. So can one that is done.

    Raises:
        ArgusError: it has another card, or was retired.
    """
    with workspace.exclusive("argus source add"):
        path = rights_cards.path_of(source)
        text = params_edit.read()
        listed = source in params_edit.items(text, ACTIVE)
        if path.exists() and not (listed and path.read_bytes() == card.encode()):
            advice = (
                "to change its terms edit the card"
                if listed
                else f"it was retired: put it back on `{ACTIVE}` in params.yaml"
            )
            raise ArgusError(f"source '{source}' exists, its card is {path}: {advice}")
        if not listed:
            params_edit.write(params_edit.with_item(text, ACTIVE, _scalar(source)))
        with atomic(path) as temporary:
            temporary.write_text(card, encoding="utf-8")
        return path


def retire(source: str) -> list[Path]:
    """Use a source no more: delete what earlier turns made of it, and take it off the lists.

    A later stage depends on the folder over all sources, so DVC would go on seeing what it
    leaves there. The card, the deliveries and DVC's cache are kept: earlier turns stay whole.
    The lists come last: until then the source is in use as before, and what is gone is made again.
    A source that is off the lists is left so; repeating the command is no mistake.

    Returns:
        What was deleted.

    Raises:
        ArgusError: there is no such source.
    """
    with workspace.exclusive("argus source retire"):
        text = params_edit.read()
        active = params_edit.items(text, ACTIVE)
        if source not in known_sources(active):
            raise ArgusError(
                f"source '{source}' is not on `{ACTIVE}` in params.yaml, nor is there a card or an "
                f"image of it; on it are: {', '.join(active) or 'none'}"
            )
        stale = [INGESTED / source, REPORTED / source, REPORTED / f"{source}.json"]
        found = [path for path in stale if path.exists()]
        for path in found:
            remove(path)
        for key in (ACTIVE, RENDERED):
            if source in params_edit.items(text, key):
                text = params_edit.without_item(text, key, source)
        params_edit.write(text)
        return found


def empty_source_advice(source: str) -> str:
    """What to do about a source of which no delivery is in use."""
    return (
        f"bring one in with `argus submit PATH --source {source}`, or use the source no more: "
        f"`argus source retire {source}`"
    )


def known_sources(active: list[str]) -> list[str]:
    """Every source that is listed, has a card or has images, the listed ones first."""
    carded = [path.stem for path in CARDS.glob("*.yaml")]
    delivered = [path.name for path in RAW.glob("*") if path.is_dir()]
    return [*dict.fromkeys(active), *sorted({*carded, *delivered} - set(active))]


def _checked(text: str, source: str, name: str) -> None:
    if rights_cards.parse(text, source, name).origin == "generated":
        raise ArgusError(
            f"{name} says `origin: generated`: generated images are never accepted, as a model "
            "must not train on, nor be judged by, what models made"
        )


def _scalar(value: str | date | list[str]) -> str:
    """A value as it stands in YAML, on one line."""
    quote = '"' if isinstance(value, str) and not value.isprintable() else None
    text: str = yaml.safe_dump(
        value, default_flow_style=True, default_style=quote, allow_unicode=True, width=10**6
    )
    return text.removesuffix("\n").removesuffix("\n...")
