"""The deliveries on disk: reproducible, well described, with every planted fault."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from PIL import Image, UnidentifiedImageError

from argus.core.errors import ArgusError
from argus.core.params import Demo
from argus.data import manifests
from stages.demo.deliver import LAPSED, WEEKS, deliver, encode, plan
from stages.demo.world import CONDITIONS

SETTINGS = Demo(
    seed=7,
    size=(64, 96),
    drives=dict.fromkeys(CONDITIONS, 3),
    frames=2,
    twins={"day": "night"},
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert deliver(SETTINGS, folder, twins_of(folder), workers=2) == 3 * len(CONDITIONS) * 2 + 1
    return folder


def twins_of(home: Path) -> Path:
    return home.with_name(f"{home.name}-twins")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_bytes_do_not_depend_on_the_number_of_processes(home, tmp_path):
    deliver(SETTINGS, tmp_path, twins_of(tmp_path), workers=1)
    for one, other in ((home, tmp_path), (twins_of(home), twins_of(tmp_path))):
        files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
        assert files == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
        for file in files:
            assert digest(one / file) == digest(other / file), file


def test_files_hold_what_was_rendered_in_this_process(home):
    drive = plan(SETTINGS)[WEEKS[1]][0]
    written = home / WEEKS[1] / drive.condition / drive.name / "0001.jpg"
    assert written.read_bytes() == encode(drive)[1]


def test_every_frame_by_day_has_its_twin_by_night_and_no_other_has_one(home):
    by_day = [*home.glob("*/day/day-*/*.jpg")]
    assert len(by_day) == 6
    twins = {path.name for path in twins_of(home).iterdir()}
    assert twins == {f"{digest(path)}.night.jpg" for path in by_day}
    for name in twins:
        with Image.open(twins_of(home) / name) as image:
            assert image.size == (48, 32)  # half of the frame's


def test_without_twins_their_folder_is_there_and_empty_and_frames_are_the_same(home, tmp_path):
    deliver(SETTINGS.model_copy(update={"twins": {}}), tmp_path, twins_of(tmp_path), workers=2)
    assert not list(twins_of(tmp_path).iterdir())
    for path in tmp_path.rglob("*.jpg"):
        assert digest(path) == digest(home / path.relative_to(tmp_path))


def test_every_delivery_has_every_condition_and_no_drive_twice():
    deliveries = plan(SETTINGS)
    for drives in deliveries.values():
        assert {drive.condition for drive in drives} == set(CONDITIONS)
    names = [drive.name for drives in deliveries.values() for drive in drives]
    assert len(names) == len(set(names)) == 15


def test_manifests_are_what_ingest_reads_and_in_order_of_arrival(home):
    found = [manifests.read(home / name) for name in (LAPSED, *WEEKS)]
    assert {m.label_from for m in found} == {m.sequence_from for m in found} == {"dirs"}
    received = [m.received_at for m in found]
    assert received == sorted(set(received))
    text = (home / WEEKS[0] / "delivery.yaml").read_text()
    assert "received_at: 2026-01-05T08:00:00.000000Z" in text


def test_lapsed_delivery_is_the_one_that_the_rights_card_names(home):
    card = yaml.safe_load(Path("data/sources/demo.yaml").read_text())
    assert LAPSED in card["deliveries"]
    images = list((home / LAPSED).rglob("*.jpg"))
    assert len(images) == 1
    with Image.open(images[0]) as image:
        assert image.size == (96, 64)


def test_exact_copies_are_frames_of_the_delivery_before(home):
    for older, newer in pairwise(WEEKS):
        known = {digest(p) for p in (home / older).rglob("*.jpg")}
        copies = list((home / newer).rglob("exact-copy-of-*.jpg"))
        assert len(copies) == 3
        for copy in copies:
            assert digest(copy) in known
    first = list((home / WEEKS[0]).rglob("*.jpg"))
    assert len({digest(p) for p in first}) == len(first)


def test_bad_files_are_as_bad_as_their_names_say(home):
    place = home / WEEKS[-1] / CONDITIONS[0] / "planted"
    with Image.open(place / "truncated.jpg") as image, pytest.raises(OSError, match="truncated"):
        image.load()
    with pytest.raises(UnidentifiedImageError):
        Image.open(place / "text-file.jpg")
    with Image.open(place / "thumbnail-20x20.jpg") as image:
        image.load()
        assert image.size == (20, 20)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("drives", {"day": 3, "snow": 3}, "drives: unknown condition snow"),
        ("drives", {"day": 3, "fog": 2}, "fog needs at least 3"),
        ("twins", {"day": "snow"}, "twins: unknown condition snow"),
        ("twins", {"hail": "day"}, "twins: unknown condition hail"),
    ],
)
def test_impossible_settings_are_refused_with_their_name(name, value, message):
    with pytest.raises(ArgusError, match=message):
        plan(SETTINGS.model_copy(update={name: value}))
