"""What a delivery must fulfil before any of its images is copied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from argus.cli.intake.batch import Batch
from argus.cli.intake.clips.containers import require_no_clip
from argus.cli.intake.folder import RESERVED, require_names
from argus.cli.intake.incoming import Incoming, describe_batch
from argus.cli.sources.rights import delivery_refusals
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data import rights_cards
from argus.data.manifests import DELIVERY, Manifest, newest, stamp
from argus.data.pulled import tracker_of

LONGEST_NAME = 100


@dataclass(frozen=True)
class PendingDelivery:
    """A delivery that its source may make: its name, the origin of its images, and when it comes
    in, in UTC.
    """

    source: str
    name: str
    origin: str
    now: datetime

    @property
    def target(self) -> Path:
        """Where it is going to lie."""
        return RAW / self.source / self.name

    def manifest(self, batch: Batch) -> Manifest:
        """What is going to describe it."""
        return Manifest(
            delivery=self.name,
            received_at=self.now,
            label_from=batch.label_from,
            sequence_from=batch.sequence_from,
        )


def admit(source: str, delivery: str | None, now: datetime) -> PendingDelivery:
    """A delivery of a source, before anything of it is read.

    Args:
        source: whose it is.
        delivery: its name; the time of arrival if None.
        now: the time of arrival, with a zone.

    Raises:
        ArgusError: the source may not deliver, it cannot be called so, the name is half taken, or
            the clock is behind.
    """
    now = now.astimezone(UTC)
    name = delivery or now.strftime("%Y%m%dT%H%M%SZ")
    require_name(name)
    coming = PendingDelivery(source, name, require_may_deliver(source, name, now), now)
    if coming.target.exists() != tracker_of(coming.target).exists():
        raise already_exists(coming.target)
    require_later(now)
    return coming


def check_batch(batch: Batch, coming: PendingDelivery) -> Incoming:
    """The images of a delivery.

    Raises:
        ArgusError: they may not come in as this source's, or something of them cannot be delivered
            under its name.
    """
    require_origin(batch, coming.origin, coming.source)
    require_names(batch.items)
    require_no_clip(batch.items)
    return describe_batch(batch, coming.source, coming.manifest(batch), coming.origin)


def already_exists(target: Path) -> ArgusError:
    """The error that a delivery of this name is there."""
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


def require_may_deliver(source: str, delivery: str, now: datetime) -> str:
    """The origin of a source that may deliver.

    Raises:
        ArgusError: it has no valid card, is not on `sources`, is made by a stage, or its card keeps
            its images out today.
    """
    settings = params.load()
    if not re.fullmatch(rights_cards.NAME, source):
        raise ArgusError(f"'{source}' cannot name a source: lower-case letters, digits, '_', '-'")
    card = rights_cards.read(source)
    if source not in settings.sources:
        raise ArgusError(
            f"source '{source}' has a card but is retired: put it back on `sources` in params.yaml"
        )
    if source in settings.rendered:
        raise ArgusError(f"source '{source}' is rendered by the pipeline, which owns its folder")
    found = delivery_refusals(card, delivery, settings.ingest, now.date())
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
