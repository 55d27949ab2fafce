"""The layouts that `argus submit --format` knows, by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from argus.cli.intake.batch import Batch, Way
from argus.cli.intake.checks.ignored_files import tell_others, tell_twins
from argus.cli.intake.folder import outside
from argus.cli.intake.formats import (
    acdc,
    bdd100k,
    camvid,
    cityscapes,
    coco,
    imagefolder,
    kitti,
    nuscenes,
    plain_csv,
)
from argus.cli.intake.formats.format import Format

FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        imagefolder.FORMAT,
        coco.FORMAT,
        bdd100k.FORMAT,
        cityscapes.CITYSCAPES,
        cityscapes.FOGGY,
        cityscapes.RAIN,
        kitti.FORMAT,
        acdc.ACDC,
        acdc.DARK_ZURICH,
        camvid.FORMAT,
        nuscenes.FORMAT,
        plain_csv.FORMAT,
    )
}


def way(path: Path, format: Format) -> Way:
    """The way in for a dataset laid out in that format.

    When it is called, it raises ArgusError where the format's `items` does, or if `path` is no
    folder (nor a file, where the format may be one), or lies among the deliveries or around them.
    """
    return partial(_listed, path, format)


def _listed(path: Path, format: Format, _: Path) -> Batch:
    place = outside(path, format.alone)
    items = list(format.items(place))
    tell_twins([item.path for item in items])
    if place.is_dir():  # what lies beside a list that is a file is no part of the dataset
        tell_others(place, items)
    return Batch(items, rendered=format.rendered)
