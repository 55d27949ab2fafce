"""Days in YAML files: exactly a day, so that no slip of the pen becomes another one, or none."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

NEVER: Literal["never"] = "never"


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
