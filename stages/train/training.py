"""One step of a training, and all that it changes: a batch, scheduled values, gradients, averages.

It knows no architecture: what differs between two GANs is in `Architecture.step`. Several
processes do what one does with the joint batch: each takes its rows of it, and gradients and
scalars are averaged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from argus.core import params
from argus.data.packed import Packed
from argus.models.architecture import Architecture
from argus.models.augment import mirror
from argus.models.card import Card
from argus.models.draws import processes
from argus.models.ema import Ema, decay
from argus.models.failures import guard_architecture
from argus.models.inference import ImageArray, TrainedModel, to_float
from argus.models.scene import Images
from stages.train import distributed
from stages.train.budget import Budget
from stages.train.sampler import BalancedSampler

COLUMNS = 8
"""Images in a row of a sample sheet."""


class Training:
    """A training in progress: all that a step changes, and how to save and restore it.

    Args (of the constructor):
        samplers: one for each stream of the architecture.
        data: what they draw from.
        card: what is known of the model beforehand; its `batch` is the joint one.
        settings: of them, how images are shown and how they lie in memory.
    """

    def __init__(
        self,
        architecture: Architecture,
        device: torch.device,
        samplers: Mapping[str, BalancedSampler],
        data: Packed,
        card: Card,
        budget: Budget,
        settings: params.Train,
    ) -> None:
        self.device, self.precision = device, settings.precision
        self.samplers, self.data, self.mirrored = samplers, data, settings.mirror
        self.memory = torch.channels_last if settings.channels_last else torch.contiguous_format
        self.card, self.budget = card, budget
        with guard_architecture("it was put on its device"):
            self.architecture = architecture.to(self.device).to(memory_format=self.memory)
            self.optimizers = architecture.optimizers()
            self.ema = Ema(architecture.inference_networks())
        distributed.broadcast(
            [*architecture.state_dict().values(), *self.ema.state_dict().values()]
        )
        self.done, self.seconds = 0, 0.0
        self.sums: dict[str, Tensor] = {}
        self.summed = 0

    @property
    def spent(self) -> Fraction:
        """The share of the training that is done."""
        return self.budget.spent(self.done, self.seconds)

    def step(self) -> None:
        """One step on one batch.

        Raises:
            ArchitectureError: the architecture's code raised an exception.
        """
        began = time.perf_counter()
        share = float(self.spent)
        scheduled = {
            name: schedule(share) for name, schedule in self.architecture.schedules.items()
        }
        self._apply_schedules(scheduled)
        batch = {name: self._images(name) for name in self.samplers}
        with guard_architecture("it trained"), autocast(self.device, self.precision):
            scalars = self.architecture.step(batch, scheduled, self._optimizer_step)
        half_life = decay(self.card.spec.batch, scheduled["ema_images"])
        self.ema.update(self.architecture.inference_networks(), half_life)
        self._add(scalars)
        self.done += 1
        self._clock(began)

    def means(self) -> dict[str, float]:
        """Means of the logged scalars since the last call."""
        means = {name: float(total) / self.summed for name, total in self.sums.items()}
        self.sums, self.summed = {}, 0
        return means

    def model(self) -> TrainedModel:
        """What samples or translates with the averaged weights as they are now."""
        return self.architecture.inference_model(self.ema.networks, self.card)

    def preview(self) -> tuple[ImageArray, list[str]]:
        """Samples of the average so far, see `TrainedModel.preview`."""
        rows = np.concatenate(next(iter(self.samplers.values())).members)
        chosen = np.sort(rows)[np.linspace(0, len(rows) - 1, COLUMNS).astype(np.int64)]
        with self.preserve_rng_state("it drew samples"):
            return self.model().preview(np.ascontiguousarray(self.data.images[chosen]))

    @contextmanager
    def preserve_rng_state(self, doing: str) -> Iterator[None]:
        """Around what the model does apart from its training: torch's generators are put back, and
        what its code raises is its own doing."""
        cuda = [self.device] if self.device.type == "cuda" else []
        with guard_architecture(doing), torch.random.fork_rng(cuda):
            yield

    def state(self) -> dict[str, Any]:
        """All that a step changes; tensors, numbers and containers only."""
        cuda = self.device.type == "cuda"
        return {
            "architecture": self.architecture.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
            "samplers": {name: s.state() for name, s in self.samplers.items()},
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self.device) if cuda else None,
            "sums": dict(self.sums),
            "summed": self.summed,
            "seconds": self.seconds,
        }

    def restore(self, done: int, state: Mapping[str, Any]) -> None:
        """Go on from `state`, taken after `done` steps."""
        self.architecture.load_state_dict(state["architecture"])
        self.ema.load_state_dict(state["ema"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for name, sampler in self.samplers.items():
            sampler.restore(state["samplers"][name])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)
        self.sums = {name: total.to(self.device) for name, total in state["sums"].items()}
        self.summed, self.seconds, self.done = state["summed"], state["seconds"], done

    def _apply_schedules(self, scheduled: Mapping[str, float]) -> None:
        for optimizer in self.optimizers.values():
            for parameters in optimizer.param_groups:
                parameters["lr"] = scheduled["learning_rate"] * parameters.get("lr_multiplier", 1.0)
                if "beta2" in scheduled:
                    parameters["betas"] = (parameters["betas"][0], scheduled["beta2"])

    def _images(self, stream: str) -> Images:
        """This process's rows of each of the stream's joint batches, one batch after the other."""
        batches = self.architecture.streams[stream].batches
        rank, number = processes()
        drawn = self.samplers[stream].draw(batches * self.card.spec.batch)
        rows = drawn.reshape(batches, number, -1)[:, rank].reshape(-1)
        pixels = to_float(self.data.images[rows], self.device).to(memory_format=self.memory)
        labels = torch.from_numpy(self.data.labels[rows]).to(self.device, non_blocking=True)
        if self.mirrored:
            pixels = torch.cat([mirror(images) for images in pixels.chunk(batches)])
        return Images(pixels, labels)

    def _optimizer_step(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        parameters = [p for entry in optimizer.param_groups for p in entry["params"]]
        optimizer.zero_grad()
        with torch.autocast(self.device.type, enabled=False):
            torch.autograd.backward(loss, inputs=parameters)
            distributed.all_reduce_mean([p.grad for p in parameters if p.grad is not None])
            optimizer.step()

    def _add(self, scalars: Mapping[str, Tensor]) -> None:
        """Sum up what is logged, the same in all processes."""
        values = torch.stack([value.detach().float() for value in scalars.values()])
        distributed.all_reduce_mean([values])
        for name, value in zip(scalars, values, strict=True):
            self.sums[name] = self.sums.get(name, 0) + value
        self.summed += 1

    def _clock(self, began: float) -> None:
        """Count the time since `began`; all go by the clock of the first process."""
        if self.budget.seconds is not None:
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            self.seconds += time.perf_counter() - began
            (self.seconds,) = distributed.broadcast_scalars([self.seconds], self.device)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which an architecture takes its step.

    A step moves weights and uses them again, and looks without a gradient before it looks with one:
    a cast of them that was kept would be the old one, or lead no gradient. So none is kept.

    Args:
        device: of the networks.
        precision: `train.precision`.
    """
    mixed = precision == "bf16"
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed, cache_enabled=False)
