"""Where DVC keeps the bytes, and where `dvc push` would send them: by its settings alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli.repository import git
from argus.core.errors import ArgusError

DVC = Path(".dvc")
FOLDER = ".dir"  # at the end of the hash of a folder's listing


class Remote(NamedTuple):
    """DVC's default remote: where it is, and whether `.dvc/config`, which a clone has, names it."""

    name: str
    url: str
    shared: bool


def remote() -> Remote | None:
    """DVC's default remote by its settings of all levels, None if there is none.

    Raises:
        ArgusError: they cannot be read.
    """
    settings = _settings()
    name = settings.get("core", {}).get("remote")
    if not name:
        return None
    url = settings.get("remote", {}).get(name, {}).get("url", "")
    return Remote(name, str(url), _settings("repo").get("core", {}).get("remote") == name)


def cache() -> Path:
    """The folder in which DVC keeps content by its MD5.

    Raises:
        ArgusError: DVC's settings cannot be read.
    """
    return Path(_settings().get("cache", {}).get("dir") or DVC / "cache") / "files/md5"


def _settings(level: str | None = None) -> dict[str, Any]:
    from dvc.config import Config, ConfigError  # type: ignore[import-untyped]

    try:
        config = Config(dvc_dir=str(DVC.resolve()))
        return dict(config if level is None else config.load_one(level))
    except ConfigError as error:
        raise ArgusError(f"DVC's settings cannot be read: {error}") from None


def cached(hashes: Iterable[str]) -> bool:
    """Whether the cache here holds content of these MD5s, of folders all that they list."""
    store = cache()
    return all(_holds(store, md5) for md5 in hashes)


def _holds(store: Path, md5: str) -> bool:
    path = store / md5[:2] / md5[2:]
    if not md5 or not path.is_file():
        return False
    if not md5.endswith(FOLDER):
        return True
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return all(_holds(store, entry["md5"]) for entry in listed)
    except (ValueError, KeyError, TypeError):
        return False


def bring(is_cached: bool, what: str = "") -> str:
    """How to get files that are not here.

    Args:
        is_cached: whether DVC's cache here holds them.
        what: for DVC's command line, empty for all that there is.
    """
    pull = f"`{f'dvc pull {what}'.strip()}`"
    if is_cached:
        return f"DVC's cache here has them: `{f'dvc checkout {what}'.strip()}`"
    if remote():
        return f"{pull} brings them"
    return (
        "DVC's cache here lacks them, and no DVC remote is configured: `dvc remote add -d NAME "
        "URL` with the address from whoever has pushed them (`dvc push`), commit .dvc/config, then "
        f"{pull}"
    )


def only_copy(turn: str) -> list[str]:
    """What a person should know of where the bytes of a turn are that has just been recorded."""
    to = remote()
    lines = []
    if to is None:
        lines.append(
            f"this machine holds the only copy of the images and models of {turn}: no DVC remote "
            "is configured. `dvc remote add -d NAME URL`, commit .dvc/config, and `dvc push`"
        )
    else:
        aside = ", a folder on the same disk" if _beside(to.url) else ""
        lines.append(
            f"the images and models of {turn} are here alone until `dvc push` sends them to "
            f"'{to.name}' ({to.url}{aside})"
        )
        if not to.shared:
            lines.append(
                ".dvc/config does not name that remote, so a clone lacks it, and `dvc push -a -T` "
                "passes over this turn later: push now"
            )
    if git.git("remote").strip():
        lines.append(f"the commit and tag of {turn}: `git push`, `git push --tags`")
    else:
        lines.append(
            f"Git has no remote, so the commit and tag of {turn} are here alone, too: `git remote "
            "add origin URL`, `git push -u origin HEAD`, `git push --tags`"
        )
    return lines


def _beside(url: str) -> bool:
    """Whether an address is a folder on the disk of this repository."""
    path = Path(url)
    if not path.is_absolute():
        return False
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    return there.stat().st_dev == Path().stat().st_dev
