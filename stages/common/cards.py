"""Rights cards: who owns a source's images, and what may be done with them until when.

`data/sources/<source>.yaml`, in Git. Without a valid card no image of the source is read.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from stages.common.errors import ArgusError, explain

CARDS = Path("data/sources")
NAME = r"^[a-z0-9][a-z0-9_-]*$"
CONTRACT = "contract:"
REVISION = r"^[0-9a-f]{40}$"
SECRET = re.compile(r"://[^/@]*:[^/@]*@")

Kind = Literal["client", "academic", "fleet", "demo"]
Origin = Literal["camera", "rendered", "generated"]
Purpose = Literal["train", "evaluate"]


def licence(text: str) -> str:
    """An SPDX expression in its canonical spelling, or `contract:<reference>` as it is.

    Raises:
        ValueError: neither of the two.
    """
    if text.startswith(CONTRACT) and text != CONTRACT:
        return text
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        raise ValueError(
            f"{text!r} is neither an SPDX licence expression nor '{CONTRACT}<reference>'"
        ) from None


def address(text: str) -> str:
    """The address of a Git repository, as it is.

    Raises:
        ValueError: it would be read as an option, or holds a password.
    """
    if text.startswith("-") or SECRET.search(text):
        raise ValueError("must be the address of a Git repository, without a password in it")
    return text


def inside(text: str) -> str:
    """A path inside a repository, as it is; `.` is all of it.

    Raises:
        ValueError: it leads out of it.
    """
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or text.startswith("-"):
        raise ValueError("must be a path inside the repository")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Consent(_Strict):
    """Where the permission is written down, and the last day on which it holds (None: no end)."""

    reference: Annotated[str, Field(min_length=1)]
    expires: date | None


class DeliveryTerms(_Strict):
    """Terms of one delivery that differ from those of its source."""

    consent: Consent


class Fetch(_Strict):
    """Where a public dataset lies in Git: a folder at a commit, and how it is laid out.

    The commit is a full hash: a branch moves, and a tag can be set anew.
    """

    git: Annotated[str, Field(min_length=1), AfterValidator(address)]
    rev: Annotated[str, Field(pattern=REVISION)]
    path: Annotated[str, Field(min_length=1), AfterValidator(inside)]
    format: Annotated[str, Field(pattern=NAME)]  # one of `argus formats`


class Card(_Strict):
    """The rights card of one source; `data/sources/demo.yaml` shows every field."""

    source: Annotated[str, Field(pattern=NAME)]
    kind: Kind
    owner: Annotated[str, Field(min_length=1)]
    contact_role: Annotated[str, Field(min_length=1)]
    licence: Annotated[str, AfterValidator(licence)]
    jurisdiction: Annotated[str, Field(min_length=1)]
    purposes: list[Purpose]
    consent: Consent
    origin: Origin
    citation: str
    deliveries: dict[str, DeliveryTerms] = {}
    fetch: Fetch | None = None

    def consent_for(self, delivery: str) -> Consent:
        """The consent that covers a delivery: its own if the card has one, else the source's."""
        terms = self.deliveries.get(delivery)
        return terms.consent if terms else self.consent

    def refusal(
        self, delivery: str, as_of: date, origins: list[Origin], purposes: list[Purpose]
    ) -> str | None:
        """Why this card keeps a delivery out on the day `as_of`; None if it may come in.

        Returns one of the catalogue's statuses: `origin_not_accepted`, `purpose_not_granted`,
        `consent_expired`.
        """
        if self.origin not in origins:
            return "origin_not_accepted"
        if not set(purposes) <= set(self.purposes):
            return "purpose_not_granted"
        expires = self.consent_for(delivery).expires
        if expires is not None and as_of > expires:
            return "consent_expired"
        return None


def path_of(source: str) -> Path:
    """Where the card of a source is kept."""
    return CARDS / f"{source}.yaml"


def read(source: str) -> Card:
    """Read and check the rights card of a source.

    Raises:
        ArgusError: no card, not YAML, a field missing or wrong, or the card of another source.
    """
    path = path_of(source)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        card = Card.model_validate(content)
    except FileNotFoundError:
        raise ArgusError(
            f"source '{source}' has no rights card at {path}, so none of its images may be read: "
            f"write one with `argus source add {source}`, or take it off `sources` in params.yaml"
        ) from None
    except yaml.YAMLError as error:
        raise ArgusError(f"rights card {path} is not valid YAML: {error}") from None
    except ValidationError as error:
        raise ArgusError(f"rights card {path} does not hold: {explain(error)}") from None
    if card.source != source:
        raise ArgusError(f"{path} is the card of '{card.source}': name the file after its source")
    return card
