"""What pack remembers of images: enough to decode only new ones, and nothing that is out of use."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from argus.core.caches import SideCache
from argus.core.paths import CACHE
from argus.data import catalogue, reading
from argus.data.reading import ImageRef
from stages.pack import pixels
from stages.pack.__main__ import main
from stages.pack.pixels import forget_others, pixel_cache, shrink, write_images
from tests.conftest import scene

SIZE = (32, 48)
TRAIN = Path("data/pack/train.npy")


@pytest.fixture
def images(workspace: Path) -> pl.DataFrame:
    """Nine rows of the catalogue, with their files."""
    folder = workspace / "data/raw/fleet/d1"
    folder.mkdir(parents=True)
    for number in range(9):
        scene(number, (96, 64)).save(folder / f"{number}.png")
    return pl.DataFrame(
        {"image_id": [f"{n:064x}" for n in range(9)], "path": [f"{n}.png" for n in range(9)]}
    ).with_columns(
        pl.lit("fleet").alias("source"),
        pl.lit("d1").alias("delivery"),
        *(
            pl.lit(None, catalogue.SCHEMA[name]).alias(name)
            for name in ("offset", "size", "sample_max", "width", "height")
        ),
    )


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the images that are opened."""
    paths: list[str] = []
    read = reading.read_bytes

    def counted(place: ImageRef) -> bytes:
        paths.append(place.path)
        return read(place)

    monkeypatch.setattr(reading, "read_bytes", counted)
    return paths


def write(images: pl.DataFrame, size: tuple[int, int], cache: SideCache) -> tuple[np.ndarray, int]:
    """Write all images as those that train."""
    images = images.with_columns(split=pl.lit("train"))
    return write_images({"train": TRAIN}, images, size, cache)


def saved(numbers: list[int]) -> bytes:
    """The file that numpy writes of some scenes."""
    stream = io.BytesIO()
    shrunk = [shrink(scene(number, (96, 64)), SIZE) for number in numbers]
    np.save(stream, np.stack(shrunk) if shrunk else np.empty((0, *SIZE, 3), np.uint8))
    return stream.getvalue()


def test_only_what_is_new_is_opened(images: pl.DataFrame, opened: list[str]) -> None:
    cache = pixel_cache(SIZE)
    assert write(images[:7], SIZE, cache)[1] == 7
    assert opened == [f"{n}.png" for n in range(7)]
    opened.clear()
    readable, decoded = write(images[[8, 3, 7, 0]], SIZE, cache)
    assert opened == ["8.png", "7.png"]
    assert readable.all()
    assert decoded == 2
    assert TRAIN.read_bytes() == saved([8, 3, 7, 0])


@pytest.mark.parametrize("bad", [[], [2], [0, 8], list(range(9))])
def test_what_cannot_be_read_is_left_out(
    images: pl.DataFrame, bad: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "PART_BYTES", 3 * 3 * 32 * 48)  # three images at a time
    for number in bad:
        Path(f"data/raw/fleet/d1/{number}.png").write_bytes(b"bad")
    good = [number for number in range(9) if number not in bad]
    for decoded in (len(good), 0):
        readable, new = write(images, SIZE, pixel_cache(SIZE))
        assert np.flatnonzero(readable).tolist() == good
        assert new == decoded
        assert TRAIN.read_bytes() == saved(good)
    assert [path.name for path in Path("data/pack").iterdir()] == ["train.npy"]


def test_each_resolution_has_its_own(images: pl.DataFrame, opened: list[str]) -> None:
    for size in (SIZE, (16, 16)):
        write(images[:2], size, pixel_cache(size))
        assert np.load(TRAIN).shape == (2, *size, 3)
    assert len(opened) == 4


def test_the_same_bytes_by_another_white_are_another_image(
    images: pl.DataFrame, opened: list[str]
) -> None:
    cache = pixel_cache(SIZE)
    write(images[:1], SIZE, cache)
    white = images[:1].with_columns(sample_max=pl.lit(4095.0))
    write(white, SIZE, cache)
    assert len(opened) == 2


def test_a_run_that_breaks_off_keeps_what_it_did(
    images: pl.DataFrame, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "CHUNK", 3)
    read = reading.load_rgb

    def killed(place: ImageRef) -> object:
        if place.path == "7.png":
            raise KeyboardInterrupt
        return read(place)

    monkeypatch.setattr(reading, "load_rgb", killed)
    with pytest.raises(KeyboardInterrupt):
        write(images, SIZE, pixel_cache(SIZE))
    assert not list(Path("data/pack").iterdir())
    monkeypatch.setattr(reading, "load_rgb", read)
    opened.clear()
    assert write(images, SIZE, pixel_cache(SIZE))[1] == 3  # 7 was in the third chunk
    assert opened == ["6.png", "7.png", "8.png"]
    assert TRAIN.read_bytes() == saved(list(range(9)))


def test_parts_are_no_larger_than_they_may_be(
    images: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pixels, "PART_BYTES", 4 * 3 * 32 * 48)
    monkeypatch.setattr(pixels, "CHUNK", 2)
    cache = pixel_cache(SIZE)
    for first in range(9):  # one image a turn
        write(images[: first + 1], SIZE, cache)
    parts = [pl.read_parquet(path).height for path in cache.parts()]
    assert sum(parts) == 9
    assert max(parts) <= 4


def cache_files() -> list[Path]:
    return [path for path in (CACHE / "pack").rglob("*") if path.is_file()]


def kept() -> set[str]:
    """The images of which there are pixels anywhere in the cache."""
    return {image for file in cache_files() for image in pl.read_parquet(file)["image_id"]}


def test_of_what_is_out_of_use_no_copy_stays(images: pl.DataFrame, opened: list[str]) -> None:
    cache = pixel_cache(SIZE)
    for first in (0, 3, 6):  # in parts of their own
        write(images[first : first + 3], SIZE, cache)
    write(images, (16, 16), pixel_cache((16, 16)))  # of an earlier resolution
    in_use = images[[0, 1, 2, 4]]
    forget_others(cache, in_use)
    assert kept() == set(in_use["image_id"])
    opened.clear()
    write(in_use, SIZE, cache)
    assert not opened
    assert TRAIN.read_bytes() == saved([0, 1, 2, 4])


def test_an_image_withdrawn_leaves_the_pack_and_the_memory(
    card: Callable[..., None], images: pl.DataFrame, opened: list[str]
) -> None:
    params_file = Path("params.yaml")
    params_file.write_text(params_file.read_text().replace("sources: [demo]", "sources: [fleet]"))
    card("fleet")
    schema = {**catalogue.SCHEMA, "split": pl.String()}
    rows = images.with_columns(
        pl.lit("accepted").alias("status"),
        pl.lit("day").alias("label"),
        pl.Series("split", ["train"] * 5 + ["val"] * 2 + ["test"] * 2),
        *(pl.lit(True).alias(name) for name in ("may_train", "may_evaluate")),
    )
    rows = pl.concat([pl.DataFrame(schema=schema), rows], how="diagonal_relaxed")
    catalogue.write("data/prune/images.parquet", rows)
    main()
    assert kept() == set(rows["image_id"])
    opened.clear()
    withdrawn = catalogue.with_decisions(rows, np.array([1, 6]), "withdrawn")
    catalogue.write("data/prune/images.parquet", withdrawn)
    main()
    warm = {path: path.read_bytes() for path in Path("data/pack").iterdir()}
    assert not opened
    assert kept() == set(catalogue.accepted(withdrawn)["image_id"])
    assert np.load(TRAIN).shape[0] == 4
    for path in cache_files():
        path.unlink()
    main()
    assert warm == {path: path.read_bytes() for path in Path("data/pack").iterdir()}
    assert len(opened) == 7
