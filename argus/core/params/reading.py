"""`params.yaml` as it stands in the file, before any check of its entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from argus.core import strict_yaml
from argus.core.errors import ArgusError
from argus.core.paths import PARAMS


def read(path: Path = PARAMS) -> dict[str, Any]:
    """What `params.yaml` holds, unchecked.

    Raises:
        ArgusError: the file is missing, is not YAML, holds no parameters, or a key stands there
            twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArgusError(f"{path} not found: run from the top folder of the repository") from None
    except UnicodeDecodeError as error:
        raise ArgusError(f"{path} is not valid YAML: {error}") from None
    content = strict_yaml.parse(text, str(path))
    if not isinstance(content, dict):
        found = "is empty" if content is None else f"holds a {type(content).__name__}"
        raise ArgusError(
            f"{path} {found}, not parameters by name: `git checkout {path}` brings back that "
            "of the last commit"
        )
    return content
