"""ACDC and Dark Zurich: the same places in bad and in good conditions, from one group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree

HOME = "rgb_anon"
REFERENCE = "_ref"
CONDITIONS = ("fog", "night", "rain", "snow")
TIMES = {"day": "day", "twilight": "dusk", "night": "night"}


def acdc(folder: Path) -> Iterator[Item]:
    """The images of ACDC; those in the `_ref` folders show the same places by day in clear weather.

    The sequence is `<condition>/<sequence>`, the same for an image and its reference: what shows
    one place stays together. The capture time is not published.

    Source: Sakaridis et al., ACDC, ICCV 2021
    (`rgb_anon/<condition>/<split>/<sequence>/*_rgb_anon.png`,
    `rgb_anon/<condition>/<split>_ref/<sequence>/*_rgb_ref_anon.png`).
    """
    tree = Tree(folder)
    layout = f"{HOME}/{{{','.join(CONDITIONS)}}}/<split>/<sequence>/*.png"
    for path, (condition, split, drive) in _images(tree, "acdc", layout):
        if condition not in CONDITIONS:
            raise tree.layout_error("acdc", f"{layout} in place of {path}")
        yield tree.item(
            path, "day" if split.endswith(REFERENCE) else condition, f"{condition}/{drive}"
        )


def dark_zurich(folder: Path) -> Iterator[Item]:
    """The images of Dark Zurich by day, twilight (`dusk`) and night.

    The sequence is the folder; the daytime references of val and test (`val_ref/day/<s>_ref`) are
    of the sequence `<s>` whose places they show.

    Source: Sakaridis et al., Guided Curriculum Model Adaptation, ICCV 2019
    (`rgb_anon/<split>/{day,twilight,night}/<sequence>/*_rgb_anon.png`).
    """
    tree = Tree(folder)
    layout = f"{HOME}/<split>/{{{','.join(TIMES)}}}/<sequence>/*.png"
    for path, (_, time, drive) in _images(tree, "dark_zurich", layout):
        if time not in TIMES:
            raise tree.layout_error("dark_zurich", f"{layout} in place of {path}")
        yield tree.item(path, TIMES[time], drive.removesuffix(REFERENCE))


def _images(tree: Tree, name: str, layout: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """The images, each with the three folders that it lies in.

    Raises:
        ArgusError: there is none, or one lies in more or fewer folders.
    """
    paths = [(root, path) for root in tree.folders(HOME) for path in tree.images(root)]
    if not paths:
        raise tree.layout_error(name, layout)
    for root, path in paths:
        match path.removeprefix(f"{root}/").split("/"):
            case first, second, third, _:
                yield path, (first, second, third)
            case _:
                raise tree.layout_error(name, f"{layout} in place of {path}")


ACDC = Format(
    name="acdc",
    layout="rgb_anon/{fog,night,rain,snow}/<split>[_ref]/<sequence>/*_anon.png",
    metadata="label: the condition, day for _ref; sequence: <condition>/<sequence>",
    items=acdc,
)
DARK_ZURICH = Format(
    name="dark_zurich",
    layout="rgb_anon/<split>[_ref]/{day,twilight,night}/<sequence>[_ref]/*_rgb_anon.png",
    metadata="label: day, dusk, night; sequence: the folder",
    items=dark_zurich,
)
