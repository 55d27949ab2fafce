"""Cityscapes, and the fog and rain that others have simulated on its images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree

FRAME = r"(?P<sequence>.+_\d{6})_\d{6}_leftImg8bit"
SETTINGS = r"(_[a-z]+_[\d.]+)+"  # of a simulation: _beta_0.02


def _items(
    name: str, types: tuple[str, ...], ending: str, label: str, folder: Path
) -> Iterator[Item]:
    """The images of all splits; the ground truth, disparity and right camera beside them are left.

    The sequence is `<city>_<seq>`, as the names have it. Cityscapes was recorded by day in good
    weather. The capture time is not published.

    Args:
        name: of the format.
        types: names of the folders of images.
        ending: of the names of images, as a regular expression.
        label: the condition that all of them show.
        folder: the dataset.

    Source: Cordts et al., Cityscapes, CVPR 2016; README of cityscapesScripts
    (`{root}/{type}{video}/{split}/{city}/{city}_{seq:0>6}_{frame:0>6}_{type}{ext}`). Fog: Sakaridis
    et al., IJCV 2018, three densities of each image (`_foggy_beta_0.02`). Rain: Hu et al.,
    Depth-Attentional Features, CVPR 2019 (`_rain_alpha_0.01_beta_0.005_dropsize_0.01_pattern_1`).
    """
    tree = Tree(folder)
    paths = [path for type_ in types for root in tree.folders(type_) for path in tree.images(root)]
    if not paths:
        raise tree.layout_error(name, f"{' or '.join(types)} with <split>/<city>/*.png in it")
    for path in paths:
        match = re.fullmatch(FRAME + ending, PurePosixPath(path).name)
        if match is None:
            raise tree.layout_error(
                name, f"names <city>_<seq>_<frame>_*.png, of which {path} is none"
            )
        yield tree.item(path, label, match["sequence"])


CITYSCAPES = Format(
    name="cityscapes",
    layout="leftImg8bit/<split>/<city>/<city>_<seq>_<frame>_leftImg8bit.png "
    "(also leftImg8bit_sequence)",
    metadata="label: day; sequence: <city>_<seq>",
    items=partial(_items, "cityscapes", ("leftImg8bit", "leftImg8bit_sequence"), r"\.png", "day"),
)
FOGGY = Format(
    name="foggy_cityscapes",
    layout="leftImg8bit_foggyDBF/<split>/<city>/<city>_<seq>_<frame>_leftImg8bit_foggy_beta_*.png "
    "(also leftImg8bit_foggy)",
    metadata="label: fog; sequence: <city>_<seq>",
    items=partial(
        _items,
        "foggy_cityscapes",
        ("leftImg8bit_foggyDBF", "leftImg8bit_foggy"),
        rf"_foggy{SETTINGS}\.png",
        "fog",
    ),
    rendered=True,
)
RAIN = Format(
    name="rain_cityscapes",
    layout="leftImg8bit_rain/<split>/<city>/<city>_<seq>_<frame>_leftImg8bit_rain_*.png",
    metadata="label: rain; sequence: <city>_<seq>",
    items=partial(
        _items, "rain_cityscapes", ("leftImg8bit_rain",), rf"_rain{SETTINGS}\.png", "rain"
    ),
    rendered=True,
)
