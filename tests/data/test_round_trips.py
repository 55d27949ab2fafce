"""What describes a delivery is read as it was written: manifest, index and shard."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from argus.data import index, manifests, shards
from argus.data.manifests import Manifest
from argus.data.shards import Sample

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", fullmatch=True)
PLACEMENTS = st.sampled_from(["dirs", "index", "none"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))
KNOWN = st.tuples(st.none() | TEXTS, st.none() | TEXTS, st.none() | TIMES)
PARTS = st.text("abXY0.%_ é☃", min_size=1, max_size=6).map(lambda part: f"n{part}")
FILES = st.tuples(
    st.lists(PARTS, max_size=2), PARTS, st.sampled_from([".jpg", ".png"]), st.binary(max_size=600)
)


@given(NAMES, TIMES.map(lambda time: time.replace(tzinfo=UTC)), PLACEMENTS, PLACEMENTS)
def test_a_manifest_is_read_as_it_was_written(
    name: str, received: datetime, label: manifests.Placement, sequence: manifests.Placement
) -> None:
    written = Manifest(
        delivery=name, received_at=received, label_from=label, sequence_from=sequence
    )
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, name)
        folder.mkdir()
        manifests.write(folder, written)
        first = (folder / manifests.MANIFEST).read_bytes()
        assert manifests.read(folder) == written
        manifests.write(folder, manifests.read(folder))
        assert (folder / manifests.MANIFEST).read_bytes() == first


@given(st.dictionaries(TEXTS, KNOWN, min_size=1, max_size=5))
def test_an_index_is_read_as_it_was_written(known: dict[str, tuple[object, ...]]) -> None:
    rows = [(path, *facts) for path, facts in known.items()]
    schema = {"path": pl.String(), **index.KNOWN}
    written = pl.DataFrame(rows, schema=schema, orient="row")
    with tempfile.TemporaryDirectory() as top:
        index.write(Path(top), written)
        assert index.read(Path(top)).equals(written)


@given(
    st.lists(st.tuples(FILES, KNOWN), min_size=1, max_size=6), st.sampled_from([1, 3000, 1 << 20])
)
def test_shards_are_read_as_they_were_written(
    images: list[
        tuple[tuple[list[str], str, str, bytes], tuple[str | None, str | None, datetime | None]]
    ],
    limit: int,
) -> None:
    with tempfile.TemporaryDirectory() as top:
        samples = []
        for number, ((folders, stem, ending, data), facts) in enumerate(images):
            file = Path(top, str(number))
            file.write_bytes(data)
            samples.append(Sample(file, "/".join([*folders, f"{number}{stem}{ending}"]), *facts))
        samples = shards.named(samples)
        content = {s.name: s.file.read_bytes() for s in samples}
        shards.write(Path(top), samples, limit)
        found = []
        for shard in sorted(Path(top).glob("*.tar")):
            read = shards.contents(shard)
            assert (read.packed, read.left_out, read.alone) == ({}, 0, [])
            for image in read.images:
                at = shard.read_bytes()[image.offset : image.offset + image.size]
                assert at == content[image.name]
                found.append((image.name, *(image.about.get(fact) for fact in index.KNOWN)))
        assert found == [(s.name, s.label, s.sequence, s.captured_at) for s in samples]
