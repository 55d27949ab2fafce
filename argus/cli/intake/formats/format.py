"""What an adapter is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from argus.cli.intake.batch import Item


@dataclass(frozen=True)
class Format:
    """The published layout of a dataset.

    `layout` shows a person where the images must lie, `metadata` says what is read about them.
    `items` yields an item for every image of the dataset's folder, under its path there; it
    raises ArgusError if the folder is laid out otherwise, if an image that an annotation names is
    not there, or if a path leads out of the folder. `rendered`: the published images are not as a
    camera took them. `single_file`: it may also be one file that lists images beside itself.
    """

    name: str
    layout: str
    metadata: str
    items: Callable[[Path], Iterator[Item]]
    rendered: bool = False
    single_file: bool = False
