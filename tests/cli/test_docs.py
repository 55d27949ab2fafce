"""The commands of README and docs exist, and print what the pages say they print.

Every command is checked against the programs' own parsers. Those that need neither a turn nor a GPU
are run in a small repository, and what they print must be what the page shows but for its numbers.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from dvc.cli.parser import get_main_parser  # type: ignore[import-untyped]
from PIL import Image

import argus.cli.__main__  # noqa: F401 - the rooms add their commands
from argus.cli import app as command_line
from tests.cli import clip
from tests.cli.releases import conftest as released
from tests.conftest import ROOT, scene

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "data/*.md", "models/*.md")
    for page in ROOT.glob(pattern)
)
OTHERS = {"git", "bash", "kill", "ffmpeg", "torchrun", "tar", "sha256sum", "gto"}
"""Programs that pages name and that are not ours to check."""


@dataclass
class Shown:
    """A command in a console block, and what the page says it prints."""

    page: str
    line: int
    command: str
    printed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, language: str) -> Iterator[tuple[int, list[str]]]:
    """The fenced blocks of a page in a language: number of the line before the first, lines."""
    inside: list[str] | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if inside is None and line == f"```{language}":
            inside, start = [], number
        elif inside is not None and line == "```":
            yield start, inside
            inside = None
        elif inside is not None:
            inside.append(line)


def sessions() -> Iterator[list[Shown]]:
    """The console blocks of all pages: their commands, in order."""
    for page in PAGES:
        for start, lines in blocks(page, "console"):
            found: list[Shown] = []
            goes_on = False
            for number, line in enumerate(lines, start + 1):
                if goes_on:
                    found[-1].command += line.strip()
                elif line.startswith("$ "):
                    found.append(Shown(page.relative_to(ROOT).as_posix(), number, line[2:]))
                else:
                    found[-1].printed.append(line)
                if goes_on or line.startswith("$ "):
                    goes_on = found[-1].command.endswith("\\")
                    found[-1].command = found[-1].command.removesuffix("\\")
            yield found


SESSIONS = list(sessions())
COMMANDS = [shown for session in SESSIONS for shown in session]


def spoken() -> Iterator[tuple[str, str]]:
    """Commands in running text, `argus turn` say, with the page; often without what they need."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        for code in re.findall(r"`([^`]+)`", text):
            if re.match(r"(argus|make|dvc) [a-z]", code):
                yield page.relative_to(ROOT).as_posix(), " ".join(code.split())


# --- do the commands exist? ---------------------------------------------------------------------


def words_of(command: str) -> Iterator[list[str]]:
    """The simple commands in a line of shell."""
    for part in re.split(r"&&|\|", command):
        yield shlex.split(part, comments=True)


def argus_command(words: list[str]) -> tuple[Any, list[str]]:
    """The subcommand that words name (one of Click's), and what follows its name."""
    at: Any = typer.main.get_command(command_line.app)
    while hasattr(at, "commands") and words and not words[0].startswith("-"):
        assert words[0] in at.commands, f"argus has no command {words[0]!r}"
        at, words = at.commands[words[0]], words[1:]
    return at, words


def check_argus(words: list[str], whole: bool) -> None:
    """A command line of ours: its subcommand and options; as a whole, that nothing lacks."""
    found, rest = argus_command(words)
    known = {option for p in found.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
    given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert given <= known, f"argus {found.name} does not know {sorted(given - known)}"
    if whole and not hasattr(found, "commands"):
        found.make_context(found.name, list(rest))


def check_dvc(words: list[str]) -> None:
    """A command line of DVC: its subcommands and options."""
    parser: argparse.ArgumentParser = get_main_parser()
    while True:
        below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not below or not words or words[0].startswith("-"):
            break
        assert words[0] in below[0].choices, f"dvc has no command {words[0]!r}"
        parser, words = below[0].choices[words[0]], words[1:]
    given = {w.partition("=")[0] for w in words if re.match(r"--?[a-zA-Z]", w)}
    known = set(parser._option_string_actions)
    assert given <= known, f"{parser.prog} does not know {sorted(given - known)}"


def check_make(words: list[str]) -> None:
    """Targets of the Makefile, and variables that it reads."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        name, given, _ = word.partition("=")
        pattern = rf"\$\({name}[:)]" if given else rf"^{re.escape(name)}:"
        assert re.search(pattern, makefile, re.M), f"the Makefile has no {word!r}"


def check(command: str, whole: bool = True) -> None:
    """Fails if a command names a program, subcommand, option or target that is not there."""
    for words in words_of(command):
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        assert words, command
        match words[0]:
            case "argus":
                check_argus(words[1:], whole)
            case "dvc":
                check_dvc(words[1:])
            case "make":
                check_make(words[1:])
            case "python":
                assert words[1] == "-m"
                assert find_spec(words[2]) is not None, words[2]
            case other:
                assert other in OTHERS, f"no program that a page should name: {other}"


@pytest.mark.parametrize("shown", COMMANDS, ids=str)
def test_a_command_of_a_console_block_exists(shown: Shown) -> None:
    check(shown.command)


def test_commands_in_running_text_exist() -> None:
    wrong = []
    for page, command in spoken():
        try:
            check(re.sub(r"[<>…'’]|\.\.\.", "", command), whole=False)
        except AssertionError as error:
            wrong.append(f"{page}: `{command}`: {str(error).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "command",
    [
        "argus submitt upload --source acme",
        "argus submit upload --sauce acme",
        "argus submit upload",
        "argus source addd acme",
        "dvc repo",
        "dvc exp run --quue",
        "make turns",
        "make trial PLANET=ordinary",
        "python -m stages.engrain",
        "flywheel turn",
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    with pytest.raises((AssertionError, typer.BadParameter)):
        check(command)


# --- do they print that? ------------------------------------------------------------------------


def outline(printed: str) -> list[str]:
    """The words of a print: numbers masked, the lines of tables and where they break left out."""
    text = re.sub(r"[\u2500-\u257f|]", " ", printed)
    text = re.sub(r"(?<![A-Za-z])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|\d+", "#", text)
    return re.sub(r"#(?:[.,:]#)+", "#", text).split()


def matches(page: list[str], printed: list[str]) -> bool:
    """Whether a print is what a page shows of it: `…` on the page stands for any words."""
    pattern = "".join(r"(?:\S+ )*?" if word == "…" else re.escape(word) + " " for word in page)
    return re.fullmatch(pattern, "".join(f"{word} " for word in printed)) is not None


def test_numbers_and_the_width_of_tables_do_not_matter() -> None:
    wide = "┃ model ┃ kid ┃\n│ cut │ 0.25 │\nat acme/20261128T032153Z: 12,345 of 1e-05, -0.3 ± 0.01"
    narrow = "┃ model\n ┃ kid ┃\n│ cut   │ 3 │\nat acme/20270101T000000Z: 9 of 7, 0.3 ± 1"
    assert outline(wide) == outline(narrow)
    assert matches(outline("model … # of #, # ± #"), outline(wide))
    assert not matches(outline(wide), outline(wide.replace("model", "task")))
    assert not matches(outline(wide), outline(wide + "\nmore"))


def run(command: str, top: Path) -> tuple[int, str]:
    """A command of a page in a folder: status and all that it prints, 120 characters wide."""
    modules = {"argus": "argus.cli", "dvc": "dvc"}
    words = shlex.split(command, comments=True)
    done = subprocess.run(
        [sys.executable, "-m", modules[words[0]], *words[1:]],
        cwd=top,
        env={**os.environ, "COLUMNS": "120", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def holds(shown: Shown, top: Path) -> None:
    """A command of a page does and prints what the page says."""
    status, printed = run(shown.command, top)
    refused = any(line.startswith("error:") for line in shown.printed)
    assert (status != 0) == refused, printed
    if shown.printed:
        page = "\n".join(shown.printed)
        told = f"{shown} shows\n{page}\nand it prints\n{printed}"
        assert matches(outline(page), outline(printed)), told


def images(folder: Path, count: int) -> None:
    """Some images in a folder, sharp and each its own, named by time or by number."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(list(str(folder).encode()))
    for number in range(count):
        coarse = Image.fromarray(random.integers(40, 200, (8, 12, 3), dtype=np.uint8))
        pixels = np.asarray(coarse.resize((288, 192), Image.Resampling.NEAREST))
        name = f"{number:06}" if folder.name == "tiny" else f"20151101_08{number:02}00"
        Image.fromarray(pixels).save(folder / f"{name}.jpg", quality=90)


def registered(source: str) -> None:
    """A rights card for a source, and its place on `sources`."""
    card = Path("data/sources/cam.yaml").read_text()
    Path(f"data/sources/{source}.yaml").write_text(card.replace("source: cam", f"source: {source}"))
    params = Path("params.yaml").read_text()
    assert "\nsources: [cam]" in params
    changed = params.replace("\nsources: [cam]", f"\nsources: [cam, {source}]")
    Path("params.yaml").write_text(changed)


def misspelt() -> None:
    registered("acme")
    images(Path("upload/day/cam1"), 3)
    images(Path("upload/nigth/cam1"), 3)
    images(Path("upload/Foggy/tiny"), 2)


def two_bad_files() -> None:
    registered("acme")
    images(Path("upload/Day/cam1"), 5)
    images(Path("upload/night/cam2"), 4)
    images(Path("upload/fog/tiny"), 2)
    path = Path("upload/Day/cam1/20151102_065300.jpg")
    whole = Path("upload/Day/cam1/20151101_080000.jpg").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    samples = np.asarray(scene(9, (192, 128)).convert("L")).astype(np.uint16) * 16
    Image.fromarray(samples).save("upload/Day/cam1/twelve.png")


def a_clip() -> None:
    registered("acme")
    clip.write(Path("cambridge.mp4"), [n / 5 for n in range(35)])


def webcams() -> None:
    registered("acme")
    images(Path("amos_daynight/training/day"), 3)
    images(Path("amos_daynight/training/night"), 3)


def public_cards() -> None:
    shutil.copytree(ROOT / "data/sources/public", "data/sources/public")


def delivered() -> None:
    registered("acme")
    images(Path("upload/day/cam1"), 2)
    assert run("argus submit upload --source acme --delivery 2026-05", Path.cwd())[0] == 0


def champion() -> None:
    released.deliver("d1")
    released.commit_turn(1, 1)


WORLDS: dict[str, Callable[[], None]] = {
    "argus submit upload --source acme --label-from dirs --sequence-from dirs": misspelt,
    "argus submit upload --source acme --label-from dirs --sequence-from dirs --dry-run": (
        two_bad_files
    ),
    "argus submit cambridge.mp4 --source acme --fps 2 --delivery dashcam": a_clip,
    "argus submit amos_daynight/training --source acme --format imagefolder --shard"
    " --delivery webcams": webcams,
    "argus source add camvid --card data/sources/public/camvid.yaml": public_cards,
    "argus release --new-key": champion,
    'argus delivery withdraw acme/2026-05 --reason "labels of day and night are mixed up"': (
        delivered
    ),
}
"""What must be there before a session, by its first command. Other sessions need more than a small
world has (a turn of the real pipeline, a GPU, a page of somebody else): they are only parsed."""


SLOW = {"argus release --new-key"}


@pytest.mark.parametrize(
    "first", [pytest.param(first, marks=[pytest.mark.slow] * (first in SLOW)) for first in WORLDS]
)
def test_a_session_prints_what_its_page_shows(repo: Path, first: str) -> None:
    (session,) = [session for session in SESSIONS if session[0].command == first]
    WORLDS[first]()
    for shown in session:
        holds(shown, repo)


@pytest.mark.parametrize("page", ["README.md", "docs/demo.md"])
def test_the_print_of_a_turn_is_that_of_the_turn_in_the_tree(page: str) -> None:
    (printed,) = [
        lines for _, lines in blocks(ROOT / page, "text") if lines[0].startswith("Images")
    ]
    holds(Shown(page, 0, "argus show", printed), ROOT)


AT_HOME = [shown for shown in COMMANDS if shown.command.startswith("dvc metrics show ")]


@pytest.mark.parametrize("shown", AT_HOME, ids=str)
def test_a_metric_is_printed_as_its_page_shows(shown: Shown) -> None:
    holds(shown, ROOT)


# --- and what else pages point to ---------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http", "mailto:")):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            assert target.exists(), f"no {name}"
            assert not anchor or anchor in anchors(target), f"no heading {anchor} in {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_of_the_code_that_a_page_names_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md" or "adr" in page.parts:
        return  # they tell of then
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:argus|stages|tests|benchmarks|docs)/[\w/.-]+)`", text)
    assert not [name for name in named if not (ROOT / name).exists()]


def test_pages_that_code_and_parameters_point_to_exist() -> None:
    files = [path for top in ("argus", "stages") for path in (ROOT / top).rglob("*.py")]
    files += [ROOT / "params.yaml", ROOT / "dvc.yaml", ROOT / "Makefile"]
    found = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in files
        for page in re.findall(r"\bdocs/[a-z0-9/-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert found
    assert sorted(each for each in found if not (ROOT / each[1]).exists()) == []


def test_names_in_the_glossary_are_those_of_parameters_and_code() -> None:
    said = "".join(
        path.read_text(encoding="utf-8")
        for top in ("argus", "stages")
        for path in sorted((ROOT / top).rglob("*.py"))
    )
    said += (ROOT / "params.yaml").read_text() + (ROOT / "dvc.yaml").read_text()
    named = re.findall(r"`([^`]+)`", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"))
    parts = {
        part
        for name in named
        if not re.search(r"[<>]|--|argus |turn-N|\.cache", name)
        for part in re.split(r"[./]", name)
    }
    assert parts
    assert sorted(part for part in parts if not re.search(rf"\b{re.escape(part)}\b", said)) == []
