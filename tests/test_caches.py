"""Warm equals cold: whatever code was edited, and whatever library changed, between two runs.

A copy of `argus/` and `stages/` is edited and imported anew; each cache is asked before and after.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
import torch

from argus.core.files import remove
from tests.conftest import ROOT, scene, scenes

PARTS = ("argus", "stages")
CACHED = {
    "ingest": "argus.data.measuring.measure_cache",
    "embed": "argus.features.embedding",
    "pixels": "argus.features.embedding",
    "pairs": "argus.hamming.pair_cache",
    "pack": "stages.pack.pixels",
}
"""The module that computes what each cache holds."""

COLOURS = """
def colours():
    return Backbone("colours", 8, 3, 0.0, 1.0, lambda x: x.mean(dim=(2, 3)))

BACKBONES["colours"] = colours
"""


class House:
    """A copy of the code in a folder of its own, to be edited and run in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__py*"))
        self.edit("argus.features.backbone", COLOURS)

    def edit(self, module: str, more: str) -> None:
        """Append to a module's source, and forget what was imported."""
        with self.file(module).open("a") as file:
            file.write(more)
        self.forget()

    def file(self, module: str) -> Path:
        place = self.folder / module.replace(".", "/")
        return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] in PARTS]:
            del sys.modules[name]

    def load(self, module: str) -> ModuleType:
        return importlib.import_module(module)


@pytest.fixture
def house(
    workspace: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    before = {k: module for k, module in sys.modules.items() if k.split(".")[0] in PARTS}
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(folder)
    copied = House(folder)
    yield copied
    copied.forget()
    sys.modules.update(before)


@pytest.fixture
def run(
    house: House, card: Callable, deliver: Callable
) -> Iterator[Callable[[str], tuple[bytes, int]]]:
    """What a cache's user makes of some images, and how much of it is computed now."""
    card("fleet")
    deliver("fleet", "d1", {f"{k}.png": scene(k, (96, 80)) for k in range(6)})
    torch_threads = torch.get_num_threads()

    def ingest() -> tuple[bytes, int]:
        stage, params = house.load("stages.ingest.take_in"), house.load("argus.core.params")
        images, decoded = stage.take_in("fleet", params.load().ingest)
        return images.write_json().encode(), decoded

    def catalogued() -> pl.DataFrame:
        return pl.DataFrame({"path": [f"{k}.png" for k in range(6)]}).with_columns(
            image_id="path",
            source=pl.lit("fleet"),
            delivery=pl.lit("d1"),
            offset=pl.lit(None, pl.Int64),
            size=pl.lit(None, pl.Int64),
            width=pl.lit(96, pl.Int32),
            height=pl.lit(80, pl.Int32),
            sample_max=pl.lit(None, pl.Float64),
        )

    def embed() -> tuple[bytes, int]:
        features = house.load("argus.features.embedding")
        vectors, _, new = features.embed_images(catalogued(), "colours", torch_threads)
        return vectors.tobytes(), new

    def pack() -> tuple[bytes, int]:
        pixels, file = house.load("stages.pack.pixels"), Path("data/pack/train.npy")
        cache = pixels.pixel_cache((32, 48))
        images = catalogued().with_columns(split=pl.lit("train"))
        _, decoded = pixels.write_images({"train": file}, images, (32, 48), cache)
        return file.read_bytes(), decoded

    def pixels() -> tuple[bytes, int]:
        net = house.load("argus.features.backbone").BACKBONES["colours"]()
        known: list[int] = []
        vectors = house.load("argus.features.embedding").embed_arrays(scenes(5), net, known.append)
        return vectors.tobytes(), 5 - known[0]

    def pairs() -> tuple[bytes, int]:
        pair_cache = house.load("argus.hamming.pair_cache")
        pair_cache.WORTH = 0  # type: ignore[attr-defined]
        values = np.unique(np.random.default_rng(0).integers(0, 1 << 9, 60).astype(np.uint64))
        files = set(Path(".cache/pairs").glob("*"))
        found = list(pair_cache.cached_self_join(values, 3, Path(".cache/pairs")))
        listed = sorted(pair for a, b in found for pair in zip(a.tolist(), b.tolist(), strict=True))
        searched = set(Path(".cache/pairs").glob("*")) - files
        return repr(listed).encode(), len(searched)

    stages = {"ingest": ingest, "embed": embed, "pixels": pixels, "pairs": pairs, "pack": pack}
    yield lambda name: stages[name]()
    torch.set_deterministic_debug_mode("default")


def wrapped(function: str, result: str) -> str:
    """Source that makes a module's function give something else: `result` of its own `found`."""
    return f"""
_unedited = {function}
def {function}(*args, **kwargs):
    found = _unedited(*args, **kwargs)
    return {result}
"""


MEASURED = "[row | {'width': row['width'] + 1} for row in found]"
PREPARED = """
_prepare = Backbone.prepare
Backbone.prepare = lambda self, image: _prepare(self, image) // 2
"""
NEARER = """
_unedited = self_join
def self_join(values, radius):
    return _unedited(values, radius - 1)
"""
EDITS = [
    ("ingest", "argus.data.measuring.measure", wrapped("measure", MEASURED)),
    (
        "ingest",
        "argus.data.measuring.quality",
        wrapped("quality_indicators", "found._replace(luminance=found[0] + 1)"),
    ),
    ("ingest", "argus.data.measuring.perceptual_hash", wrapped("pixel_digest", "found[::-1]")),
    ("ingest", "argus.data.reading", wrapped("read_bytes", "found + bytes(1)")),
    ("embed", "argus.features.embedding", wrapped("_embedded", "(found[0], found[1] + 1)")),
    ("embed", "argus.features.backbone", PREPARED),
    ("embed", "argus.data.reading", wrapped("load_rgb", "found.rotate(180).convert('L')")),
    ("pixels", "argus.features.backbone", PREPARED),
    ("pairs", "argus.hamming.join", NEARER),
    ("pack", "stages.pack.pixels", wrapped("shrink", "255 - found")),
    ("pack", "argus.data.reading", wrapped("load_rgb", "found.rotate(180)")),
]


@pytest.mark.parametrize(
    ("name", "module", "more"), EDITS, ids=[" ".join(edit[:2]) for edit in EDITS]
)
def test_warm_equals_cold_after_an_edit(
    house: House, run: Callable[[str], tuple[bytes, int]], name: str, module: str, more: str
) -> None:
    first, new = run(name)
    assert new
    assert run(name) == (first, 0)
    house.edit(module, "\n# a comment\n")
    assert run(name) == (first, 0)
    house.edit(module, more)
    warm = run(name)
    remove(Path(".cache"))
    assert warm == run(name) == (warm[0], new)
    assert warm[0] != first


ANOTHER_FILE = """
_unedited = read_bytes
def read_bytes(place):
    return _unedited(place._replace(path=place.path.replace("0.png", "1.png")))
"""


def test_which_content_a_file_has_is_found_anew_after_an_edit(
    house: House, run: Callable[[str], tuple[bytes, int]], card: Callable, deliver: Callable
) -> None:
    card("other")
    deliver("other", "d1", {"x.png": scene(0, (96, 80))})
    run("ingest")
    house.edit("argus.data.reading", ANOTHER_FILE)
    settings = house.load("argus.core.params").load().ingest
    house.load("stages.ingest.take_in").take_in("other", settings)  # it knows the old content
    warm, _ = run("ingest")
    remove(Path(".cache"))
    assert warm == run("ingest")[0]


@pytest.mark.parametrize("entry", sorted(set(CACHED.values())))
def test_any_edit_of_what_is_imported_is_another_version(house: House, entry: str) -> None:
    code = house.load("argus.core.code")
    before, files = code.version(entry), code.closure(entry)
    for file in files.values():
        text = file.read_text()
        file.write_text(f"{text}\nEDITED = 1\n")
        assert code.version(entry) != before, file
        file.write_text(f"{text}\n# edited\n")
        assert code.version(entry) == before, file


@pytest.mark.parametrize("entry", sorted(set(CACHED.values())))
def test_what_is_imported_is_in_the_closure(house: House, entry: str) -> None:
    house.forget()
    house.load(entry)
    imported = {module for module in sys.modules if module.split(".")[0] in PARTS}
    assert imported <= house.load("argus.core.code").closure(entry).keys()


LIBRARIES = {
    "ingest": "pillow",
    "embed": "torch",
    "pixels": "torchvision",
    "pairs": "numpy",
    "pack": "pillow",
}


@pytest.mark.parametrize("name", CACHED)
def test_another_version_of_a_library_forgets(
    run: Callable[[str], tuple[bytes, int]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    first, new = run(name)
    lookup, library = importlib.metadata.version, LIBRARIES[name]
    monkeypatch.setattr(
        importlib.metadata, "version", lambda of: "0.1" if of == library else lookup(of)
    )
    assert run(name) == (first, new)
    assert run(name) == (first, 0)
