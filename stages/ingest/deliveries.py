"""A delivery is an immutable folder of images with a `delivery.yaml` that says how to read it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import polars as pl
import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from stages.common.catalogue import SCHEMA
from stages.common.errors import ArgusError, explain

RAW = Path("data/raw")
MANIFEST = "delivery.yaml"
DELIVERY = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Origin = Literal["dirs", "index", "none"]


class Manifest(BaseModel):
    """`delivery.yaml`, written once by `argus submit`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delivery: Annotated[str, Field(pattern=DELIVERY)]
    received_at: AwareDatetime  # the order of arrival over all sources; UTC, microseconds
    # dirs: the first folder is the label; index: it stands in index.csv (or the shard)
    label_from: Origin
    # dirs: the folder (below the label's) is the drive or clip; index: as above
    sequence_from: Origin


def read_manifest(folder: Path) -> Manifest:
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
        raise ArgusError(f"{path} does not hold: {explain(error)}") from None
    if manifest.delivery != folder.name:
        raise ArgusError(f"{path} names delivery '{manifest.delivery}': the folder has moved")
    return manifest


def deliveries_of(source: str, raw: Path = RAW) -> list[Path]:
    """The delivery folders of a source, by name.

    Raises:
        ArgusError: the source has no delivery, or one with no file but its manifest.
    """
    home = raw / source
    folders = sorted(p for p in home.glob("*") if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise ArgusError(
            f"source '{source}' has no delivery under {home}: bring images in with "
            f"`argus submit PATH --source {source}`, or take it off `sources` in params.yaml"
        )
    return folders


def files_of(folder: Path) -> list[str]:
    """Paths of all files of a delivery but its manifest, relative with `/`, sorted.

    Raises:
        ArgusError: there is none.
    """
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    paths = [path for path in paths if path != MANIFEST]
    if not paths:
        raise ArgusError(
            f"delivery {folder} is empty: `dvc pull` it if its files are elsewhere, "
            "or remove it and its .dvc file"
        )
    return paths


def described(source: str, folder: Path, origin: str) -> pl.DataFrame:
    """The rows of a delivery as far as names tell: one for each file, nothing decoded.

    With `label_from: dirs` the first folder is the label; with `sequence_from: dirs` the folders
    below it (all of them, if labels are not folders) name the sequence, `<source>/<folders>`, so
    that a later delivery of the same folder goes on with the same drive.
    """
    manifest = read_manifest(folder)
    rows = []
    for path in files_of(folder):
        folders = list(PurePosixPath(path).parent.parts)
        label = folders.pop(0) if manifest.label_from == "dirs" and folders else None
        by_folder = manifest.sequence_from == "dirs" and folders
        sequence = "/".join([source, *folders]) if by_folder else None
        rows.append({"path": path, "label": label, "sequence": sequence})
    frame = pl.DataFrame(
        rows, schema={"path": pl.String, "label": pl.String, "sequence": pl.String}
    )
    received = manifest.received_at.astimezone(UTC).replace(tzinfo=None)
    return frame.with_columns(
        pl.lit(source).alias("source"),
        pl.lit(manifest.delivery).alias("delivery"),
        pl.lit(received, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC").alias("received_at"),
        pl.when(pl.col("label").is_not_null()).then(pl.lit("delivered")).alias("label_from"),
        pl.lit(origin).alias("origin"),
    )


def newest(raw: Path = RAW) -> datetime | None:
    """When the last delivery of any source came in; None before the first."""
    manifests = [read_manifest(path.parent) for path in raw.glob(f"*/*/{MANIFEST}")]
    return max((m.received_at for m in manifests), default=None)


def in_schema(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of the catalogue in their order; those not known yet are null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )
