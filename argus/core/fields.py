"""Types of the fields of our YAML files: ranges, days, and checks that say more than a range."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

Purpose = Literal["train", "evaluate"]
"""What images may be used for."""
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Of a folder and of a stage of DVC."""
A_DELIVERY = r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$"
SOURCE_OR_DELIVERY = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$"
NEVER: Literal["never"] = "never"


def once_each(values: list[Any]) -> list[Any]:
    """A list, as it is.

    Raises:
        ValueError: something stands in it twice.
    """
    twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
    if twice:
        raise ValueError(f"{', '.join(map(str, twice))} is listed twice")
    return values


def acceptable(origin: Any) -> Any:
    """An origin, as it is.

    Raises:
        ValueError: images of it are never let in.
    """
    if isinstance(origin, str) and origin.strip().lower() == "generated":
        raise ValueError(
            "generated images are never accepted: a model must not train on, nor be judged by, "
            "what models made; take it off the list"
        )
    return origin


def whole_hash(value: Any) -> str:
    """A SHA-256 in lower case.

    Raises:
        ValueError: it is not one, or only the beginning of one.
    """
    if not isinstance(value, str):
        raise ValueError("YAML reads it as a number: put it in quotes")  # noqa: TRY004
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise ValueError(
            f"{value!r} is no SHA-256: give all 64 hexadecimal digits, as `sha256sum FILE` does "
            "and image_id in the catalogue is"
        )
    return value.lower()


def day(value: Any) -> date:
    """A day as YAML gives it, bare or in quotes.

    Pydantic alone would also take a time of day, and a number as seconds since 1970.

    Raises:
        ValueError: it is anything else.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    raise ValueError(f"{value} is not a day: write YYYY-MM-DD")


def last_day(value: Any) -> date | Literal["never"]:
    """The last day of a consent, or `never`: that it has no end is said, and not left blank.

    Raises:
        ValueError: it is neither.
    """
    if value == NEVER:
        return NEVER
    if value is None:
        raise ValueError("is blank: write the last day of the consent, YYYY-MM-DD, or never")
    try:
        return day(value)
    except ValueError as error:
        raise ValueError(f"{error}, or never if the consent has no end") from None


Day = Annotated[date, BeforeValidator(day)]
LastDay = Annotated[date | Literal["never"], BeforeValidator(last_day)]
