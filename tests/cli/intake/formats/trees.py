"""Small trees in exactly the layouts in which the datasets are published."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from argus.cli.intake.formats.format import Format

Facts = tuple[str | None, str | None, datetime | None]
"""Label, sequence, captured_at."""


def image(name: str) -> bytes:
    """A tiny image in the format of its name; another name, other bytes."""
    data = io.BytesIO()
    colour = tuple(hash_of(name, channel) for channel in range(3))
    kind = "PNG" if name.endswith(".png") else "JPEG"
    Image.new("RGB", (8, 6), colour).save(data, kind)
    return data.getvalue()


def hash_of(name: str, channel: int) -> int:
    """A byte of a name that does not change between runs."""
    return sum((i + 1 + channel) * ord(letter) for i, letter in enumerate(name)) % 256


def lay(folder: Path, *images: str) -> Path:
    """Put images into a folder."""
    for name in images:
        write(folder, name, image(name))
    return folder


def write(folder: Path, name: str, content: bytes | str | Any) -> None:
    """Put a file into a folder: bytes, text, or anything else as JSON."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes | str):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def facts(format: Format, folder: Path) -> dict[str, Facts]:
    """What a format tells of each image, by its path; every file is the one that the path names."""
    found = list(format.items(folder))
    assert all(item.file == folder / item.path and item.file.is_file() for item in found)
    assert len({item.path for item in found}) == len(found)
    return {item.path: (item.label, item.sequence, item.captured_at) for item in found}


def frame(name: str, weather: str, time: str) -> dict[str, Any]:
    """A record of BDD100K's labels of 2020."""
    return {
        "name": name,
        "attributes": {"weather": weather, "timeofday": time, "scene": "city street"},
        "timestamp": 10000,
        "labels": [
            {
                "id": "0",
                "attributes": {"occluded": False, "truncated": False, "trafficLightColor": "NA"},
                "category": "car",
                "box2d": {"x1": 45.240646, "y1": 254.530367, "x2": 357.805838, "y2": 487.906215},
            }
        ],
    }


def bdd100k(folder: Path) -> Path:
    """100K images of the three splits with the detection labels of 2020 for train and val."""
    lay(
        folder,
        "images/100k/train/0000f77c-6257be58.jpg",
        "images/100k/train/0000f77c-62c2a288.jpg",
        "images/100k/train/0001542f-5ce3cf52.jpg",
        "images/100k/train/0004974f-05e1c285.jpg",
        "images/100k/val/b1c66a42-6f7d68ca.jpg",
        "images/100k/test/cabc30fc-e7726578.jpg",
    )
    train = [
        frame("0000f77c-6257be58.jpg", "clear", "daytime"),
        frame("0000f77c-62c2a288.jpg", "rainy", "night"),
        frame("0001542f-5ce3cf52.jpg", "foggy", "daytime"),
    ]
    write(folder, "labels/det_20/det_train.json", train)
    write(
        folder, "labels/det_20/det_val.json", [frame("b1c66a42-6f7d68ca.jpg", "clear", "dawn/dusk")]
    )
    return folder


STAMPS = "2011-09-26 13:02:25.964389445\n2011-09-26 13:02:26.074343920\n"


def kitti(folder: Path) -> Path:
    """Two raw drives: all four cameras of one, and of the other the left colour camera."""
    drive = "2011_09_26/2011_09_26_drive_0001_sync"
    for camera in range(4):
        lay(folder, *(f"{drive}/image_0{camera}/data/000000000{i}.png" for i in range(2)))
        write(folder, f"{drive}/image_0{camera}/timestamps.txt", STAMPS)
    write(folder, f"{drive}/oxts/timestamps.txt", STAMPS)
    write(folder, f"{drive}/velodyne_points/data/0000000000.bin", b"\0" * 16)
    write(folder, "2011_09_26/calib_cam_to_cam.txt", "calib_time: 09-Jan-2012 13:57:47\n")
    other = "2011_09_28/2011_09_28_drive_0038_sync/image_02"
    lay(folder, f"{other}/data/0000000000.png")
    write(folder, f"{other}/timestamps.txt", "2011-09-28 12:23:31.000000000\n")
    return folder


def nuscenes(folder: Path, version: str = "v1.0-mini") -> Path:
    """Three scenes of a sample each, with one camera, lidar, and a sweep of the camera between."""
    tables: dict[str, list[dict[str, Any]]] = {
        "sensor": [
            {"token": "s-cam", "channel": "CAM_FRONT", "modality": "camera"},
            {"token": "s-lidar", "channel": "LIDAR_TOP", "modality": "lidar"},
        ],
        "calibrated_sensor": [
            {"token": "c-cam", "sensor_token": "s-cam", "translation": [1.7, 0.0, 1.5]},
            {"token": "c-lidar", "sensor_token": "s-lidar", "translation": [0.9, 0.0, 1.8]},
        ],
        "scene": [],
        "sample": [],
        "sample_data": [],
    }
    scenes = ("Parked truck, turn left", "Night, rain, big street", "Rain, many people")
    for number, description in enumerate(scenes):
        token = f"t{number}"
        tables["scene"].append(
            {"token": token, "name": f"scene-000{number}", "description": description}
        )
        tables["sample"].append({"token": token, "scene_token": token})
        for channel, place, ending, calibration, shift in (
            ("CAM_FRONT", "samples", "jpg", "c-cam", 0),
            ("CAM_FRONT", "sweeps", "jpg", "c-cam", 83_000),
            ("LIDAR_TOP", "samples", "pcd.bin", "c-lidar", 0),
        ):
            stamp = 1_532_402_927_612_460 + 20_000_000 * number + shift
            name = f"{place}/{channel}/n015__{channel}__{stamp}.{ending}"
            tables["sample_data"].append(
                {
                    "token": name,
                    "sample_token": token,
                    "calibrated_sensor_token": calibration,
                    "timestamp": stamp,
                    "fileformat": "jpg" if ending == "jpg" else "pcd",
                    "is_key_frame": place == "samples",
                    "filename": name,
                }
            )
            write(folder, name, image(name) if ending == "jpg" else b"\0" * 20)
    for name, rows in tables.items():
        write(folder, f"{version}/{name}.json", rows)
    return folder


def coco(folder: Path) -> Path:
    """Train, val and test of 2017 with two files of annotations for val."""
    lay(
        folder,
        "train2017/000000391895.jpg",
        "val2017/000000397133.jpg",
        "val2017/000000037777.jpg",
        "test2017/000000000001.jpg",
        "test2017/000000000016.jpg",
    )
    train = [photo("000000391895.jpg", "2013-11-14 11:18:45")]
    val = [
        photo("000000397133.jpg", "2013-11-14 17:02:52"),
        photo("000000037777.jpg", "2013-11-14 20:55:31"),
    ]
    write(folder, "annotations/instances_train2017.json", listing(train))
    write(folder, "annotations/instances_val2017.json", listing(val))
    write(folder, "annotations/captions_val2017.json", listing(val))
    # a part of test2017, as it is published
    write(
        folder, "annotations/image_info_test-dev2017.json", listing([photo("000000000001.jpg", 0)])
    )
    lay(folder, "annotations/panoptic_val2017/000000397133.png")
    lay(folder, "stuffthingmaps/val2017/000000397133.png")
    return folder


def photo(name: str, captured: object) -> dict[str, Any]:
    """An image record of COCO."""
    return {"license": 4, "file_name": name, "height": 6, "width": 8, "date_captured": captured}


def listing(images: list[dict[str, Any]]) -> dict[str, Any]:
    """An annotation file of COCO; the parts in the order in which they are published."""
    info = {"description": "COCO 2017 Dataset", "version": "1.0", "year": 2017}
    return {"info": info, "licenses": [{"id": 4}], "images": images, "annotations": []}
