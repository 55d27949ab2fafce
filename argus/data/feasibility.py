"""Whether a model can be trained and judged on the images that there are, or why not.

A model that cannot is skipped, and the turn goes on without it: it is not trained, and leaves a
card and reports that say why. `split` tells as soon as it is known, `train` acts on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from argus.core.params import Domains, Model

FEWEST = 8  # held-out reals below which a score would be mostly luck
MEANS = {"train": "learn them", "val": "look at them while it trains", "test": "be judged by them"}


def obstacle(
    model: Model, counts: Mapping[str, Mapping[str, int]], splits: Sequence[str]
) -> str | None:
    """Why a model is skipped, in a clause, and what to do about it; None if it is not.

    It needs a training image of each condition that it leads between (a generator: any), and
    `FEWEST` held-out ones of each (a generator: in all) to be judged by.

    Args:
        model: an entry of `models` in params.yaml.
        counts: images in use by class (`unknown` for those without a label), by split.
        splits: `evaluate.splits`, those that models are judged by.
    """
    learnt = counts.get("train", {})
    judged = Counter[str]()
    for split in dict.fromkeys(splits):
        judged.update(counts.get(split, {}))
    needed = _conditions(model.domains)
    bare = [name for name in needed if not learnt.get(name)]
    wrong = []
    if not sum(learnt.values()):
        wrong.append("no training image")
    elif bare:
        there = ", ".join(f"{name} {n}" for name, n in sorted(learnt.items()) if n)
        wrong.append(f"no training image of {' and '.join(bare)} (but {there})")
    if short := shortage(judged, model.domains, f" in {' and '.join(dict.fromkeys(splits))}"):
        wrong.append(short)
    if not wrong:
        return None
    lacking = [name for name in needed if name in bare or judged[name] < FEWEST]
    mend = f"bring in more drives{' of ' if lacking else ''}{' and '.join(lacking)}"
    if bare and sum(learnt.values()):
        mend += " (or a larger prune.budget), or change `domains` of the model"
    return f"{' and '.join(wrong)}: {mend}"


def shortage(judged: Mapping[str, int], domains: Domains | None, where: str = "") -> str | None:
    """Why a model cannot be judged by some images, in a clause; None if it can.

    Args:
        judged: held-out images by class.
        domains: of a translator; None for a generator.
        where: " in test", say.
    """
    few = [
        f"{_number(judged.get(name, 0))} of {name}"
        for name in _conditions(domains)
        if judged.get(name, 0) < FEWEST
    ]
    found = sum(judged.values())
    if domains is None and found < FEWEST:
        few = [_number(found)]
    if not few:
        return None
    return f"{' and '.join(few)} held out{where}, where a score needs {FEWEST}"


def missing_classes(classes_without: Mapping[str, Sequence[str]]) -> str:
    """A line that names them and what cannot be done with them; empty if there are none.

    Args:
        classes_without: by split the names of classes that it has no image of.
    """
    bare = {split: classes for split, classes in classes_without.items() if classes}
    if not bare:
        return ""
    named = "; ".join(
        f"{', '.join(classes)} (in {split}: no model can {MEANS[split]})"
        for split, classes in bare.items()
    )
    return f"classes without an image: {named}. Bring in more drives of them"


def _number(n: int) -> str:
    """How many images, too few, in words."""
    return f"only {n} images" if n > 1 else "a single image" if n else "no image"


def _conditions(domains: Domains | None) -> tuple[str, ...]:
    """Those that a translator leads between; none for a generator, which takes what there is."""
    return tuple(dict.fromkeys((domains.source, domains.target))) if domains else ()
