"""Of several records of an image none hides what another knows, and what is lost is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argus.cli.intake.formats.registry import FORMATS
from argus.cli.intake.importers import format_importer
from argus.core.errors import ArgusError
from tests.cli.intake.formats import trees
from tests.cli.intake.formats.trees import facts, frame, lay, listing, photo, write

Told = pytest.CaptureFixture[str]
TRAIN = "images/100k/train"
NEW, OLD = "labels/det_20/det_train.json", "labels/bdd100k_labels_images_train.json"


def bare(name: str, **more: Any) -> dict[str, Any]:
    """A record of BDD100K that says nothing of weather and time."""
    return {"name": name, **more}


def labels(folder: Path, format: str = "bdd100k") -> dict[str, str | None]:
    """The label of each image by the last part of its name without ending."""
    return {Path(path).stem: label for path, (label, *_) in facts(FORMATS[format], folder).items()}


@pytest.mark.parametrize(
    "nothing",
    [
        [],
        [bare("a-0.jpg")],
        [bare("a-0.jpg", attributes=None)],
        [bare("a-0.jpg", attributes={})],
        [bare("a-0.jpg", attributes={"scene": "tunnel"})],
        [frame("a-0.jpg", "undefined", "undefined")],
        [frame("a-0.jpg", "clear", "undefined")],
        [bare("a-0.jpg"), bare("a-0.jpg", attributes=None)],
        [frame("a-0.jpg", "undefined", "daytime"), frame("a-0.jpg", "undefined", "night")],
        [frame("a-0.jpg", "unknown", "")],
        [bare("a-0.jpg", attributes={"weather": 1, "timeofday": ["daytime"]})],
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("single", [False, True])
def test_a_release_without_attributes_does_not_hide_an_older_one_that_has_them(
    tmp_path: Path, nothing: list[dict[str, Any]], wrapped: bool, single: bool
) -> None:
    lay(tmp_path, f"{TRAIN}/a-0.jpg")
    write(tmp_path, NEW, {"config": {"x": []}, "frames": nothing} if wrapped else nothing)
    if single:
        attributes = {"weather": "clear", "timeofday": "night"}
        write(tmp_path, "labels/100k/train/a-0.json", {"frames": [{}], "attributes": attributes})
    else:
        write(tmp_path, OLD, [frame("a-0.jpg", "clear", "night")])
    assert labels(tmp_path) == {"a-0": "night"}


def test_attributes_of_bdd100k_may_be_spelt_with_capitals_and_spaces(tmp_path: Path) -> None:
    lay(tmp_path, f"{TRAIN}/a-0.jpg", f"{TRAIN}/b-0.jpg")
    write(
        tmp_path, NEW, [frame("a-0.jpg", "Foggy", " DayTime"), frame("b-0.jpg", "", "Dawn/Dusk ")]
    )
    assert labels(tmp_path) == {"a-0": "fog", "b-0": "dusk"}


def test_what_is_not_known_of_bdd100k_is_counted(tmp_path: Path, capsys: Told) -> None:
    names = [f"{letter}-0.jpg" for letter in "abcdefg"]
    lay(tmp_path, *(f"{TRAIN}/{name}" for name in names), "images/100k/test/t-0.jpg")
    write(
        tmp_path,
        NEW,
        [
            frame(names[0], "clear", "daytime"),
            bare(names[0]),
            bare(names[1]),
            bare(names[2], attributes=None),
            frame(names[3], "rainy", "daytime"),
            frame(names[4], "clear", "daytime"),
            frame(names[4], "clear", "night"),
            frame(names[6], "undefined", "daytime"),
        ],
    )
    write(tmp_path, OLD, [frame(names[3], "snowy", "night"), frame(names[6], "clear", "undefined")])
    assert labels(tmp_path) == {
        "a-0": "day",
        "b-0": None,
        "c-0": None,
        "d-0": "rain",  # the newer counts
        "e-0": None,  # it cannot be both
        "f-0": None,
        "g-0": "day",  # each knows a half
        "t-0": None,
    }
    assert sorted(line for line in capsys.readouterr().err.splitlines()) == [
        f"bdd100k: 1 images are in {NEW} twice, with another weather or time of day, which is not "
        "used",
        "bdd100k: 1 images have another weather or time of day in older labels; the newer count",
        "bdd100k: 1 images have no record",
        "bdd100k: 2 images have a record without weather and time of day",
    ]


@pytest.mark.parametrize(
    "above", ["", "train/", "100k/train/", "images/100k/train/", "bdd100k/images/100k/train/", "./"]
)
def test_a_record_may_name_its_image_with_folders_in_front(tmp_path: Path, above: str) -> None:
    lay(tmp_path, f"{TRAIN}/a-0.jpg")
    write(tmp_path, NEW, [frame(f"{above}a-0.jpg", "foggy", "daytime")])
    assert labels(tmp_path) == {"a-0": "fog"}


@pytest.mark.parametrize("above", ["val/", "100k/val/", "train/deeper/"])
def test_an_image_of_another_folder_is_another_image(tmp_path: Path, above: str) -> None:
    lay(tmp_path, f"{TRAIN}/a-0.jpg")
    write(tmp_path, NEW, [frame(f"{above}a-0.jpg", "foggy", "daytime")])
    with pytest.raises(ArgusError, match=r"1 of the images that .* lists are not there"):
        labels(tmp_path)


def test_coco_keeps_a_time_that_any_record_knows_and_counts_what_is_listed_nowhere(
    tmp_path: Path, capsys: Told
) -> None:
    lay(tmp_path, "val2017/1.jpg", "val2017/2.jpg", "val2017/3.jpg", "test2017/4.jpg")
    time = "2013-11-14 17:02:52"
    twice = [photo("1.jpg", time), photo("1.jpg", 0), photo("2.jpg", None)]
    write(tmp_path, "annotations/captions_val2017.json", listing(twice))
    write(tmp_path, "annotations/instances_val2017.json", listing([photo("2.jpg", time)]))
    write(tmp_path, "annotations/instances_train2017.json", listing([photo("9.jpg", time)] * 2))
    found = facts(FORMATS["coco"], tmp_path)
    known = {Path(path).stem: time is not None for path, (*_, time) in found.items()}
    assert known == {"1": True, "2": True, "3": False, "4": False}
    printed = capsys.readouterr().err
    assert "coco: 1 images are listed in no file" in printed
    assert (
        "none of the 1 images that annotations/instances_train2017.json lists is there" in printed
    )


def test_nuscenes_takes_a_label_from_whichever_version_has_one(
    tmp_path: Path, capsys: Told
) -> None:
    trees.nuscenes(tmp_path, "v1.0-trainval")
    trees.nuscenes(tmp_path, "v1.0-mini")
    table = tmp_path / "v1.0-mini/scene.json"
    table.write_text(table.read_text().replace("Night, rain, big street", ""))
    found = facts(FORMATS["nuscenes"], tmp_path)
    assert [label for label, *_ in found.values()].count("night") == 2
    assert capsys.readouterr().err == ""
    for path in found:
        if path.startswith("sweeps"):
            (tmp_path / path).unlink()
    assert len(facts(FORMATS["nuscenes"], tmp_path)) == 3
    assert "nuscenes: 3 camera images that v1.0-mini/sample_data" in capsys.readouterr().err


@pytest.mark.parametrize("without", [None, 5, "absent"])
def test_a_scene_of_nuscenes_without_a_description_has_no_label(
    tmp_path: Path, without: object
) -> None:
    trees.nuscenes(tmp_path)
    table = tmp_path / "v1.0-mini/scene.json"
    scenes = json.loads(table.read_text())
    for scene in scenes[1:]:
        scene["description"] = without
        if without == "absent":
            del scene["description"]
    table.write_text(json.dumps(scenes))
    found = facts(FORMATS["nuscenes"], tmp_path).values()
    assert {sequence: label for label, sequence, _ in found} == {
        "scene-0000": "day",
        **{f"scene-000{number}": None for number in range(1, len(scenes))},
    }


def test_an_image_that_is_listed_twice_is_no_twin(repo: Path, tmp_path: Path, capsys: Told) -> None:
    lay(tmp_path / "up", "day/a.jpg", "day/A.jpg")
    write(tmp_path / "up", "index.csv", "path\nday/a.jpg\n./day/a.jpg\n")
    format_importer(tmp_path / "up", "csv")(tmp_path)
    assert "differ from another in capitals" not in capsys.readouterr().err
    write(tmp_path / "up", "index.csv", "path\nday/a.jpg\nday/A.jpg\n")
    format_importer(tmp_path / "up", "csv")(tmp_path)
    assert "1 names differ from another in capitals" in capsys.readouterr().err


def test_kitti_counts_frames_without_a_time(tmp_path: Path, capsys: Told) -> None:
    trees.kitti(tmp_path)
    (tmp_path / "2011_09_28/2011_09_28_drive_0038_sync/image_02/timestamps.txt").unlink()
    assert len(facts(FORMATS["kitti"], tmp_path)) == 3
    assert "kitti: 1 images have no capture time" in capsys.readouterr().err


def test_splits_above_the_classes_may_be_written_in_capitals(tmp_path: Path) -> None:
    lay(tmp_path, "Train/Day/a.jpg", "VAL/night/b.jpg")
    assert labels(tmp_path, "imagefolder") == {"a": "Day", "b": "night"}


def from_a_mac(folder: Path) -> None:
    """What unpacking a Mac's zip leaves: a second tree of the same shape without one image."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        inside = path.relative_to(folder)
        write(folder, f"__MACOSX/{inside.parent}/._{inside.name}", b"\0\5\26\7")
        write(folder, f"{inside.parent}/._{inside.name}", b"\0\5\26\7")
        write(folder, f"{inside.parent}/.DS_Store", b"Bud1")


@pytest.mark.parametrize(
    ("format", "make"),
    [
        ("bdd100k", trees.bdd100k),
        ("kitti", trees.kitti),
        ("nuscenes", trees.nuscenes),
        ("coco", trees.coco),
        ("imagefolder", lambda folder: lay(folder, "train/day/a.jpg", "val/night/b.jpg")),
        ("acdc", lambda folder: lay(folder, "rgb_anon/fog/train/GOPR0475/a_rgb_anon.png")),
        ("camvid", lambda folder: lay(folder, "701_StillsRaw_full/0001TP_006690.png")),
    ],
)
def test_what_a_mac_leaves_changes_nothing(
    tmp_path: Path, format: str, make: Callable[[Path], Path]
) -> None:
    before = facts(FORMATS[format], make(tmp_path))
    from_a_mac(tmp_path)
    assert facts(FORMATS[format], tmp_path) == before


def test_a_list_written_on_windows_is_told_how_folders_are_written(tmp_path: Path) -> None:
    lay(tmp_path, "day/a.jpg")
    write(tmp_path, "index.csv", "path\nday\\a.jpg\n")
    with pytest.raises(ArgusError, match=r"day\\a\.jpg \(folders are written with `/`\)"):
        facts(FORMATS["csv"], tmp_path)
