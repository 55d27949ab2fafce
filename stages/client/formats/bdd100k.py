"""BDD100K: the 100K images with the attributes of their detection labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from stages.client.formats import conditions
from stages.client.formats.format import Format
from stages.client.formats.records import record, records, text
from stages.client.formats.tree import Tree
from stages.client.items import Item

SPLITS = ("train", "val", "test")
IMAGES = ("images/100k", "100k")
LISTS = (  # the labels of 2020 are to be preferred to those of 2018
    ("labels/det_20", "det_{split}.json"),
    ("labels", "bdd100k_labels_images_{split}.json"),
)
SINGLE = ("labels/100k", "100k")


def items(folder: Path) -> Iterator[Item]:
    """The images of those splits that are there; an image without a record has no label.

    The condition comes from the frame attributes `weather` and `timeofday`. Each image is the tenth
    second of a clip of its own, but clips of one recording share the part of the name before `-`
    (seen in the names, not documented), so that is taken as the sequence: nearby clips stay
    together. The capture time is not published.

    Source: Yu et al., BDD100K, CVPR 2020; doc/source/download.rst and format.rst of the toolkit
    (github.com/bdd100k/bdd100k). Labels of 2020: `labels/det_20/det_<split>.json`; of 2018:
    `labels/bdd100k_labels_images_<split>.json`, in other archives a file for each image,
    `[labels/]100k/<split>/<image>.json`, beside which the images lie in `100k/<split>`. No labels
    are published for test, and some images of train have none.
    """
    tree = Tree(folder)
    homes = [home for home in tree.folders(*IMAGES) if any(True for _ in tree.images(home))]
    if not homes:
        raise tree.unlike("bdd100k", f"{IMAGES[0]}/{{train,val,test}}/*.jpg")
    lists = {split: list(_lists(tree, split)) for split in SPLITS}
    singles = [
        home
        for home in tree.folders(*SINGLE)
        if any(n.endswith(".json") for split in SPLITS for n in tree.entries(f"{home}/{split}"))
    ]
    if not (any(lists.values()) or singles):
        raise tree.unlike(
            "bdd100k",
            "labels/det_20/det_{train,val}.json, labels/bdd100k_labels_images_{train,val}.json or "
            "labels/100k/{train,val}/*.json",
        )
    for home in homes:
        for split in SPLITS:
            yield from _of_split(tree, f"{home}/{split}", lists[split], singles)


def _lists(tree: Tree, split: str) -> Iterator[str]:
    """The files that list the labels of a split; those to be preferred first."""
    for place, name in LISTS:
        for home in tree.folders(place):
            path = f"{home}/{name.format(split=split)}"
            if tree.kind(path) == "file":
                yield path


def _of_split(tree: Tree, home: str, lists: list[str], singles: list[str]) -> Iterator[Item]:
    images = list(tree.images(home))
    found: dict[str, str | None] = {}
    for file in lists if images else []:
        path = tree.root / file
        listed = {
            f"{home}/{text(frame, 'name', path)}": conditions.of_attributes(frame.get("attributes"))
            for frame in records(path, "frames")
        }
        tree.require(listed, file)
        found = {**listed, **found}
    for name in images:
        label = found[name] if name in found else _alone(tree, name, singles)
        recording = PurePosixPath(name).stem.partition("-")[0]
        yield tree.item(name, label, recording)


def _alone(tree: Tree, image: str, singles: list[str]) -> str | None:
    """The condition by the file with the labels of this image alone; None if there is none."""
    path = PurePosixPath(image)
    for home in singles:
        file = f"{home}/{path.parent.name}/{path.stem}.json"
        if tree.kind(file) == "file":
            return conditions.of_attributes(record(tree.root / file).get("attributes"))
    return None


FORMAT = Format(
    name="bdd100k",
    layout="images/100k/{train,val,test}/*.jpg, labels/det_20/det_{train,val}.json "
    "(or labels/bdd100k_labels_images_{train,val}.json, or labels/100k/{train,val}/*.json)",
    known="label: from timeofday and weather; sequence: the recording",
    items=items,
)
