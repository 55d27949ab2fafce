"""Whether every source may be used, today: card, consent, deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml

from argus.cli.sources.dvc_index import require_seen, untracked, untracked_advice
from argus.cli.sources.presence import altered, delivery_folders, mend, missing, require_here
from argus.cli.sources.registration import empty_source_advice, known_sources
from argus.cli.sources.rights import card_problems
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data import manifests, rights_cards
from argus.data.deliveries import files_of
from argus.data.pulled import deliveries_known, lacking, tracked, tracker_of


def source_problems(
    source: str, settings: params.Params, today: date, changed: Mapping[Path, str]
) -> list[str]:
    """Everything that is wrong with an active source; empty if it is in order.

    Args:
        source: its name.
        settings: all of `params.yaml`.
        today: by which consents are judged.
        changed: deliveries whose files are not those submitted, see `presence.altered`.
    """
    try:
        of_card = card_problems(rights_cards.read(source), settings, today)
    except ArgusError as error:
        of_card = [str(error)]
    return of_card + file_problems(source, settings, changed)


def file_problems(source: str, settings: params.Params, changed: Mapping[Path, str]) -> list[str]:
    """What is wrong with the files of a source's deliveries."""
    found = import_problems(source)
    folders = delivery_folders(source)
    if not deliveries_known(source) and source not in settings.rendered:
        found.append(f"no delivery: {empty_source_advice(source)}")
    lacks = [lack for lack in lacking(source) if lack.folder not in changed]
    if lacks:
        found.append(missing(lacks, len(tracked(source))))
    broken = {*changed, *(lack.folder for lack in lacks)}
    for folder in folders:
        if folder in changed:
            found.append(f"delivery {folder.name}: {changed[folder]}. {mend([folder])}")
        for check in (manifests.read, files_of) if folder not in broken else ():
            try:
                check(folder)
            except ArgusError as error:
                found.append(str(error))
    return found + [untracked_advice(folder) for folder in untracked(folders)]


def import_problems(source: str) -> list[str]:
    """What is wrong with `.dvc` files of a source that stand for something elsewhere; a line each.

    To tell whether it has changed there, DVC opens that repository as its `.dvc/config` says, and
    that can name commands to run.
    """
    return [
        f"{path} depends on what lies elsewhere (`dvc import`): a delivery is kept whole here, and "
        "the settings of another repository are not obeyed. Take it out, and bring the images in "
        "with `argus submit`, or `argus source fetch`"
        for path in sorted(RAW.glob(f"{source}/*.dvc"))
        if _depends(path)
    ]


def _depends(tracker: Path) -> bool:
    try:
        content = yaml.safe_load(tracker.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False  # nor can DVC read it, which says so
    return isinstance(content, dict) and "deps" in content


def unlisted_problems(settings: params.Params) -> dict[str, list[str]]:
    """Sources with images in `data/raw` that `params.yaml` does not list, and what is wrong."""
    found: dict[str, list[str]] = {}
    for source in known_sources(settings.sources):
        if source in settings.sources or not delivery_folders(source):
            continue
        found[source] = []
        if not rights_cards.path_of(source).exists():
            found[source].append(
                f"images in {RAW / source}, but no rights card: `argus source add {source}`, "
                "or remove them"
            )
    return found


def require_deliveries(sources: Sequence[str], rendered: Sequence[str]) -> None:
    """`dvc repro` would take any folder that lies there, and an altered delivery as it is.

    Args:
        sources: those in use.
        rendered: those of them whose deliveries come with the pipeline.

    Raises:
        ArgusError: a source has no delivery; or one was not submitted, or its files are not those
            submitted, or are not here, or are somebody else's.
    """
    elsewhere = [line for name in sources for line in import_problems(name)]
    if elsewhere:
        raise ArgusError("\n".join(elsewhere))
    strangers = untracked(folder for name in sources for folder in delivery_folders(name))
    if strangers:
        raise ArgusError(
            f"not submitted: {'; '.join(untracked_advice(folder) for folder in strangers)}"
        )
    require_here(sources)
    bare = [name for name in sources if name not in rendered and not deliveries_known(name)]
    if bare:
        raise ArgusError(f"no delivery of '{bare[0]}': {empty_source_advice(bare[0])}")
    folders = [folder for name in sources for folder in tracked(name)]
    require_seen([tracker_of(folder) for folder in folders])
    changed = altered(folders)
    if changed:
        what = "; ".join(f"{tracker_of(folder)}: {how}" for folder, how in changed.items())
        raise ArgusError(
            "deliveries are never changed, but the files of these are not as submitted: "
            f"{what}. {mend([*changed])}. Bring new images in as a delivery of their own"
        )
