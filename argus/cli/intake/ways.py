"""Which way a person's images come in, by the options of `argus submit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from argus.cli.intake.containers import is_clip
from argus.cli.intake.folder import whole
from argus.cli.intake.items import Way
from argus.core.errors import ArgusError

if TYPE_CHECKING:
    from argus.data.manifests import Placement


def chosen(
    path: Path,
    format: str | None,
    fps: float | None,
    label_from: Placement,
    sequence_from: Placement,
) -> Way:
    """The way in for a folder as it is, for a published layout, or for clips.

    Raises:
        ArgusError: the options do not go together, or there is no such format.
    """
    if format is not None:
        if fps is not None or (label_from, sequence_from) != ("none", "none"):
            raise ArgusError(
                "--format says where labels and sequences stand: leave --label-from, "
                "--sequence-from and --fps out"
            )
        return of_format(path, format)
    if fps is not None:
        if sequence_from != "none":
            raise ArgusError("with --fps the clip is the sequence: leave --sequence-from out")
        from argus.cli.intake import clips

        return clips.way(path, fps, labelled=label_from == "dirs")
    if path.is_file() and is_clip(path):
        raise ArgusError(f"{path} is a clip: say how many frames a second to take, with --fps 2")
    return whole(path, label_from, sequence_from)


def of_format(path: Path, name: str) -> Way:
    """The way in for a dataset in a published layout.

    Raises:
        ArgusError: there is no such format.
    """
    from argus.cli.intake.formats import registry

    if name not in registry.FORMATS:
        raise ArgusError(
            f"there is no format '{name}': {', '.join(registry.FORMATS)} (see `argus formats`)"
        )
    return registry.way(path, registry.FORMATS[name])
