"""The images of a delivery as far as names, `delivery.yaml` and `index.csv` tell: none is opened.

A delivery is an immutable folder of images with a manifest (`manifests.py`) that says how to read
it. Which deliveries there are, `pulled.py` knows.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path

import polars as pl

from argus.core.errors import ArgusError
from argus.core.paths import CARDS, RAW
from argus.data import archives, index, manifests, names, shards
from argus.data.catalogue import SCHEMA
from argus.data.index import INDEX, KNOWN
from argus.data.manifests import MANIFEST, Manifest

IN_DVCS_CACHE = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")
"""Where DVC keeps content; with `cache.type symlink` a delivery's files are links to there."""

FOUND: dict[str, pl.DataType] = {
    **{name: SCHEMA[name] for name in ("path", "member", "offset", "size")},
    "mtime_ns": pl.Int64(),
    **KNOWN,
    "status": pl.String(),
}
"""What is known of an image before it is opened."""


def files_of(folder: Path) -> list[str]:
    """Paths of all files of a delivery, relative with `/`, sorted; but those that describe it, and
    those that a desktop leaves in every folder that it shows.

    Raises:
        ArgusError: there is none.
    """
    paths = []
    for place, _, files in os.walk(folder):
        inside = os.path.relpath(place, folder)
        paths += files if inside == "." else [f"{inside}/{name}" for name in files]
    paths = sorted(p for p in paths if p not in (MANIFEST, INDEX) and not names.is_leftover(p))
    if not paths:
        raise ArgusError(
            f"delivery {folder} is empty: `dvc pull` it if its files are elsewhere, "
            "or remove it and its .dvc file"
        )
    return paths


def described(source: str, folder: Path, origin: str) -> pl.DataFrame:
    """The rows of a delivery as far as names tell: one for each image, none of them opened.

    With `label_from: dirs` the first folder is the label; with `sequence_from: dirs` the folders
    below it (all of them, if labels are not folders) name the sequence, `<source>/<folders>`, so
    that a later delivery of the same folder goes on with the same drive. The folders of an image in
    a shard are those that the shard lies in and then those of its name inside. With `index` both,
    and the capture time, stand in `index.csv` or, for an image in a shard, beside it in the shard.
    Wherever they stand, labels and sequences are spelt as `names.label` and `names.sequence` say.

    Returns:
        The columns of the catalogue that are known by now, and `mtime_ns` of the file.

    Raises:
        ArgusError: the manifest, the index or a shard is invalid.
    """
    manifest = manifests.read(folder)
    files = [(path, folder / path) for path in files_of(folder)]
    listed = "index" in (manifest.label_from, manifest.sequence_from) and (folder / INDEX).exists()
    known = index.read(folder) if listed else None
    return spelt(as_written(files, manifest, known), source, manifest, origin)


def as_written(
    files: Iterable[tuple[str, Path]], manifest: Manifest, known: pl.DataFrame | None
) -> pl.DataFrame:
    """The images in the files of a delivery, label and sequence as whoever sent them wrote them.

    Args:
        files: their names in the delivery, and where they lie.
        manifest: of the delivery.
        known: what is listed of them, as `index.read` gives it.

    Returns:
        The columns `FOUND`.

    Raises:
        ArgusError: a shard is invalid.
    """
    rows = [row for path, file in files for row in _rows(path, file)]
    frame = pl.DataFrame(rows, schema=FOUND, orient="row")
    if known is not None:
        frame = frame.join(known, on="path", how="left", maintain_order="left", suffix="_known")
        frame = frame.with_columns(pl.coalesce(name, f"{name}_known").alias(name) for name in KNOWN)
    named = [
        _by_folder(folders_of(*row), manifest) for row in frame.select("path", "member").rows()
    ]
    by_folder = pl.DataFrame(named, schema=["label", "sequence"], orient="row")
    if manifest.label_from != "index":
        frame = frame.with_columns(by_folder["label"].cast(pl.String))
    if manifest.sequence_from != "index":
        frame = frame.with_columns(by_folder["sequence"].cast(pl.String))
    return frame.select(*FOUND)


def spelt(written: pl.DataFrame, source: str, manifest: Manifest, origin: str) -> pl.DataFrame:
    """The rows of a delivery, as `described` gives them, of what `as_written` found."""
    frame = written.with_columns(
        names.respelt(written["label"], names.label),
        names.respelt(written["sequence"], names.sequence),
    )
    received = manifest.received_at.astimezone(UTC).replace(tzinfo=None)
    return frame.select(
        pl.lit(source).alias("source"),
        pl.lit(manifest.delivery).alias("delivery"),
        "path",
        "member",
        "offset",
        "size",
        "mtime_ns",
        pl.lit(received, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC").alias("received_at"),
        "label",
        pl.when(pl.col("label").is_not_null()).then(pl.lit("delivered")).alias("label_provenance"),
        (pl.lit(f"{source}/") + pl.col("sequence")).alias("sequence"),
        "captured_at",
        pl.lit(origin).alias("origin"),
        "status",
    )


def _rows(path: str, file: Path) -> Iterator[tuple[object, ...]]:
    """The images in one file of a delivery, in the columns `FOUND`."""
    about = file.lstat()
    if stat.S_ISLNK(about.st_mode):
        if not IN_DVCS_CACHE.search(os.path.realpath(file)):
            yield (path, None, None, None, None, None, None, None, "symbolic_link")
            return
        about = file.stat()
    if not archives.is_shard(path):
        packed = not names.is_image(path) and archives.packed(file) is not None
        status = "packed" if packed else None
        yield (path, None, None, about.st_size, about.st_mtime_ns, None, None, None, status)
        return
    found = shards.contents(file)
    for member in found.images:
        known = [member.about.get(name) for name in KNOWN]
        status = "packed" if member.name in found.packed else None
        yield (path, member.name, member.offset, member.size, about.st_mtime_ns, *known, status)


def folders_of(path: str, member: str | None) -> list[str]:
    """The folders that an image lies in, from the top: those of its file, then those of its name
    in the shard. Where a shard repeats the folders that it lies in (`day/a.tar` with
    `day/d1/0.jpg`), they count once."""
    above = path.split("/")[:-1]
    if member is None:
        return above
    inside = member.split("/")[:-1]
    shared = range(min(len(above), len(inside)), 0, -1)
    outer, inner = ([names.caseless(n.strip()) for n in folders] for folders in (above, inside))
    twice = next((n for n in shared if outer[-n:] == inner[:n]), 0)
    return above + inside[twice:]


def _by_folder(folders: list[str], manifest: Manifest) -> tuple[str | None, str | None]:
    """Label and sequence as folders name them; None where the manifest does not say so."""
    label = folders.pop(0) if manifest.label_from == "dirs" and folders else None
    by_folder = manifest.sequence_from == "dirs" and folders
    return label, "/".join(folders) if by_folder else None


def require_there(parameter: str, names: Iterable[str], source: str) -> None:
    """That what a parameter names is there: else it was meant for another.

    Args:
        parameter: its name in params.yaml.
        names: `<source>` or `<source>/<delivery>` each.
        source: the one whose deliveries are here.

    Raises:
        ArgusError: a source has no card, or this one not that delivery.
    """
    for name in names:
        of, _, delivery = name.partition("/")
        here = (RAW / name).is_dir() or of != source
        if not (CARDS / f"{of}.yaml").exists() or not here:
            raise ArgusError(
                f"{parameter} in params.yaml names '{name}', which is no "
                f"{'delivery' if delivery else 'source'} here: correct it, or take it out"
            )
