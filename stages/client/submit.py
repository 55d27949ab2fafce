"""Take images in as a delivery: copied, described, tracked, and never changed again.

Where the images come from is a `Way` (stages/client/items.py): a function that is called with an
empty scratch folder and returns a `Batch` of items. A new one plugs in with three lines, here for
frames that some `frames(clip, into) -> list[Item]` writes into the scratch folder:

    def clip(path: Path) -> Way:
        return lambda scratch: Batch(frames(path, scratch))

    submit(clip(path), source, delivery, now)

All checks, the lock, the copy (or the shards), the index, DVC, and the undoing are done here.
"""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from stages.client import workspace
from stages.client.audit import rights, tracker_of
from stages.client.containers import require_no_clip
from stages.client.folder import RESERVED, copy, require_names
from stages.client.items import Batch, Way
from stages.client.records import stamp, text_of, write_index, write_origin, write_shards
from stages.client.recovery import SCRATCH, undone_unless_done
from stages.client.terminal import say
from stages.client.tracked import require_tracked
from stages.common import cards, params
from stages.common.errors import ArgusError
from stages.common.files import remove
from stages.ingest.deliveries import (
    DELIVERY,
    MANIFEST,
    RAW,
    Manifest,
    described,
    newest,
    read_manifest,
)
from stages.ingest.index import INDEX

LONGEST_NAME = 100


def submit(
    way: Way, source: str, delivery: str | None, now: datetime, shard: bool = False
) -> pl.DataFrame:
    """Copy what comes that way to `data/raw/<source>/<delivery>` and `dvc add` it.

    Args:
        way: where the images come from; called when the source has been admitted.
        delivery: its name; the time of arrival if None.
        now: the time of arrival, with a zone.
        shard: write the images into `.tar` shards, a few large files in place of many small ones.

    Returns:
        A row per image as ingest will see it (`deliveries.described`).

    Raises:
        ArgusError: the source may not deliver, the name is taken, what comes in holds something
            else than plain files, or DVC cannot track it. Then nothing has changed.
    """
    now = now.astimezone(UTC)
    name = delivery or now.strftime("%Y%m%dT%H%M%SZ")
    with workspace.exclusive("argus submit"):
        require_name(name)
        origin = admitted(source, name, now)
        target = RAW / source / name
        if target.exists() != tracker_of(target).exists():
            raise _exists(target)
        require_later(now)
        with scratch() as (space, room):
            batch = way(space)
            require_origin(batch, origin, source)
            require_names(batch.items)
            require_no_clip(batch.items)
            earlier = latest(source) if delivery is None else target
            if target.exists() and not shard:  # most differ in their names: no need to copy first
                names = {item.path for item in batch.items}
                if names != files_in(target) - {MANIFEST, INDEX}:
                    raise _exists(target)
            built = room / name
            write(batch, built, now, shard)
            if earlier and earlier.exists() and same(built, earlier):
                say(f"these files are in already, as {source}/{earlier.name}: nothing to do")
                return described(source, earlier, origin)
            if target.exists():
                raise _exists(target)
            with undone_unless_done(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(built, target)
                workspace.dvc("add", str(target))
                require_tracked(target)
                if batch.imported:
                    write_origin(tracker_of(target), batch.imported)
                return described(source, target, origin)


def write(batch: Batch, into: Path, now: datetime, shard: bool) -> None:
    """Write a delivery's files, named by its folder: images or shards, index, manifest."""
    into.mkdir()
    if shard:
        write_shards(batch.items, into)
    else:
        copy(batch.items, into)
        write_index(batch.items, into)
    manifest = Manifest(
        delivery=into.name,
        received_at=now,
        label_from=batch.label_from,
        sequence_from=batch.sequence_from,
    )
    (into / MANIFEST).write_text(text_of(manifest), encoding="utf-8")


def latest(source: str) -> Path | None:
    """The last delivery of a source of those that are here and not withdrawn; None if there is
    none."""
    card = cards.read(source)
    found = [path.parent for path in (RAW / source).glob(f"*/{MANIFEST}")]
    found = [folder for folder in found if not card.withdrawal(folder.name)]
    tracked = [folder for folder in found if tracker_of(folder).exists()]
    return max(tracked, key=lambda folder: read_manifest(folder).received_at, default=None)


def same(new: Path, old: Path) -> bool:
    """Whether two deliveries hold the same bytes and are read alike; name and time do not count.

    So a command that was killed when all was done, but before it had ended, can be repeated.
    """
    files = files_in(new)
    if files != files_in(old):
        return False
    news, olds = (read_manifest(folder) for folder in (new, old))
    if (news.label_from, news.sequence_from) != (olds.label_from, olds.sequence_from):
        return False
    return all(filecmp.cmp(new / name, old / name, shallow=False) for name in files - {MANIFEST})


def files_in(folder: Path) -> set[str]:
    """All files of a delivery, relative with `/`."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _exists(target: Path) -> ArgusError:
    return ArgusError(
        f"delivery '{target.name}' of '{target.parent.name}' exists: deliveries are never changed "
        "or added to, so bring new images in under a name of their own (`--delivery ID`)"
    )


def require_name(delivery: str) -> None:
    """Raises:
    ArgusError: a delivery cannot be called so.
    """
    fits = re.fullmatch(DELIVERY, delivery) and len(delivery) <= LONGEST_NAME
    if not fits or RESERVED.fullmatch(delivery):
        raise ArgusError(
            f"'{delivery}' cannot name a delivery: letters, digits, '.', '_' and '-', beginning "
            f"with a letter or digit, not ending in '.dvc', at most {LONGEST_NAME}"
        )


def admitted(source: str, delivery: str, now: datetime) -> str:
    """The origin of a source that may deliver.

    Raises:
        ArgusError: it has no valid card, is not on `sources`, is made by a stage, or its card keeps
            its images out today.
    """
    settings = params.load()
    if not re.fullmatch(cards.NAME, source):
        raise ArgusError(f"'{source}' cannot name a source: lower-case letters, digits, '_', '-'")
    card = cards.read(source)
    if source not in settings.sources:
        raise ArgusError(
            f"source '{source}' has a card but is retired: put it back on `sources` in params.yaml"
        )
    if source in settings.rendered:
        raise ArgusError(f"source '{source}' is rendered by the pipeline, which owns its folder")
    found = rights(card, delivery, settings.ingest, now.date())
    if found:
        raise ArgusError(f"source '{source}' may not deliver: {found[0]} (see its rights card)")
    return card.origin


def require_origin(batch: Batch, origin: str, source: str) -> None:
    """Raises:
    ArgusError: the images are known to be rendered and would come in as a camera's.
    """
    if batch.rendered and origin == "camera":
        raise ArgusError(
            f"these images are rendered, but the rights card of '{source}' says `origin: camera`: "
            "bring them in under a source of their own whose card says `origin: rendered`"
        )


def require_later(now: datetime) -> None:
    """Raises:
    ArgusError: a delivery came in later than now, so the order of arrival would not hold.
    """
    last = newest()
    if last is not None and now <= last:
        raise ArgusError(
            f"the clock says {stamp(now)}, but a delivery came in at {stamp(last)}: images are "
            "judged in order of arrival, so set the clock right first"
        )


@contextmanager
def scratch() -> Iterator[tuple[Path, Path]]:
    """Two empty folders that are gone afterwards: for the way in, and for the delivery.

    They lie apart from `data/raw`, where whatever lies counts as data.
    """
    space, room = SCRATCH / "way", SCRATCH / "delivery"
    space.mkdir(parents=True)
    room.mkdir()
    try:
        yield space, room
    finally:
        remove(SCRATCH)
