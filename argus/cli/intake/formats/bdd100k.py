"""BDD100K: the 100K images with the attributes of their detection labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from argus.cli.intake.batch import Item
from argus.cli.intake.formats import conditions
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.json_records import Record, read_record, read_records, text_field
from argus.cli.intake.formats.tree import Tree
from argus.cli.terminal import remark

SPLITS = ("train", "val", "test")
IMAGES = ("images/100k", "100k")
LISTS = (  # the labels of 2020 are to be preferred to those of 2018
    ("labels/det_20", "det_{split}.json"),
    ("labels", "bdd100k_labels_images_{split}.json"),
)
SINGLE = ("labels/100k", "100k")
UNLABELLED = "test"  # no labels of it are published

Attributes = dict[str, str]
Remarks = Counter[str]
"""How many images something is to be said of, by what it is."""


def items(folder: Path) -> Iterator[Item]:
    """The images of those splits that are there; an image without a record has no label.

    The condition comes from the frame attributes `weather` and `timeofday`. What one release does
    not know (or calls `undefined`) comes from the next: the labels of 2020 go before those of 2018.
    Where a list contradicts itself, it does not count. How many images have no record, or one that
    does not know, is said on stderr.

    Each image is the tenth second of a clip of its own, but clips of one recording share the part
    of the name before `-` (seen in the names, not documented), so that is taken as the sequence:
    nearby clips stay together. The capture time is not published.

    Source: Yu et al., BDD100K, CVPR 2020; doc/source/download.rst and format.rst of the toolkit
    (github.com/bdd100k/bdd100k). Labels of 2020: `labels/det_20/det_<split>.json`; of 2018:
    `labels/bdd100k_labels_images_<split>.json`, in other archives a file for each image,
    `[labels/]100k/<split>/<image>.json`, beside which the images lie in `100k/<split>`. No labels
    are published for test, and some images of train have none.
    """
    tree = Tree(folder)
    roots = [root for root in tree.folders(*IMAGES) if any(True for _ in tree.images(root))]
    if not roots:
        raise tree.layout_error("bdd100k", f"{IMAGES[0]}/{{train,val,test}}/*.jpg")
    lists = {split: list(_lists(tree, split)) for split in SPLITS}
    singles = [
        root
        for root in tree.folders(*SINGLE)
        if any(n.endswith(".json") for split in SPLITS for n in tree.entries(f"{root}/{split}"))
    ]
    if not (any(lists.values()) or singles):
        raise tree.layout_error(
            "bdd100k",
            "labels/det_20/det_{train,val}.json, labels/bdd100k_labels_images_{train,val}.json or "
            "labels/100k/{train,val}/*.json",
        )
    remarks: Remarks = Counter()
    for root in roots:
        for split in SPLITS:
            yield from _of_split(tree, f"{root}/{split}", lists[split], singles, remarks)
    for what, count in remarks.items():
        if count:
            remark(f"bdd100k: {count} images {what}")


def _lists(tree: Tree, split: str) -> Iterator[str]:
    """The files that list the labels of a split; those to be preferred first."""
    for place, name in LISTS:
        for root in tree.folders(place):
            path = f"{root}/{name.format(split=split)}"
            if tree.kind(path) == "file":
                yield path


def _of_split(
    tree: Tree, root: str, lists: list[str], singles: list[str], remarks: Remarks
) -> Iterator[Item]:
    """The images of one split; `remarks` counts what a person should know of them."""
    images = list(tree.images(root))
    found: dict[str, Attributes] = {}
    for file in lists if images else []:
        listed = _listed(tree, root, file, remarks)
        tree.require(listed, file)
        for name, attributes in listed.items():
            found[name] = _filled(found.get(name, {}), attributes, remarks)
    for name in images:
        if conditions.from_attributes(found.get(name)) is None:
            for attributes in _alone(tree, name, singles):
                found[name] = _filled(found.get(name, {}), attributes, remarks)
        if PurePosixPath(root).name != UNLABELLED:
            remarks["have no record"] += name not in found
            remarks["have a record without weather and time of day"] += found.get(name) == {}
        recording = PurePosixPath(name).stem.partition("-")[0]
        yield tree.item(name, conditions.from_attributes(found.get(name)), recording)


def _listed(tree: Tree, root: str, file: str, remarks: Remarks) -> dict[str, Attributes]:
    """What a file tells of each image that it lists, by the path of the image.

    Of one that it lists again with something else, what differs is not known.
    """
    path = tree.root / file
    found: dict[str, Attributes] = {}
    torn: dict[str, set[str]] = {}
    for frame in read_records(path, "frames"):
        name = _place(root, tree.inside(text_field(frame, "name", path)))
        before, now = found.get(name, {}), _known(frame)
        differ = {key for key in before.keys() & now if before[key] != now[key]}
        if differ:
            torn.setdefault(name, set()).update(differ)
        found[name] = now | before
    for name, keys in torn.items():
        found[name] = {key: value for key, value in found[name].items() if key not in keys}
    remarks[f"are in {file} twice, with another weather or time of day, which is not used"] += len(
        torn
    )
    return found


def _place(root: str, name: str) -> str:
    """Where the image that a record names lies. Folders before its name, if there are any, are the
    last of those that it lies in (`train/a.jpg`), or more than these.
    """
    path = PurePosixPath(name)
    above, around = path.parent.parts, PurePosixPath(root).parts
    shared = min(len(above), len(around))
    fits = shared and above[-shared:] == around[-shared:]
    return f"{root}/{path.name if fits else path}"


def _known(record: Record) -> Attributes:
    """Weather and time of day, each of them if the record knows it; a spelling of the toolkit's own
    words in capitals, or with spaces around it, is that word.
    """
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        return {}
    remarks = {key: str(attributes.get(key)).strip().casefold() for key in conditions.WORDS}
    return {key: word for key, word in remarks.items() if word in conditions.WORDS[key]}


def _filled(first: Attributes, second: Attributes, remarks: Remarks) -> Attributes:
    """What is known from either release, and from the `first` where both know it."""
    differ = any(first[key] != second[key] for key in first.keys() & second)
    remarks["have another weather or time of day in older labels; the newer count"] += differ
    return second | first


def _alone(tree: Tree, image: str, singles: list[str]) -> Iterator[Attributes]:
    """What the file with the labels of this image alone tells; nothing if there is none."""
    path = PurePosixPath(image)
    for root in singles:
        file = f"{root}/{path.parent.name}/{path.stem}.json"
        if tree.kind(file) == "file":
            yield _known(read_record(tree.root / file))


FORMAT = Format(
    name="bdd100k",
    layout="images/100k/{train,val,test}/*.jpg, labels/det_20/det_{train,val}.json "
    "(or labels/bdd100k_labels_images_{train,val}.json, or labels/100k/{train,val}/*.json)",
    metadata="label: from timeofday and weather; sequence: the recording",
    items=items,
)
