"""Rights cards: who owns a source's images, and what may be done with them until when.

`data/sources/<source>.yaml`, in Git. Without a valid card no image of the source is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

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
from argus.core.paths import CARDS
from argus.data.addresses import address, inside
from argus.data.licences import allows_commercial_use, licence

NAME = r"^[a-z0-9][a-z0-9_-]*$"
REVISION = r"^[0-9a-f]{40}$"

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


class RightsCard(_Strict):
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


def read(source: str) -> RightsCard:
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


def parse(text: str, source: str, name: str) -> RightsCard:
    """The rights card of a source from its text; `name` is what messages call it.

    A key that stands there twice is an error: the second would silently overrule the first.

    Raises:
        ArgusError: not YAML, a field missing or wrong, or the card of another source.
    """
    content = strict_yaml.parse(text, name)
    try:
        card = RightsCard.model_validate(content)
    except ValidationError as error:
        raise ArgusError(f"{name} is invalid: {explain(error)}") from None
    if card.source != source:
        raise ArgusError(
            f"{name} is the card of '{card.source}', not of '{source}': a card is named after its "
            "source"
        )
    return card
