"""Whether a licence allows commercial use."""

from __future__ import annotations

import re

NON_COMMERCIAL = frozenset({"Aladdin", "NCGL-UK-2.0", "PolyForm-Noncommercial-1.0.0"})
"""SPDX ids that forbid commercial use and do not say so by a part `NC`; those of Creative Commons
do."""
IT_DEPENDS = frozenset({"BUSL-1.1", "JPL-image", "PolyForm-Small-Business-1.0.0"})
"""SPDX ids that allow it to some, for some uses, or after some time."""
TOKEN = re.compile(r"[()]|[^\s()]+")

Answer = bool | None


def allows_commercial_use(licence: str) -> Answer:
    """Whether a licence allows commercial use; None if that cannot be told from its name.

    Of `A AND B` both must allow it; of `A OR B` one is enough, since whoever uses it may choose.

    Args:
        licence: an SPDX expression in its canonical spelling, or `contract:<reference>`.
    """
    if ":" in licence:
        return None
    return _either(TOKEN.findall(licence)[::-1])


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
    token = left.pop()
    if token == "(":
        inner = _either(left)
        left.pop()  # )
        return inner
    if left and left[-1] == "WITH":  # an exception allows more, but none of them this
        left.pop()
        left.pop()
    return _by_id(token.removesuffix("+"))


def _by_id(name: str) -> Answer:
    if name in NON_COMMERCIAL or "NC" in name.split("-"):
        return False
    return None if name in IT_DEPENDS or name.startswith("LicenseRef-") else True
