"""How a backbone's network runs: by onnxruntime on a CPU, by torch on a GPU where there is one.

onnxruntime takes a quarter of torch's time on a CPU. There each image is a run of its own on one
thread, so that its features depend neither on the images beside it nor on how many threads work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import onnxruntime
import polars as pl
import torch
from torch import Tensor, nn

from argus.core import code
from argus.core.caches import SideCache

INPUT, OUTPUTS = "images", ("features", "maps")
OPSET = 18
GPU_BATCH = 64  # always this many, padded: another batch size may round differently
FORMAT = {"name": pl.String, "graph": pl.Binary}

Seen = tuple[Tensor, Tensor]
"""What a network makes of a batch: features float32 [B, D], maps float32 [B, C, h, w]."""


class OnCpu:
    """A network run by onnxruntime; it may be called from several threads at once.

    The graph is exported once, which takes seconds, and kept in `.cache/`.

    Args:
        name: of the network.
        side: of its inputs in px.
        build: makes it, see `argus.features.networks`.
    """

    where, batch = "cpu", 1

    def __init__(self, name: str, side: int, build: Callable[[], nn.Module]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            _graph(name, side, build), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, images: Tensor) -> Seen:
        """The features and maps of float32 [B, 3, side, side]."""
        runs = [self.session.run(OUTPUTS, {INPUT: image[None].numpy()}) for image in images]
        features, maps = map(np.concatenate, zip(*runs, strict=True))
        return torch.from_numpy(features), torch.from_numpy(maps)


class OnGpu:
    """A network run by torch on the current CUDA device, without TF32, by deterministic kernels."""

    batch = GPU_BATCH

    def __init__(self, build: Callable[[], nn.Module]) -> None:
        self.device = torch.device("cuda", torch.cuda.current_device())
        self.where = torch.cuda.get_device_name(self.device)
        self.network = _built(build).to(self.device)
        self.lock = threading.Lock()  # cuDNN's flags are those of the process

    def __call__(self, images: Tensor) -> Seen:
        """The features and maps of float32 [B, 3, side, side], B at most `batch`."""
        padded = images.new_zeros((self.batch, *images.shape[1:]))
        padded[: len(images)] = images
        flags = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
        with self.lock, flags, torch.inference_mode():
            features, maps = self.network(padded.to(self.device))
            return features[: len(images)].cpu(), maps[: len(images)].cpu()


def runtime(name: str, side: int, build: Callable[[], nn.Module]) -> OnCpu | OnGpu:
    """A network where it runs fastest here; features of a GPU differ a little from a CPU's."""
    return OnGpu(build) if torch.cuda.is_available() else OnCpu(name, side, build)


def _built(build: Callable[[], nn.Module]) -> nn.Module:
    """The network; its random weights, replaced at once, are not drawn from torch's generator."""
    with torch.random.fork_rng(devices=[]):
        return build()


def _graph(name: str, side: int, build: Callable[[], nn.Module]) -> bytes:
    """A network as ONNX: images float32 [1, 3, side, side] in, `OUTPUTS` out."""
    version = code.version(build.__module__, code.version(__name__))
    cache = SideCache(f"onnx-{name}", version, key=["name"])
    for known in cache.among(pl.DataFrame({"name": [name]})):
        if len(known):
            return known["graph"].item()
    program = torch.onnx.export(
        _built(build),
        (torch.zeros(1, 3, side, side),),
        input_names=[INPUT],
        output_names=OUTPUTS,
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    graph: bytes = program.model_proto.SerializeToString(deterministic=True)
    with cache.adding() as found:
        found.keep(pl.DataFrame({"name": [name], "graph": [graph]}, schema=FORMAT))
    return graph
