"""Take a folder of images in as a delivery: copied, described, tracked, and never changed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl
import yaml

from stages.client import git, workspace
from stages.client.audit import rights, tracker_of
from stages.client.folder import RESERVED, copy, outside, plain_files
from stages.common import cards, params
from stages.common.errors import ArgusError
from stages.common.files import atomic, remove
from stages.ingest.deliveries import DELIVERY, MANIFEST, RAW, Manifest, described, newest

LONGEST_NAME = 100


def submit(
    path: Path,
    source: str,
    delivery: str | None,
    label_from: Literal["dirs", "none"],
    sequence_from: Literal["dirs", "none"],
    now: datetime,
) -> pl.DataFrame:
    """Copy the folder `path` to `data/raw/<source>/<delivery>` and `dvc add` it.

    Args:
        delivery: its name; the time of arrival if None.
        label_from, sequence_from: as in `Manifest`.
        now: the time of arrival, with a zone.

    Returns:
        A row per file with `delivery`, `path`, `label` and `sequence`, as ingest will see them.

    Raises:
        ArgusError: the source may not deliver, the name is taken, the folder holds something else
            than plain files, or DVC cannot track it. Then nothing has changed.
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
        folder = outside(path)
        files = plain_files(folder)
        remove_leftovers()
        require_later(now)
        manifest = Manifest(
            delivery=delivery, received_at=now, label_from=label_from, sequence_from=sequence_from
        )
        with undone_on_failure(target):
            with atomic(target) as temporary:
                copy(folder, files, temporary)
                (temporary / MANIFEST).write_text(text_of(manifest), encoding="utf-8")
            workspace.dvc("add", str(target))
            require_tracked(target, len(files) + 1)
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


def require_later(now: datetime) -> None:
    """Raises:
    ArgusError: a delivery came in later than now, so the order of arrival would not hold.
    """
    last = newest()
    if last is not None and now <= last:
        raise ArgusError(
            f"the clock says {_stamp(now)}, but a delivery came in at {_stamp(last)}: images are "
            "judged in order of arrival, so set the clock right first"
        )


def remove_leftovers() -> None:
    """Delete what a submission that was killed left half copied."""
    for path in RAW.glob("*/.*.part*"):
        remove(path)


def text_of(manifest: Manifest) -> str:
    """`delivery.yaml`."""
    return (
        f"delivery: {yaml.safe_dump(manifest.delivery).splitlines()[0]}\n"
        f"received_at: {_stamp(manifest.received_at)}\n"
        f"label_from: {manifest.label_from}\n"
        f"sequence_from: {manifest.sequence_from}\n"
    )


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


def require_tracked(target: Path, files: int) -> None:
    """Raises:
    ArgusError: DVC tracks fewer files than the delivery has, so a clone would lack some.
    """
    out = yaml.safe_load(tracker_of(target).read_text(encoding="utf-8"))["outs"][0]
    if out["nfiles"] != files:
        raise ArgusError(
            f"{files - out['nfiles']} of {files} files would not be tracked, as .dvcignore leaves "
            "them out (`dvc check-ignore FILE` tells which): take them out of the folder"
        )


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
