"""The same promises on a GPU. There is none where CI runs: there these tests are skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor

from stages.common import compute
from stages.train import group
from stages.train.train import prepared
from stages.train.training import Training
from tests.train import tiny

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA here")


def begun(arch: str, place: Path, precision: str = "fp32", channels_last: bool = True) -> Training:
    """A training of a tiny model on the GPU, before its first step."""
    AcceleratorState._reset_state(reset_partial_state=True)  # it keeps to one precision a process
    own = {"device": "cuda", "precision": precision, "channels_last": channels_last}
    order = tiny.order(arch, place, own)
    accelerator = group.join(order.settings)
    compute.deterministic(order.model.seed, order.settings.threads)
    return prepared(order, accelerator)[0].training


def stepped(training: Training, steps: int) -> dict[str, Tensor]:
    """The networks, pools and averages of a training after so many more steps, copied."""
    for _ in range(steps):
        training.step()
    state = training.state()
    return {
        f"{part}.{name}": tensor.cpu().clone()
        for part in ("architecture", "ema")
        for name, tensor in state[part].items()
    }


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return all(torch.equal(found[name], tensor) for name, tensor in wanted.items())


@pytest.mark.parametrize(("precision", "channels_last"), [("fp32", False), ("bf16", True)])
@pytest.mark.parametrize("arch", tiny.MODELS)
def test_a_training_is_repeatable_and_can_be_stopped(arch, precision, channels_last, tmp_path):
    ways = precision, channels_last
    whole = stepped(begun(arch, tmp_path, *ways), 6)
    assert all(bool(tensor.isfinite().all()) for tensor in whole.values())
    assert same(stepped(begun(arch, tmp_path, *ways), 6), whole)

    first = begun(arch, tmp_path, *ways)
    assert not same(stepped(first, 3), whole)
    state = first.state()
    second = begun(arch, tmp_path, *ways)
    second.restore(3, state)
    assert same(stepped(second, 3), whole)


@pytest.mark.parametrize("arch", tiny.MODELS)
def test_a_model_draws_what_it_draws_on_a_cpu(arch, tmp_path):
    training = begun(arch, tmp_path)
    images = np.ascontiguousarray(training.data.images[:4])
    there, _ = training.model().panel(images)
    training.ema.cpu()
    here, _ = training.model().panel(images)
    assert np.abs(there.astype(int) - here.astype(int)).max() <= 1  # level, of 256
