"""Names of files, labels and drives: one spelling for what is one thing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import polars as pl

from argus.data.catalogue import UNKNOWN

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""Endings of the files that ingest can read, in lower case."""

LEFTOVERS = re.compile(
    r"""\._.* | \.ds_store | \.localized | icon\r | \.apdisk | \.volumeicon\.icns
    | __macosx | \.appledouble | \.appledb | \.appledesktop | \.temporaryitems
    | \.spotlight-v100 | \.trashes | \.fseventsd | \.documentrevisions-v100
    | thumbs\.db(:encryptable)? | ehthumbs(_vista)?\.db | desktop\.ini
    | \$recycle\.bin | system\ volume\ information
    | \.com\.apple\.timemachine\.(donotpresent|supported)
    | \.directory | \.trash-\d+ | \.thumbnails | \.nfs[0-9a-f]+ | lost\+found
    | @eadir | @syno(resource|eastream) | \#recycle
    | \.nomedia | \.thumbdata.* | zbthumbnail\.info | \.?picasa\.ini | \.picasaoriginals""",
    re.IGNORECASE | re.VERBOSE,
)
"""Files and folders that macOS, Windows, Linux desktops, network drives, telephones and viewers of
images leave by themselves."""

SEPARATORS = re.compile(r"[\s_-]+")
NAMED = 3  # examples in a message
INVISIBLE = frozenset({"Cc", "Cf"})  # Unicode categories: control and format characters


def normal(name: str) -> str:
    """The one spelling of a relative path: `./day//a.jpg` is `day/a.jpg`; empty if nothing is left.

    `..` stays: whoever asks has to refuse it.
    """
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def is_image(name: str) -> bool:
    """Whether a file's name ends like that of an image that ingest can read."""
    return name.lower().endswith(tuple(IMAGES))


def endings(names: Iterable[str]) -> str:
    """How many files there are of each ending, the most first: `.txt: 3, .xml: 1`; empty if
    none."""
    counts = Counter(PurePosixPath(name).suffix.lower() or "without ending" for name in names)
    ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
    return some([f"{ending}: {count}" for ending, count in ordered])


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def caseless(name: str) -> str:
    """What a name is to file systems that do not tell capitals apart, nor composed characters from
    those in parts: two names that have it in common cannot lie in one folder there."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_leftover(path: str) -> bool:
    """Whether a file, or a folder that it lies in, is none of the sender's but its system's own."""
    return any(LEFTOVERS.fullmatch(part) for part in path.split("/"))


def is_text(name: str) -> bool:
    """Whether a name can be written as UTF-8; one with other bytes in it, or half of a pair of
    UTF-16, cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def label(text: str) -> str | None:
    """The class that a delivered label means: `Day`, `day` and `DAY ` are one.

    Compatibility forms and capitals are folded (NFKC, case folding), characters that cannot be seen
    are dropped, and spaces, hyphens and underscores are all `_`: `Light rain` is `light_rain`.
    Nothing, or `unknown`, which is what images without a label are called later on, is no label.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = (c for c in folded if c.isspace() or unicodedata.category(c) not in INVISIBLE)
    found = SEPARATORS.sub("_", "".join(seen)).strip("_")
    return found if found not in ("", UNKNOWN) else None


def sequence(text: str) -> str | None:
    """The drive that a delivered sequence means: composed characters (NFC) and a normal path,
    without white space around a folder's name; capitals tell drives apart. None if nothing is left.
    """
    parts = (part.strip() for part in unicodedata.normalize("NFC", text).split("/"))
    return normal("/".join(parts)) or None


def respelt(names: pl.Series, spelling: Callable[[str], str | None]) -> pl.Series:
    """A column of text with each value spelt as `spelling` has it."""
    found = {name: spelling(name) for name in names.unique().drop_nulls()}
    return names.replace_strict(found, default=None, return_dtype=pl.String)
