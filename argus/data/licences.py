"""Licences: the canonical spelling of one, and whether it allows commercial use."""

from __future__ import annotations

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

CONTRACT = "contract:"
NON_COMMERCIAL = frozenset({"Aladdin", "NCGL-UK-2.0", "PolyForm-Noncommercial-1.0.0"})
"""SPDX ids that forbid commercial use and do not say so by a part `NC`; those of Creative Commons
do."""
IT_DEPENDS = frozenset({"BUSL-1.1", "JPL-image", "PolyForm-Small-Business-1.0.0"})
"""SPDX ids that allow it to some, for some uses, or after some time."""
WORD = re.compile(r"[()]|[^\s()]+")

Answer = bool | None


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


def allows_commercial_use(licence: str) -> Answer:
    """Whether a licence allows commercial use; None if that cannot be told from its name.

    Of `A AND B` both must allow it; of `A OR B` one is enough, since whoever uses it may choose.

    Args:
        licence: an SPDX expression in its canonical spelling, or `contract:<reference>`.
    """
    if ":" in licence:
        return None
    return _either(WORD.findall(licence)[::-1])


def _either(left: list[str]) -> Answer:
    """`A OR B OR ...` off the end of a reversed list of tokens."""
    answers = [_both(left)]
    while left and left[-1] == "OR":
        left.pop()
        answers.append(_both(left))
    return True if True in answers else (None if None in answers else False)


def _both(left: list[str]) -> Answer:
    answers = [_one(left)]
    while left and left[-1] == "AND":
        left.pop()
        answers.append(_one(left))
    return False if False in answers else (None if None in answers else True)


def _one(left: list[str]) -> Answer:
    word = left.pop()
    if word == "(":
        inner = _either(left)
        left.pop()  # )
        return inner
    if left and left[-1] == "WITH":  # an exception allows more, but none of them this
        left.pop()
        left.pop()
    return _by_id(word.removesuffix("+"))


def _by_id(name: str) -> Answer:
    if name in NON_COMMERCIAL or "NC" in name.split("-"):
        return False
    return None if name in IT_DEPENDS or name.startswith("LicenseRef-") else True
