"""Words for driving conditions: which are usual, which mean the same, and which are near misses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

CONDITIONS = ("day", "night", "dusk", "dawn", "fog", "rain", "snow", "hail", "clear", "overcast")
"""Labels that are known before the first delivery; one word for each condition."""

OTHERWISE = {
    "day": "daytime daylight days tag tageslicht jour dia giorno",
    "night": "nighttime nights dark darkness nacht nuit noche notte",
    "dusk": "twilight evening sunset abend dammerung daemmerung crepuscule",
    "dawn": "sunrise morning morgen aube",
    "fog": "foggy mist misty haze hazy nebel brouillard brume niebla nebbia",
    "rain": "rainy raining rainfall wet regen pluie lluvia pioggia",
    "snow": "snowy snowing snowfall schnee neige nieve neve",
    "hail": "sleet hagel",
    "clear": "sunny sunlight sun sunshine fair klar sonnig",
    "overcast": "cloudy clouds partlycloudy bewolkt bewoelkt",
}
"""What else a condition is called by datasets and in other languages, without accents and `_`."""
MEANS = {word: condition for condition, words in OTHERWISE.items() for word in words.split()}

NONE = {
    "no condition": "unlabeled unlabelled unlabel nolabel none null nan na undefined unspecified "
    "other misc todo",
    "of a dataset": "train training val valid validation eval test testing trainval images image "
    "imgs img jpegimages frames frame pictures photos rgb color leftimg8bit data dataset raw "
    "upload export camera cam front rear left right",
}
"""What is no condition: where none is known; a dataset's split, a kind of file, a camera."""
NO_CONDITION, OF_DATASETS = (frozenset(words.split()) for words in NONE.values())

CLOSE = 0.6
"""How near a slip of the pen is to a label, by difflib's ratio: `nigth` .8, `dya` .67."""
CLOSE_KIN = 0.8
"""The same to another word for it: `city` is at .67 from `misty`."""


def folded(label: str) -> str:
    """A label without accents and `_`: how two spellings of one word compare."""
    parts = unicodedata.normalize("NFKD", label)
    return re.sub(r"[\W_]+", "", "".join(c for c in parts if not unicodedata.combining(c)))


def nearest(label: str, known: Iterable[str]) -> str | None:
    """The label that was probably meant, of those known; None if nothing is near, or if the name is
    a dataset's (`train` is no slip for `rain`) or says that no condition is known.

    Args:
        label: as `names.label` spells it.
        known: labels that there are, those to be preferred first; may lack usual conditions.
    """
    if is_no_condition(label) or is_of_a_dataset(label):
        return None
    there: dict[str, str] = {}
    for each in known:
        there.setdefault(folded(each), each)
    word = folded(label)
    for meant in (word, word.removesuffix("s"), MEANS.get(word)):
        if meant in there:
            return there[meant]
    kin = {other: there[meant] for other, meant in MEANS.items() if meant in there}
    for words, cutoff in ((there, CLOSE), (kin, CLOSE_KIN)):
        close = get_close_matches(word, words, n=1, cutoff=cutoff)
        if close:
            return words[close[0]]
    return None


def is_no_condition(label: str) -> bool:
    """Whether a label says that there is none (`unlabeled`, `n/a`)."""
    return folded(label) in NO_CONDITION


def is_of_a_dataset(label: str) -> bool:
    """Whether a label is a dataset's name for a split or a kind of file (`train`, `JPEGImages`)."""
    return folded(label) in OF_DATASETS
