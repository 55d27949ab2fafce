"""The processes of one training as each of them sees the others: how they meet, and agree.

Alone, a process meets nobody and agrees with itself: every function here then does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, distributed

from argus.core import params
from argus.core.errors import ArgusError
from argus.models.draws import processes
from stages.train.launch import MEETING, one_of_several


def join(settings: params.Train) -> Accelerator:
    """Meet the others, if there are any; device and precision as the settings want them.

    Processes of our own launcher meet over a file and talk over the loopback interface; those of
    `torchrun` or `accelerate launch` as these arrange it.

    Raises:
        ArgusError: CUDA is wanted and there is none, or there are fewer GPUs than processes.
    """
    has_cuda = torch.cuda.is_available()
    if settings.device == "cuda" and not has_cuda:
        raise ArgusError("train.device is cuda, but torch sees none here: set it to auto or cpu")
    on_cpu = settings.device == "cpu" or not has_cuda
    if one_of_several() and not distributed.is_initialized():
        rank, number = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        if not on_cpu:
            local = int(os.environ["LOCAL_RANK"])
            if local >= torch.cuda.device_count():
                raise ArgusError(
                    f"train.processes is {number}, and there are {torch.cuda.device_count()} GPUs: "
                    "at most one process for each"
                )
            torch.cuda.set_device(local)
        meeting = os.environ.get(MEETING)
        distributed.init_process_group(
            "gloo" if on_cpu else "nccl",
            init_method=f"file://{meeting}/store" if meeting else "env://",
            rank=rank,
            world_size=number,
        )
    precision = "no" if settings.precision == "fp32" else settings.precision
    return Accelerator(cpu=on_cpu, mixed_precision=precision)


def leave() -> None:
    """Part from the others, if there are any."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def average(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over the processes, all in one exchange."""
    _, number = processes()
    if number == 1 or not tensors:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    flat /= number
    start = 0
    for tensor in tensors:
        part = flat[start : start + tensor.numel()]
        tensor.copy_(part.view_as(tensor))
        start += len(part)


def share(tensors: Iterable[Tensor]) -> None:
    """Give every process the tensors of the first one."""
    if processes()[1] == 1:
        return
    for tensor in tensors:
        content = tensor.detach().contiguous()
        distributed.broadcast(content, src=0)
        tensor.data.copy_(content)


def told(values: Sequence[float], device: torch.device) -> list[float]:
    """What the first process says; the others pass as many values, whatever they are."""
    said = torch.tensor(values, dtype=torch.float64, device=device)
    share([said])
    return [float(value) for value in said]
