"""The grey picture that everything at ingest is measured on, or a refusal."""

from __future__ import annotations

from typing import Literal

from argus.data.images import decode as images
from argus.data.images.decode import Decoded, Limits

# px of the shorter side: what a reduced decoding must leave at least. The heights of video are
# whole multiples of it, so that nothing need be shrunk after a reduced decoding of 720 rows.
JUDGED_AT = 180

Mode = Literal["fast", "exact"]


def decode(data: bytes, mode: Mode, limits: Limits, sample_max: float | None = None) -> Decoded:
    """Read an image in grey, as `argus.data.images.decode` does.

    Args:
        data: the file.
        mode: `exact` decodes in full and converts as `imagehash.phash` does. `fast` lets the JPEG
            decoder leave out what the grey picture at `JUDGED_AT` px does not need.
        limits: what is refused before decoding.
        sample_max: the sample that is white in a file of more than 8 bits that does not tell.

    Raises:
        DecodeError: why it is no image for us, a status of the catalogue.
    """
    at_least = JUDGED_AT if mode == "fast" else None
    return images.decode(data, "L", at_least=at_least, limits=limits, sample_max=sample_max)
