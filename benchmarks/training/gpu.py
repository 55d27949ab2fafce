"""Every architecture at 256 px on a GPU: fp32, bf16, and bf16 with channels last."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from argus.core.params import Model
from argus.models.blocks.convolution import TwiceConv2d
from benchmarks.measures import Measure
from benchmarks.training.steps import loading
from benchmarks.training.subject import entry, made_up, training

SIDE = 256  # px
SECONDS = 3.0  # each way is timed for about so long
WARM = 3  # steps before
STOCK_STEPS = 2  # of R3GAN with stock convolutions; one takes seconds
GIGABYTE = 1024**3
BAR = 0.02

WAYS: dict[str, dict[str, Any]] = {
    "fp32": {"precision": "fp32", "channels_last": False},
    "bf16": {"precision": "bf16", "channels_last": False},
    "bf16, channels last": {"precision": "bf16", "channels_last": True},
}

PUBLISHED: dict[str, Model] = {
    # The paper has no network for 256 px: its CIFAR-10 form with levels of the usual widths.
    "sngan": entry("sngan", 32).model_copy(
        update={
            "config": {
                "noise": 128,
                "generator_widths": [512, 512, 512, 256, 128, 64, 32],
                "discriminator_widths": [32, 64, 128, 256, 512, 512],
                "halvings": 6,
            }
        }
    ),
    "fastgan": entry("fastgan", 16, "published"),
    "cyclegan": entry("cyclegan", 4, "published"),
    "cut": entry("cut", 4, "published"),
    "r3gan": entry("r3gan", 16, "ffhq256"),
}


R3GAN_BARS = {"fp32": 8.0, "bf16": 14.0, "bf16, channels last": 14.0}
"""How many times quicker its step must be than in fp32 with stock convolutions."""


class Found(NamedTuple):
    """What one way of training one architecture takes."""

    images: float
    """A second."""
    memory: float
    """GB at most."""
    rate: float
    """TFLOP/s of products and convolutions."""
    loading: float
    """Share of the time in which a batch is put together, nothing running beside it."""


def measures() -> list[Measure]:
    """Each architecture in each way, beside what the card makes of one large bf16 product."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as alone:
        name, peak = alone.submit(_card).result()
        timed = {way: alone.submit(_all_timed, settings).result() for way, settings in WAYS.items()}
        stock = alone.submit(_stock_r3gan).result()
    found = [Measure(f"{name}: bf16 product of 8192 x 8192", peak, None, "TFLOP/s", None, "", None)]
    for way, bar in R3GAN_BARS.items():
        ours = timed[way]["r3gan"].images
        what = f"r3gan, {SIDE} px, {way}; fp32 with stock convolutions"
        found.append(
            Measure(what, ours, stock, "images/s", ours / stock, f">= {bar}", ours / stock >= bar)
        )
    for arch, model in PUBLISHED.items():
        plain = timed["fp32"][arch]
        for way in WAYS:
            here = timed[way][arch]
            what = f"{arch}, {SIDE} px, batch {model.batch}, {way}"
            found += [
                Measure(
                    f"{what}; fp32",
                    here.images,
                    plain.images,
                    "images/s",
                    here.images / plain.images,
                    "",
                    None,
                ),
                Measure(f"{what}", here.memory, None, "GB at most", None, "", None),
                Measure(
                    f"{what}; the card's product",
                    here.rate,
                    peak,
                    "TFLOP/s",
                    here.rate / peak,
                    "",
                    None,
                ),
                Measure(
                    f"{what}: loading",
                    here.loading,
                    None,
                    "of the time",
                    here.loading,
                    f"<= {BAR}",
                    here.loading <= BAR,
                ),
            ]
    return found


def matrix_rate(side: int = 8192, times: int = 20) -> float:
    """TFLOP/s of a large bf16 matrix product of random numbers."""
    a, b = torch.randn(2, side, side, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        a @ b
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        a @ b
    torch.cuda.synchronize()
    return 2 * side**3 * times / (time.perf_counter() - start) / 1e12


def _card() -> tuple[str, float]:
    return torch.cuda.get_device_name(), matrix_rate()


def _all_timed(settings: dict[str, Any]) -> dict[str, Found]:
    """All in one process: another one may leave the card in another state."""
    found = {}
    for arch, model in PUBLISHED.items():
        found[arch] = _timed(model, settings)
        print(
            f"{arch}, {settings}: {found[arch]}", flush=True
        )  # a slow one must not hide the others
    return found


def _stock_r3gan() -> float:
    """Images a second of R3GAN in fp32 with PyTorch's own second derivative of convolutions."""
    TwiceConv2d._conv_forward = nn.Conv2d._conv_forward  # type: ignore[method-assign]
    model = PUBLISHED["r3gan"]
    loop = training(model, made_up(SIDE, SIDE), threads=8, **WAYS["fp32"])
    loop.step()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(STOCK_STEPS):
        loop.step()
    torch.cuda.synchronize()
    rate = STOCK_STEPS * model.batch / (time.perf_counter() - start)
    print(f"r3gan, fp32, stock convolutions: {rate:.3g} images/s", flush=True)
    return rate


def _timed(model: Model, settings: dict[str, Any]) -> Found:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    loop = training(model, made_up(SIDE, SIDE), threads=8, **settings)
    for _ in range(WARM):
        loop.step()
    with FlopCounterMode(display=False) as counter:
        loop.step()
    torch.cuda.synchronize()
    start = time.perf_counter()
    loop.step()
    torch.cuda.synchronize()
    steps = max(3, round(SECONDS / (time.perf_counter() - start)))
    whole, _ = loading(loop, steps, alone=False)
    apart, inside = loading(loop, steps, alone=True)
    return Found(
        images=steps * model.batch / whole,
        memory=torch.cuda.max_memory_allocated() / GIGABYTE,
        rate=counter.get_total_flops() * steps / whole / 1e12,
        loading=inside / apart,
    )
