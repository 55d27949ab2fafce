"""Features of images from a network trained on ImageNet, for diversity and for scores.

Scores carry the backbone's name (`fd_efficientnet`, `kid_mobilenetv2`); only Inception's
Frechet distance may be called FID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from argus.features.networks import efficientnet as efficientnet_lite0
from argus.features.networks import inception as inception_v3
from argus.features.networks import mobilenetv2 as mobilenet_v2
from argus.features.networks import squeezenet as squeezenet_v1_1
from argus.features.runtime import runtime

BATCH = 16  # images at a time, where a network does not say
Scale = float | tuple[float, float, float]
IMAGENET: tuple[Scale, Scale] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE: tuple[Scale, Scale] = ((123.68 / 255, 116.779 / 255, 103.939 / 255), 1 / 255)
"""Mean and standard deviation of the channels, RGB of 0..1."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Backbone:
    """A feature extractor: uint8 images in, one vector each out.

    `side` is the network's input in px, `dimensions` the length of a vector, `mean` and `std` the
    normalisation of inputs scaled to 0..1, `forward` float32 [B, 3, side, side] to [B, D].
    `forward_with_maps` gives feature maps of a middle layer as well, [B, C, h, w]. They are called
    with at most `batch` images, from several threads at once. `where` names the processor: features
    from another kind are not quite the same.
    """

    name: str
    side: int
    dimensions: int
    mean: Scale
    std: Scale
    forward: Callable[[torch.Tensor], torch.Tensor]
    forward_with_maps: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]] | None = None
    batch: int = BATCH
    where: str = "cpu"

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

        An image's vector does not depend on the images beside it, nor on how many threads torch
        may use (so many work here).

        Args:
            images: uint8 [N, H, W, 3] RGB.
            progress: told how many images each batch finished.

        Returns:
            float32 [N, D].
        """
        vectors = np.empty((len(images), self.dimensions), dtype=np.float32)
        for place, found in self._batches(images, self.forward):
            vectors[place] = found.numpy()
            progress(len(found))
        return vectors

    def features_and_maps(
        self, images: np.ndarray, progress: Callable[[int], None] = lambda _: None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`features` and `maps` of images by one pass of the network, in the time of the first.

        Args:
            images: uint8 [N, H, W, 3] RGB.
            progress: told how many images each batch finished.

        Returns:
            float32 [N, D] and float32 [N, C, h, w].

        Raises:
            TypeError: the backbone has no maps.
        """
        if self.forward_with_maps is None:
            raise TypeError(f"the backbone {self.name} has no maps")
        vectors = [np.empty((0, self.dimensions), dtype=np.float32)]
        maps = []
        for _, (some, some_maps) in self._batches(images, self.forward_with_maps):
            vectors.append(some.numpy())
            maps.append(some_maps.numpy())
            progress(len(some))
        if not maps:  # what they would look like
            blank = np.zeros((1, self.side, self.side, 3), dtype=np.uint8)
            maps = [self.features_and_maps(blank)[1][:0]]
        return np.concatenate(vectors), np.concatenate(maps)

    def maps(self, images: np.ndarray) -> np.ndarray:
        """Feature maps of the last layer of stride 16: what is where in an image.

        Args:
            images: uint8 [N, H, W, 3] RGB.

        Returns:
            float32 [N, C, h, w]: [96, 14, 14] of mobilenetv2, [112, 14, 14] of efficientnet,
            [512, 13, 13] of squeezenet, [768, 17, 17] of inception. A cell is a 14th of the
            image's height by a 14th of its width, whatever its form, since the network sees it as
            a square.

        Raises:
            TypeError: the backbone has none.
        """
        return self.features_and_maps(images)[1]

    def _batches(
        self, images: np.ndarray, forward: Callable[[torch.Tensor], Result]
    ) -> Iterator[tuple[slice, Result]]:
        """What `forward` makes of images, batch by batch in their order, by several threads."""

        def run(place: slice) -> tuple[slice, Result]:
            tensor = self._normalised(images[place])
            with torch.inference_mode():
                return place, forward(tensor)

        places = [slice(k, k + self.batch) for k in range(0, len(images), self.batch)]
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            yield from pool.map(run, places)

    def _normalised(self, images: np.ndarray) -> torch.Tensor:
        """Images as the network takes them: float32 [B, 3, side, side]."""
        scaled = np.empty((len(images), 3, self.side, self.side), dtype=np.float32)
        for k, image in enumerate(images):
            pixels = self.prepare(Image.fromarray(image))
            for c, values in enumerate(self._values()):
                np.take(values, pixels[..., c], out=scaled[k, c])
        return torch.from_numpy(scaled)

    def _values(self) -> np.ndarray:
        """What the 256 values of each channel are normalised to: float32 [3, 256].

        Looking them up takes half the time of computing them.
        """
        mean, std = (np.broadcast_to(of, 3)[:, None] for of in (self.mean, self.std))
        values: np.ndarray = (np.arange(256, dtype=np.float32) / 255 - mean) / std
        return values.astype(np.float32)


def efficientnet() -> Backbone:
    """EfficientNet-Lite0, pooled last feature map, 1280-d.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return _backbone("efficientnet", 224, 1280, IMAGENET, efficientnet_lite0.build)


def mobilenetv2() -> Backbone:
    """MobileNetV2, pooled last feature map, 1280-d.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return _backbone("mobilenetv2", 224, 1280, IMAGENET, mobilenet_v2.build)


def squeezenet() -> Backbone:
    """SqueezeNet 1.1, pooled fire9, 512-d.

    Raises:
        ArgusError: its weights are not installed, or are others.
    """
    return _backbone("squeezenet", 227, 512, CAFFE, squeezenet_v1_1.build)


def inception() -> Backbone:
    """InceptionV3 of pytorch-fid, pool3, 2048-d: the features that FID is defined on.

    Raises:
        ArgusError: its weights are not in torch's hub folder and cannot be fetched.
    """
    as_is = (0.0, 1.0)  # pytorch-fid scales to -1..1 itself
    return _backbone("inception", 299, 2048, as_is, inception_v3.build)


def _backbone(
    name: str,
    side: int,
    dimensions: int,
    scale: tuple[Scale, Scale],
    build: Callable[[], torch.nn.Module],
) -> Backbone:
    """A backbone of a network of `argus.features.networks`, which gives features and maps."""
    network = runtime(name, side, build)
    return Backbone(
        name,
        side,
        dimensions,
        *scale,
        forward=lambda images: network(images)[0],
        forward_with_maps=network,
        batch=network.batch,
        where=network.where,
    )


BACKBONES = {
    "efficientnet": efficientnet,
    "inception": inception,
    "mobilenetv2": mobilenetv2,
    "squeezenet": squeezenet,
}
"""By the name in `embed.backbone` and `evaluate.judges`."""
