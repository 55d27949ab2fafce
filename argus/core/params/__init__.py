"""`params.yaml` as typed objects: an unknown or impossible parameter stops the run with its name.

`sections` has the types, `schema` what does not go together, `reading` the file, and `preflight`
asks what only the architectures know. Users take what they need from here.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from argus.core.errors import ArgusError, explained
from argus.core.params import preflight
from argus.core.params.reading import read
from argus.core.params.schema import Params
from argus.core.params.sections import (
    Beside,
    Dedupe,
    Demo,
    Detector,
    Domains,
    Embed,
    Evaluate,
    Flaw,
    Hash,
    Ingest,
    Label,
    Lineage,
    Model,
    Pack,
    Promote,
    Prune,
    Quality,
    RolledBack,
    Split,
    Train,
    Withdrawn,
    WithHash,
)
from argus.core.paths import PARAMS

__all__ = [
    "PARAMS",
    "Beside",
    "Dedupe",
    "Demo",
    "Detector",
    "Domains",
    "Embed",
    "Evaluate",
    "Flaw",
    "Hash",
    "Ingest",
    "Label",
    "Lineage",
    "Model",
    "Pack",
    "Params",
    "Promote",
    "Prune",
    "Quality",
    "RolledBack",
    "Split",
    "Train",
    "WithHash",
    "Withdrawn",
    "load",
    "preflight",
    "read",
]


def load(path: Path = PARAMS) -> Params:
    """Read and check `params.yaml`; in a stage that DVC runs, against the architectures as well.

    Raises:
        ArgusError: the file is missing, is not YAML, or a parameter is unknown, stands there
            twice (the second would silently overrule the first) or is out of range.
    """
    if "DVC_STAGE" in os.environ:  # DVC sets it: what runs now may be the first of many stages
        preflight.require(whole_pipeline=False)
    content = read(path)
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        lines = "; ".join(explained(error, Params))
        raise ArgusError(f"{path} does not fit: {lines}") from None
