"""What names alone tell of a delivery: order, labels and drives, and what cannot be read."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from argus.core import params
from argus.data.deliveries import described, files_of, folders_of
from stages.ingest.take_in import take_in
from tests.conftest import scene

Deliver = Callable[..., Path]
IMAGE = scene(1)


def png() -> bytes:
    buffer = io.BytesIO()
    IMAGE.save(buffer, "PNG")
    return buffer.getvalue()


def tar(*names: str, **about: dict[str, str]) -> bytes:
    """A shard of images of these names; `about` by key."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        contents = {name: png() for name in names}
        contents |= {f"{key}.json": json.dumps(known).encode() for key, known in about.items()}
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def rows(folder: Path, *columns: str) -> list[tuple[object, ...]]:
    return described("cam", folder, "camera").select(columns).rows()


def test_files_are_in_order_of_their_whole_names(deliver: Deliver) -> None:
    wanted = ["a!.png", "a-b/z.png", "a.png", "a/x.png", "a/z/0.png", "z.png"]
    folder = deliver("cam", "d", dict.fromkeys(reversed(wanted), IMAGE))
    assert wanted == sorted(wanted)  # a folder's name goes with the slash behind it
    assert files_of(folder) == wanted
    assert [path for (path,) in rows(folder, "path")] == wanted


def test_what_a_desktop_leaves_in_a_delivery_is_not_of_it(deliver: Deliver) -> None:
    folder = deliver("cam", "d", {"a.png": IMAGE, ".DS_Store": b"x", "day/._b.jpg": b"x"})
    assert rows(folder, "path", "status") == [("a.png", None)]


@pytest.mark.parametrize(
    ("path", "member", "folders"),
    [
        ("day/d1/a.png", None, ["day", "d1"]),
        ("a.png", None, []),
        ("s.tar", "day/d1/a.png", ["day", "d1"]),
        ("s.tar", "a.png", []),
        ("day/s.tar", "d1/a.png", ["day", "d1"]),
        ("day/d1/s.tar", "a.png", ["day", "d1"]),
        ("day/s.tar", "day/d1/a.png", ["day", "d1"]),
        ("up/day/s.tar", "up/day/d1/a.png", ["up", "day", "d1"]),
        ("up/day/s.tar", "day/d1/a.png", ["up", "day", "d1"]),
        ("Day /s.tar", "day/d1/a.png", ["Day ", "d1"]),
        ("day/s.tar", "night/d1/a.png", ["day", "night", "d1"]),
    ],
)
def test_an_image_lies_in_the_folders_of_its_shard_and_then_in_its_own(
    path: str, member: str | None, folders: list[str]
) -> None:
    assert folders_of(path, member) == folders


def test_however_a_tar_was_made_label_and_drive_are_the_same(deliver: Deliver) -> None:
    made = {
        "with-dot": {"s.tar": tar("./day/d1/a.png", "./night/d2/b.png")},
        "without": {"s.tar": tar("day/d1/a.png", "night/d2/b.png")},
        "below": {"day/s.tar": tar("./d1/a.png"), "night/S.TAR": tar("d2/b.png")},
        "repeated": {"day/s.tar": tar("day/d1/a.png"), "night/s.tar": tar("./night//d2/b.png")},
        "plain": {"day/d1/a.png": IMAGE, "night/d2/b.png": IMAGE},
    }
    for name, files in made.items():
        folder = deliver("cam", name, files, label_from="dirs", sequence_from="dirs")
        assert rows(folder, "label", "sequence") == [("day", "cam/d1"), ("night", "cam/d2")], name


def test_one_class_wherever_its_name_stands_and_however_it_is_written(deliver: Deliver) -> None:
    index = 'path,label,sequence,captured_at\na.png,"DAY ",./d1,\nb.png,unknown,,\nc.png, ,,\n'
    folders = deliver(
        "cam", "1", {f"{n}/x.png": IMAGE for n in ("Day", "day", "DAY ")}, label_from="dirs"
    )
    listed = deliver(
        "cam",
        "2",
        {"index.csv": index.encode(), **{f"{n}.png": IMAGE for n in "abc"}},
        label_from="index",
        sequence_from="index",
    )
    packed = tar("a.png", "b.png", a={"label": "dAY\n", "sequence": "d1/"}, b={"label": "Unknown"})
    shard = deliver("cam", "3", {"s.tar": packed}, label_from="index", sequence_from="index")
    assert rows(folders, "label") == [("day",)] * 3
    assert rows(listed, "label", "label_provenance", "sequence") == [
        ("day", "delivered", "cam/d1"),
        (None, None, None),
        (None, None, None),
    ]
    assert rows(shard, "label", "sequence") == [("day", "cam/d1"), (None, None)]


def test_an_archive_is_no_image_that_failed_but_packed(card: Callable, deliver: Deliver) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.png", png())
    card("cam")
    files = {
        "a.tar.gz": gzip.compress(tar("a.png")),
        "b.zip": zipped.getvalue(),
        "c.bin": zipped.getvalue(),
        "d": tar("a.png"),
        "e.rar": b"",
        "f.TAR": tar("x/f.png", "x/i.zip", "x/j.tar"),
        "g.jpg": gzip.compress(b"no image, and no archive by its name"),
        "h.txt": b"words",
    }
    deliver("cam", "d", files)
    images, decoded = take_in("cam", params.load().ingest.model_copy(update={"min_side": 32}))
    assert dict(images.select(pl.coalesce("member", "path"), "status").rows()) == {
        **dict.fromkeys(("a.tar.gz", "b.zip", "c.bin", "d", "e.rar"), "packed"),
        "x/i.zip": "packed",
        "x/j.tar": "packed",
        "x/f.png": "accepted",
        "g.jpg": "not_an_image",
        "h.txt": "not_an_image",
    }
    assert decoded == 3


def test_a_shard_with_nothing_in_it_has_no_rows(deliver: Deliver) -> None:
    folder = deliver("cam", "d", {"s.tar": b"\0" * 10240}, label_from="dirs", sequence_from="dirs")
    assert described("cam", folder, "camera").is_empty()
