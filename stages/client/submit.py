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

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from stages.client import git, workspace
from stages.client.audit import rights, tracker_of
from stages.client.containers import require_no_clip
from stages.client.folder import RESERVED, copy, require_names
from stages.client.items import Batch, Way
from stages.client.records import (
    require_tracked,
    stamp,
    text_of,
    write_index,
    write_origin,
    write_shards,
)
from stages.common import cards, params
from stages.common.errors import ArgusError
from stages.common.files import atomic, remove
from stages.ingest.deliveries import DELIVERY, MANIFEST, RAW, Manifest, described, newest

LONGEST_NAME = 100
SCRATCH = workspace.TEMPORARY / "argus-submit"


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
    delivery = delivery or now.strftime("%Y%m%dT%H%M%SZ")
    with workspace.exclusive("argus submit"):
        require_name(delivery)
        origin = admitted(source, delivery, now)
        home = RAW / source
        target = home / delivery
        if target.exists() or tracker_of(target).exists():
            raise ArgusError(
                f"delivery '{delivery}' of '{source}' exists: deliveries are never changed or "
                "added to, so bring new images in under a name of their own (`--delivery ID`)"
            )
        remove_leftovers()
        require_later(now)
        with undone_on_failure(target):
            with atomic(target) as temporary, scratch() as space:
                batch = way(space)
                require_origin(batch, origin, source)
                require_names(batch.items)
                require_no_clip(batch.items)
                temporary.mkdir()
                if shard:
                    write_shards(batch.items, temporary)
                else:
                    copy(batch.items, temporary)
                    write_index(batch.items, temporary)
                manifest = Manifest(
                    delivery=delivery,
                    received_at=now,
                    label_from=batch.label_from,
                    sequence_from=batch.sequence_from,
                )
                (temporary / MANIFEST).write_text(text_of(manifest), encoding="utf-8")
            workspace.dvc("add", str(target))
            require_tracked(target)
            if batch.imported:
                write_origin(tracker_of(target), batch.imported)
            return described(source, target, origin)


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


def remove_leftovers() -> None:
    """Delete what a submission that was killed left half copied."""
    for path in (*RAW.glob("*/.*.part*"), SCRATCH):
        remove(path)


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    SCRATCH.mkdir(parents=True)
    try:
        yield SCRATCH
    finally:
        remove(SCRATCH)


@contextmanager
def undone_on_failure(target: Path) -> Iterator[None]:
    """Take a delivery and every trace of it away again if the block fails or is interrupted."""
    home = target.parent
    existed = home.exists()
    ignore = home / ".gitignore"
    ignored = ignore.read_bytes() if ignore.exists() else None
    try:
        yield
    except BaseException:
        remove(target)
        remove(tracker_of(target))
        if ignored is None:
            remove(ignore)
        else:
            ignore.write_bytes(ignored)
        git.attempt("reset", "--quiet", "--", str(tracker_of(target)), str(ignore))
        if not existed:
            with suppress(OSError):
                home.rmdir()
        raise
