"""Which importer reads a person's images, by the options of `argus submit`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from argus.cli.intake.batch import Batch, Importer, Item
from argus.cli.intake.checks.ignored_files import (
    inspect_archives,
    report_case_collisions,
    report_unlisted,
)
from argus.cli.intake.clips.containers import is_clip
from argus.cli.intake.folder import list_files, source_path
from argus.core.errors import ArgusError

if TYPE_CHECKING:
    from argus.cli.intake.formats.format import Format
    from argus.data.manifests import Placement


def select_importer(
    path: Path,
    format: str | None,
    fps: float | None,
    label_from: Placement,
    sequence_from: Placement,
) -> Importer:
    """The importer for a folder as it is, for a published layout, or for clips.

    Raises:
        ArgusError: the options do not go together, or there is no such format.
    """
    if format is not None:
        if fps is not None or (label_from, sequence_from) != ("none", "none"):
            raise ArgusError(
                "--format says where labels and sequences stand: leave --label-from, "
                "--sequence-from and --fps out"
            )
        return format_importer(path, format)
    if fps is not None:
        if sequence_from != "none":
            raise ArgusError("with --fps the clip is the sequence: leave --sequence-from out")
        from argus.cli.intake.clips.importer import clip_importer

        return clip_importer(path, fps, labelled=label_from == "dirs")
    if path.is_file() and is_clip(path):
        raise ArgusError(f"{path} is a clip: say how many frames a second to take, with --fps 2")
    return folder_importer(path, label_from, sequence_from)


def folder_importer(path: Path, label_from: Placement, sequence_from: Placement) -> Importer:
    """The importer for a folder with all its files."""
    return partial(_from_folder, path, label_from, sequence_from)


def format_importer(path: Path, name: str) -> Importer:
    """The importer for a dataset in a published layout.

    When it is called, it raises ArgusError where the format's `items` does, or if `path` is no
    folder (nor a file, where the format may be one), or lies among the deliveries or around them.

    Raises:
        ArgusError: there is no such format.
    """
    from argus.cli.intake.formats.registry import FORMATS

    if name not in FORMATS:
        raise ArgusError(f"there is no format '{name}': {', '.join(FORMATS)} (see `argus formats`)")
    return partial(_in_format, path, FORMATS[name])


def _from_folder(path: Path, label_from: Placement, sequence_from: Placement, _: Path) -> Batch:
    folder = source_path(path)
    found = list_files(folder)
    in_shards = inspect_archives(folder, found)  # what the metadata beside their images tells
    report_case_collisions(found)
    return Batch(
        [Item(folder / name, name) for name in found],
        "index" if label_from == "none" and "label" in in_shards else label_from,
        "index" if sequence_from == "none" and "sequence" in in_shards else sequence_from,
    )


def _in_format(path: Path, format: Format, _: Path) -> Batch:
    place = source_path(path, format.single_file)
    items = list(format.items(place))
    report_case_collisions([item.path for item in items])
    if place.is_dir():  # what lies beside a list that is a file is not part of the dataset
        report_unlisted(place, items)
    return Batch(items, rendered=format.rendered)
