"""ImageFolder: a folder for each class, as torchvision's `ImageFolder` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from argus.cli.intake.batch import Item
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.tree import Tree

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


def items(folder: Path) -> Iterator[Item]:
    """The images of every class, at any depth below the folder that is named after it.

    If all folders at the top are splits, the classes are the folders below them. An image outside
    every class has no label.

    Source: torchvision.datasets.ImageFolder (`root/class/.../name.ext`); the splits above the
    classes are those of ImageNet and of Hugging Face's `imagefolder`.
    """
    tree = Tree(folder)
    top = [name for name, kind in tree.entries().items() if kind == "folder" and name[0] != "."]
    above = 1 if top and SPLITS.issuperset(name.lower() for name in top) else 0
    labelled = 0
    for path in tree.images(""):
        folders = path.split("/")[:-1]
        label = folders[above] if len(folders) > above else None
        labelled += label is not None
        yield tree.item(path, label)
    if not labelled:
        raise tree.layout_error("imagefolder", "a folder for each class with images in it")


FORMAT = Format(
    name="imagefolder",
    layout="[<split>/]<class>/**/*.jpg",
    metadata="label: the class",
    items=items,
)
