"""Contact sheets: many small images on one page, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARGIN, CAPTION, INK, PAPER = 4, 16, (40, 40, 40), (255, 255, 255)


def contact_sheet(
    images: Sequence[Image.Image] | np.ndarray,
    columns: int,
    captions: Sequence[str] | None = None,
    scale: int = 1,
) -> Image.Image:
    """Lay images out in rows of `columns`, each cell as large as the largest image.

    Args:
        images: uint8 [N, H, W, 3] RGB, or PIL images of any sizes.
        columns: images in a row.
        captions: one short line under each image.
        scale: whole-number enlargement; nearest neighbour, so that pixels stay what they are.

    Raises:
        ValueError: there is nothing to show.
    """
    tiles = [i if isinstance(i, Image.Image) else Image.fromarray(i) for i in images]
    if not tiles:
        raise ValueError("a contact sheet needs at least one image")
    tiles = [t.convert("RGB").resize((t.width * scale, t.height * scale), 0) for t in tiles]
    width, height = max(t.width for t in tiles), max(t.height for t in tiles)
    step_x, step_y = width + MARGIN, height + MARGIN + (CAPTION if captions else 0)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (MARGIN + columns * step_x, MARGIN + rows * step_y), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for index, tile in enumerate(tiles):
        x, y = MARGIN + index % columns * step_x, MARGIN + index // columns * step_y
        sheet.paste(tile, (x, y))
        if captions:
            draw.text((x, y + height + 1), captions[index], fill=INK, font=font)
    return sheet
