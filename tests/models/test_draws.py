"""Draws for single images: the joint batch's numbers, wherever its images lie."""

from __future__ import annotations

import pytest
import torch

from argus.models import draws

CPU = torch.device("cpu")
KINDS = {
    "normal": lambda count: draws.normal(count, 3, 2, device=CPU),
    "uniform": lambda count: draws.uniform(-1.0, 2.0, count, 3, 2, device=CPU),
    "integers": lambda count: draws.integers(4, 9, count, 3, 2, device=CPU),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_processes_share_out_what_one_would_draw(kind, number, monkeypatch):
    torch.manual_seed(5)
    joint, after = KINDS[kind](12), torch.rand(())
    parts = []
    for rank in range(number):
        monkeypatch.setattr(draws, "processes", lambda rank=rank: (rank, number))
        torch.manual_seed(5)
        parts.append(KINDS[kind](12 // number))
        assert torch.equal(torch.rand(()), after)  # all stand at the same place afterwards
    assert torch.equal(torch.cat(parts), joint)


def test_the_numbers_are_of_their_kind():
    torch.manual_seed(0)
    normal = draws.normal(4000, 2, device=CPU)
    assert normal.dtype == torch.float32
    assert abs(normal.mean().item()) < 0.05
    assert abs(normal.std().item() - 1) < 0.05
    uniform = draws.uniform(-1.0, 2.0, 4000, device=CPU)
    assert uniform.shape == (4000,)
    assert -1 <= uniform.min() < -0.99
    assert 1.99 < uniform.max() < 2
    assert set(draws.integers(4, 9, 200, 2, device=CPU).flatten().tolist()) == set(range(4, 9))
