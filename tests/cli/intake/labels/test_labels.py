"""A label that no delivery has had is a slip of the pen until somebody says that it is meant."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from argus.cli.intake.labels import vocabulary
from tests.cli import clip
from tests.cli.conftest import CARD, sh

Argus = Callable[..., tuple[int, str]]
DIRS = ("--label-from", "dirs", "--sequence-from", "dirs")
FROM = ("--source", "cam")


def put(folder: Path, *paths: str) -> Path:
    """Files of different bytes, named as images."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(f"bytes of {folder.name}/{path}".encode())
    return folder


def unchanged(repo: Path) -> bool:
    return sh("git", "-C", str(repo), "status", "--porcelain") == "" and not list(
        Path(repo, "data/raw").glob("cam*")
    )


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        *[("nigth", "night"), ("nihgt", "night"), ("dya", "day"), ("dau", "day"), ("rian", "rain")],
        *[("foggy", "fog"), ("night_time", "night"), ("daytime", "day"), ("rainy", "rain")],
        *[("snowy", "snow"), ("nights", "night"), ("tag", "day"), ("nacht", "night")],
        *[("dämmerung", "dusk"), ("cloudy", "overcast"), ("0006r0_1hz", None), ("train", None)],
        *[
            ("day_clean", "day"),
            ("train_night", "night"),
            ("fog_train", "fog"),
            ("night2", "night"),
        ],
        *[("abenddämmerung", "dusk"), ("mañana", "dawn"), ("matin", "dawn"), ("śnieg", "snow")],
        *[("ночь", "night"), ("夜", "night"), ("mgła", "fog"), ("lowlight", "night")],
        *[("data", None), ("city", None), ("unlabeled", None), ("jpegimages", None), ("7", None)],
    ],
)
def test_the_nearest_known_label_is_found(label: str, meant: str | None) -> None:
    assert vocabulary.closest(label, vocabulary.CONDITIONS) == meant


def test_a_label_that_is_in_goes_before_a_usual_one() -> None:
    assert vocabulary.closest("rainy_nigth", ["rainy_night", "rain", "night"]) == "rainy_night"
    assert vocabulary.closest("mist", ["mist_", "fog"]) == "mist_"
    assert vocabulary.closest("foggy", ["night"]) is None  # fog is nothing that is known here


@given(st.sampled_from(vocabulary.CONDITIONS), st.integers(0, 10), st.data())
def test_two_letters_swapped_lead_back(word: str, at: int, data: st.DataObject) -> None:
    at %= len(word) - 1
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if swapped not in vocabulary.CONDITIONS:
        assert vocabulary.closest(swapped, vocabulary.CONDITIONS) == word


def test_no_word_means_two_conditions() -> None:
    words = " ".join(vocabulary.SYNONYMS.values()).split()
    assert set(vocabulary.SYNONYMS) == set(vocabulary.CONDITIONS)
    assert len(words) == len(set(words))
    assert not {*words} & {*vocabulary.CONDITIONS}
    assert all(vocabulary.folded(word) == word for word in words)
    assert not vocabulary.NO_CONDITION & {*words}
    assert not vocabulary.OF_DATASETS & {*words}


def test_unknown_labels_are_refused_all_at_once_with_the_nearest(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    up = put(tmp_path / "up", "Day/d1/0.jpg", "Foggy/d2/0.jpg", "nigth/d3/0.jpg", "nigth/d3/1.jpg")
    up = put(up, "Zebra/d4/0.jpg", "notes/readme.txt")
    status, printed = argus("submit", up, *FROM, *DIRS)
    assert status == 1
    assert unchanged(repo)
    assert "3 labels that no earlier delivery has" in printed
    assert "nigth: 2 images, such as nigth/d3/0.jpg; did you mean night?" in printed
    assert "Foggy: 1 images, such as Foggy/d2/0.jpg; did you mean fog?" in printed
    assert "Zebra: 1 images" in printed
    assert "notes" not in printed
    assert "Day:" not in printed
    assert "--new-label nigth --new-label Foggy --new-label Zebra" in printed
    # any that is not confirmed keeps all of it out
    status, printed = argus("submit", up, *FROM, *DIRS, "--new-label", "zebra")
    assert status == 1
    assert "2 labels" in printed
    assert "Zebra" not in printed
    assert unchanged(repo)


def test_what_is_confirmed_once_is_known_from_then_on(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    first = put(tmp_path / "a", "Foggy/d1/0.jpg", "night/d1/0.jpg", "lists/all.txt")
    meant = ("--new-label", "Foggy")
    assert argus("submit", first, *FROM, *DIRS, "--delivery", "a", *meant)[0] == 0
    tracker = Path("data/raw/cam/a.dvc")
    assert yaml.safe_load(tracker.read_text())["meta"] == {"labels": {"foggy": 1, "night": 1}}
    assert sh("git", "status", "--porcelain") == "A  data/raw/cam/a.dvc\n"
    # the same command again, with and without the flag, has nothing to do
    for flags in (meant, ()):
        status, printed = argus("submit", first, *FROM, *DIRS, "--delivery", "a", *flags)
        assert status == 0
        assert "nothing to do" in printed
    second = put(tmp_path / "b", "FOGGY /d2/0.jpg", "fogy/d2/0.jpg", "snow/d3/0.jpg")
    status, printed = argus("submit", second, *FROM, *DIRS, "--delivery", "b")
    assert status == 1
    assert "1 label " in printed
    assert "fogy: 1 images" in printed
    assert "did you mean foggy?" in printed
    assert "earlier deliveries: foggy, night" in printed
    shutil.rmtree(second / "fogy")
    status, printed = argus("submit", second, *FROM, *DIRS, "--delivery", "b")
    assert status == 0
    assert "no earlier delivery has these labels: snow (1 images)" in printed


def test_labels_are_known_where_the_data_is_not(repo: Path, argus: Argus, tmp_path: Path) -> None:
    first = put(tmp_path / "a", "gloom/d1/0.jpg")
    confirmed = ("--delivery", "a", "--new-label", "gloom")
    assert argus("submit", first, *FROM, *DIRS, *confirmed)[0] == 0
    later = put(tmp_path / "b", "gloom/d2/0.jpg")
    shutil.rmtree("data/raw/cam/a")  # as in a clone
    tracker = Path("data/raw/cam/a.dvc")
    status, printed = argus("submit", later, *FROM, *DIRS, "--dry-run")
    assert status == 0
    assert "not compared with cam/a" in printed
    assert "dvc pull" in printed

    # a delivery of before labels were written down: the report of the last turn tells
    tracker.write_text(tracker.read_text().split("meta:")[0])
    assert argus("submit", later, *FROM, *DIRS, "--dry-run")[0] == 1
    report = Path("reports/split.json")
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"per_class": {"train": {"gloom": 3, "unknown": 1}}}))
    assert argus("submit", later, *FROM, *DIRS, "--dry-run")[0] == 0
    other = put(tmp_path / "c", "glom/d2/0.jpg")
    assert "did you mean gloom?" in argus("submit", other, *FROM, *DIRS)[1]


def test_labels_of_all_sources_in_use_are_known_and_of_no_others(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    Path("data/sources/other.yaml").write_text(CARD.replace("source: cam", "source: other"))
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("sources: [cam]", "sources: [cam, other]"))
    first, later = put(tmp_path / "a", "gloom/d1/0.jpg"), put(tmp_path / "b", "gloom/d2/0.jpg")
    of_other = ("--source", "other", "--delivery", "a", "--new-label", "gloom")
    assert argus("submit", first, *of_other, *DIRS)[0] == 0
    assert argus("submit", later, *FROM, *DIRS, "--dry-run")[0] == 0
    card = Path("data/sources/other.yaml")
    card.write_text(card.read_text() + "deliveries:\n  a: {purposes: []}\n")  # taken back
    assert argus("submit", later, *FROM, *DIRS, "--dry-run")[0] == 1


def test_a_flag_must_name_a_label_that_comes(repo: Path, argus: Argus, tmp_path: Path) -> None:
    up = put(tmp_path / "up", "day/d1/0.jpg")
    for flag in ("nigth", "unknown", ""):
        status, printed = argus("submit", up, *FROM, *DIRS, "--new-label", flag)
        assert status == 1
        assert "no image has this label; there are day" in printed
    assert unchanged(repo)


def test_labels_of_lists_formats_and_shards_are_checked_too(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    listed = put(tmp_path / "csv", "0.jpg", "1.jpg")
    (listed / "index.csv").write_text("path,label\n0.jpg,Tag\n1.jpg,n/a\n")
    status, printed = argus("submit", listed, *FROM, "--format", "csv")
    assert status == 1
    assert "Tag: 1 images, such as 0.jpg; did you mean day?" in printed
    assert "n/a: 1 images, such as 1.jpg; leave it empty where" in printed

    classes = put(tmp_path / "if", "train/nightt/0.jpg", "val/day/0.jpg")
    status, printed = argus("submit", classes, *FROM, "--format", "imagefolder")
    assert status == 1
    assert "nightt: 1 images" in printed
    assert "did you mean night?" in printed

    shards = tmp_path / "tar"
    shards.mkdir()
    with tarfile.open(shards / "a.tar", "w") as tar:
        for name, content in (("0.jpg", b"image"), ("0.json", b'{"label": "Rainny"}')):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    status, printed = argus("submit", shards, *FROM)
    assert status == 1
    assert "Rainny: 1 images, such as 0.jpg; did you mean rain?" in printed
    assert unchanged(repo)


def test_labels_of_clips_are_checked_too(repo: Path, argus: Argus, tmp_path: Path) -> None:
    clip.write(tmp_path / "up/nigth/0.mp4", [0, 0.5])
    options = (*FROM, "--fps", "2", "--label-from", "dirs")
    status, printed = argus("submit", tmp_path / "up", *options)
    assert status == 1
    assert "nigth: 2 images" in printed
    assert "did you mean night?" in printed
    assert unchanged(repo)


@pytest.mark.parametrize(
    ("paths", "submitted", "words"),
    [
        # one folder too deep, below one that is named after a condition
        (["day/0006R0_1hz/0.jpg", "day/0016E5/0.jpg"], "day", "lie in a folder called day"),
        # one too deep, and nothing above tells
        (["0006R0_1hz/0.jpg", "0016E5_15hz/0.jpg"], "", "First folders: 0006R0_1hz, 0016E5_15hz"),
        # one too high
        (["acme/day/d1/0.jpg", "acme/night/d2/0.jpg"], "", "Below acme lie day, night"),
        (["train/day/d1/0.jpg", "val/day/d2/0.jpg"], "", "Below train, val lie day"),
        (["train/images/0.jpg", "val/images/1.jpg"], "", "below them: images"),
        (["JPEGImages/0.jpg"], "", "First folders: JPEGImages; below them: no folder"),
        ([f"trip{n:02d}x/0.jpg" for n in range(30)], "", "and 26 more; below them: no folder"),
    ],
)
def test_folders_of_another_level_are_shown(
    repo: Path, argus: Argus, tmp_path: Path, paths: list[str], submitted: str, words: str
) -> None:
    up = put(tmp_path / "up", *paths)
    status, printed = argus("submit", up / submitted, *FROM, *DIRS)
    assert status == 1
    assert words in printed
    assert unchanged(repo)
    assert len(printed.splitlines()) < 24


def test_a_slip_of_the_pen_is_no_question_of_levels(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    up = put(tmp_path / "up", "nigth/d1/0.jpg", "night2/d1/0.jpg")
    _, printed = argus("submit", up, *FROM, *DIRS)
    assert "2 labels" in printed
    assert "First folders" not in printed


@pytest.mark.parametrize(
    ("paths", "submitted", "options", "words"),
    [
        (["0.jpg", "1.jpg"], "", (), "no sequence is known of 2 of 2 images"),
        (
            ["day/d1/0.jpg", "day/1.jpg", "day/2.txt"],
            "",
            (*DIRS, "--dry-run"),
            "no sequence is known of 1 of 2 images, such as day/1.jpg",
        ),
        (
            ["night/d1/0.jpg"],
            "",
            (*DIRS[2:], "--dry-run"),
            "no image has a label, but folders are called night",
        ),
        (
            ["day/cam1/0.jpg", "night/cam1/0.jpg", "night/cam2/0.jpg"],
            "",
            (*DIRS, "--dry-run"),
            "1 drives have images of several labels, such as cam/cam1 (day, night)",
        ),
        (
            ["night/0.jpg"],
            "night",
            (*DIRS, "--dry-run"),
            "no image has a label, but the folder submitted is called night",
        ),
        (
            [f"{n}/0.jpg" for n in range(9)],
            "",
            (*DIRS[2:], "--dry-run"),
            "each of 9 drives has one image",
        ),
    ],
)
def test_what_is_odd_about_drives_is_remarked_on(
    repo: Path,
    argus: Argus,
    tmp_path: Path,
    paths: list[str],
    submitted: str,
    options: tuple[str, ...],
    words: str,
) -> None:
    up = put(tmp_path / "up", *paths)
    status, printed = argus("submit", up / submitted, *FROM, *options)
    assert status == 0
    assert f"warning: {words}" in printed


def test_there_is_nothing_to_remark_on_an_ordinary_delivery(
    repo: Path, argus: Argus, tmp_path: Path
) -> None:
    up = put(tmp_path / "up", "Day/d1/0.jpg", "Day/d1/1.jpg", "night/d2/0.jpg", "dusk/d3/0.jpg")
    status, printed = argus("submit", up, *FROM, *DIRS)
    assert status == 0
    assert "warning" not in printed
