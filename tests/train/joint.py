"""Two steps of every tiny model, alone or as one of several processes: `test_launch` compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from argus.core import determinism
from argus.models.draws import processes
from stages.train import distributed
from stages.train.train import prepared
from stages.train.training import Training
from tests.train import tiny

STEPS = 2
EPSILON = 1e-3
"""Adam's, far above rounding: by its own it makes a whole step of a gradient that is nothing else,
as that of a bias before a normalisation is."""


def steps(arch: str) -> dict[str, Any]:
    """Each optimizer's gradients in turn, the state afterwards, and what was logged."""
    job = tiny.job(arch, Path("unused"), batch=4)
    device = distributed.join(job.settings)
    determinism.deterministic(job.model.seed, job.settings.threads)
    training = prepared(job, device)[0].training
    random = torch.Generator().manual_seed(0)
    for parameter in training.architecture.parameters():  # no layer that does nothing, no kink hit
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=random)
    gradients: list[dict[str, torch.Tensor]] = []
    for optimizer in training.optimizers.values():
        for entry in optimizer.param_groups:
            entry["eps"] = EPSILON
        optimizer.register_step_pre_hook(lambda *_: gradients.append(gradients_of(training)))
    for _ in range(STEPS):
        training.step()
    return {
        "gradients": gradients,
        "weights": training.architecture.state_dict(),
        "average": training.ema.state_dict(),
        "logged": training.means(),
        "random": torch.get_rng_state(),
    }


def gradients_of(training: Training) -> dict[str, torch.Tensor]:
    """Of every parameter that has one now."""
    parameters = training.architecture.named_parameters()
    return {name: p.grad.clone() for name, p in parameters if p.grad is not None}


def listening() -> list[str]:
    """Addresses on which this process listens, as /proc/net/tcp spells them."""
    links = (link.readlink().name for link in Path("/proc/self/fd").iterdir() if link.exists())
    own = {name.removeprefix("socket:[").removesuffix("]") for name in links}
    addresses = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            field = line.split()
            if field[3] == "0A" and field[9] in own:  # TCP_LISTEN
                addresses.append(field[1].split(":")[0])
    return addresses


def all_steps(store: str, folder: str) -> None:
    """Work for `launch.run`: every process saves what it found for each model."""
    torch.set_num_threads(1)
    distributed.join(tiny.job("sngan", Path(folder)).settings, store)
    rank, number = processes()
    assert number > 1
    for arch in tiny.MODELS:
        torch.save(steps(arch), Path(folder) / f"{arch}.{rank}.pt")
    (Path(folder) / f"listening.{rank}.json").write_text(json.dumps(listening()))
    distributed.leave()
