"""Steps of an architecture outside the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from argus.models.architecture import Architecture
from argus.models.registry import build
from argus.models.scene import Images, Scene

Kind = TypeVar("Kind", bound=Architecture)


def made(
    kind: type[Kind], config: Mapping[str, Any], scene: Scene, profile: str | None = None
) -> Kind:
    """An architecture of our own, as `build` makes it from its name."""
    found = build(kind.__module__.rpartition(".")[2], config, scene, profile)
    assert isinstance(found, kind)
    return found


def size_of(network: nn.Module) -> int:
    """How many parameters it has."""
    return sum(p.numel() for p in network.parameters())


def silence(layer: nn.Module, value: float = 0.0) -> None:
    """Let a convolution say the same whatever it sees."""
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, value)


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
    optimizers = architecture.optimizers()
    turns: list[str] = []

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
