import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.core import code
from argus.hamming import join, pair_cache, search
from argus.hamming.join import FilledTable, Pairs
from argus.hamming.pair_cache import KnownPairs
from tests.dedupe.hard import clustered, listed, small_parts

RADIUS = 4


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_cache, "WORTH", 0)


def pool(n: int = 60) -> np.ndarray:
    """Hashes with many near pairs and some that come twice."""
    rng = np.random.default_rng(3)
    return rng.choice(clustered(rng, n), n)


def same(hashes: np.ndarray, folder: Path, radius: int = RADIUS) -> bool:
    """Whether a search that remembers finds what one that does not finds."""
    found, truth = listed(hashes, radius, folder), listed(hashes, radius)
    return all(np.array_equal(a, b) for a, b in zip(found, truth, strict=True))


SOME = st.lists(st.integers(0, 59), max_size=60)
MOST = st.sets(st.integers(0, 59), max_size=6).map(lambda v: [k for k in range(60) if k not in v])


@settings(deadline=None)
@given(
    st.lists(st.one_of(SOME, MOST).map(lambda rows: pool()[rows]), max_size=6), st.integers(0, 8)
)
def test_whatever_came_before_the_same_is_found(runs: list[np.ndarray], radius: int) -> None:
    # any hashes in any run: new ones come, known ones go, and come again
    with tempfile.TemporaryDirectory() as folder, small_parts():
        assert all(same(hashes, Path(folder), radius) for hashes in runs)


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), max_size=4))
def test_the_file_does_not_tell_in_which_runs_the_hashes_came(cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        at_once, step_by_step = Path(folder, "a"), Path(folder, "b")
        listed(pool(), RADIUS, at_once)
        for end in [*sorted(cuts), len(pool())]:
            listed(pool()[:end], RADIUS, step_by_step)
        whole, grown = (KnownPairs.read(only_file(place)) for place in (at_once, step_by_step))
    assert (whole.values == grown.values).all()
    assert as_set(whole) == as_set(grown)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def as_set(known: KnownPairs) -> set[frozenset[int]]:
    pairs = [pair for a, b in known.batches() for pair in zip(a.tolist(), b.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs))
    return {frozenset(pair) for pair in pairs}


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many hashes were compared with how many: (0, n) for n with each other."""
    calls: list[tuple[int, int]] = []
    build_tables, self_join = join.build_tables, join.self_join

    def counted_tables(known: np.ndarray, radius: int, new: int) -> Iterator[FilledTable]:
        calls.append((len(known), new))
        return build_tables(known, radius, new)

    def counted_self_join(values: np.ndarray, radius: int) -> Iterator[Pairs]:
        calls.append((0, len(values)))
        return self_join(values, radius)

    monkeypatch.setattr(join, "build_tables", counted_tables)
    monkeypatch.setattr(join, "self_join", counted_self_join)
    return calls


def test_only_new_hashes_are_searched(tmp_path: Path, searched: list[tuple[int, int]]) -> None:
    hashes = np.unique(pool())
    old = len(hashes) - 5
    list(search.within(hashes[:old], RADIUS, tmp_path))
    searched.clear()
    list(search.within(hashes[:old], RADIUS, tmp_path))
    list(search.within(hashes[:10], RADIUS, tmp_path))
    assert not searched
    list(search.within(hashes, RADIUS, tmp_path))
    assert searched == [(old, 5), (0, 5)]


def test_hashes_that_are_gone_are_not_searched_for_many_new_ones(
    tmp_path: Path, searched: list[tuple[int, int]]
) -> None:
    hashes = np.unique(pool())
    list(search.within(hashes[5:], RADIUS, tmp_path))
    searched.clear()
    list(search.within(hashes[:10], RADIUS, tmp_path))
    assert searched == [(0, 10), (0, 10)]  # with none that is known, and with each other
    assert (KnownPairs.read(only_file(tmp_path)).values == hashes[:10]).all()


def test_each_radius_has_a_cache_of_its_own(tmp_path: Path) -> None:
    assert same(pool(), tmp_path, radius=8)
    assert same(pool(), tmp_path, radius=2)
    assert same(pool(), tmp_path, radius=4)
    assert len(list(tmp_path.iterdir())) == 3


def test_what_older_code_found_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in "abc":
        monkeypatch.setattr(code, "version", lambda _module, found=version: found)
        time.sleep(0.02)  # the clock of a file system may be coarse
        assert same(pool(), tmp_path)
        assert same(pool(), tmp_path, radius=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b-2", "b-4", "c-2", "c-4"]


@settings(deadline=None)
@given(st.data())
def test_a_file_that_is_damaged_is_not_believed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        listed(pool(), RADIUS, Path(folder))
        path = only_file(Path(folder))
        whole = path.read_bytes()
        place = data.draw(st.integers(0, len(whole) - 1))
        torn, other = data.draw(st.booleans()), data.draw(st.integers(1, 255))
        rest = b"" if torn else bytes([whole[place] ^ other]) + whole[place + 1 :]
        path.write_bytes(whole[:place] + rest)
        assert not len(KnownPairs.read(path).values)
        assert same(pool(), Path(folder))
        assert path.read_bytes() == whole  # and is made anew


def test_a_folder_in_the_way_of_the_file(tmp_path: Path) -> None:
    assert not len(KnownPairs.read(tmp_path).values)
    assert not len(KnownPairs.read(tmp_path / "missing").values)


def test_a_search_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with small_parts():
        next(search.within(pool(), RADIUS, tmp_path))
    assert not list(tmp_path.iterdir())


def test_too_many_pairs_are_found_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_cache, "MOST", 10)
    assert same(pool(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_quick_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert same(pool(), tmp_path)
    assert not list(tmp_path.iterdir())
