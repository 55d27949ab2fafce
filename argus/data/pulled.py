"""Which deliveries there are: here with their files, or known to DVC alone, as in a fresh clone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from argus.core.errors import ArgusError
from argus.core.paths import RAW

TRACKER = ".dvc"
SHOWN = 5  # deliveries that are named one by one


class Lack(NamedTuple):
    """A delivery that is not here whole: how many of its files are, and how many it has (None
    where its `.dvc` file does not tell)."""

    folder: Path
    here: int
    whole: int | None

    def __str__(self) -> str:
        name = f"{self.folder.parent.name}/{self.folder.name}"
        return f"{name} ({self.here} of {self.whole} files)" if self.here else name


def tracker_of(delivery: Path) -> Path:
    """The `.dvc` file beside a delivery."""
    return delivery.with_name(f"{delivery.name}{TRACKER}")


def tracked(source: str, raw: Path = RAW) -> list[Path]:
    """The folders of a source that a `.dvc` file stands for, here or not, by name."""
    trackers = (raw / source).glob(f"[!.]*{TRACKER}")
    return sorted(path.with_suffix("") for path in trackers if path.is_file())


def deliveries_of(source: str, raw: Path = RAW) -> list[Path]:
    """The delivery folders of a source, by name.

    Raises:
        ArgusError: the source has no delivery, or one with no file but its manifest.
    """
    folder = raw / source
    folders = sorted(p for p in folder.glob("*") if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise ArgusError(
            f"source '{source}' has no delivery under {folder}: bring images in with "
            f"`argus submit PATH --source {source}`, or take it off `sources` in params.yaml"
        )
    return folders


def deliveries_known(source: str, raw: Path = RAW) -> set[str]:
    """The names of the deliveries of a source, whether their files are here or DVC has them."""
    here = {path.name for path in (raw / source).glob("[!.]*") if path.is_dir()}
    return here | {path.name for path in tracked(source, raw)}


def lacking(source: str, raw: Path = RAW) -> list[Lack]:
    """The deliveries of a source of which files are not here, told by their number."""
    found = []
    for folder in tracked(source, raw):
        here = sum(len(files) for _, _, files in os.walk(folder))
        whole = out_of(folder).get("nfiles")
        if (not here and not folder.is_file()) or (whole is not None and 0 < here < whole):
            found.append(Lack(folder, here, whole))
    return found


def out_of(delivery: Path) -> dict[str, Any]:
    """What the `.dvc` file of a delivery says of it (`md5`, `nfiles`); empty if it cannot be read,
    as DVC itself says."""
    try:
        (out,) = yaml.safe_load(tracker_of(delivery).read_text(encoding="utf-8"))["outs"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return {}
    return out if isinstance(out, dict) else {}


def absence(lacks: Sequence[Lack], of: int) -> str:
    """Which deliveries are not here: `2 of 5 deliveries are not here: acme/a, acme/b`."""
    named = ", ".join(str(lack) for lack in lacks[:SHOWN])
    more = f" and {len(lacks) - SHOWN} more" if len(lacks) > SHOWN else ""
    verb = "is" if len(lacks) == 1 else "are"
    return f"{len(lacks)} of {of} deliveries {verb} not here, or not whole: {named}{more}"


def require_pulled(source: str, raw: Path = RAW) -> None:
    """Raises:
    ArgusError: files of a delivery are not here: what is made of the rest would pass for all.
    """
    found = lacking(source, raw)
    if found:
        raise ArgusError(
            f"{absence(found, len(tracked(source, raw)))}. `dvc pull` brings them from the remote, "
            "`dvc checkout` from DVC's cache if they are in there; nothing is made of a part"
        )
