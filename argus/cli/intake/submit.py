"""Take images in as a delivery: copied, described, tracked, and never changed again.

Where the images come from is an `Importer` (argus/cli/intake/batch.py): a function that is called
with an empty scratch folder and returns a `Batch` of items. A new one plugs in with three lines,
here for frames that some `frames(clip, into) -> list[Item]` writes into the scratch folder:

    def clip(path: Path) -> Importer:
        return lambda scratch: Batch(frames(path, scratch))

    submit(clip(path), source, delivery, now)

All checks, the lock, the copy (or the shards), the index, DVC, and the undoing are done here.
"""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl

from argus.cli.intake.admission import admit, already_exists, check_batch
from argus.cli.intake.batch import Batch, Importer
from argus.cli.intake.checks.delivery_warnings import delivery_warnings
from argus.cli.intake.checks.earlier_deliveries import earlier_deliveries, known_labels
from argus.cli.intake.delivery_files import write_index, write_meta, write_shards
from argus.cli.intake.folder import copy_files
from argus.cli.intake.labels.new_labels import find_new_labels, require_known
from argus.cli.repository import workspace
from argus.cli.repository.recovery import SCRATCH, undone_unless_done
from argus.cli.sources.dvc_index import require_tracked
from argus.cli.terminal import say
from argus.core import params
from argus.core.errors import printable, warn
from argus.core.files import remove
from argus.core.paths import RAW
from argus.data import manifests, rights_cards
from argus.data.deliveries import described
from argus.data.index import INDEX
from argus.data.manifests import MANIFEST, Manifest
from argus.data.pulled import tracker_of


def submit(
    importer: Importer,
    source: str,
    delivery: str | None,
    now: datetime,
    shard: bool = False,
    new_labels: Sequence[str] = (),
) -> pl.DataFrame:
    """Copy what the importer brings to `data/raw/<source>/<delivery>` and `dvc add` it.

    Args:
        importer: where the images come from; called when the source has been admitted.
        source: whose images they are.
        delivery: its name; the time of arrival if None.
        now: the time of arrival, with a zone.
        shard: write the images into `.tar` shards, a few large files in place of many small ones.
        new_labels: labels that a person confirms, though no delivery has had them.

    Returns:
        A row per image as ingest will see it (`deliveries.described`).

    Raises:
        ArgusError: the source may not deliver, the name is taken, what comes in holds something
            else than plain files, a label is unknown, or DVC cannot track it. Then nothing has
            changed.
    """
    with workspace.exclusive("argus submit"):
        coming = admit(source, delivery, now)
        target = coming.target
        with scratch() as (space, room):
            batch = importer(space)
            files = check_batch(batch, coming)
            known = earlier_deliveries(params.load(), now.date())
            had = known_labels(known)
            require_known(files, had, new_labels)
            before = latest(source) if delivery is None else target
            if target.exists() and not shard:  # most differ in their names: no need to copy first
                names = {item.path for item in batch.items}
                if names != files_in(target) - {MANIFEST, INDEX}:
                    raise already_exists(target)
            built = room / coming.name
            write(batch, built, coming.manifest(batch), shard)
            if before and before.exists() and same(built, before):
                say(f"these files are in already, as {source}/{before.name}: nothing to do")
                return described(source, before, coming.origin)
            if target.exists():
                raise already_exists(target)
            for text in delivery_warnings(files, known, find_new_labels(files.images, had)):
                warn(printable(text))
            with undone_unless_done(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(built, target)
                workspace.dvc("add", str(target))
                require_tracked(target)
                write_meta(tracker_of(target), files.images, batch.imported)
                return described(source, target, coming.origin)


def write(batch: Batch, into: Path, manifest: Manifest, shard: bool) -> None:
    """Write a delivery's files, named by its folder: images or shards, index, manifest."""
    into.mkdir()
    if shard:
        write_shards(batch.items, into)
    else:
        copy_files(batch.items, into)
        write_index(batch.items, into)
    manifests.write(into, manifest)


def latest(source: str) -> Path | None:
    """The last delivery of a source of those that are here and not withdrawn; None if there is
    none.
    """
    card = rights_cards.read(source)
    found = [path.parent for path in (RAW / source).glob(f"*/{MANIFEST}")]
    found = [folder for folder in found if not card.withdrawal(folder.name)]
    tracked = [folder for folder in found if tracker_of(folder).exists()]
    return max(tracked, key=lambda folder: manifests.read(folder).received_at, default=None)


def same(new: Path, old: Path) -> bool:
    """Whether two deliveries hold the same bytes and are read alike; name and time do not count.

    So a command that was killed when all was done, but before it had ended, can be repeated.
    """
    files = files_in(new)
    if files != files_in(old):
        return False
    news, olds = (manifests.read(folder) for folder in (new, old))
    if (news.label_from, news.sequence_from) != (olds.label_from, olds.sequence_from):
        return False
    return all(filecmp.cmp(new / name, old / name, shallow=False) for name in files - {MANIFEST})


def files_in(folder: Path) -> set[str]:
    """All files of a delivery, relative with `/`."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def scratch() -> Iterator[tuple[Path, Path]]:
    """Two empty folders that are gone afterwards: for the importer, and for the delivery.

    They lie apart from `data/raw`, where whatever lies counts as data.
    """
    space, room = SCRATCH / "importer", SCRATCH / "delivery"
    space.mkdir(parents=True)
    room.mkdir()
    try:
        yield space, room
    finally:
        remove(SCRATCH)
