"""Steps of an architecture outside the loop."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from argus.models.architecture import Architecture
from argus.models.scene import Images, Scene


def size_of(network: nn.Module) -> int:
    """How many parameters it has."""
    return sum(p.numel() for p in network.parameters())


def two_domains(scene: Scene, size: int = 3) -> dict[str, Images]:
    """A batch for a translator: noise, always the same."""
    torch.manual_seed(0)
    shape, labels = (size, 3, scene.height, scene.width), torch.zeros(size, dtype=torch.int64)
    return {name: Images(torch.rand(shape) * 2 - 1, labels) for name in ("source", "target")}


def stepped(
    architecture: Architecture,
    batch: Mapping[str, Images],
    steps: int = 1,
    scheduled: Mapping[str, float] | None = None,
) -> tuple[list[str], dict[str, Tensor]]:
    """Take steps as the loop does; whose turns there were, and what the last one logs."""
    optimizers, turns = architecture.optimizers(), []

    def optimizer_step(name: str, loss: Tensor) -> None:
        assert loss.shape == ()
        assert loss.dtype == torch.float32
        parameters = [p for g in optimizers[name].param_groups for p in g["params"]]
        optimizers[name].zero_grad()
        loss.backward(inputs=parameters)
        optimizers[name].step()
        turns.append(name)

    scheduled = scheduled or {
        name: schedule(0.5) for name, schedule in architecture.schedules.items()
    }
    for _ in range(steps):
        scalars = architecture.step(batch, scheduled, optimizer_step)
    return turns, scalars
