"""PatchGAN: a discriminator with a logit for each of overlapping patches, not for the image.

Isola et al., CVPR 2017; with three halvings a patch is 70 x 70 pixels, with two 34 x 34.
"""

from __future__ import annotations

from torch import nn

from argus.core.errors import ArgusError
from argus.models.blocks.resampling import Downsample
from argus.models.blocks.resnet import initialize
from argus.models.scene import Scene

SLOPE = 0.2
WIDEST = 8


def patch_discriminator(filters: int, halvings: int, antialiased: bool = False) -> nn.Sequential:
    """[N, 3, H, W] -> logits [N, 1, h, w], one for each patch.

    Args:
        filters: channels after the first halving, doubled at each further one up to eightfold.
        halvings: 4x4 convolutions with stride 2; two more of stride 1 follow.
        antialiased: halve by a full convolution and a low-pass filter, as CUT does; sides must be
            multiples of 2 ** halvings then. Patches are a little larger.
    """
    layers: list[nn.Module] = [*_halving(3, filters, antialiased, normalized=False)]
    width = filters
    for layer in range(1, halvings):
        after = filters * min(2**layer, WIDEST)
        layers += _halving(width, after, antialiased)
        width = after
    after = filters * min(2**halvings, WIDEST)
    layers += [nn.Conv2d(width, after, 4, 1, 1), nn.InstanceNorm2d(after), _active()]
    return nn.Sequential(*layers, nn.Conv2d(after, 1, 4, 1, 1)).apply(initialize)


def must_hold_a_patch(scene: Scene, halvings: int) -> None:
    """Check that the last convolutions of a `patch_discriminator` have something to see.

    Raises:
        ArgusError: the images are too small.
    """
    smallest = 3 * 2**halvings
    if min(scene.height, scene.width) < smallest:
        raise ArgusError(
            f"images of {scene.height}x{scene.width} are too small for a discriminator of "
            f"{halvings} halvings, which needs {smallest} px a side: lower discriminator_layers in "
            "params.yaml or raise pack.resolution"
        )


def _active() -> nn.Module:
    return nn.LeakyReLU(SLOPE, inplace=True)


def _halving(
    before: int, after: int, antialiased: bool, normalized: bool = True
) -> list[nn.Module]:
    norm = [nn.InstanceNorm2d(after)] if normalized else []
    if not antialiased:
        return [nn.Conv2d(before, after, 4, 2, 1), *norm, _active()]
    # One pixel more at the far side keeps the sides even for the filter.
    same = [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(before, after, 4)]
    return [*same, *norm, _active(), Downsample()]
