"""A shard is read from its first header to its end marker, or it is refused."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core.errors import ArgusError
from argus.data import archives, shards

BLOCK = 512
FILES = {"day/a.jpg": b"a" * 700, "day/b.jpg": b"b" * 512, "night/c.jpg": b"c" * 9}


def tar(files: dict[str, bytes], **options: object) -> bytes:
    """An uncompressed tar file with padding to a whole record, as GNU tar writes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


MEMBERS_END = sum(BLOCK + -(-len(content) // BLOCK) * BLOCK for content in FILES.values())
WHOLE = tar(FILES)
MARKER = b"\0" * 2 * BLOCK


def names(path: Path) -> list[str]:
    return [member.name for member in shards.contents(path).images]


def put(folder: Path, content: bytes) -> Path:
    path = folder / "s.tar"
    path.write_bytes(content)
    return path


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(ArgusError) as error:
        shards.contents(put(folder, content))
    assert str(folder / "s.tar") in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("zeros", [2 * BLOCK, 2 * BLOCK + 100, 10240, 3 << 20])
def test_the_end_marker_may_have_any_padding_behind_it(tmp_path: Path, zeros: int) -> None:
    path = put(tmp_path, WHOLE[:MEMBERS_END] + b"\0" * zeros)
    assert names(path) == list(FILES)
    for member, content in zip(shards.contents(path).images, FILES.values(), strict=True):
        assert path.read_bytes()[member.offset : member.offset + member.size] == content


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        (WHOLE, "holds day/a.jpg twice"),  # without a marker between, they are one archive
        (MARKER + WHOLE, "goes on at byte"),
        (b"\0" * BLOCK + WHOLE, "goes on at byte"),
        (b"\0" * 10240 + tar({"d.jpg": b"d"}), "goes on at byte"),
        (MARKER + b"words", "goes on at byte"),
        (b"\0" * (4 << 20) + b"\1", "goes on at byte"),
        (b"words", "damaged: at byte"),
        (b"w" * BLOCK + MARKER, "damaged: at byte"),
        (b"", "ends without the end marker"),
        (b"\0" * BLOCK, "ends without the end marker"),
        (b"\0" * (2 * BLOCK - 1), "ends without the end marker"),
    ],
)
def test_whatever_else_stands_behind_the_last_member_is_refused(
    tmp_path: Path, behind: bytes, words: str
) -> None:
    assert words in refused(tmp_path, WHOLE[:MEMBERS_END] + behind)


def test_a_header_that_was_overwritten_with_zeros_is_no_end(tmp_path: Path) -> None:
    damaged = WHOLE[: 3 * BLOCK] + b"\0" * BLOCK + WHOLE[4 * BLOCK :]
    assert f"goes on at byte {4 * BLOCK}, after its end at byte {3 * BLOCK}" in refused(
        tmp_path, damaged
    )


@pytest.mark.parametrize("cut", [100, BLOCK, BLOCK + 1, 2 * BLOCK, 5 * BLOCK + 3, MEMBERS_END - 1])
def test_a_shard_cut_off_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    assert refused(tmp_path, WHOLE[:cut])


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 2), at=st.integers(0, 499), change=st.integers(1, 255))
def test_a_damaged_header_is_refused_wherever_it_is(
    tmp_path_factory: pytest.TempPathFactory, place: int, at: int, change: int
) -> None:
    offset = (0, 3 * BLOCK, 5 * BLOCK)[place] + at
    assert WHOLE[offset - at :].startswith(list(FILES)[place].encode())
    damaged = bytearray(WHOLE)
    damaged[offset] ^= change
    path = put(tmp_path_factory.mktemp("damaged"), bytes(damaged))
    try:
        found = names(path)
    except ArgusError:
        return
    # what a byte of the sum itself is written with (blank or zero) does not matter
    assert found == list(FILES)
    assert 148 <= at < 156


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=3000), at=st.integers(0, MEMBERS_END))
def test_no_bytes_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int
) -> None:
    path = put(tmp_path_factory.mktemp("any"), WHOLE[:at] + content + WHOLE[at:])
    try:
        shards.contents(path)
    except ArgusError as error:
        said = str(error)
    else:
        return  # whole after all
    assert str(path) in said


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"\x80" + b"\x7f" * 11, b"\x80" + b"\0" * 6 + b"\x7f" * 5]
)
def test_a_size_that_no_file_has_is_refused(tmp_path: Path, size: bytes) -> None:
    header = bytearray(WHOLE[:BLOCK])
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert refused(tmp_path, bytes(header) + WHOLE[BLOCK:])
    assert refused(tmp_path, bytes(header) + MARKER)


def test_an_empty_file_is_no_tar_and_an_empty_tar_holds_nothing(tmp_path: Path) -> None:
    assert "empty file" in refused(tmp_path, b"")
    assert shards.contents(put(tmp_path, b"\0" * 10240)).images == []


def gnu_tar(folder: Path, *options: str) -> None:
    subprocess.run(["tar", "-C", str(folder), *options], check=True, capture_output=True)


@pytest.mark.parametrize("format", ["v7", "ustar", "gnu", "pax", "oldgnu"])
@pytest.mark.parametrize("blocking", ["1", "20", "127"])
def test_what_gnu_tar_writes_is_read_whole(tmp_path: Path, format: str, blocking: str) -> None:
    long = f"{'x' * 90}.jpg" if format in ("v7", "ustar") else f"{'x' * 200}/{'é' * 90}.jpg"
    sent = {**FILES, long: b"l"}
    for name, content in sent.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)
    made = tmp_path / "s.tar"
    gnu_tar(tmp_path / "in", f"--format={format}", "-b", blocking, "-cf", str(made), ".")
    assert sorted(names(made)) == sorted(sent)
    (tmp_path / "in/later.jpg").write_bytes(b"later")
    gnu_tar(tmp_path / "in", f"--format={format}", "-rf", str(made), "./later.jpg")
    assert sorted(names(made)) == sorted([*sent, "later.jpg"])
    other = tmp_path / "other.tar"
    (tmp_path / "in/other.jpg").write_bytes(b"other")
    gnu_tar(tmp_path / "in", "-cf", str(other), "other.jpg")
    gnu_tar(tmp_path, "-Af", str(made), str(other))
    assert sorted(names(made)) == sorted([*sent, "later.jpg", "other.jpg"])


def link(kind: bytes) -> Callable[[Path], bytes]:
    def make(_: Path) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo("odd.jpg")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        return buffer.getvalue()

    return make


def sparse(*options: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        with (folder / "odd.jpg").open("wb") as stream:
            stream.truncate(1 << 20)
            stream.seek(1 << 19)
            stream.write(b"x" * 4096)
        gnu_tar(folder, "--sparse", *options, "-cf", str(folder / "made"), "odd.jpg")
        return (folder / "made").read_bytes()

    return make


@pytest.mark.parametrize(
    "make",
    [
        *(link(kind) for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE)),
        *(link(kind) for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, b"V")),
        sparse("--format=gnu"),
        *(sparse("--format=posix", f"--sparse-version={v}") for v in ("0.0", "0.1", "1.0")),
    ],
)
def test_what_is_no_plain_file_is_refused_by_name(
    tmp_path: Path, make: Callable[[Path], bytes]
) -> None:
    message = refused(tmp_path, make(tmp_path))
    assert "odd.jpg is a link, a device, a sparse file or the like: take it out" in message


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("./day/a.jpg", "day/a.jpg"),
        ("day//a.jpg", "day/a.jpg"),
        ("day/./a.jpg", "day/a.jpg"),
        ("././day/.//a.jpg", "day/a.jpg"),
    ],
)
def test_a_name_has_one_spelling(tmp_path: Path, written: str, spelt: str) -> None:
    assert names(put(tmp_path, tar({written: b"x"}))) == [spelt]
    message = refused(tmp_path, tar({spelt: b"x", written: b"y"}))
    assert f"holds {spelt} and {written}, which are one name" in message


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    once, again = tar({"a.jpg": b"x"}), tar({"a.jpg": b"y"})
    assert "holds a.jpg twice" in refused(tmp_path, once[: 2 * BLOCK] + again)


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_name_that_is_no_utf8_is_told_by_its_bytes(tmp_path: Path, format: int) -> None:
    name = os.fsdecode(b"stra\xdfe/caf\xe9.jpg")
    message = refused(tmp_path, tar({name: b"x"}, format=format, errors="surrogateescape"))
    assert r"the name stra\xdfe/caf\xe9.jpg is not UTF-8" in message


def test_what_a_mac_adds_is_left_out_with_a_count(tmp_path: Path) -> None:
    files = {
        "._a.jpg": b"\0\5\26\7",
        "a.jpg": b"a",
        "._a.json": b"\0\5\26\7",
        "a.json": b'{"label": "day"}',
        "__MACOSX/._a.jpg": b"",
        ".DS_Store": b"Bud1",
    }
    found = shards.contents(put(tmp_path, tar(files)))
    assert [(image.name, image.about["label"]) for image in found.images] == [("a.jpg", "day")]
    assert found.left_out == 4


def test_records_of_one_image_add_to_each_other_and_one_without_an_image_is_reported(
    tmp_path: Path,
) -> None:
    files = {
        "./a.meta.json": b'{"label": "fog", "sequence": "d1"}',
        "a.jpg": b"a",
        "a.json": b'{"label": "day", "sequence": null}',
        "a.extra.json": b'{"label": null, "captured_at": "2026-01-02T03:04:05"}',
        "b.JSON": b'{"label": "night"}',
    }
    found = shards.contents(put(tmp_path, tar(files)))
    about = found.images[0].about
    assert (about["label"], about["sequence"]) == ("day", "d1")
    assert about["captured_at"].year == 2026
    assert found.alone == ["b.JSON"]


def test_a_label_that_is_no_text_is_refused(tmp_path: Path) -> None:
    files = {"a.jpg": b"a", "a.json": b'{"label": "\\ud800"}'}
    assert "a.json must be a JSON object" in refused(tmp_path, tar(files))


def test_a_record_that_is_nested_without_end_is_no_fault_of_the_archive(tmp_path: Path) -> None:
    files = {"a.jpg": b"a", "a.json": b"[" * 100_000}
    assert "a.json must be a JSON object" in refused(tmp_path, tar(files))


def test_a_packed_tar_is_told_by_what_it_begins_with(tmp_path: Path) -> None:
    assert "is no plain tar file but gzip" in refused(tmp_path, gzip.compress(WHOLE))


def test_a_tar_is_no_archive_of_another_kind_by_the_name_of_its_first_member(
    tmp_path: Path,
) -> None:
    for name in ("BZhang/1.jpg", "PK\x03\x04.jpg", "Rar!.jpg"):
        path = put(tmp_path, tar({name: b"x"}))
        assert archives.packed(path) is None
        assert names(path) == [name]
