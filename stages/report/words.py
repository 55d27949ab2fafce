"""Plain words for the page of the turn: what things are called, and how numbers and days read."""

from __future__ import annotations

from datetime import date

WHY = {
    "accepted": "in use",
    "origin_not_accepted": "made in a way that is not let in here",
    "purpose_not_granted": "the owner does not allow what it would be used for",
    "consent_expired": "the owner's consent had ended",
    "withdrawn": "taken back by its owner, or on a person's objection",
    "symbolic_link": "not a file but a link to somewhere else",
    "packed": "a packed archive, not an image",
    "not_an_image": "not an image at all",
    "format_not_supported": "an image in a format that is not read here",
    "several_frames": "an animation, or several pages in one file",
    "truncated": "the file breaks off",
    "broken": "the file is damaged",
    "too_small": "too few pixels",
    "too_large": "too many pixels to be opened safely",
    "too_oblong": "far too long and narrow",
    "unknown_range": "the brightness of its pixels cannot be told",
    "near_constant": "next to nothing to see",
    "black": "too dark to see anything",
    "over_exposed": "burnt out by too much light",
    "blurred": "out of focus or smeared",
    "torn": "torn: the stream broke within the frame",
    "unreadable": "the file has gone bad since it came in",
    "exact_copy": "a copy, byte for byte, of an image that came in before",
    "near_duplicate": "looks the same as an image that is kept",
    "embargoed": "too much like an image that judges, or that trains, on the other side",
    "use_not_granted": "the owner does not allow the use that its drive is put to",
    "excluded": "taken out by a person",
    "pruned": "not chosen: others show more that is different",
}
"""Why an image has each of the catalogue's statuses."""

BASELINES = {
    "noise": "random noise",
    "mean_image": "the average real image",
    "blurred": "blurred real images",
    "untranslated": "the source images, untouched",
    "tone_curve": "source images with colours matched by a tone curve",
    "training_reals": "real training images",
}
"""What a model is compared with; others are called by their name."""

FIELDS = {
    "images": "images in",
    "accepted": "accepted at the door",
    "distinct": "distinct",
    "held_out": "held out for judging",
    "selected": "chosen for training",
}


def baseline(name: str) -> str:
    """What a person calls a baseline."""
    return BASELINES.get(name, name.replace("_", " "))


def count(number: int, what: str, many: str = "") -> str:
    """A number of things: "1 image", "1,018 images"."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def day(value: date | str) -> str:
    """A day as a person writes it, "24 November 2026"; anything else as it is."""
    found = value if isinstance(value, date) else _day(value)
    return f"{found.day} {found:%B %Y}" if found else str(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def share(value: float) -> str:
    """How sure, in per cent; never "100 %", since nothing is."""
    if 0.9995 <= value <= 1:
        return "more than 99.9 %"
    return f"{value:.1%}".replace("%", " %")


def listed(names: list[str]) -> str:
    """Names in a row: "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
