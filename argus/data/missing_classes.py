"""What a person should know of classes of which a split has no image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MEANS = {"train": "learn them", "val": "look at them while it trains", "test": "be judged by them"}


def lacking(classes_without: Mapping[str, Sequence[str]]) -> str:
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
