"""What a turn's pipeline runs on, so that no edit made meanwhile is recorded as what ran.

DVC writes the params and files that a stage depends on into `dvc.lock` and its run cache when the
stage has ended. If one was edited while the stage ran, both then stand for what never ran.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from argus.cli.repository import git, params_edit, workspace
from argus.core.files import atomic
from argus.core.paths import LOCK, PARAMS

RECORDED = re.compile(
    r"dvc\.lock|reports/.+\.(json|tsv|csv|md)|reports/.+/\.gitkeep"
    r"|(data|models|reports)/(.+/)?\.gitignore"
)
"""What the pipeline itself writes into Git: never images, which may show what must be erased."""


@dataclass(frozen=True)
class Inputs:
    """What stood in the tree when the pipeline began.

    Attributes:
        files: MD5 of every file that Git sees, by its path, but for what the pipeline writes.
        params: the text of `params.yaml`.
        since: when that was, s since 1970.
    """

    files: dict[str, str]
    params: str
    since: float

    @classmethod
    def now(cls) -> Inputs:
        """The inputs as they are."""
        params = params_edit.read()
        return cls(hashes(), "", time.time()).with_params(params)

    def with_params(self, text: str) -> Inputs:
        """The same, but for the text of `params.yaml`."""
        return replace(self, params=text, files={**self.files, str(PARAMS): md5(text)})

    def changed(self) -> list[str]:
        """The paths of what was edited, came or went since then, sorted."""
        found = hashes()
        paths = self.files.keys() | found.keys()
        return sorted(path for path in paths if self.files.get(path) != found.get(path))

    def forget_what_changed(self) -> list[str]:
        """Make DVC run again whatever may have run on something else than it has written down.

        Returns:
            The paths that have changed.
        """
        changed = self.changed()
        if changed:
            forget(lambda entry: self.is_doubtful(entry, changed), self.since)
        return changed

    def is_doubtful(self, entry: Mapping[str, Any], changed: list[str]) -> bool:
        """Whether a stage's entry in `dvc.lock` names other params or files than these."""
        settings = YAML(typ="safe", pure=True).load(self.params)
        recorded = (entry.get("params") or {}).get(str(PARAMS)) or {}
        if any(value(settings, key) != made for key, made in recorded.items()):
            return True
        for dep in entry.get("deps") or []:
            path = dep["path"]
            if path in self.files:
                if dep.get("md5") != self.files[path]:
                    return True
            elif any(each == path or each.startswith(f"{path}/") for each in changed):
                return True
        return False


def hashes() -> dict[str, str]:
    """MD5 of every file that Git tracks or would, by its path, but for what the pipeline writes."""
    listed = git.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return {
        path: md5(Path(path).read_bytes())
        for path in sorted(set(listed))
        if path and not RECORDED.fullmatch(path) and Path(path).is_file()
    }


def md5(content: bytes | str) -> str:
    """MD5, as DVC writes it down; 32 hexadecimal digits."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def value(settings: Any, key: str) -> Any:
    """What stands at a dotted key, None if nothing does."""
    for part in key.split("."):
        settings = settings.get(part) if isinstance(settings, Mapping) else None
    return settings


def forget(doubtful: Callable[[Mapping[str, Any]], bool], since: float) -> None:
    """Take doubtful entries out of `dvc.lock`, and those written since then out of the run cache.

    Outputs stay where they are, in the tree and in DVC's cache.
    """
    if LOCK.exists():
        yaml = YAML()
        lock = yaml.load(LOCK.read_text(encoding="utf-8"))
        stages = lock.get("stages") or {}
        found = [name for name, entry in stages.items() if doubtful(entry)]
        for name in found:
            del stages[name]
        if found:
            with atomic(LOCK) as temporary:
                yaml.dump(lock, temporary)
    runs = Path(workspace.dvc("cache", "dir").strip()) / "runs"
    for runs_alike in runs.glob("*/*"):
        for file in runs_alike.iterdir():
            if file.stat().st_mtime >= since:
                entry = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
                if doubtful(entry):
                    file.unlink()
        if not any(runs_alike.iterdir()):  # DVC fails on an empty one
            runs_alike.rmdir()
