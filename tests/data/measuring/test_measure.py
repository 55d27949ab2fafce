from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from argus.core.errors import ArgusError
from argus.data.images.decode import Limits
from argus.data.measuring import measure
from argus.data.measuring.measure import How, measure_all
from argus.data.reading import ImageRef
from tests.conftest import scene

LIMITS = Limits(min_side=32, max_pixels=10**6, max_aspect=20, max_memory=10**8)
HOW = How("exact", LIMITS)


@pytest.fixture
def places(deliver) -> list[ImageRef]:
    deliver("fleet", "d1", {f"{i:03d}.png": scene(i) for i in range(100)})
    return [ImageRef("fleet", "d1", f"{i:03d}.png") for i in range(100)]


def test_many_processes_give_what_one_gives(places: list[ImageRef]) -> None:
    alone = measure.measure(places, HOW)
    assert [row for rows in measure_all(places, HOW, workers=2) for row in rows] == alone
    assert len({row["phash"] for row in alone}) == 100


def test_known_content_is_hashed_and_not_decoded(
    places: list[ImageRef], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [row["image_id"] for row in measure.measure(places, HOW)]
    known = np.sort(np.array([bytes.fromhex(i) for i in ids[1:]], dtype="S32"))
    np.save(tmp_path / "known.npy", known)
    rows = measure.measure(places, How("exact", LIMITS, known=tmp_path / "known.npy"))
    assert [row["image_id"] for row in rows] == ids
    assert [number for number, row in enumerate(rows) if "status" in row] == [0]


def test_no_more_chunks_are_under_way_than_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool:
        """Counts what is handed out and not fetched yet."""

        under_way = most = 0

        def submit(self, _work, chunk, _how):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            pool = self

            class Future:
                def result(self) -> list[int]:
                    pool.under_way -= 1
                    return [len(chunk)]

            return Future()

    pool = Pool()
    chunks = ([("s", "d", "p", None, None)] for _ in range(10_000))
    found: Any = measure._in_order(cast(Any, pool), cast(Any, chunks), HOW, 8)
    assert sum(n for (n,) in found) == 10_000
    assert pool.most == 8


def test_a_process_that_dies_names_what_it_read(
    places: list[ImageRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures.process import BrokenProcessPool

    class Dead:
        def result(self) -> None:
            raise BrokenProcessPool

    with pytest.raises(ArgusError, match=r"fleet/d1/000\.png to .*fleet/d1/099\.png"):
        measure._result(places, Dead())  # type: ignore[arg-type]


def test_an_image_that_only_its_metadata_tell_apart_has_the_same_pixels(deliver) -> None:
    import io

    exif = Image.Exif()
    exif[0x010F] = "another camera"
    plain, named = io.BytesIO(), io.BytesIO()
    scene(1).save(plain, "JPEG")
    scene(1).save(named, "JPEG", exif=exif)
    deliver("fleet", "d1", {"a.jpg": plain.getvalue(), "b.jpg": named.getvalue()})
    places = [ImageRef("fleet", "d1", name) for name in ("a.jpg", "b.jpg")]
    first, second = measure.measure(places, HOW)
    assert first["image_id"] != second["image_id"]
    assert first["pixels"] == second["pixels"]
