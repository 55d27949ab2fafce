"""COCO: images by their annotation files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.json_records import Record, read_records, text_field
from argus.cli.intake.formats.tree import Tree
from argus.cli.terminal import remark

ANNOTATIONS = "annotations"
YEAR = "[0-9]" * 4
UNLISTED = (f"test{YEAR}", f"unlabeled{YEAR}")  # splits that are published without annotations


def items(folder: Path) -> Iterator[Item]:
    """The images of those splits that are there.

    `annotations/<what>_<split>.json` lists images by `file_name`, which lie in `<split>/`,
    `images/<split>/`, `images/` or at the top. Several files may list the same images, and a file
    whose images are all absent is of a split that was not downloaded. Images beside those that are
    listed, and those of test and unlabeled, come in without any file that lists them. How many
    there are of either is said on stderr.

    COCO knows neither condition nor drive. `date_captured` becomes the capture time; in COCO itself
    it is the day on which the image was collected, and where a tool wrote none or something else
    than a time (0 is common) it is not known.

    Source: Lin et al., Microsoft COCO, ECCV 2014; cocodataset.org, "Data format"; README of
    cocoapi (`images/` and `annotations/instances_val2017.json`).
    """
    tree = Tree(folder)
    files = [
        f"{root}/{name}"
        for root in tree.folders(ANNOTATIONS)
        for name in tree.entries(root)
        if name.endswith(".json") and not name.startswith(".")
    ]
    if not files:
        raise tree.layout_error("coco", f"{ANNOTATIONS}/*.json")
    found: dict[str, Item] = {}
    unlisted = {place for split in UNLISTED for place in tree.folders(split)}
    places = set(unlisted)
    for file in files:
        place, listed = _listed(tree, file)
        places.add(place)
        for item in listed:
            if item.path not in found or not found[item.path].has_metadata:
                found[item.path] = item
    beside = 0
    for place in sorted(places - {""}):
        for path in tree.images(place):
            if path not in found:
                found[path] = tree.item(path)
                beside += place not in unlisted
    if beside:
        remark(f"coco: {beside} images are listed in no file, so their capture time is not known")
    if not found:
        listing = ", ".join(files)
        raise tree.layout_error(
            "coco", f"the images that {listing} list, in a folder for each split"
        )
    yield from found.values()


def _listed(tree: Tree, file: str) -> tuple[str, list[Item]]:
    """The folder in which the images of an annotation file lie, and these; none of an absent split.

    Raises:
        ArgusError: some of them are there and some are not.
    """
    path = tree.root / file
    images: dict[str, datetime | None] = {}
    for image in read_records(path, "images"):
        name = tree.inside(text_field(image, "file_name", path))
        if images.get(name) is None:  # one that is listed twice keeps what is known of it
            images[name] = _time(image)
    for place in _places(tree, file):
        above = f"{place}/".lstrip("/")
        if any(tree.has_file(above + name) for name in images):
            tree.require((above + name for name in images), file)
            return place, [
                tree.item(above + name, captured_at=time) for name, time in images.items()
            ]
    if images:
        remark(f"coco: none of the {len(images)} images that {file} lists is there: left out")
    return "", []


def _places(tree: Tree, file: str) -> Iterator[str]:
    """Folders in which the images of an annotation file may lie; the top is empty."""
    split = PurePosixPath(file).stem.rpartition("_")[2]
    for name in (split, split.replace("test-dev", "test")):  # test-dev is a part of test
        yield from tree.folders(name)
        yield from tree.folders(f"images/{name}")
    yield from tree.folders("images")
    top = PurePosixPath(file).parent.parent.as_posix()
    yield from dict.fromkeys(("" if top == "." else top, ""))


def _time(image: Record) -> datetime | None:
    """The camera's clock by `date_captured`, None where that is no time."""
    stamp = image.get("date_captured")
    if not isinstance(stamp, str):
        return None
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=None)
    except ValueError:
        return None


FORMAT = Format(
    name="coco",
    layout="annotations/<what>_<split>.json, <split>/*.jpg (or images/<split>/*.jpg)",
    metadata="captured_at: date_captured",
    items=items,
)
