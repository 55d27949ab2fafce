"""What a person is shown of a model is what it was judged by, evenly and unchanged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from argus.judging import samples
from tests.conftest import scenes


@given(st.lists(st.sampled_from(["day", "night", "fog"]), max_size=60), st.integers(1, 9))
def test_so_many_of_each_class_spread_over_all_and_each_what_it_was_asked_for(
    requested: list[str], per_class: int
) -> None:
    numbers = np.arange(len(requested), dtype=np.uint8)
    answers = np.broadcast_to(numbers[:, None, None, None], (len(requested), 2, 3, 3))
    made = samples.choose(answers, requested, per_class=per_class)
    picked = made.images[:, 0, 0, 0].tolist()
    assert len(set(picked)) == len(picked) == len(made.requested)
    for name in set(requested):
        rows = [row for row, of in enumerate(requested) if of == name]
        shown = [row for row, of in zip(picked, made.requested, strict=True) if of == name]
        assert len(shown) == min(per_class, len(rows))
        assert set(shown) <= set(rows)
        if len(shown) > 1:
            assert (shown[0], shown[-1]) == (rows[0], rows[-1])


def test_sources_and_twins_stay_beside_their_answers(tmp_path: Path) -> None:
    answers, sources, twins = scenes(20), scenes(20, seed=40), scenes(20, seed=80)
    made = samples.choose(answers, ["night"] * 20, sources, twins, step=7)
    rows = [int(np.flatnonzero((answers == image).all(axis=(1, 2, 3)))[0]) for image in made.images]
    assert made.sources is not None
    assert made.twins is not None
    np.testing.assert_array_equal(made.sources, sources[rows])
    np.testing.assert_array_equal(made.twins, twins[rows])
    samples.save(made, tmp_path / "a.npz")
    samples.save(made, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = samples.read(tmp_path / "a.npz")
    assert read is not None
    assert (read.requested, read.step) == (made.requested, 7)
    np.testing.assert_array_equal(read.images, made.images)
    np.testing.assert_array_equal(read.twins, made.twins)


def test_of_a_generator_there_are_images_alone_and_of_a_failed_model_nothing(
    tmp_path: Path,
) -> None:
    samples.save(samples.choose(scenes(3), ["day", "fog", "day"]), tmp_path / "a.npz")
    read = samples.read(tmp_path / "a.npz")
    assert read is not None
    assert (read.sources, read.twins, read.step) == (None, None, None)
    assert read.requested == ("day", "day", "fog")
    assert samples.read(tmp_path / "b.npz") is None
