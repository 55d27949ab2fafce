"""What an `arch` in params.yaml names, without importing it.

It is the name of a file of `argus/models/architectures/`, the name of an entry point in the group
`argus.architectures` of an installed package, or `package.module:Class` for anything that Python
can import.
"""

from __future__ import annotations

import pkgutil
from importlib.metadata import EntryPoint, entry_points

from argus.core.errors import ArgusError, nearest
from argus.models import architectures

GROUP = "argus.architectures"


def built_in() -> list[str]:
    """The names of our own architectures."""
    return sorted(module.name for module in pkgutil.iter_modules(architectures.__path__))


def known() -> dict[str, EntryPoint]:
    """All architectures that have a name; our own go before others of the same name."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    for name in built_in():
        found[name] = EntryPoint(name, f"{architectures.__name__}.{name}:ARCHITECTURE", GROUP)
    return dict(sorted(found.items()))


def entry(arch: str) -> EntryPoint:
    """Where the class lies that `arch` names.

    Raises:
        ArgusError: there is no architecture of this name.
    """
    found = EntryPoint(arch, arch, GROUP) if ":" in arch else known().get(arch)
    if found is None:
        names = known()
        raise ArgusError(
            f"there is no architecture {arch!r}{nearest(arch, names) or ':'} `arch` in params.yaml "
            f"can be {', '.join(names)}, or package.module:Class"
        )
    return found


def module_of(arch: str) -> str:
    """The full name of the module that the class lies in.

    Raises:
        ArgusError: there is no architecture of this name.
    """
    return entry(arch).module
