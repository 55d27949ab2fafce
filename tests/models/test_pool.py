"""The pool of past fakes, in one process and in two."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from argus.models.pool import ImagePool

ROUNDS, JOINT = 9, 4


def numbered(start: int, count: int) -> torch.Tensor:
    return torch.arange(start, start + count).float().view(count, 1, 1, 1)


def test_a_pool_gives_back_only_what_it_was_given_and_keeps_its_size():
    torch.manual_seed(0)
    pool, seen, old = ImagePool(5, (1, 1, 1)), set(), 0
    for start in range(0, 400, 4):
        seen |= set(range(start, start + 4))
        given = pool.exchange(numbered(start, 4)).flatten().tolist()
        assert set(given) <= seen
        if start < 4:
            assert given == [0, 1, 2, 3]
        old += sum(value < start for value in given)
    assert int(pool.filled) == 5
    assert 0.4 < old / 396 < 0.6  # one half are exchanged for older ones


def test_a_pool_takes_no_gradient_and_one_of_no_size_passes_everything_on():
    fakes = torch.randn(3, 1, 2, 2, requires_grad=True)
    for capacity in (0, 5):
        given = ImagePool(capacity, (1, 2, 2)).exchange(fakes)
        assert torch.equal(given, fakes.detach())
        assert not given.requires_grad


def test_a_pool_goes_on_from_its_state():
    first, second = ImagePool(3, (1, 1, 1)), ImagePool(3, (1, 1, 1))
    first.exchange(numbered(0, 3))
    second.load_state_dict(first.state_dict())
    torch.manual_seed(1)
    expected = first.exchange(numbered(3, 6))
    torch.manual_seed(1)
    assert torch.equal(second.exchange(numbered(3, 6)), expected)


def rounds(rank: int, number: int) -> dict[str, list[torch.Tensor]]:
    """What comes back in each round for one of `number` processes, and the pool afterwards."""
    torch.manual_seed(2)
    pool, share = ImagePool(5, (1, 1, 1)), JOINT // number
    given = [pool.exchange(numbered(turn * JOINT + rank * share, share)) for turn in range(ROUNDS)]
    return {"given": given, "pool": [pool.images, pool.filled, torch.get_rng_state()]}


def one_of_two(rank: int, folder: str) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    torch.save(rounds(rank, 2), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_hold_the_pool_of_one_and_share_what_it_gives(tmp_path, monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    spawn(one_of_two, (str(tmp_path),), nprocs=2)
    halves = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    alone = rounds(0, 1)
    for turn, expected in enumerate(alone["given"]):
        assert torch.equal(torch.cat([half["given"][turn] for half in halves]), expected)
    for half in halves:
        assert all(map(torch.equal, half["pool"], alone["pool"]))
