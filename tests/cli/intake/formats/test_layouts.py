"""Each published layout yields its images with what is known of them, and nothing else."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from argus.cli.intake.formats.registry import FORMATS
from tests.cli.intake.formats import trees
from tests.cli.intake.formats.trees import facts, frame, lay, listing, photo, write


def test_imagefolder_takes_the_class_from_the_folder_and_splits_above_it(tmp_path: Path) -> None:
    lay(tmp_path / "flat", "day/a.jpg", "night/deep/er/b.jpeg", "stray.png", ".cache/day/c.jpg")
    write(tmp_path / "flat", "day/notes.txt", "no image")
    assert facts(FORMATS["imagefolder"], tmp_path / "flat") == {
        "day/a.jpg": ("day", None, None),
        "night/deep/er/b.jpeg": ("night", None, None),
        "stray.png": (None, None, None),
    }
    lay(tmp_path / "split", "train/day/a.jpg", "val/night/b.jpg")
    assert facts(FORMATS["imagefolder"], tmp_path / "split") == {
        "train/day/a.jpg": ("day", None, None),
        "val/night/b.jpg": ("night", None, None),
    }


def test_a_class_named_like_a_split_is_a_class_where_others_are_not(tmp_path: Path) -> None:
    lay(tmp_path, "train/a.jpg", "tram/b.jpg")
    assert [label for label, *_ in facts(FORMATS["imagefolder"], tmp_path).values()] == [
        "train",
        "tram",
    ]


def test_coco_has_the_time_of_the_record_and_the_images_of_test_without_one(tmp_path: Path) -> None:
    assert facts(FORMATS["coco"], trees.coco(tmp_path)) == {
        "train2017/000000391895.jpg": (None, None, datetime(2013, 11, 14, 11, 18, 45)),
        "val2017/000000397133.jpg": (None, None, datetime(2013, 11, 14, 17, 2, 52)),
        "val2017/000000037777.jpg": (None, None, datetime(2013, 11, 14, 20, 55, 31)),
        "test2017/000000000001.jpg": (None, None, None),
        "test2017/000000000016.jpg": (None, None, None),
    }


def test_coco_may_have_its_splits_below_images_or_all_images_in_one_folder(tmp_path: Path) -> None:
    times = ["2020-07-07T12:00:00+00:00", "", "1999"]
    val = [photo(f"val/{i}.jpg", time) for i, time in enumerate(times)]
    lay(
        tmp_path, "images/val2017/1.jpg", "images/val/0.jpg", "images/val/1.jpg", "images/val/2.jpg"
    )
    write(tmp_path, "annotations/instances_val2017.json", listing([photo("1.jpg", None)]))
    write(tmp_path, "annotations/mine.json", listing(val))
    assert facts(FORMATS["coco"], tmp_path) == {
        "images/val2017/1.jpg": (None, None, None),
        "images/val/0.jpg": (None, None, datetime(2020, 7, 7, 12)),
        "images/val/1.jpg": (None, None, None),
        "images/val/2.jpg": (None, None, None),
    }


def test_coco_leaves_a_split_that_was_not_downloaded(tmp_path: Path) -> None:
    lay(tmp_path, "val2017/1.jpg")
    write(tmp_path, "annotations/instances_val2017.json", listing([photo("1.jpg", 0)]))
    write(tmp_path, "annotations/instances_train2017.json", listing([photo("2.jpg", 0)]))
    assert list(facts(FORMATS["coco"], tmp_path)) == ["val2017/1.jpg"]


def test_bdd100k_has_the_condition_by_attributes_and_the_recording(tmp_path: Path) -> None:
    assert facts(FORMATS["bdd100k"], trees.bdd100k(tmp_path)) == {
        "images/100k/train/0000f77c-6257be58.jpg": ("day", "0000f77c", None),
        "images/100k/train/0000f77c-62c2a288.jpg": ("night", "0000f77c", None),
        "images/100k/train/0001542f-5ce3cf52.jpg": ("fog", "0001542f", None),
        "images/100k/train/0004974f-05e1c285.jpg": (None, "0004974f", None),
        "images/100k/val/b1c66a42-6f7d68ca.jpg": ("dusk", "b1c66a42", None),
        "images/100k/test/cabc30fc-e7726578.jpg": (None, "cabc30fc", None),
    }


def test_bdd100k_falls_back_on_the_labels_of_2018_in_either_of_their_forms(tmp_path: Path) -> None:
    lay(tmp_path, *(f"100k/train/{name}-0.jpg" for name in "abc"))
    write(
        tmp_path, "labels/det_20/det_train.json", {"frames": [frame("a-0.jpg", "snowy", "daytime")]}
    )
    old = [frame("a-0.jpg", "clear", "daytime"), frame("b-0.jpg", "clear", "night")]
    write(tmp_path, "labels/bdd100k_labels_images_train.json", old)
    for name, time in (("b-0", "dawn/dusk"), ("c-0", "dawn/dusk")):
        attributes = {"weather": "clear", "scene": "highway", "timeofday": time}
        alone = {"name": name, "frames": [{"timestamp": 10000}], "attributes": attributes}
        write(tmp_path, f"100k/train/{name}.json", alone)
    assert facts(FORMATS["bdd100k"], tmp_path) == {
        "100k/train/a-0.jpg": ("snow", "a", None),
        "100k/train/b-0.jpg": ("night", "b", None),
        "100k/train/c-0.jpg": ("dusk", "c", None),
    }


def test_bdd100k_needs_no_labels_of_a_split_that_was_not_downloaded(tmp_path: Path) -> None:
    trees.bdd100k(tmp_path)
    (tmp_path / "images/100k/val/b1c66a42-6f7d68ca.jpg").unlink()
    assert len(facts(FORMATS["bdd100k"], tmp_path)) == 5


CITY = "aachen/aachen_000000_000019"


def test_cityscapes_has_the_sequence_by_name_and_leaves_all_but_the_left_camera(
    tmp_path: Path,
) -> None:
    lay(
        tmp_path,
        f"leftImg8bit/train/{CITY}_leftImg8bit.png",
        "leftImg8bit/train_extra/bad-honnef/bad-honnef_000000_000000_leftImg8bit.png",
        f"rightImg8bit/train/{CITY}_rightImg8bit.png",
        f"gtFine/train/{CITY}_gtFine_color.png",
        f"disparity/train/{CITY}_disparity.png",
        f"leftImg8bit_foggyDBF/train/{CITY}_leftImg8bit_foggy_beta_0.02.png",
    )
    assert facts(FORMATS["cityscapes"], tmp_path) == {
        f"leftImg8bit/train/{CITY}_leftImg8bit.png": ("day", "aachen_000000", None),
        "leftImg8bit/train_extra/bad-honnef/bad-honnef_000000_000000_leftImg8bit.png": (
            "day",
            "bad-honnef_000000",
            None,
        ),
    }
    assert facts(FORMATS["foggy_cityscapes"], tmp_path) == {
        f"leftImg8bit_foggyDBF/train/{CITY}_leftImg8bit_foggy_beta_0.02.png": (
            "fog",
            "aachen_000000",
            None,
        ),
    }


def test_cityscapes_sequences_come_in_frame_by_frame(tmp_path: Path) -> None:
    names = [f"aachen/aachen_000007_{i:06d}_leftImg8bit.png" for i in range(3)]
    lay(tmp_path, *(f"leftImg8bit_sequence/train/{name}" for name in names))
    found = facts(FORMATS["cityscapes"], tmp_path)
    assert list(found.values()) == [("day", "aachen_000007", None)] * 3


def test_rain_cityscapes_has_the_sequence_of_the_image_it_was_made_from(tmp_path: Path) -> None:
    name = (
        "leftImg8bit_rain/val/lindau/lindau_000003_000019_leftImg8bit"
        "_rain_alpha_0.01_beta_0.005_dropsize_0.01_pattern_1.png"
    )
    assert facts(FORMATS["rain_cityscapes"], lay(tmp_path, name)) == {
        name: ("rain", "lindau_000003", None)
    }


def test_kitti_raw_has_drive_and_time_of_the_left_colour_camera(tmp_path: Path) -> None:
    first = "2011_09_26/2011_09_26_drive_0001_sync"
    assert facts(FORMATS["kitti"], trees.kitti(tmp_path)) == {
        f"{first}/image_02/data/0000000000.png": (
            "day",
            "2011_09_26_drive_0001_sync",
            datetime(2011, 9, 26, 13, 2, 25, 964389),
        ),
        f"{first}/image_02/data/0000000001.png": (
            "day",
            "2011_09_26_drive_0001_sync",
            datetime(2011, 9, 26, 13, 2, 26, 74343),
        ),
        "2011_09_28/2011_09_28_drive_0038_sync/image_02/data/0000000000.png": (
            "day",
            "2011_09_28_drive_0038_sync",
            datetime(2011, 9, 28, 12, 23, 31),
        ),
    }


def test_kitti_drives_may_lie_at_different_depths(tmp_path: Path) -> None:
    trees.kitti(tmp_path)
    (tmp_path / "2011_09_28/2011_09_28_drive_0038_sync").rename(
        tmp_path / "2011_09_28_drive_0038_sync"
    )
    assert len(facts(FORMATS["kitti"], tmp_path)) == 3


def test_kitti_object_has_the_drive_of_training_images_by_the_development_kit(
    tmp_path: Path,
) -> None:
    lay(
        tmp_path,
        *(f"training/image_2/00000{i}.png" for i in range(3)),
        "training/image_3/000000.png",
        "testing/image_2/000000.png",
    )
    assert {drive for _, drive, _ in facts(FORMATS["kitti"], tmp_path).values()} == {None}
    lines = ("0001", "0005", "0009")
    mapping = "".join(f"2011_09_26 2011_09_26_drive_{n}_sync 0000000109\n" for n in lines)
    write(tmp_path, "devkit/mapping/train_mapping.txt", mapping)
    write(tmp_path, "devkit/mapping/train_rand.txt", "3,1,2\n")
    assert facts(FORMATS["kitti"], tmp_path) == {
        "training/image_2/000000.png": ("day", "2011_09_26_drive_0009_sync", None),
        "training/image_2/000001.png": ("day", "2011_09_26_drive_0001_sync", None),
        "training/image_2/000002.png": ("day", "2011_09_26_drive_0005_sync", None),
        "testing/image_2/000000.png": ("day", None, None),
    }


def test_acdc_has_the_condition_and_keeps_a_reference_in_the_sequence_of_its_place(
    tmp_path: Path,
) -> None:
    fog, reference = (
        "rgb_anon/fog/train/GOPR0475/GOPR0475_frame_000041_rgb_anon.png",
        "rgb_anon/fog/train_ref/GOPR0475/GOPR0475_frame_000041_rgb_ref_anon.png",
    )
    snow = "rgb_anon/snow/test/GP010122/GP010122_frame_000001_rgb_anon.png"
    lay(tmp_path, fog, reference, snow, "gt/fog/train/GOPR0475/GOPR0475_frame_000041_gt_color.png")
    assert facts(FORMATS["acdc"], tmp_path) == {
        fog: ("fog", "fog/GOPR0475", None),
        reference: ("day", "fog/GOPR0475", None),
        snow: ("snow", "snow/GP010122", None),
    }


def test_dark_zurich_has_the_time_of_day_and_keeps_a_reference_with_its_sequence(
    tmp_path: Path,
) -> None:
    dusk = "rgb_anon/train/twilight/GOPR0348/GOPR0348_frame_000101_rgb_anon.png"
    night = "rgb_anon/val/night/GOPR0356/GOPR0356_frame_000321_rgb_anon.png"
    day = "rgb_anon/val_ref/day/GOPR0356_ref/GOPR0356_frame_000321_ref_rgb_anon.png"
    lay(tmp_path, dusk, night, day)
    assert facts(FORMATS["dark_zurich"], tmp_path) == {
        dusk: ("dusk", "GOPR0348", None),
        night: ("night", "GOPR0356", None),
        day: ("day", "GOPR0356", None),
    }


def test_nuscenes_has_scene_time_and_condition_of_camera_images(tmp_path: Path) -> None:
    found = facts(FORMATS["nuscenes"], trees.nuscenes(tmp_path))
    assert len(found) == 6
    name = "CAM_FRONT/n015__CAM_FRONT__1532402927612460.jpg"
    assert found[f"samples/{name}"] == (
        "day",
        "scene-0000",
        datetime(2018, 7, 24, 3, 28, 47, 612460),  # UTC
    )
    assert found["sweeps/CAM_FRONT/n015__CAM_FRONT__1532402927695460.jpg"] == (
        "day",
        "scene-0000",
        datetime(2018, 7, 24, 3, 28, 47, 695460),
    )
    labels = {sequence: label for label, sequence, _ in found.values()}
    assert labels == {"scene-0000": "day", "scene-0001": "night", "scene-0002": "rain"}


def test_nuscenes_may_be_there_in_part_and_twice(tmp_path: Path) -> None:
    trees.nuscenes(tmp_path)
    trees.nuscenes(tmp_path, "v1.0-trainval")
    for image in (tmp_path / "sweeps/CAM_FRONT").iterdir():
        image.unlink()
    sorted((tmp_path / "samples/CAM_FRONT").iterdir())[0].unlink()  # one scene not downloaded
    found = facts(FORMATS["nuscenes"], tmp_path)
    assert {sequence for _, sequence, _ in found.values()} == {"scene-0001", "scene-0002"}
    assert len(found) == 2


CSV = """\
path,captured_at,label,sequence
a.jpg,2026-05-03T14:05:06.25,night,drive-7
sub/b.png,, fog ,
"c, d.jpg",2026-05-04,,
"""


@pytest.mark.parametrize("name", ["", "index.csv", "mine.csv"])
def test_csv_knows_what_its_columns_say(tmp_path: Path, name: str) -> None:
    lay(tmp_path, "a.jpg", "sub/b.png", "c, d.jpg", "unlisted.jpg")
    write(tmp_path, name or "index.csv", "\ufeff" + CSV)
    found = {
        item.path: (item.label, item.sequence, item.captured_at)
        for item in FORMATS["csv"].items(tmp_path / name)
    }
    assert found == {
        "a.jpg": ("night", "drive-7", datetime(2026, 5, 3, 14, 5, 6, 250000)),
        "sub/b.png": ("fog", None, None),
        "c, d.jpg": (None, None, datetime(2026, 5, 4)),
    }


def moved(folder: Path, moves: dict[str, str]) -> Path:
    """Move folders of a tree as if its archives had been unpacked elsewhere."""
    for old, new in moves.items():
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)
    return folder


@pytest.mark.parametrize(
    ("format", "moves"),
    [
        ("bdd100k", {"images": "bdd100k_images/bdd100k/images", "labels": "labels_2020/labels"}),
        (
            "coco",
            {
                "annotations": "annotations_trainval2017/annotations",
                "train2017": "train/train2017",
                "val2017": "tmp/val2017",
                "test2017": "test/test2017",
            },
        ),
        (
            "coco",  # each in a folder of its own name
            {f"{s}2017": f"{s}/{s}2017" for s in ("train", "val", "test")}
            | {s: f"{s}2017" for s in ("train", "val", "test")},
        ),
        ("kitti", {"2011_09_26": "first/2011_09_26", "2011_09_28": "second/2011_09_28"}),
        ("nuscenes", {"v1.0-mini": "v1.0-mini_meta/v1.0-mini", "samples": "v1.0-mini01/samples"}),
    ],
)
def test_archives_may_have_been_unpacked_into_folders_of_their_own(
    tmp_path: Path, format: str, moves: dict[str, str]
) -> None:
    def by_name(folder: Path) -> dict[str, trees.Facts]:
        return {path.split("/")[-1]: known for path, known in facts(found, folder).items()}

    found = FORMATS[format]
    lain = {
        "bdd100k": trees.bdd100k,
        "coco": trees.coco,
        "kitti": trees.kitti,
        "nuscenes": trees.nuscenes,
    }[format](tmp_path)
    before = by_name(lain)
    assert by_name(moved(lain, moves)) == before


def test_two_archives_of_one_folder_may_lie_side_by_side(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "Dark_Zurich_val_anon/rgb_anon/val/night/GOPR0356/a_rgb_anon.png",
        "Dark_Zurich_train_anon/rgb_anon/train/day/GOPR0345/b_rgb_anon.png",
    )
    assert {label for label, *_ in facts(FORMATS["dark_zurich"], tmp_path).values()} == {
        "night",
        "day",
    }
