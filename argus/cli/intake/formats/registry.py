"""The layouts that `argus submit --format` knows, by name."""

from __future__ import annotations

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
