"""Which libraries are installed here, in which versions, and on what kind of machine."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata

import numpy as np
import PIL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import features as pillow

DECODERS = ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp", "libtiff")
"""Of what Pillow is built with, what has a say in the pixels of a file."""


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """The version of each library by name, and with Pillow of what it decodes with."""
    found = {name: metadata.version(name) for name in sorted(libraries)}
    if "pillow" in found:
        built_with = {part: str(pillow.version(part)) for part in DECODERS}
        found |= {"PIL": PIL.__version__, **built_with}
    return found


def machine() -> dict[str, str]:
    """Python and the machine's kind. The vector instructions that NumPy finds stand for the
    processor: sums are split by them."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return {
        "python": f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}",
        "machine": f"{sys.platform} {platform.machine()} {' '.join(simd)}",
    }


def release(library: str) -> str:
    """Which release of an installed library this is: its version, and its commit if that is known.

    One that pip installed from a repository may change without another version.
    """
    found = metadata.distribution(library)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    commit = origin.get("vcs_info", {}).get("commit_id")
    return f"{found.version} {commit}" if commit else found.version


@cache
def owners() -> dict[str, list[str]]:
    """The installed libraries that each top-level package or module comes from.

    Read from their lists of files: what is installed for editing (as this repository is) has none
    there, and is followed as source. `importlib.metadata.packages_distributions` takes 15 times as
    long.
    """
    found: dict[str, list[str]] = {}
    for library in metadata.distributions():
        files = (library.read_text("RECORD") or "").splitlines()
        # `package/module.py,…`, `module.py,…`, `module.cpython-311-x86_64-linux-gnu.so,…`
        for top in {file.partition(",")[0].partition("/")[0].partition(".")[0] for file in files}:
            found.setdefault(top, []).append(canonicalize_name(library.metadata["Name"]))
    return found


def required(names: Iterable[str]) -> set[str]:
    """Installed libraries with those that they require, and so on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and (requirements := _requirements(name)) is not None:
            found.add(name)
            waiting += requirements
    return found


@cache
def _requirements(name: str) -> list[str] | None:
    """What an installed library requires here; None if it is not installed."""
    try:
        library = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    wanted = map(Requirement, library.requires or ())
    return [
        canonicalize_name(r.name)
        for r in wanted
        if not r.marker or r.marker.evaluate({"extra": ""})
    ]
