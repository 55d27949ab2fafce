"""How an entry of `models` in params.yaml becomes an architecture.

`entries.py` knows which there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from argus.core.errors import ArgusError, explained, nearest
from argus.models.architecture import Architecture, ArchitectureConfig
from argus.models.entries import entry, known
from argus.models.scene import Scene

__all__ = ["build", "find", "known", "settings"]


def find(arch: str) -> type[Architecture]:
    """The class that `arch` names.

    Raises:
        ArgusError: there is none, it cannot be imported, or it is not an `Architecture`.
    """
    try:
        kind = entry(arch).load()
    except (ModuleNotFoundError, AttributeError) as error:
        raise ArgusError(
            f"the architecture {arch!r} cannot be loaded ({error}): install the package that it "
            "lives in, or mend `arch` in params.yaml"
        ) from None
    if not (isinstance(kind, type) and issubclass(kind, Architecture)):
        raise ArgusError(
            f"the architecture {arch!r} is {kind!r}, not a subclass of "
            f"{Architecture.__module__}.{Architecture.__name__}: see docs/architectures.md"
        )
    return kind


def build(
    arch: str, config: Mapping[str, Any], scene: Scene, profile: str | None = None
) -> Architecture:
    """Make an architecture for the images of a scene.

    Args:
        arch: see the top of this file.
        config: fields of its config; what is not given is as in the profile, else as by default.
        scene: what the images are.
        profile: one of the architecture's `profiles`.

    Raises:
        ArgusError: no such architecture or profile, a config that it does not accept, a scene that
            does not suit it, or what it says of itself is not to be understood.
    """
    architecture = find(arch)(settings(arch, config, profile), scene)
    if isinstance(seen := architecture.features_seen, str):  # letters would be no backbone's name
        raise ArgusError(
            f"{arch} has features_seen = {seen!r}, which is one text: write ({seen!r},), for a list"
        )
    return architecture


def settings(
    arch: str, config: Mapping[str, Any], profile: str | None = None
) -> ArchitectureConfig:
    """The config of an architecture; see `build`.

    Raises:
        ArgusError: no such architecture or profile, or a config that it does not accept.
    """
    kind = find(arch)
    wrong = []
    if profile is not None and profile not in kind.profiles:
        wrong.append(
            f"{arch} has no profile {profile!r}: `profile` in params.yaml can be "
            f"{', '.join(kind.profiles) or 'left out only'}{nearest(profile, kind.profiles)}"
        )
    base = kind.profiles.get(profile, {}) if profile else {}
    try:
        found = kind.config_type.model_validate({**base, **config})
    except ValidationError as error:
        lines = "; ".join(explained(error, kind.config_type))
        wrong.append(f"the config of {arch} does not fit: {lines}")
    if wrong:
        raise ArgusError("; ".join(wrong))
    return found
