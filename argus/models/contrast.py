"""PatchNCE: a patch of a translation should be known again among the patches of its source.

Park et al., "Contrastive Learning for Unpaired Image-to-Image Translation", ECCV 2020, section 3.
Features of the two images are taken at the same places of several layers, projected by a small
network, and compared: the same place is the positive, the other places of the same image are the
negatives.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def patch_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy of finding each query's own key among all keys of its image.

    Gradients go to the queries alone.

    Args:
        queries: [N, P, D], unit vectors of P places of N translations.
        keys: [N, P, D], unit vectors of the same places of their sources.
        temperature: what similarities are divided by.

    Returns:
        A scalar, float32: log P where all are alike, 0 where each finds its own.
    """
    with torch.autocast(queries.device.type, enabled=False):
        logits = queries.float() @ keys.detach().float().transpose(1, 2) / temperature
    own = logits.diagonal(dim1=1, dim2=2)
    return (logits.logsumexp(dim=2) - own).mean()


def draw_places(features: Sequence[Tensor], count: int) -> list[Tensor]:
    """At most `count` different places of each feature map, the same for all images of a batch.

    One draw a map from torch's global generator on the CPU, so that all processes draw alike.

    Args:
        features: [N, C, h, w] each.
        count: of places in a map.

    Returns:
        int64 [min(count, h * w)] each, indices into the flattened map.
    """
    sizes = (feature[0, 0].numel() for feature in features)
    drawn = (torch.randperm(size)[:count] for size in sizes)
    return [places.to(features[0].device) for places in drawn]


class Heads(nn.Module):
    """F of the paper: for each layer a two-layer perceptron whose outputs have length one.

    Args (of the constructor):
        widths: channels of the layers.
        width: D, of the hidden layer and the output.
    """

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.perceptrons = nn.ModuleList(
            nn.Sequential(nn.Linear(before, width), nn.ReLU(), nn.Linear(width, width))
            for before in widths
        )

    def forward(self, features: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """[N, C, h, w] of each layer and [P] places in it -> unit vectors [N, P, D] of each."""
        return [
            functional.normalize(perceptron(feature.flatten(2)[:, :, place].mT), dim=2)
            for perceptron, feature, place in zip(self.perceptrons, features, places, strict=True)
        ]
