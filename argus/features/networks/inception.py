"""InceptionV3 of pytorch-fid: the features that FID is defined on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from argus.core.errors import ArgusError


class Inception(nn.Module):
    """Features of 2048-d (pool3); at 299 px, maps [768, 17, 17]. It scales 0..1 to -1..1 itself."""

    def __init__(self) -> None:
        super().__init__()
        from pytorch_fid import inception  # imports torchvision, which takes 2 s

        blocks = [inception.InceptionV3.BLOCK_INDEX_BY_DIM[d] for d in (768, 2048)]
        self.net = inception.InceptionV3(blocks, resize_input=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps, pooled = self.net(x)
        return pooled.flatten(1), maps


def build() -> nn.Module:
    """The network with pytorch-fid's weights, which are fetched once.

    Raises:
        ArgusError: they are not in torch's hub folder and cannot be fetched.
    """
    from pytorch_fid import inception

    try:
        return Inception().eval()
    except OSError as error:
        raise ArgusError(
            f"the Inception weights of pytorch-fid could not be fetched ({error}): put "
            f"{inception.FID_WEIGHTS_URL.rsplit('/', 1)[1]} into {torch.hub.get_dir()}/checkpoints,"
            " or name another backbone in params.yaml (embed.backbone, evaluate.judges)"
        ) from None
