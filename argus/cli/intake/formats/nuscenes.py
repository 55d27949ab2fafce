"""nuScenes: camera images by its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from argus.cli.intake.batch import Item
from argus.cli.intake.formats import conditions
from argus.cli.intake.formats.format import Format
from argus.cli.intake.formats.json_records import Record, read_records, text_field
from argus.cli.intake.formats.tree import Tree
from argus.cli.terminal import remark
from argus.core.errors import ArgusError

VERSIONS = "v1.0-*"
TABLES = ("scene", "sample", "sample_data", "calibrated_sensor", "sensor")

Row = TypeVar("Row")


class Scene(NamedTuple):
    name: str
    label: str | None


def items(folder: Path) -> Iterator[Item]:
    """The camera images that `sample_data` lists: key frames, and sweeps where they are there.

    The sequence is the scene's name; the capture time is the time stamp, in UTC. The condition
    comes from the words Night and Rain in the scene's description, as is common practice (nuScenes
    has no such field); a scene without a description has no label. What comes in parts may be there
    in part: of a scene, either all key frames are there or none, and the same for its sweeps;
    anything between is an incomplete download. How many are not there is said on stderr. Where two
    versions list an image (v1.0-mini is a part of v1.0-trainval), its label is from the first that
    has one.

    Source: Caesar et al., nuScenes, CVPR 2020; docs/schema_nuscenes.md of the development kit
    (github.com/nutonomy/nuscenes-devkit).
    """
    tree = Tree(folder)
    versions = [v for v in tree.folders(VERSIONS) if tree.kind(f"{v}/sample_data.json") == "file"]
    if not versions:
        raise tree.layout_error("nuscenes", f"{VERSIONS}/sample_data.json")
    found: dict[str, Item] = {}
    for version in versions:
        for item in _of_version(tree, version):
            if item.path not in found or found[item.path].label is None:
                found[item.path] = item
    if not found:
        raise tree.layout_error("nuscenes", "samples/CAM_*/*.jpg beside the tables")
    yield from found.values()


def _described(scene: Record) -> str:
    description = scene.get("description")
    return description if isinstance(description, str) else ""


def _of_version(tree: Tree, version: str) -> Iterator[Item]:
    tables = [tree.root / version / f"{name}.json" for name in TABLES]
    missing = [file.name for file in tables if tree.kind(f"{version}/{file.name}") != "file"]
    if missing:
        raise tree.layout_error("nuscenes", f"{', '.join(missing)} in {version}")
    scene_file, sample_file, data_file, calibration_file, sensor_file = tables
    scenes = {
        text_field(row, "token", scene_file): Scene(
            text_field(row, "name", scene_file),
            conditions.from_description(_described(row)),
        )
        for row in read_records(scene_file)
    }
    scene_of = {
        text_field(row, "token", sample_file): _row(scenes, row, "scene_token", sample_file)
        for row in read_records(sample_file)
    }
    modality = {
        text_field(row, "token", sensor_file): text_field(row, "modality", sensor_file)
        for row in read_records(sensor_file)
    }
    modality_of = {
        text_field(row, "token", calibration_file): _row(
            modality, row, "sensor_token", calibration_file
        )
        for row in read_records(calibration_file)
    }
    places = list(_places(tree, version))
    there: dict[tuple[str, bool], list[Item]] = defaultdict(list)
    absent: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for row in read_records(data_file):
        if _row(modality_of, row, "calibrated_sensor_token", data_file) != "camera":
            continue
        scene = _row(scene_of, row, "sample_token", data_file)
        name = text_field(row, "filename", data_file)
        part = scene.name, row.get("is_key_frame") is True
        path = next((place + name for place in places if tree.has_file(place + name)), None)
        if path is None:
            absent[part].append(tree.inside(name))
        else:
            item = tree.item(path, scene.label, scene.name, _time(row, data_file))
            there[part].append(item)
    for part, found in there.items():
        if part in absent:
            raise tree.missing_error(absent[part], f"{version}/{data_file.name}")
        yield from found
    left = sum(len(names) for part, names in absent.items() if part not in there)
    if left:
        remark(
            f"nuscenes: {left} camera images that {version}/{data_file.name} lists are left out: "
            "nothing of their scenes, or of the sweeps of these, is there"
        )


def _places(tree: Tree, version: str) -> Iterator[str]:
    """Where the paths of the tables may begin: beside the tables, or where a part was unpacked."""
    blobs = [*tree.folders("samples"), *tree.folders("sweeps")]
    for folder in dict.fromkeys(path.rpartition("/")[0] for path in (version, *blobs)):
        yield f"{folder}/".lstrip("/")


def _row(table: dict[str, Row], record: Record, key: str, path: Path) -> Row:
    """The row of another table that a record points to."""
    token = text_field(record, key, path)
    if token not in table:
        raise ArgusError(f"{path}: {key} {token} is in no table")
    return table[token]


def _time(record: Record, path: Path) -> datetime:
    """The time stamp, in microseconds since 1970 by UTC, without its zone."""
    try:
        return datetime(1970, 1, 1) + timedelta(microseconds=record["timestamp"])
    except (KeyError, TypeError, OverflowError):
        raise ArgusError(
            f"{path}: a record has no time stamp in microseconds: {str(record)[:80]}"
        ) from None


FORMAT = Format(
    name="nuscenes",
    layout="v1.0-*/*.json, samples/CAM_*/*.jpg, sweeps/CAM_*/*.jpg (if wanted)",
    metadata="label: night, rain or day by the scene's description; sequence: the scene; "
    "captured_at",
    items=items,
)
