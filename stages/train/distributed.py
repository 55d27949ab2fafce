"""The processes of one training as each of them sees the others: how they meet, and agree.

Alone, a process meets nobody and agrees with itself: every function here then does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, distributed

from argus.core import params
from argus.core.errors import ArgusError
from argus.models.draws import processes


def join(settings: params.Train, store: str = "env://") -> torch.device:
    """Meet the others, if a launcher started this process as one of several.

    Args:
        settings: which kind of device it trains on.
        store: URL at which the processes meet; by default as `torchrun` arranges it.

    Returns:
        the device that this process trains on.

    Raises:
        ArgusError: CUDA is wanted and there is none, or there are fewer GPUs than processes.
    """
    has_cuda = torch.cuda.is_available()
    if settings.device == "cuda" and not has_cuda:
        raise ArgusError("train.device is cuda, but torch sees none here: set it to auto or cpu")
    on_cpu = settings.device == "cpu" or not has_cuda
    local, number = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = torch.device("cpu") if on_cpu else torch.device("cuda", local)
    if not on_cpu:
        if local >= torch.cuda.device_count():
            raise ArgusError(
                f"train.processes is {number}, and there are {torch.cuda.device_count()} GPUs: "
                "at most one process for each"
            )
        torch.cuda.set_device(device)
    if "RANK" in os.environ and not distributed.is_initialized():
        rank, backend = int(os.environ["RANK"]), "gloo" if on_cpu else "nccl"
        distributed.init_process_group(backend, init_method=store, rank=rank, world_size=number)
    return device


def leave() -> None:
    """Part from the others, if there are any."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def is_first() -> bool:
    """Whether this process is the only one, or the one that validates, writes and logs for all."""
    return processes()[0] == 0


def all_reduce_mean(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over the processes, all in one exchange."""
    _, number = processes()
    if number == 1 or not tensors:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    flat /= number
    for tensor, part in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
        tensor.copy_(part.view_as(tensor))


def broadcast(tensors: Iterable[Tensor]) -> None:
    """Give every process the tensors of the first one."""
    if processes()[1] == 1:
        return
    for tensor in tensors:
        content = tensor.detach().contiguous()
        distributed.broadcast(content, src=0)
        tensor.data.copy_(content)


def broadcast_scalars(values: Sequence[float], device: torch.device) -> list[float]:
    """What the first process says; the others pass as many values, whatever they are."""
    said = torch.tensor(values, dtype=torch.float64, device=device)
    broadcast([said])
    return [float(value) for value in said]
