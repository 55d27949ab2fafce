"""Images are forgotten by every cache that there is, of whatever kind and version."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import polars as pl
import pytest

from argus.core import forgetting
from argus.core.caches import SideCache
from argus.core.files import remove
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


IDS = [f"{k:064x}" for k in range(4)]


def filled() -> None:
    """One cache of every kind, two versions of the one, with rows of four images."""
    table = pl.DataFrame({"image_id": IDS, "value": range(4)})
    for kind in ("ingest", "ingest-white-4095.0"):
        for version in ("v1", "v2"):
            SideCache(kind, version).add(table)
    SideCache("embed", "v1").add(table[2:].with_columns(pl.col("image_id") + "@4095.0"))
    SideCache("embed", "v1").add(table[:2])
    paths = pl.DataFrame({"path": [f"{i}.png" for i in IDS], "image_id": IDS})
    SideCache("files", "v1", key=["path"]).add(paths)
    SideCache("pixels", "v1").add(table)
    for name in ("pairs/v1-3", "train/cut/f/10.ckpt", "preflight.json", "unheard-of/v1/file"):
        path = Path(".cache", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"some bytes")


def test_an_image_is_forgotten_by_every_cache_of_every_version() -> None:
    filled()
    SideCache("embed", "v1").scratch("known.npy").write_bytes(bytes.fromhex(IDS[1]))
    assert forgetting.forget([IDS[1], IDS[2]]) == 4 * 2 + 2 + 2
    for kind in ("ingest", "ingest-white-4095.0"):
        for version in ("v1", "v2"):
            left = SideCache(kind, version).read()
            assert left is not None
            assert left.rows() == [(IDS[0], 0), (IDS[3], 3)]
    left = SideCache("embed", "v1").read()
    assert left is not None
    assert sorted(left["image_id"]) == [IDS[0], f"{IDS[3]}@4095.0"]
    left = SideCache("files", "v1", key=["path"]).read()
    assert left is not None
    assert left["path"].to_list() == [f"{IDS[0]}.png", f"{IDS[3]}.png"]
    # what cannot tell whose its content is, is gone as a whole
    assert {each.kind.partition("-")[0] for each in forgetting.held()} == {
        "ingest",
        "embed",
        "files",
    }
    content = b"".join(path.read_bytes() for path in Path(".cache").rglob("*") if path.is_file())
    assert not any(id_.encode() in content or bytes.fromhex(id_) in content for id_ in IDS[1:3])


def test_forgetting_nobody_changes_nothing() -> None:
    filled()
    before = forgetting.held()
    assert forgetting.forget([]) == 0
    assert forgetting.held() == before


def test_forgetting_that_is_cut_short_is_completed_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled()
    calls = itertools.count()

    def killed(path: Path) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(forgetting, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        forgetting.forget(IDS[:1])
    monkeypatch.setattr(forgetting, "remove", remove)
    for version in ("v1", "v2"):  # whole parts, before or after
        whole = SideCache("ingest", version).read()
        assert whole is not None
        assert set(IDS[1:]) <= set(whole["image_id"])
    forgetting.forget(IDS[:1])
    for version in ("v1", "v2"):
        left = SideCache("ingest", version).read()
        assert left is not None
        assert left["image_id"].to_list() == IDS[1:]


def test_what_there_is_is_listed_with_its_size() -> None:
    filled()
    found = {each.path.relative_to(".cache").as_posix(): each for each in forgetting.held()}
    assert {"files/v1", "ingest/v2", "pairs/v1-3", "train/cut", "preflight.json"} <= found.keys()
    assert found["train/cut"].bytes == found["preflight.json"].bytes == len(b"some bytes")
    assert found["ingest/v1"].kind == "ingest"


def test_every_cache_of_the_code_is_of_a_kind_that_is_known() -> None:
    """A new one says in `KINDS` how it forgets an image."""
    named = set()
    for folder in ("argus", "stages"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(ast.Name("SideCache"), [ast.Constant(str(kind)), *_]):
                        named.add(kind)
                    case ast.BinOp(ast.Name("CACHE"), ast.Div(), ast.Constant(str(k))):
                        named.add(k)
    assert {"embed", "files", "pixels", "train", "preflight.json"} <= named
    assert named <= forgetting.KINDS.keys()
