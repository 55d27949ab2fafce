# /// script
# requires-python = ">=3.11"
# dependencies = ["grimp==3.14"]
# ///
"""Draw docs/architecture.svg from the imports, as grimp finds them: `make architecture`.

A room is a package of `argus`; a stage is one by itself. Arrows that follow from others are left
out.
"""

from __future__ import annotations

import ast
import os
import sys
import textwrap
from html import escape
from pathlib import Path

import grimp

TOP = Path(__file__).parents[1]
OUT = TOP / "docs/architecture.svg"

ROOMS = {  # column, row, columns wide, rows high
    "cli": (0, 0, 2, 1),
    "judging": (0, 1, 2, 1),
    "models": (0, 2, 1, 2),
    "features": (1, 2, 1, 1),
    "hamming": (1, 3, 1, 1),
    "data": (0, 4, 2, 1),
    "core": (0, 5, 2, 1),
}
COLORS = {
    "cli": "#24292f",
    "judging": "#7448b5",
    "models": "#c56a1a",
    "features": "#1f8a6b",
    "hamming": "#0f7f95",
    "data": "#2f6fb0",
    "core": "#6b7480",
}
STAGES = ["ingest", "dedupe", "embed", "split", "label", "prune", "pack"]
STAGES += ["code", "train", "evaluate", "promote", "report"]

LEFT, TOP_EDGE, WIDTH, HEIGHT, GAP = 24, 58, 620, 64, 30
MATRIX, LABEL, STEP, LINE = 712, 150, 62, 31


class House:
    """The rooms and which imports which."""

    def __init__(self) -> None:
        self.graph = grimp.build_graph(
            "argus", "stages", exclude_type_checking_imports=True, cache_dir=None
        )
        self.rooms = list(ROOMS)
        found = {
            path.parent.name for path in (TOP / "argus").glob("*/__init__.py") if path.is_file()
        }
        if found != set(self.rooms):
            sys.exit(f"rooms drawn: {sorted(self.rooms)}; rooms found: {sorted(found)}")
        listed = sorted(path.parent.name for path in (TOP / "stages").glob("*/__main__.py"))
        self.stages = [s for s in STAGES if s in listed] + [s for s in listed if s not in STAGES]

    def enters(self, package: str) -> set[str]:
        """The rooms that a package imports from, by itself."""
        modules = {package, *self.graph.find_descendants(package)}
        targets = {
            other for m in modules for other in self.graph.find_modules_directly_imported_by(m)
        }
        parts = (other.split(".") for other in targets if other.startswith("argus."))
        rooms = {part[1] for part in parts if part[1] in self.rooms}
        return rooms - {package.split(".")[1]} if package.startswith("argus.") else rooms

    def arrows(self) -> list[tuple[str, str]]:
        """Arrows between rooms, without those that follow from others."""
        direct = {room: self.enters(f"argus.{room}") for room in self.rooms}

        def below(room: str) -> set[str]:
            return direct[room].union(*(below(other) for other in direct[room]))

        return [
            (room, other)
            for room in self.rooms
            for other in sorted(direct[room], key=self.rooms.index)
            if not any(other in below(between) for between in direct[room])
        ]


def purpose(room: str) -> str:
    """The first sentence of a room's docstring."""
    text = ast.get_docstring(ast.parse((TOP / "argus" / room / "__init__.py").read_text())) or ""
    return " ".join(text.split(". ")[0].split()).rstrip(".").replace("`", "")


def inner(room: str) -> list[str]:
    """The packages in a room."""
    return sorted(path.parent.name for path in (TOP / "argus" / room).glob("*/__init__.py"))


def text(x: float, y: float, content: str, size: float = 12, **style: str) -> str:
    """A line of text."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{more}>{escape(content)}</text>'


def place(room: str) -> tuple[float, float, float, float]:
    """Where a room is drawn: left, top, width, height."""
    column, row, wide, high = ROOMS[room]
    unit = (WIDTH + GAP) / 2
    return (
        LEFT + column * unit,
        TOP_EDGE + row * (HEIGHT + GAP),
        wide * unit - GAP,
        high * (HEIGHT + GAP) - GAP,
    )


def draw_room(room: str) -> list[str]:
    """A room: its name, its packages, and what it is for."""
    x, y, width, height = place(room)
    color = COLORS[room]
    parts = [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="9" fill="{color}"'
        f' fill-opacity=".1" stroke="{color}" stroke-width="1.6"/>',
        text(x + 14, y + 23, f"argus/{room}", 15, font_weight="bold", fill=color),
    ]
    if packages := "  ".join(f"{name}/" for name in inner(room)):
        high, right = (y + 23, x + width - 14) if height == HEIGHT else (y + height - 14, 0)
        anchor = {"text_anchor": "end"} if right else {}
        parts.append(text(right or x + 14, high, packages, 11, fill=color, **anchor))
    for n, line in enumerate(textwrap.wrap(purpose(room), int(width / 5.9))[:2]):
        parts.append(text(x + 14, y + 40 + 14 * n, line, 11, fill="#444c56"))
    return parts


def draw_arrow(room: str, other: str, number: int) -> str:
    """An arrow from a room to one that it imports: straight, or past those between them."""
    style = 'stroke="#5b6470" stroke-width="1.8" fill="none" marker-end="url(#arrow)"'
    x, y, width, height = place(room)
    left, top, across, down = place(other)
    if top - (y + height) <= GAP:
        middle = (max(x, left) + min(x + width, left + across)) / 2
        return f'<path d="M{middle:g} {y + height:g} V{top - 2:g}" {style}/>'
    side, reach = LEFT + WIDTH, LEFT + WIDTH + 40 + 6 * number
    start, end = y + height / 2 + 12, top + down / 2 - 12
    curve = f"M{side} {start:g} C{reach} {start:g} {reach} {end:g} {side + 2} {end:g}"
    return f'<path d="{curve}" {style}/>'


def draw(house: House) -> str:
    """The picture, as SVG."""
    parts = [part for room in house.rooms for part in draw_room(room)]
    parts += [draw_arrow(*arrow, number=n) for n, arrow in enumerate(house.arrows())]
    columns = [room for room in house.rooms if room != "cli"]
    for n, room in enumerate(columns):
        x = MATRIX + LABEL + n * STEP
        parts.append(
            text(x, 51, room, 12, text_anchor="middle", font_weight="bold", fill=COLORS[room])
        )
    y = TOP_EDGE
    title = text(
        LEFT, 32, "the library: arrows go down only", 14, font_weight="bold", fill="#24292f"
    )
    parts.append(title)
    parts.append(text(MATRIX, 32, "who enters which room", 14, font_weight="bold", fill="#24292f"))
    named = [(f"stages/{s}", f"stages.{s}") for s in house.stages]
    named += [(f"cli/{p}", f"argus.cli.{p}") for p in inner("cli")]
    for n, (label, package) in enumerate(named):
        middle = y + n * LINE + 12
        if n % 2 == 0:
            width = LABEL + len(columns) * STEP - STEP / 2 + 12
            parts.append(
                f'<rect x="{MATRIX - 8}" y="{middle - LINE / 2:g}" width="{width:g}"'
                f' height="{LINE}" fill="#f3f5f7"/>'
            )
        parts.append(text(MATRIX, middle + 4, label, 11.5, fill="#24292f"))
        enters = house.enters(package)
        for k, room in enumerate(columns):
            if room in enters:
                parts.append(
                    f'<circle cx="{MATRIX + LABEL + k * STEP}" cy="{middle:g}" r="6.5"'
                    f' fill="{COLORS[room]}"/>'
                )
    _, bottom, _, high = place("core")
    height = max(bottom + high, y + len(named) * LINE) + 24
    width = MATRIX + LABEL + len(columns) * STEP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            ' font-family="Helvetica, Arial, sans-serif">',
            "<title>The rooms of Argus and which imports which</title>",
            '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"'
            ' markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#5b6470"/></marker>'
            "</defs>",
            f'<rect width="{width}" height="{height}" rx="14" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    os.chdir(TOP)
    sys.path.insert(0, str(TOP))
    OUT.write_text(draw(House()), encoding="utf-8")
