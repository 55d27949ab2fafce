"""Weights: taken out of an architecture, written with their identity, put back into a new one.

The header of a file says whose weights they are, so that one that has lost its folder can be told:
`safetensors.safe_open(path, "pt").metadata()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.models import migrations
from argus.models.pool import ImagePool

Weights = dict[str, Tensor]

FORMAT = "argus-weights/1"
LENGTH = 8  # bytes of a file, before its header, that say how long that is
METADATA = "__metadata__"


def to_bytes(weights: Mapping[str, Tensor], identity: Mapping[str, str]) -> bytes:
    """A safetensors file; equal arguments give equal bytes.

    Args:
        weights: tensors by name; the part before the first dot is the network's.
        identity: for the header, see `Card.identity`. The names of the networks and the version
            of the format are added.
    """
    plain = save(dict(weights))
    end = LENGTH + int.from_bytes(plain[:LENGTH], "little")
    networks = ",".join(sorted({name.split(".")[0] for name in weights}))
    metadata = {"format": FORMAT, "networks": networks, **identity}
    # safetensors would write them in another order each time
    header = {METADATA: dict(sorted(metadata.items())), **json.loads(plain[LENGTH:end])}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH)  # tensors begin at a multiple of 8
    return len(text).to_bytes(LENGTH, "little") + text + plain[end:]


def read(path: Path, identity: Mapping[str, str]) -> Weights:
    """The tensors of a file, by their names in this version.

    Args:
        path: written by this version, or by an earlier one, without an identity.
        identity: of the model whose weights they are to be, from its card.

    Raises:
        ArgusError: it is no such file, or the weights are those of another model.
    """
    content = path.read_bytes()
    advice = "restore both with `dvc checkout`, or train again with `dvc repro --force`"
    try:
        weights = load(content)
    except SafetensorError as error:
        raise ArgusError(f"{path} holds no weights ({error}): {advice}") from None
    header = json.loads(content[LENGTH : LENGTH + int.from_bytes(content[:LENGTH], "little")])
    found = header.get(METADATA, {})
    if "format" not in found:
        arch = identity["arch"]
        return {migrations.tensor_name(arch, name): each for name, each in weights.items()}
    for key, ours in {"format": FORMAT, **identity}.items():
        if found.get(key) != ours:
            raise ArgusError(
                f"{path} holds the weights of another model than its card is of: their {key} is "
                f"{found.get(key)!r}, the card's {ours!r}; {advice}"
            )
    return weights


def raw(architecture: nn.Module) -> Weights:
    """All that an architecture has learnt: every network as it trains, discriminators included.

    Its pools of past fakes are left out.
    """
    pools = tuple(
        f"{name}." for name, part in architecture.named_modules() if isinstance(part, ImagePool)
    )
    state = architecture.state_dict()
    return {name: tensor for name, tensor in state.items() if not name.startswith(pools)}


def copied(weights: Mapping[str, Tensor]) -> Weights:
    """Copies in the computer's own memory, safe from the next step."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in weights.items()}


def mismatch(architecture: nn.Module, weights: Mapping[str, Tensor]) -> str | None:
    """The first tensor that an architecture and what `raw` took from another do not share.

    None if names and shapes are all the same.
    """
    ours = {name: tensor.shape for name, tensor in raw(architecture).items()}
    theirs = {name: tensor.shape for name, tensor in weights.items()}
    differing = [n for n in sorted({*ours, *theirs}) if ours.get(n) != theirs.get(n)]
    return differing[0] if differing else None
