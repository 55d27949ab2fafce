"""Contact sheets and charts, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:  # whoever only makes sheets need not wait for it
    from matplotlib.figure import Figure

MARGIN, CAPTION, INK, PAPER = 4, 16, (40, 40, 40), (255, 255, 255)


def contact_sheet(
    images: Sequence[Image.Image | None] | np.ndarray,
    columns: int,
    captions: Sequence[str] | None = None,
    scale: int = 1,
) -> Image.Image:
    """Lay images out in rows of `columns`, each cell as large as the largest image.

    Args:
        images: uint8 [N, H, W, 3] RGB, or PIL images of any sizes; None leaves a cell empty.
        columns: images in a row.
        captions: one short line under each image.
        scale: whole-number enlargement; nearest neighbour, so that pixels stay what they are.

    Raises:
        ValueError: there is nothing to show.
    """
    tiles = [_tile(image, scale) for image in images]
    if not any(tiles):
        raise ValueError("a contact sheet needs at least one image")
    width, height = max(t.width for t in tiles if t), max(t.height for t in tiles if t)
    step_x, step_y = width + MARGIN, height + MARGIN + (CAPTION if captions else 0)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (MARGIN + columns * step_x, MARGIN + rows * step_y), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for index, tile in enumerate(tiles):
        x, y = MARGIN + index % columns * step_x, MARGIN + index // columns * step_y
        if tile:
            sheet.paste(tile, (x, y))
        if captions:
            draw.text((x, y + height + 1), captions[index], fill=INK, font=font)
    return sheet


def save(figure: Figure, path: Path) -> None:
    """Write a chart as PNG, without software version or date: equal figures have equal bytes."""
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _tile(image: Image.Image | np.ndarray | None, scale: int) -> Image.Image | None:
    if image is None:
        return None
    tile = image if isinstance(image, Image.Image) else Image.fromarray(image)
    return tile.convert("RGB").resize((tile.width * scale, tile.height * scale), 0)
