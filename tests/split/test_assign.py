from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stages.common.catalogue import SPLITS
from stages.dedupe.search import hamming
from stages.split.assign import EMBARGOED, Frame, assign, by_hash, leaks

RADIUS = 3


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Frame], np.ndarray]:
    """Deliveries of drives and single images, with hashes of few bits so that many are near."""
    frames, hashes = [], []
    for delivery in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 10))):
            drive = draw(st.integers(0, 5))
            group = f"drive-{drive}" if drive < 4 else f"image-{len(frames)}"
            label = draw(st.sampled_from(["day", "night"]))
            copies = draw(st.booleans()) and draw(st.booleans())
            used = [row for row, frame in enumerate(frames) if frame.copy_of is None]
            copy_of = draw(st.sampled_from(used)) if copies and used else None
            frames.append(Frame(group, str(delivery), label, copy_of))
            hashes.append(draw(st.integers(0, 2**9 - 1)))
    return frames, np.array(hashes, dtype=np.uint64)


def split(frames: list[Frame], hashes: np.ndarray, seed: int = 1) -> tuple[list[str], np.ndarray]:
    return assign(frames, hashes, RADIUS, seed, val=0.2, test=0.3)


@given(arrivals())
def test_decisions_on_what_came_first_never_change(case: tuple[list[Frame], np.ndarray]) -> None:
    frames, hashes = case
    whole, whole_rivals = split(frames, hashes)
    for cut in {int(frame.delivery) for frame in frames}:
        k = sum(int(frame.delivery) < cut for frame in frames)
        part, rivals = split(frames[:k], hashes[:k])
        assert part == whole[:k]
        assert (rivals == whole_rivals[:k]).all()


@given(arrivals())
def test_no_image_lies_near_one_of_another_split(case: tuple[list[Frame], np.ndarray]) -> None:
    frames, hashes = case
    names, rivals = split(frames, hashes)
    near = hamming(hashes[:, None], hashes[None, :]) <= RADIUS
    for i, j in zip(*np.nonzero(near), strict=True):
        if names[i] in SPLITS and names[j] in SPLITS:
            assert names[i] == names[j]
    assert leaks(hashes, names, RADIUS) == 0
    for row, name in enumerate(names):
        assert (name == EMBARGOED) == (rivals[row] >= 0)
        if name == EMBARGOED:
            assert near[row, rivals[row]]
            assert names[rivals[row]] in SPLITS


@given(arrivals())
def test_a_drive_never_straddles_splits(case: tuple[list[Frame], np.ndarray]) -> None:
    frames, hashes = case
    names, _ = split(frames, hashes)
    homes: dict[str, set[str]] = {}
    for frame, name in zip(frames, names, strict=True):
        if name in SPLITS:
            homes.setdefault(frame.group, set()).add(name)
    assert all(len(home) == 1 for home in homes.values())


def far_apart(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64)


def test_proportions_converge_in_each_class() -> None:
    n = 6000
    frames = [Frame(f"g{i}", "d", "day" if i % 3 else "night") for i in range(n)]
    names, _ = split(frames, far_apart(n))
    for label in ("day", "night"):
        counts = Counter(
            name for frame, name in zip(frames, names, strict=True) if frame.label == label
        )
        total = counts.total()
        # four standard deviations of a binomial draw
        assert abs(counts["val"] / total - 0.2) < 4 * (0.2 * 0.8 / total) ** 0.5
        assert abs(counts["test"] / total - 0.3) < 4 * (0.3 * 0.7 / total) ** 0.5


def test_the_first_drive_of_a_class_trains() -> None:
    for seed in range(20):
        names, _ = split([Frame("only", "d", "fog")] * 3, far_apart(3), seed)
        assert names == ["train"] * 3


def test_the_hash_alone_decides_and_the_seed_changes_it() -> None:
    groups = [f"g{i}" for i in range(200)]
    draws = [by_hash(group, 1, 0.2, 0.3) for group in groups]
    assert draws == [by_hash(group, 1, 0.2, 0.3) for group in groups]
    assert draws != [by_hash(group, 2, 0.2, 0.3) for group in groups]
    assert set(draws) == set(SPLITS)


def held_out_group() -> str:
    return next(f"g{i}" for i in range(100) if by_hash(f"g{i}", 1, 0.2, 0.3) == "test")


def test_a_drive_whose_copies_are_held_out_is_held_out() -> None:
    old = [Frame("first", "d1", "day"), *[Frame(held_out_group(), "d1", "day")] * 2]
    new = [
        Frame("again", "d2", "day", copy_of=1),
        Frame("again", "d2", "day", copy_of=2),
        Frame("again", "d2", "day"),
    ]
    names, _ = split(old + new, far_apart(6))
    assert names == ["train", "test", "test", "", "", "test"]


def test_between_train_and_test_an_image_is_used_in_neither() -> None:
    frames = [
        Frame("first", "d1", "day"),
        Frame(held_out_group(), "d1", "day"),
        Frame("between", "d2", "day"),
    ]
    hashes = np.array([0b000000, 0b111111, 0b000111], dtype=np.uint64)
    names, rivals = split(frames, hashes)
    assert names == ["train", "test", EMBARGOED]
    assert rivals[2] in (0, 1)
