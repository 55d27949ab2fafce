"""The one training loop: data, dials, optimisers, average, journal and checkpoints.

It knows no architecture. What differs between two GANs is in `Architecture.step`; what must not
differ (resuming, averaging, logging, repeatability) is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from stages.common import params
from stages.common.errors import ArgusError
from stages.common.progress import Steps
from stages.pack.packed import Packed
from stages.train.architecture import Architecture, Images
from stages.train.augment import mirror
from stages.train.card import Card
from stages.train.checkpoint import Checkpoints
from stages.train.ema import Ema, decay
from stages.train.journal import Journal
from stages.train.sampler import BalancedSampler
from stages.train.trained import Pictures, to_float

PANEL = 8
"""Images in a row of a sample sheet."""


def accelerator(settings: params.Train) -> Accelerator:
    """Device and precision as the settings want them.

    Raises:
        ArgusError: CUDA is wanted and there is none.
    """
    has_cuda = torch.cuda.is_available()
    if settings.device == "cuda" and not has_cuda:
        raise ArgusError("train.device is cuda, but torch sees none here: set it to auto or cpu")
    on_cpu = settings.device == "cpu" or not has_cuda
    precision = "no" if settings.precision == "fp32" else settings.precision
    return Accelerator(cpu=on_cpu, mixed_precision=precision)


class Training:
    """A training in progress: all that a step changes, and how to save and restore it."""

    def __init__(
        self,
        architecture: Architecture,
        accelerator: Accelerator,
        samplers: Mapping[str, BalancedSampler],
        data: Packed,
        card: Card,
        mirrored: bool,
    ) -> None:
        self.accelerator = accelerator
        self.architecture = architecture.to(accelerator.device)
        self.optimisers = architecture.optimisers()
        self.ema = Ema(architecture.players())
        self.samplers, self.data, self.card, self.mirrored = (
            samplers,
            data,
            card,
            mirrored,
        )
        self.done = 0
        self.sums: dict[str, Tensor] = {}
        self.summed = 0

    def step(self) -> None:
        """One step on one batch."""
        share = self.done / self.card.steps
        dials = {name: dial(share) for name, dial in self.architecture.schedules.items()}
        self._turn(dials)
        batch = {name: self._images(sampler) for name, sampler in self.samplers.items()}
        with self.accelerator.autocast():
            scalars = self.architecture.step(batch, dials, self._descend)
        half_life = decay(self.card.batch, dials["ema_images"])
        self.ema.update(self.architecture.players(), half_life)
        for name, value in scalars.items():
            self.sums[name] = self.sums.get(name, 0) + value.detach().float()
        self.summed += 1
        self.done += 1

    def means(self) -> dict[str, float]:
        """Means of the logged scalars since the last `forget`.

        Raises:
            ArgusError: one is not finite, so the training has diverged.
        """
        means = {name: float(total) / self.summed for name, total in self.sums.items()}
        broken = [name for name, value in means.items() if not np.isfinite(value)]
        if broken:
            raise ArgusError(
                f"training of '{self.card.model}' diverged: {', '.join(broken)} not finite within "
                f"the {self.summed} steps before step {self.done} of {self.card.steps}; lower its "
                "learning_rate or change its config in params.yaml"
            )
        return means

    def forget(self) -> None:
        """Begin the next mean."""
        self.sums, self.summed = {}, 0

    def panel(self) -> tuple[Pictures, list[str]]:
        """Samples of the average so far, see `Trained.panel`."""
        rows = np.concatenate(next(iter(self.samplers.values())).members)
        chosen = np.sort(rows)[np.linspace(0, len(rows) - 1, PANEL).astype(np.int64)]
        trained = self.architecture.trained(self.ema.networks, self.card)
        return trained.panel(np.ascontiguousarray(self.data.images[chosen]))

    def state(self) -> dict[str, Any]:
        """All that a step changes; tensors, numbers and containers only."""
        return {
            "architecture": self.architecture.state_dict(),
            "ema": self.ema.state_dict(),
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "samplers": {name: s.state() for name, s in self.samplers.items()},
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "sums": dict(self.sums),
            "summed": self.summed,
        }

    def restore(self, done: int, state: Mapping[str, Any]) -> None:
        """Go on from `state`, taken after `done` steps."""
        self.architecture.load_state_dict(state["architecture"])
        self.ema.load_state_dict(state["ema"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        for name, sampler in self.samplers.items():
            sampler.restore(state["samplers"][name])
        torch.set_rng_state(state["random"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["random_cuda"])
        self.sums = {n: t.to(self.accelerator.device) for n, t in state["sums"].items()}
        self.summed, self.done = state["summed"], done

    def _turn(self, dials: Mapping[str, float]) -> None:
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = dials["learning_rate"] * group.get("pace", 1.0)
                if "beta2" in dials:
                    group["betas"] = (group["betas"][0], dials["beta2"])

    def _images(self, sampler: BalancedSampler) -> Images:
        rows = sampler.draw(self.card.batch)
        pixels = to_float(self.data.images[rows]).to(self.accelerator.device)
        labels = torch.from_numpy(self.data.labels[rows]).to(self.accelerator.device)
        return Images(mirror(pixels) if self.mirrored else pixels, labels)

    def _descend(self, player: str, loss: Tensor) -> None:
        optimiser = self.optimisers[player]
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        optimiser.zero_grad()
        self.accelerator.backward(loss, inputs=parameters)
        optimiser.step()


def run(
    training: Training, settings: params.Train, checkpoints: Checkpoints, reports: Path
) -> nn.ModuleDict:
    """Train to the end, from the newest checkpoint if there is one; return the averaged networks.

    Raises:
        ArgusError: the training diverged.
    """
    steps, batch, name = training.card.steps, training.card.batch, training.card.model
    with Journal(reports) as journal:
        found = checkpoints.latest()
        if found:
            done, state = found
            training.restore(done, state["training"])
            journal.restore(state["journal"])
        description = f"train {name}" + (f" from step {training.done}" if found else "")
        with Steps((steps - training.done) * batch, description) as bar:
            while training.done < steps:
                training.step()
                bar.advance(batch)
                if _is_due(training.done, steps, settings.curve_points):
                    means = training.means()
                    journal.point(training.done, means)
                    bar.advance(0, **_losses(means))
                    training.forget()
                if _is_due(training.done, steps, settings.sample_sheets):
                    journal.sheet(training.done, *training.panel())
                if training.done % settings.checkpoint_every == 0 and training.done < steps:
                    if training.summed:
                        training.means()  # nothing that diverged is kept
                    state = {"training": training.state(), "journal": journal.state()}
                    checkpoints.save(training.done, state)
    return training.ema.networks


def _is_due(done: int, steps: int, times: int) -> bool:
    """Whether one of `times` equal parts of the training ends with step `done`."""
    return done * times // steps > (done - 1) * times // steps


def _losses(means: Mapping[str, float]) -> dict[str, float]:
    """The losses among the scalars, by their short names."""
    parts = (name.split("/") for name in means)
    return {p[-1]: means["/".join(p)] for p in parts if p[0] == "loss"}
