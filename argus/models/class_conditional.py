"""What the class-conditional architectures share: a generator against one discriminator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import nn
from torch.optim import Adam, Optimizer

from argus.core.errors import ArgusError
from argus.core.fields import Count, Positive
from argus.models.architecture import Architecture, ArchitectureConfig
from argus.models.card import Card
from argus.models.inference import Generator
from argus.models.scene import Scene


class ClassConditionalConfig(ArchitectureConfig, ABC):
    """Fields of every config of these."""

    noise: Count = 64
    """Numbers that an image is drawn from."""
    discriminator_lr_multiplier: Positive = 2.0
    """Learning rate of the discriminator over that of the generator (two time-scales)."""

    @property
    @abstractmethod
    def multiple(self) -> int:
        """What both sides of an image must be multiples of."""


class ClassConditionalGAN(Architecture):
    """Has `generator`, (noise [N, noise], class index [N]) -> [N, 3, H, W], and `discriminator`.

    A subclass makes both after it has called the constructor, which raises `ArgusError` where
    `domains` are given or the sides do not suit.
    """

    config: ClassConditionalConfig
    generator: nn.Module
    discriminator: nn.Module
    inference_modules = ("generator",)

    betas: ClassVar[tuple[float, float]]
    """Of Adam, for both networks."""

    def __init__(self, config: ClassConditionalConfig, scene: Scene) -> None:
        super().__init__()
        if scene.domains is not None:
            name = type(self).__name__.lower()
            raise ArgusError(f"{name} is a generator: take `domains` off its entry in params.yaml")
        scene.must_divide(config.multiple)
        self.config = config

    def optimizers(self) -> dict[str, Optimizer]:
        multipliers = {"generator": 1.0, "discriminator": self.config.discriminator_lr_multiplier}
        return {
            name: Adam(
                [
                    {
                        "params": list(self.get_submodule(name).parameters()),
                        "lr_multiplier": multiplier,
                    }
                ],
                betas=self.betas,
            )
            for name, multiplier in multipliers.items()
        }

    def inference_model(self, networks: nn.ModuleDict, card: Card) -> Generator:
        return Generator(card, networks, generator=networks["generator"], noise=self.config.noise)
