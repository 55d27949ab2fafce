"""A public dataset out of a Git repository, at the commit that the source's card names.

`dvc import` brings it in, into a repository of its own that is gone afterwards, and what it brought
becomes a delivery like any other: copied, described, and kept whole in our own storage. An import
that stayed one would leave nothing to a later turn once its repository is gone (`dvc push` keeps no
copy of it), and `dvc update` would change what has been delivered. The `.dvc` file says under
`meta` where the delivery was fetched from.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl
import yaml

from stages.client import workspace
from stages.client.audit import tracker_of
from stages.client.items import Batch
from stages.client.submit import submit
from stages.client.ways import of_format
from stages.common import cards
from stages.common.errors import ArgusError
from stages.ingest.deliveries import RAW

DIGITS = 12  # of the commit, which name the delivery
ALONE = "[core]\n    no_scm = True\n    analytics = False\n"  # settings of a DVC repository


def fetch(source: str, now: datetime) -> pl.DataFrame | str:
    """Bring in what the card of a source names, as a delivery named after the commit.

    Returns:
        As `submit` does; or the name of the delivery if it is there already.

    Raises:
        ArgusError: the card names nothing to fetch, or no format that there is; the commit has been
            fetched in another way; the dataset cannot be brought in; or as `submit` does. Then
            nothing has changed.
    """
    wanted = cards.read(source).fetch
    if wanted is None:
        raise ArgusError(
            f"{cards.path_of(source)} does not say where to fetch from: add `fetch` with git, rev, "
            "path and format, or download the images and bring them in with `argus submit`"
        )
    of_format(Path(), wanted.format)  # a wrong name is told before anything is downloaded
    delivery = wanted.rev[:DIGITS]
    tracker = tracker_of(RAW / source / delivery)
    if not tracker.exists():
        return submit(partial(_imported, wanted), source, delivery, now)
    about = yaml.safe_load(tracker.read_text(encoding="utf-8"))
    before = about.get("meta", {}).get("imported", {})
    differ = [name for name, value in wanted.model_dump().items() if before.get(name) != value]
    if differ:
        raise ArgusError(
            f"{tracker} is of that commit, but of another {', '.join(differ)} than the card now "
            "says: deliveries are never changed, so put the new one under a source of its own"
        )
    return delivery


def _imported(wanted: cards.Fetch, scratch: Path) -> Batch:
    """Download the dataset into the scratch folder, and read it in its format."""
    top = scratch / "import"
    (top / ".dvc").mkdir(parents=True)
    (top / ".dvc" / "config").write_text(ALONE, encoding="utf-8")
    here = Path(wanted.git)
    address = str(here.resolve()) if here.is_dir() else wanted.git
    status = workspace.dvc_aloud(
        *("--cd", str(top), "import", "--rev", wanted.rev, "--out", "images", address, wanted.path)
    )
    if status:
        raise ArgusError(
            f"{wanted.path} could not be fetched from {wanted.git} at {wanted.rev}, see above; "
            "nothing has changed"
        )
    found = yaml.safe_load((top / "images.dvc").read_text(encoding="utf-8"))
    batch = of_format(top / "images", wanted.format)(scratch)
    content = found["outs"][0]["md5"]  # what another import would have to bring
    return dataclasses.replace(batch, imported={**wanted.model_dump(), "md5": content})
