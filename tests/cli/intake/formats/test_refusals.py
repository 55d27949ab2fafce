"""What is not laid out as published is refused with a word on what to do, never taken in part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from argus.cli.intake.batch import Batch
from argus.cli.intake.formats.registry import FORMATS
from argus.cli.intake.importers import format_importer
from argus.core.errors import ArgusError
from tests.cli.intake.formats import trees
from tests.cli.intake.formats.trees import frame, lay, listing, photo, write

LAID = {
    "imagefolder": lambda folder: lay(folder, "day/a.jpg", "night/b.jpg"),
    "coco": trees.coco,
    "bdd100k": trees.bdd100k,
    "cityscapes": lambda folder: lay(
        folder, "leftImg8bit/val/lindau/lindau_000003_000019_leftImg8bit.png"
    ),
    "kitti": trees.kitti,
    "acdc": lambda folder: lay(folder, "rgb_anon/fog/train/GOPR0475/a_rgb_anon.png"),
    "dark_zurich": lambda folder: lay(folder, "rgb_anon/train/night/GOPR0351/a_rgb_anon.png"),
    "nuscenes": trees.nuscenes,
    "csv": lambda folder: csv_of(folder, "path\na.jpg\n"),
}


def csv_of(folder: Path, text: str) -> Path:
    """A folder with an image and a CSV that says this."""
    write(lay(folder, "a.jpg"), "index.csv", text)
    return folder


def refused(format: str, folder: Path) -> str:
    """The message with which a folder is refused."""
    with pytest.raises(ArgusError) as error:
        list(FORMATS[format].items(folder))
    return str(error.value)


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"imagefolder"}))
@pytest.mark.parametrize("laid", sorted(LAID))
def test_a_folder_of_another_layout_is_refused(tmp_path: Path, format: str, laid: str) -> None:
    LAID[laid](tmp_path)
    if format == laid:
        assert list(FORMATS[format].items(tmp_path))
    else:
        message = refused(format, tmp_path)
        assert f"is not laid out as {format}" in message
        assert "looked for" in message
        assert "`argus formats`" in message


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_empty_folder_is_refused(tmp_path: Path, format: str) -> None:
    assert "found nothing" in refused(format, tmp_path)


def test_images_without_a_class_are_no_imagefolder(tmp_path: Path) -> None:
    assert "a folder for each class" in refused("imagefolder", lay(tmp_path, "a.jpg", "b.jpg"))


@pytest.mark.parametrize(
    ("format", "gone", "listed_in"),
    [
        ("coco", "val2017/000000397133.jpg", "val2017.json"),
        ("bdd100k", "images/100k/train/0000f77c-62c2a288.jpg", "labels/det_20/det_train.json"),
        ("csv", "a.jpg", "index.csv"),
    ],
)
def test_a_listed_image_that_is_missing_is_named(
    tmp_path: Path, format: str, gone: str, listed_in: str
) -> None:
    LAID[format](tmp_path)
    (tmp_path / gone).unlink()
    message = refused(format, tmp_path)
    assert "1 of the images" in message
    assert gone in message
    assert listed_in in message
    assert "Complete the download" in message


@pytest.mark.parametrize("part", ["samples", "sweeps"])
def test_half_a_scene_of_nuscenes_is_an_incomplete_download(tmp_path: Path, part: str) -> None:
    trees.nuscenes(tmp_path)
    path = tmp_path / "v1.0-mini/sample_data.json"
    rows = json.loads(path.read_text())
    back = f"{part}/CAM_BACK/absent.jpg"
    there = next(row for row in rows if row["filename"].startswith(f"{part}/CAM"))
    write(tmp_path, "v1.0-mini/sample_data.json", [*rows, {**there, "filename": back}])
    message = refused("nuscenes", tmp_path)
    assert f"1 of the images that v1.0-mini/sample_data.json lists are not there: {back}" in message


def test_nuscenes_without_a_table_says_which(tmp_path: Path) -> None:
    trees.nuscenes(tmp_path)
    (tmp_path / "v1.0-mini/calibrated_sensor.json").unlink()
    assert "looked for calibrated_sensor.json in v1.0-mini" in refused("nuscenes", tmp_path)


def test_nuscenes_tables_must_point_to_each_other(tmp_path: Path) -> None:
    trees.nuscenes(tmp_path)
    table = tmp_path / "v1.0-mini/sample.json"
    table.write_text(table.read_text().replace('"scene_token": "t1"', '"scene_token": "t9"'))
    assert "scene_token t9 is in no table" in refused("nuscenes", tmp_path)


@pytest.mark.parametrize("stamp", ['"noon"', "null", "1e40"])
def test_nuscenes_needs_a_time_stamp(tmp_path: Path, stamp: str) -> None:
    trees.nuscenes(tmp_path)
    table = tmp_path / "v1.0-mini/sample_data.json"
    text = table.read_text().replace("1532402927612460,", f"{stamp},", 1)
    table.write_text(text)
    assert "has no time stamp" in refused("nuscenes", tmp_path)


OUTSIDE = ["../secret.jpg", "val2017/../../secret.jpg", "/etc/secret.jpg"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_out_is_not_opened(tmp_path: Path, name: str) -> None:
    lay(tmp_path, "secret.jpg")
    folder = tmp_path / "set"
    outside = {
        "coco": lambda f: write(
            f, "annotations/instances_val2017.json", listing([photo(name, None)])
        ),
        "bdd100k": lambda f: write(
            f, "labels/det_20/det_val.json", [frame(f"x/{name}".replace("//", "/../../"), "", "")]
        ),
        "csv": lambda f: write(f, "index.csv", f"path\n{name}\n"),
        "nuscenes": lambda f: (f / "v1.0-mini/sample_data.json").write_text(
            (f / "v1.0-mini/sample_data.json")
            .read_text()
            .replace("samples/CAM_FRONT/n015__CAM_FRONT__1532402927612460.jpg", name)
        ),
    }
    for format, point in outside.items():
        place = LAID[format](folder / format)
        point(place)
        assert "leads out of" in refused(format, place)


@pytest.mark.parametrize("format", sorted(LAID))
def test_an_image_that_is_a_symbolic_link_is_refused(tmp_path: Path, format: str) -> None:
    folder = LAID[format](tmp_path / "set")
    image = next(iter(FORMATS[format].items(folder))).file
    image.rename(tmp_path / "elsewhere")
    image.symlink_to(tmp_path / "elsewhere")
    assert f"{image} is a symbolic link" in refused(format, folder)


@pytest.mark.parametrize("format", sorted(set(LAID) - {"csv"}))
def test_a_folder_of_the_layout_that_is_a_symbolic_link_is_refused(
    tmp_path: Path, format: str
) -> None:
    folder = LAID[format](tmp_path / "set")
    top = folder / next(iter(FORMATS[format].items(folder))).path.split("/")[0]
    top.rename(tmp_path / "elsewhere")
    top.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert f"{top} is a symbolic link" in refused(format, folder)


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("coco", "annotations/instances_val2017.json"),
        ("bdd100k", "labels/det_20/det_train.json"),
        ("nuscenes", "v1.0-mini/scene.json"),
    ],
)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text[: len(text) // 2], "is not JSON"),
        (lambda _: "", "is not JSON"),
        (lambda _: "[1, 2]", "stands where a record should"),
        (lambda _: '{"other": 1}', "has no array"),
        (lambda _: '[{"name": 7, "file_name": 7, "token": 7}]', "has no text at"),
    ],
)
def test_broken_json_is_named(
    tmp_path: Path, format: str, file: str, spoil: Callable[[str], str], words: str
) -> None:
    path = LAID[format](tmp_path) / file
    path.write_text(spoil(path.read_text()))
    message = refused(format, tmp_path)
    assert words in message
    assert str(path) in message


def test_a_file_of_one_image_of_bdd100k_must_be_an_object(tmp_path: Path) -> None:
    lay(tmp_path, "100k/train/a-0.jpg")
    path = tmp_path / "100k/train/a-0.json"
    for text, words in (("{", "is not JSON"), ("[]", "where a record should")):
        path.write_text(text)
        message = refused("bdd100k", tmp_path)
        assert words in message
        assert str(path) in message


def test_images_of_bdd100k_without_any_labels_are_refused(tmp_path: Path) -> None:
    message = refused("bdd100k", lay(tmp_path, "images/100k/train/a-0.jpg"))
    assert "labels/det_20/det_{train,val}.json" in message
    assert "found images" in message


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("cityscapes", "leftImg8bit/train/aachen/IMG_0001.png"),
        ("cityscapes", "leftImg8bit/train/a/a_000000_000019_leftImg8bit_foggy_beta_0.02.png"),
        ("foggy_cityscapes", "leftImg8bit_foggy/train/a/a_000000_000019_leftImg8bit.png"),
        ("rain_cityscapes", "leftImg8bit_rain/train/a/a_000000_000019_leftImg8bit_foggy_b_1.png"),
        ("acdc", "rgb_anon/fog/train/a.png"),
        ("acdc", "rgb_anon/dust/train/GOPR0475/a_rgb_anon.png"),
        ("dark_zurich", "rgb_anon/train/noon/GOPR0345/a_rgb_anon.png"),
    ],
)
def test_a_strange_image_among_the_others_is_named(tmp_path: Path, format: str, name: str) -> None:
    assert name in refused(format, lay(tmp_path, name))


def test_a_frame_of_kitti_without_a_time_is_named(tmp_path: Path) -> None:
    drive = "2011_09_26/2011_09_26_drive_0001_sync/image_02"
    for image, times in (
        ("0000000002.png", trees.STAMPS),
        ("0000000000.png", "yesterday\n"),
        ("first.png", trees.STAMPS),
        ("0000000000.png", b"\xff\xfe"),
    ):
        folder = tmp_path / f"{image}-{len(times)}"
        lay(folder, f"{drive}/data/{image}")
        write(folder, f"{drive}/timestamps.txt", times)
        assert f"{drive}/timestamps.txt" in refused("kitti", folder)


@pytest.mark.parametrize("order", ["0", "2", "one", "1,,x"])
def test_the_order_of_kittis_images_must_name_lines(tmp_path: Path, order: str) -> None:
    lay(tmp_path, "training/image_2/000000.png")
    write(tmp_path, "mapping/train_mapping.txt", "2011_09_26 2011_09_26_drive_0001_sync 0000000005")
    write(tmp_path, "mapping/train_rand.txt", order)
    assert "must name lines of mapping/train_mapping.txt" in refused("kitti", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "and has none"),
        ("file\na.jpg\n", "the first line must name columns"),
        ("path,weather\na.jpg,fog\n", "has path, weather"),
        ("path;label\na.jpg;fog\n", "has path;label"),
        ("path,path\na.jpg,a.jpg\n", "has path, path"),
        ("path,label\na.jpg\n", "line 2: there must be 2 fields"),
        ("path\na.jpg,fog\n", "line 2: there must be 1 fields"),
        ("path,label\na.jpg,fog\n,fog\n", "line 3: the path is empty"),
        ("path,captured_at\na.jpg,noon\n", "line 2: captured_at 'noon' is not an ISO 8601 time"),
        ("path,captured_at\na.jpg,2026-05-03T14:00:00Z\n", "has a zone"),
        ('path\n"a.jpg\n', "is not a CSV table"),
        ("path,label\na.jpg,f\xf6g\n", "is not a CSV table in UTF-8"),
    ],
)
def test_a_csv_that_is_not_understood_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    lay(tmp_path, "a.jpg")
    write(tmp_path, "index.csv", text.encode("latin-1"))
    assert words in refused("csv", tmp_path)


def batch(format: str, path: Path) -> Batch:
    return format_importer(path, format)(path)


def test_only_a_format_that_may_be_one_file_takes_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    path = csv_of(tmp_path / "set", "path\na.jpg\n") / "index.csv"
    assert [item.path for item in batch("csv", path).items] == ["a.jpg"]
    with pytest.raises(ArgusError, match="is a file: `argus submit` takes a folder"):
        batch("coco", path)
    with pytest.raises(ArgusError, match="does not exist"):
        batch("csv", path.with_name("absent.csv"))


def test_what_lies_among_the_deliveries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside = csv_of(tmp_path / "data/raw/cam/d", "path\na.jpg\n")
    for path in (inside, inside / "index.csv", tmp_path):
        with pytest.raises(ArgusError, match="lie in each other"):
            batch("csv", path)


def test_a_batch_stands_in_the_index_and_tells_whether_it_is_rendered(tmp_path: Path) -> None:
    rain = "a_000000_000000_leftImg8bit_rain_alpha_0.01.png"
    lay(tmp_path / "set", f"leftImg8bit_rain/val/a/{rain}", "leftImg8bit/day/a.jpg")
    for format, rendered in (("rain_cityscapes", True), ("imagefolder", False)):
        found = batch(format, tmp_path / "set")
        assert (found.label_from, found.sequence_from, found.rendered) == (
            "index",
            "index",
            rendered,
        )


def test_a_list_may_lie_in_a_folder_above_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_of(tmp_path, "path\na.jpg\n")
    inside = tmp_path / "repository"
    (inside / "data/raw").mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert [item.path for item in batch("csv", Path("../index.csv")).items] == ["a.jpg"]
