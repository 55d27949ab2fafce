"""KITTI: the raw drives, or the images of the object benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree
from argus.cli.terminal import remark
from argus.core.errors import ArgusError

CAMERA = "image_02"  # the left colour camera; the others see the same a hand's breadth aside
DRIVES = f"????_??_??_drive_*_sync/{CAMERA}/data"
OBJECT = ("training/image_2", "testing/image_2")
MAPPING = "mapping"  # of the object benchmark's development kit
LABEL = "day"  # KITTI was recorded by day only


def items(folder: Path) -> Iterator[Item]:
    """The left colour images of all raw drives, and of the object benchmark, if they are there.

    Raw: the sequence is the drive, the capture time stands in `timestamps.txt`, one line a frame,
    by the car's clock. Object benchmark: images of the raw drives in random order; where the
    development kit's `mapping/` is there, the sequence of a training image is its drive, so that
    one drive does not come into training and test.

    Source: Geiger et al., Vision meets Robotics, IJRR 2013, and the readme files of the raw data
    and of the object development kit (cvlibs.net/datasets/kitti).
    """
    tree = Tree(folder)
    drives = sorted({*tree.folders(f"????_??_??/{DRIVES}"), *tree.folders(DRIVES)})
    training, testing = ([path for f in tree.folders(o) for path in tree.images(f)] for o in OBJECT)
    if not (drives or training or testing):
        raise tree.layout_error(
            "kitti", f"<date>/<date>_drive_<nnnn>_sync/{CAMERA}/data, or training/image_2"
        )
    timeless = 0
    for root in drives:
        for item in _of_drive(tree, root):
            timeless += item.captured_at is None
            yield item
    if timeless:
        remark(f"kitti: {timeless} images have no capture time, as no timestamps.txt is there")
    mapped = _drives_of_training(tree)
    for path in training:
        yield tree.item(path, LABEL, mapped.get(PurePosixPath(path).stem))
    for path in testing:
        yield tree.item(path, LABEL)


def _of_drive(tree: Tree, root: str) -> Iterator[Item]:
    camera = PurePosixPath(root).parent
    drive = camera.parent.name
    file = f"{camera}/timestamps.txt"
    times = tree.lines(file) if tree.kind(file) == "file" else None
    for path in tree.images(root):
        time = None
        if times is not None:
            try:
                time = datetime.fromisoformat(times[int(PurePosixPath(path).stem)])
            except (ValueError, IndexError):
                raise ArgusError(
                    f"{tree.root / file} has no time for {path}: there must be a line for each "
                    "frame, as 2011-09-26 13:02:25.964389445, and frames must be named by number"
                ) from None
        yield tree.item(path, LABEL, drive, time)


def _drives_of_training(tree: Tree) -> dict[str, str]:
    """The drive of each training image of the object benchmark by its name without ending.

    `train_rand.txt` gives, for each image, the line of `train_mapping.txt` (from 1) that names its
    date, drive and frame.
    """
    for root in tree.folders(MAPPING):
        order, drives = (f"{root}/train_{name}.txt" for name in ("rand", "mapping"))
        if tree.kind(order) == tree.kind(drives) == "file":
            by_line = dict(enumerate((line.split() for line in tree.lines(drives)), start=1))
            numbers = " ".join(tree.lines(order)).replace(",", " ").split()
            try:
                return {f"{i:06d}": by_line[int(n)][1] for i, n in enumerate(numbers)}
            except (ValueError, LookupError):
                raise ArgusError(
                    f"{tree.root / order} must name lines of {drives}, each of them a date, a "
                    "drive and a frame"
                ) from None
    return {}


FORMAT = Format(
    name="kitti",
    layout="<date>/<date>_drive_<nnnn>_sync/image_02/{data/*.png,timestamps.txt}, or "
    "{training,testing}/image_2/*.png with mapping/ of the development kit",
    metadata="label: day; sequence: the drive; captured_at (raw)",
    items=items,
)
