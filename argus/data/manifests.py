"""`delivery.yaml`, the manifest of a delivery: when it came in, and where its labels stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from argus.core.errors import ArgusError, explain
from argus.core.paths import RAW

MANIFEST = "delivery.yaml"
DELIVERY = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""Names that a delivery may have."""
Placement = Literal["dirs", "index", "none"]
"""Where a delivery says label or sequence of its images: in the names of folders, in `index.csv`
(in a shard: beside the image), or nowhere."""


class Manifest(BaseModel):
    """`delivery.yaml`, written once by `argus submit`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delivery: Annotated[str, Field(pattern=DELIVERY)]
    received_at: AwareDatetime  # the order of arrival over all sources; UTC, microseconds
    # dirs: the first folder is the label; index: it stands in index.csv (or the shard)
    label_from: Placement
    # dirs: the folder (below the label's) is the drive or clip; index: as above
    sequence_from: Placement


def read(folder: Path) -> Manifest:
    """Read and check the manifest of the delivery in `folder`.

    Raises:
        ArgusError: there is none, a field is missing or wrong, or it names another delivery.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ArgusError(
            f"delivery {folder} has no {MANIFEST}, so its order of arrival is not known: "
            "bring images in with `argus submit`, which writes it"
        ) from None
    except yaml.YAMLError as error:
        raise ArgusError(f"{path} is not valid YAML: {error}") from None
    except ValidationError as error:
        raise ArgusError(f"{path} is invalid: {explain(error)}") from None
    if manifest.delivery != folder.name:
        raise ArgusError(f"{path} names delivery '{manifest.delivery}': the folder has moved")
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the delivery in `folder`; equal manifests give equal bytes."""
    name = yaml.safe_dump(manifest.delivery).splitlines()[0]
    text = (
        f"delivery: {name}\n"
        f"received_at: {stamp(manifest.received_at)}\n"
        f"label_from: {manifest.label_from}\n"
        f"sequence_from: {manifest.sequence_from}\n"
    )
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def stamp(time: datetime) -> str:
    """A time as it stands in a manifest."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def newest(raw: Path = RAW) -> datetime | None:
    """When the last delivery of any source came in; None before the first."""
    found = [read(path.parent) for path in raw.glob(f"*/*/{MANIFEST}")]
    return max((m.received_at for m in found), default=None)
