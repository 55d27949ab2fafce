"""InceptionV3 of pytorch-fid: the features that FID is defined on."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.core.files import sha256

DIGEST = "6726825d"  # the beginning of SHA-256 of the file of weights


class Inception(nn.Module):
    """Features of 2048-d (pool3); at 299 px, maps [768, 17, 17]. It scales 0..1 to -1..1 itself.

    Its weights are those in torch's hub folder.
    """

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
        ArgusError: they are not in torch's hub folder and cannot be fetched, or are others.
    """
    from pytorch_fid import inception

    file = Path(torch.hub.get_dir(), "checkpoints", inception.FID_WEIGHTS_URL.rsplit("/", 1)[1])
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(inception.FID_WEIGHTS_URL, str(file))
        except OSError as error:
            raise ArgusError(
                f"the Inception weights of pytorch-fid could not be fetched ({error}): put "
                f"{file.name} into {file.parent}, or name another backbone in params.yaml "
                "(embed.backbone, evaluate.judges)"
            ) from None
    if not sha256(file).startswith(DIGEST):
        raise ArgusError(f"{file} does not hold pytorch-fid's Inception weights: delete it")
    return Inception().eval()
