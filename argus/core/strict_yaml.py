"""YAML as DVC reads it, where a key that stands there twice is an error."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from argus.core.errors import ArgusError


def parse(text: str, name: str) -> Any:
    """The content of a YAML file from its text; `name` is what messages call it.

    Of a key that stands there twice the second would silently overrule the first.

    Raises:
        ArgusError: it is not YAML, or a key stands there twice.
    """
    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ArgusError(f"{name} is not valid YAML: {error.problem}{where}") from None
    except (YAMLError, ValueError) as error:  # the latter: a day that is in no calendar
        raise ArgusError(f"{name} is not valid YAML: {error}") from None
