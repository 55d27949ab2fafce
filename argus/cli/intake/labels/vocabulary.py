"""Words for driving conditions: which are usual, which mean the same, and which are near misses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

CONDITIONS = ("day", "night", "dusk", "dawn", "fog", "rain", "snow", "hail", "clear", "overcast")
"""Labels that are known before the first delivery; one word for each condition."""

SYNONYMS = {
    "day": "daytime daylight days noon midday afternoon tag tags tagsuber tageslicht mittag jour "
    "journee dia giorno dag dzien gunduz день 昼 昼間 日中 白天",
    "night": "nighttime nights midnight dark darkness lowlight nacht nachts nuit noche noite notte "
    "natt noc gece ночь 夜 夜間 夜晚 黑夜",
    "dusk": "twilight evening sunset nightfall abend abends dammerung daemmerung abenddammerung "
    "sonnenuntergang crepuscule soir soiree anochecer atardecer crepusculo tramonto "
    "сумерки 黄昏 夕方",
    "dawn": "sunrise morning daybreak morgen morgens morgendammerung sonnenaufgang aube matin "
    "amanecer madrugada manana alba amanhecer рассвет 夜明け 黎明",
    "fog": "foggy mist misty haze hazy nebel neblig brume brouillard niebla neblina nebbia "
    "nevoeiro mgła туман 霧 雾",
    "rain": "rainy raining rainfall drizzle shower showers wet regen regnerisch pluie lluvia chuva "
    "pioggia regn deszcz yagmur дождь 雨",
    "snow": "snowy snowing snowfall schnee neige nieve neve sno snieg снег 雪",
    "hail": "sleet hagel grele granizo grandine град",
    "clear": "sunny sunlight sun sunshine fair klar sonnig ensoleille soleado sereno ясно 晴 晴れ",
    "overcast": "cloudy clouds partlycloudy bewolkt bewoelkt nuageux nublado nuvoloso 曇り 阴",
}
CONDITION_OF = {word: condition for condition, words in SYNONYMS.items() for word in words.split()}

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
SLIP = 0.8
"""From here on it is one, whatever other words are in it: `rainy_nigth` is `rainy_night`. The same
for another word for a label: `city` is at .67 from `misty`."""


def folded(label: str) -> str:
    """A label without accents and `_`: how two spellings of one word compare."""
    parts = unicodedata.normalize("NFKD", label)
    return re.sub(r"[\W_]+", "", "".join(c for c in parts if not unicodedata.combining(c)))


def closest(label: str, known: Iterable[str]) -> str | None:
    """The label that was probably meant, of those known; None if nothing is near, or if the name is
    a dataset's (`train` is no slip for `rain`) or says that no condition is known.

    Args:
        label: as `names.label` spells it.
        known: labels that there are, those to be preferred first; may lack usual conditions.
    """
    if is_no_condition(label) or is_dataset_folder(label):
        return None
    there: dict[str, str] = {}
    for each in known:
        there.setdefault(folded(each), each)
    word = folded(label)
    for meant in (word, word.removesuffix("s"), CONDITION_OF.get(word)):
        if meant in there:
            return there[meant]
    kin = {other: there[meant] for other, meant in CONDITION_OF.items() if meant in there}
    parts = (CONDITION_OF.get(part, part) for part in map(folded, re.split(r"[\W\d_]+", label)))
    named = [there[part] for part in parts if part in there]  # `day_clean`, `train_night`
    return (
        _close(word, there, SLIP)
        or next(iter(named), None)
        or _close(word, there, CLOSE)
        or _close(word, kin, SLIP)
    )


def _close(word: str, words: dict[str, str], cutoff: float) -> str | None:
    """What the word nearest to one stands for; None if none is so near."""
    close = get_close_matches(word, words, n=1, cutoff=cutoff)
    return words[close[0]] if close else None


def is_no_condition(label: str) -> bool:
    """Whether a label says that there is none (`unlabeled`, `n/a`)."""
    return folded(label) in NO_CONDITION


def is_dataset_folder(label: str) -> bool:
    """Whether a label is a dataset's name for a split or a kind of file (`train`, `JPEGImages`)."""
    return folded(label) in OF_DATASETS
