"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PART = re.compile(r"\..*\.([0-9]+)\.part(\..*)?", re.DOTALL)
"""The name of what `atomic` has not finished, with the process that writes it. Git and DVC ignore
such names, so what a killed process leaves is never data."""


@contextlib.contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it there if the block succeeds.

    The file (or folder) that was at `path` stays whole until the new one is complete, and a
    failed block leaves nothing behind (a killed one: a name like `PART`). Parent folders are made.
    The suffix is kept, since some writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    remove(temporary)
    try:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)  # a folder cannot be renamed over a folder that has content
        temporary.replace(path)
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Delete a file or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path | str, content: Any) -> None:
    """Write JSON in the one form that diffs well: sorted keys, two spaces, a last newline."""
    with atomic(path) as temporary:
        text = json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
