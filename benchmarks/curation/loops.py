"""What ingest is measured against, in a module that a process imports in no time."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

ROWS = 180  # of the grey image that a reduced decoding must leave: as many as ingest needs


def decode_only(paths: list[str]) -> None:
    """What no ingest can do without: read the file and decode it as far as it is needed."""
    for path in paths:
        data = Path(path).read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            scale = ROWS / min(image.size)
            image.draft("L", (round(image.width * scale), round(image.height * scale)))
            image.load()


def imagehash_loop(paths: list[str]) -> None:
    """`imagehash.phash` file by file, as its documentation shows it."""
    import imagehash

    for path in paths:
        with Image.open(path) as image:
            imagehash.phash(image)
