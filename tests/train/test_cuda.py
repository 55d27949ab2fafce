"""The same promises on a GPU. There is none where CI runs: there these tests are skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from argus.core import determinism
from argus.models.blocks.convolution import TwiceConv2d
from stages.train import distributed
from stages.train.train import prepared
from stages.train.training import Training
from tests.train import tiny

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA here")


def begun(arch: str, place: Path, precision: str = "fp32", channels_last: bool = True) -> Training:
    """A training of a tiny model on the GPU, before its first step."""
    own = {"device": "cuda", "precision": precision, "channels_last": channels_last}
    job = tiny.job(arch, place, own)
    device = distributed.join(job.settings)
    determinism.deterministic(job.model.seed, job.settings.threads)
    return prepared(job, device)[0].training


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
    there, _ = training.model().preview(images)
    training.ema.cpu()
    here, _ = training.model().preview(images)
    assert np.abs(there.astype(int) - here.astype(int)).max() <= 1  # level, of 256


def discriminator_gradients(precision: str, stock: bool, place: Path, monkeypatch) -> Tensor:
    """The gradient of R3GAN's discriminator after its first step, penalties and all, in one row."""
    found: list[Tensor] = []
    with monkeypatch.context() as patched:
        if stock:
            patched.setattr(TwiceConv2d, "_conv_forward", nn.Conv2d._conv_forward)
        training = begun("r3gan", place, precision)
        network = training.architecture.get_submodule("discriminator")

        def optimizer_step(name: str, loss: Tensor) -> None:
            if name == "discriminator":
                of = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
                found.append(torch.cat([gradient.flatten().cpu() for gradient in of]))

        patched.setattr(training, "_optimizer_step", optimizer_step)
        training.step()
    return found[0]


def test_r3gans_penalties_have_the_gradients_of_stock_convolutions(tmp_path, monkeypatch):
    stock = discriminator_gradients("fp32", True, tmp_path, monkeypatch)
    ours = discriminator_gradients("fp32", False, tmp_path, monkeypatch)
    assert float((ours - stock).norm() / stock.norm()) < 1e-4
    rounded = discriminator_gradients("bf16", False, tmp_path, monkeypatch)
    assert float((rounded - stock).norm() / stock.norm()) < 0.1  # bf16 keeps 8 bits
