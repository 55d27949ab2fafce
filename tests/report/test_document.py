"""The page that a person is shown: whole in itself, safe, readable, and the same every time."""

from __future__ import annotations

import contextlib
import html
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from argus.core.paths import TURN_PAGE, TURN_STORY
from argus.data.catalogue import STATUSES
from stages.report import __main__ as report
from stages.report import words
from tests.report.turn_world import EVIL, NIGHT, TURNED, leave

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
)
CHROMIUM = next((found for name in BROWSERS if (found := shutil.which(name))), None)
VOID = {"meta", "img", "line", "rect", "circle", "polyline", "polygon"}
LOADS = ("src", "srcset", "href", "xlink:href", "data", "action", "poster", "background")


class Page(HTMLParser):
    """The elements of a document in order, with their attributes and the text within."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} stands there twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def says(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a turn has come as far as its page."""
    top = tmp_path_factory.mktemp("turn")
    with contextlib.chdir(top):
        leave()
        report.main()
    return top


@pytest.fixture(scope="module")
def text(turn: Path) -> str:
    return (turn / TURN_STORY).read_text(encoding="utf-8")


def test_the_page_is_whole_in_itself_and_asks_no_host(text: str) -> None:
    page = Page(text)
    assert page.open == []
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} has a script in {name}"
            if name in LOADS:
                assert value is not None
                assert value.startswith(("data:image/webp;base64,", "#")), (tag, name, value[:40])
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {
        t for t, _ in page.elements
    }
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert len(text) < 2_000_000


def test_names_from_elsewhere_are_text_and_turn_nothing_around(text: str) -> None:
    page = Page(text)
    said = page.says()
    assert EVIL.split("&")[0] in said  # as it was written, and as no more than that
    assert "‮" not in text
    assert "\\u202e" in said
    assert "onerror" not in {name for _, attributes in page.elements for name in attributes}
    assert NIGHT.replace(TURNED, "").strip() in said
    images = page.all("img")
    assert all(EVIL[:8] not in (image["src"] or "") for image in images)


def test_a_person_who_does_not_see_it_is_told_all_the_same(text: str) -> None:
    page = Page(text)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    images = page.all("img")
    assert len(images) > 40
    assert all(len(image["alt"] or "") > 5 for image in images)
    assert all(image["width"] and image["height"] for image in images)
    for drawing in page.all("svg"):
        assert drawing.get("aria-hidden") == "true" or drawing.get("aria-label")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert (link["href"] or "")[1:] in ids
    for table in page.all("th"):
        assert table["scope"] in ("col", "row")


def test_the_story_has_all_its_parts(text: str) -> None:
    said = Page(text).says()
    for part in (
        "Turn 7",
        "24 November 2026",
        "2 images: out of focus or smeared",
        "Not shown, and not opened",
        "4 images of one scene",
        "cut is the new champion of day2night",
        "It is 0.033 (KID) nearer to the real images than the champion so far, cyclegan.",
        "r3gan stays champion of generate",
        "It was refused: night got worse.",
        "Not for commercial use",
        "which squeezenet had to agree with",
        "may promote by luck 1.2 % of the time",
        "310 images made, 68 held-out real images",
        "✓ passed copies",
        "✗ refused class night",
        "not measured lights",
        "whether lights keep their colour",
        "Over 1 turn since its first champion, day2night came 0.03 nearer",
        "This is the first turn of its line",
        "5 images short",
        "Where the champion of generate is worst",
        "20 December 2026 26 days",
        "In doubt: 1 image of acme/d1",
        "kept: step 100",
    ):
        assert part in said, part


def test_what_rights_keep_out_is_not_looked_at(text: str) -> None:
    alts = [image["alt"] or "" for image in Page(text).all("img")]
    assert any("out of focus" in alt for alt in alts)
    assert not any(words.WHY["consent_expired"] in alt for alt in alts)


def test_the_same_turn_gives_the_same_bytes(turn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(turn)
    before = TURN_STORY.read_bytes(), TURN_PAGE.read_bytes()
    report.main()
    assert (TURN_STORY.read_bytes(), TURN_PAGE.read_bytes()) == before


def test_every_status_has_its_plain_words() -> None:
    assert words.WHY.keys() == STATUSES.keys()


def test_it_is_made_without_torch() -> None:
    code = (
        "import sys, stages.report.__main__; print('torch' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_by_day_and_by_night(text: str) -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    palettes = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    assert len(palettes) == 3  # light, dark, print
    for palette in palettes[:2]:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", palette))
        for ink in ("ink", "soft", "accent", "good", "bad", "warn", "champion"):
            for ground in ("paper", "card", "champion-card"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        bars = ("trains", "held-out", "not-chosen")
        assert all(contrast(colours[bar], colours["paper"]) >= 3 for bar in bars)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here to open the page in")
def test_a_browser_without_a_network_shows_it_whole_at_every_width(
    turn: Path, text: str, tmp_path: Path
) -> None:
    dumped, said = opened(turn / TURN_STORY, tmp_path)
    assert said == []
    assert dumped.count("<img ") == len(Page(text).all("img"))
    # in frames, as a window is never narrower than 500 px; the policy allows the page no script
    # that could look, so a copy without it is asked
    probe = (
        "<script>addEventListener('load', () => { const images = [...document.images], root = "
        "document.documentElement; parent.document.title += `${innerWidth} px: "
        "${images.filter(i => !i.complete || !i.naturalWidth).length} broken, "
        "${root.scrollWidth - root.clientWidth} too wide; `; });</script>"
    )
    copy = html.escape(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', probe, text))
    widths = (320, 360, 768, 1280)
    frames = "".join(f'<iframe width="{w}" height="800" srcdoc="{copy}"></iframe>' for w in widths)
    (tmp_path / "frames.html").write_text(f"<title></title>{frames}", encoding="utf-8")
    dumped, _ = opened(tmp_path / "frames.html", tmp_path)
    found = re.findall(r"\d+ px: \d+ broken, -?\d+ too wide", dumped.partition("</title>")[0])
    assert sorted(found) == sorted(f"{width} px: 0 broken, 0 too wide" for width in widths)


def opened(path: Path, scratch: Path) -> tuple[str, list[str]]:
    """The document as headless Chromium has it, with no name resolved, and what its console
    said."""
    assert CHROMIUM is not None
    command = [
        *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
        *(f"--user-data-dir={scratch / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND"),
        *("--dump-dom", f"file://{path}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
