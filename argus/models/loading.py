"""From the folder of a trained model to a model in use, checked on the way."""

from __future__ import annotations

from pathlib import Path

from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.models import card as cards
from argus.models import migrations
from argus.models.inference import TrainedModel
from argus.models.registry import build
from argus.models.weights import read


def load(folder: Path) -> TrainedModel:
    """Load what `python -m stages.train` wrote to `models/trained/<model>`.

    Raises:
        ArgusError: the training failed or was skipped, the card or the weights are missing or
            damaged, or the architecture of the card cannot be built by this version of the code.
    """
    card = cards.read(folder)
    spec = card.spec
    if card.without_weights:
        mend = "Change its entry in params.yaml and train again with `dvc repro`"
        raise ArgusError(
            f"model '{spec.model}' has no weights, since {card.without_weights}"
            f"{f'. {mend}' if card.failed else ''}"
        )
    path = folder / cards.WEIGHTS
    mend = "restore it with `dvc checkout`, or train again with `dvc repro --force`"
    if not path.exists():
        raise ArgusError(f"{path} not found beside its card: {mend}")
    if sha256(path) != card.weights_sha256:
        raise ArgusError(f"{path} is damaged (its hash is not the one on its card): {mend}")
    try:
        architecture = build(spec.arch, migrations.config(spec.config), spec.scene())
        networks = architecture.inference_networks().eval().requires_grad_(False)
    except ArgusError as error:
        raise ArgusError(f"{folder / cards.CARD} cannot be built: {error}") from None
    weights = read(path, card.identity())
    try:
        networks.load_state_dict(weights)
    except RuntimeError as error:
        raise ArgusError(
            f"{path} does not fit the {spec.arch} of this version of the code ({error}): {mend}"
        ) from None
    return architecture.inference_model(networks, card)
