"""Rights cards: who owns a source's images, and what may be done with them until when.

`data/sources/<source>.yaml`, in Git. Without a valid card no image of the source is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from argus.core import strict_yaml
from argus.core.errors import ArgusError, explain
from argus.core.fields import NEVER, Day, LastDay, Purpose
from argus.data.licences import allows_commercial_use

CARDS = Path("data/sources")
NAME = r"^[a-z0-9][a-z0-9_-]*$"
CONTRACT = "contract:"
REVISION = r"^[0-9a-f]{40}$"
HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])"
USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
ADDRESSES = (
    re.compile(rf"https://{HOST}(?::[0-9]+)?(?P<path>/[!-~]+)"),
    re.compile(rf"ssh://(?:{USER}@)?{HOST}(?::[0-9]+)?(?P<path>/[!-~]+)"),
    re.compile(rf"{USER}@{HOST}:(?P<path>[!-,.-~][!-~]*)"),
)
PLAIN_PATH = re.compile(r"[\w./~+ -]+")  # nothing in it can be a query, a user or a password

Kind = Literal["client", "academic", "fleet", "demo"]
Origin = Literal["camera", "rendered", "generated"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Something written, and not blanks alone."""


def named(terms: Any) -> Any:
    """Terms by the name of their delivery, as they are.

    Raises:
        ValueError: YAML took a name for a number or a date.
    """
    wrong = [name for name in terms if not isinstance(name, str)] if isinstance(terms, dict) else []
    if wrong:
        kind = type(wrong[0]).__name__
        raise ValueError(f"YAML reads the name {wrong[0]} as a {kind}: put it in quotes")
    return terms


def licence(text: str) -> str:
    """An SPDX expression in its canonical spelling, or `contract:<reference>` as it is.

    Raises:
        ValueError: neither of the two.
    """
    if text.startswith(CONTRACT) and text[len(CONTRACT) :].strip():
        return text
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        raise ValueError(
            f"{text!r} is neither an SPDX licence expression nor '{CONTRACT}<reference>'"
        ) from None


def address(text: str) -> str:
    """The address of a Git repository somewhere else, as it is: `https://host/path`,
    `ssh://user@host/path` or `user@host:path`.

    Whatever else Git would take (a folder, `file:`, `git:`, `http:`, a helper such as `ext::`)
    would read this machine, run a command, or bring what nobody vouches for. Nor is there room for
    credentials: the card stands in Git, and Git has helpers to ask for them.

    Raises:
        ValueError: any other; without what the text says, which may be a secret.
    """
    found = [match for form in ADDRESSES if (match := form.fullmatch(text))]
    path = unquote(found[0]["path"]) if found else ""
    if not PLAIN_PATH.fullmatch(path) or ".." in path.split("/"):
        raise ValueError(
            "must be the address of a Git repository: https://host/path, ssh://user@host/path or "
            "user@host:path, with no password, token or query in it. A folder of this machine is "
            "brought in with `argus submit`"
        )
    return text


def inside(text: str) -> str:
    """A path inside a repository, as it is; `.` is all of it.

    Raises:
        ValueError: it leads out of it.
    """
    path = PurePosixPath(text)
    odd = path.is_absolute() or ".." in path.parts or not text.isprintable()
    if odd or text.startswith("-"):
        raise ValueError("must be a path inside the repository")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Consent(_Strict):
    """Where the permission is written down, and the last day on which it holds, or `never`."""

    reference: Text
    expires: LastDay

    def over(self, today: date) -> bool:
        """Whether it holds no more on a day."""
        return self.expires != NEVER and today > self.expires


class Withdrawal(_Strict):
    """A delivery is taken back: from when on, and why. It holds whatever the day, and for good."""

    on: Day
    reason: Text

    def __str__(self) -> str:
        return f"withdrawn on {self.on} ({self.reason})"


class DeliveryTerms(_Strict):
    """Terms of one delivery, where they differ from those of its source; what is left out is as
    the source has it.
    """

    consent: Consent | None = None
    purposes: list[Purpose] | None = None
    withdrawn: Withdrawal | None = None

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, terms: Any) -> Any:
        if not isinstance(terms, dict) or not terms:
            raise ValueError(
                "says nothing: give `consent`, `purposes` or `withdrawn`, or take it off"
            )
        blank = [str(name) for name, value in terms.items() if value is None]
        if blank:  # must not be read as left out, which grants what the source grants
            raise ValueError(f"{', '.join(blank)} is blank: fill it in, or take it off")
        return terms


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
    owner: Text
    contact_role: Text
    licence: Annotated[str, AfterValidator(licence)]
    commercial: bool | None = None
    jurisdiction: Text
    purposes: list[Purpose]
    consent: Consent
    origin: Origin
    citation: str
    deliveries: Annotated[dict[str, DeliveryTerms], BeforeValidator(named)] = {}
    fetch: Fetch | None = None

    def allows_commercial_use(self) -> bool | None:
        """Whether the images may be used commercially: as the card says, else as its licence does;
        None if neither tells."""
        if self.commercial is not None:
            return self.commercial
        return allows_commercial_use(self.licence)

    def consent_for(self, delivery: str | None) -> Consent:
        """The consent that covers a delivery: its own if the card has one, else the source's."""
        terms = self.deliveries.get(delivery) if delivery is not None else None
        return terms.consent if terms and terms.consent else self.consent

    def purposes_for(self, delivery: str | None) -> list[Purpose]:
        """What a delivery may be used for: by its own terms if they say so, else the source's."""
        terms = self.deliveries.get(delivery) if delivery is not None else None
        return terms.purposes if terms and terms.purposes is not None else self.purposes

    def withdrawal(self, delivery: str | None) -> Withdrawal | None:
        """Since when and why a delivery is withdrawn; None if it is not."""
        terms = self.deliveries.get(delivery) if delivery is not None else None
        return terms.withdrawn if terms else None

    def uses(self, delivery: str | None, purposes: Collection[Purpose]) -> list[Purpose]:
        """Those of some purposes for which a delivery may be used; none once it is withdrawn."""
        granted = [] if self.withdrawal(delivery) else self.purposes_for(delivery)
        return [use for use in purposes if use in granted]

    def refusal(
        self,
        delivery: str | None,
        as_of: date,
        origins: Collection[Origin],
        purposes: Sequence[Purpose],
    ) -> str | None:
        """Why this card keeps a delivery out on the day `as_of`; None if it may come in.

        It may come in if it may be used for one of the `purposes` at least; for which, `uses` says.

        Returns one of the catalogue's statuses: `withdrawn`, `origin_not_accepted`,
        `purpose_not_granted`, `consent_expired`.
        """
        if self.withdrawal(delivery):
            return "withdrawn"
        if self.origin == "generated" or self.origin not in origins:
            return "origin_not_accepted"
        if not self.uses(delivery, purposes):
            return "purpose_not_granted"
        if self.consent_for(delivery).over(as_of):
            return "consent_expired"
        return None


def path_of(source: str) -> Path:
    """Where the card of a source is kept."""
    return CARDS / f"{source}.yaml"


def read(source: str) -> Card:
    """Read and check the rights card of a source.

    Raises:
        ArgusError: no card, it cannot be read, or as `parse`.
    """
    path = path_of(source)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArgusError(
            f"source '{source}' has no rights card at {path}, so none of its images may be read: "
            f"write one with `argus source add {source}`, or take it off `sources` in params.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ArgusError(f"rights card {path} cannot be read: {error}") from None
    return parse(text, source, f"rights card {path}")


def parse(text: str, source: str, name: str) -> Card:
    """The rights card of a source from its text; `name` is what messages call it.

    A key that stands there twice is an error: the second would silently overrule the first.

    Raises:
        ArgusError: not YAML, a field missing or wrong, or the card of another source.
    """
    content = strict_yaml.parse(text, name)
    try:
        card = Card.model_validate(content)
    except ValidationError as error:
        raise ArgusError(f"{name} does not hold: {explain(error)}") from None
    if card.source != source:
        raise ArgusError(
            f"{name} is the card of '{card.source}', not of '{source}': a card is named after its "
            "source"
        )
    return card


def objections(
    source: str, delivery: str | None, today: date, use: Purpose, listed: Collection[str]
) -> list[str]:
    """Why what rests on a delivery may not be used today; empty if it may.

    Unlike ingest, which goes by `ingest.as_of` and what the wheel does with images, this is about
    what was made of them: weights that are to be promoted or to leave the house.

    Args:
        source: whose images they are; its card is read as it is now.
        delivery: of the source; None for the terms of the source itself.
        today: the day on which consents must hold.
        use: what the images were used for.
        listed: the sources in use, `sources` in params.yaml.

    Returns:
        A reason each for: the source is retired, has no valid card, is of generated images, the
        delivery is withdrawn, the card does not grant the use, its consent is over.
    """
    what = source if delivery is None else f"{source}/{delivery}"
    found = [] if source in listed else [f"{source} is retired: not on `sources` in params.yaml"]
    try:
        card = read(source)
    except ArgusError as error:
        return [*found, str(error)]
    if card.origin == "generated":
        found.append(f"{what}: generated images are never accepted")
    withdrawal = card.withdrawal(delivery)
    if withdrawal:
        found.append(f"{what}: {withdrawal}")
    if use not in card.purposes_for(delivery):
        granted = ", ".join(card.purposes_for(delivery)) or "nothing"
        found.append(f"{what}: may not be used to {use}, its card grants {granted}")
    consent = card.consent_for(delivery)
    if consent.over(today):
        found.append(f"{what}: consent ended on {consent.expires} ({consent.reference})")
    return found


def outlived(source: str, images: Mapping[str, int], today: date) -> list[str]:
    """Deliveries of a source that are in use although their consent is over; a line each.

    A run that goes by a day gone by (`ingest.as_of`) lets them in, so that an old turn gives its
    old bytes; whoever runs it should know.

    Args:
        source: it must have a valid card.
        images: how many are in use of each delivery.
        today: the day on which consents are judged.
    """
    card = read(source)
    ended = {name: card.consent_for(name) for name in images}
    return [
        f"{source}/{name}: {images[name]} images in use rest on a consent that ended on "
        f"{consent.expires} ({consent.reference}), since ingest.as_of in params.yaml is before "
        "that: what is made of them must not be used. Set as_of to today, or run `argus turn`, "
        "which does"
        for name, consent in sorted(ended.items())
        if consent.over(today)
    ]
