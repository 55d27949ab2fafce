"""What the architectures share that learn a translation from unpaired images of two conditions."""

from __future__ import annotations

from abc import ABC
from typing import Annotated

from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.core.fields import Count, Positive, Share
from argus.models.architecture import Architecture, ArchitectureConfig
from argus.models.augment import Kind, augment
from argus.models.blocks.patch import must_hold_a_patch, patch_discriminator
from argus.models.blocks.resnet import MULTIPLE, Resampling, ResNetGenerator
from argus.models.card import Card
from argus.models.inference import Translator
from argus.models.scene import Scene, Stream
from argus.models.schedules import constant, constant_then_linear


class UnpairedTranslationConfig(ArchitectureConfig, ABC):
    """Fields of every config of these."""

    filters: Count = 16
    """Channels at full resolution; doubled at each of the two halvings."""
    blocks: Count = 3
    """Residual blocks of a generator."""
    residual: bool = True
    """Whether a generator gives what to change in its image, or (the papers) a new image."""
    resampling: Resampling = "resized"
    """How a generator halves and doubles, see `blocks.resnet`."""
    discriminator_filters: Count = 16
    discriminator_layers: Annotated[int, Field(ge=1, le=5)] = 2
    """Halvings of a discriminator; 3 make its patch 70 x 70 pixels, 2 make it 34 x 34."""
    learning_rate: Positive = 6e-4
    decay_from: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the training after which the learning rate falls."""
    augment: Share = 0.0
    """Probability of each kind of augmentation."""
    augment_kinds: tuple[Kind, ...] = ("translation", "cutout")
    ema_images: NonNegativeFloat = 400.0

    @property
    def antialiased(self) -> bool:
        """Whether discriminators halve by a low-pass filter."""
        return False

    @property
    def multiple(self) -> int:
        """What both sides of an image must be multiples of in training."""
        return max(MULTIPLE, 2**self.discriminator_layers if self.antialiased else 0)


class UnpairedTranslationGAN(Architecture):
    """Has the streams `source` and `target`, and one inference module, a `ResNetGenerator`.

    A subclass makes its networks after it has called the constructor, which raises `ArgusError`
    where there are no `domains` or the sides do not suit.
    """

    config: UnpairedTranslationConfig

    def __init__(self, config: UnpairedTranslationConfig, scene: Scene) -> None:
        super().__init__()
        if scene.domains is None:
            raise ArgusError(
                f"{type(self).__name__.lower()} translates: give its entry in params.yaml "
                "`domains` (source, target)"
            )
        scene.must_divide(config.multiple)
        must_hold_a_patch(scene, config.discriminator_layers)
        self.config = config
        self.streams = {
            "source": Stream((scene.domains.source,)),
            "target": Stream((scene.domains.target,)),
        }
        self.schedules = {
            "learning_rate": constant_then_linear(config.learning_rate, config.decay_from),
            "ema_images": constant(config.ema_images),
        }

    def inference_model(self, networks: nn.ModuleDict, card: Card) -> Translator:
        (name,) = self.inference_modules
        return Translator(card, networks, translator=networks[name], multiple=MULTIPLE)

    def _generator(self) -> ResNetGenerator:
        config = self.config
        return ResNetGenerator(config.filters, config.blocks, config.resampling, config.residual)

    def _discriminator(self) -> nn.Sequential:
        config = self.config
        return patch_discriminator(
            config.discriminator_filters, config.discriminator_layers, config.antialiased
        )

    def _augmented(self, images: Tensor) -> Tensor:
        return augment(images, self.config.augment, self.config.augment_kinds)
