"""Signatures of folders by `model-signing` in its key mode: made, and verified to the last byte.

The signature is a Sigstore bundle, `model.sig`, in the folder: it names every other file with its
SHA-256 (an in-toto statement in a DSSE envelope), and `model_signing verify key` takes it, too.
What that leaves open is closed here: a signature over nothing holds for an empty folder
(sigstore/model-transparency#661), files of Git are passed over, and so are empty folders.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.cli.releases import keys
from argus.core.errors import ArgusError
from argus.core.files import sha256

SIGNATURE = "model.sig"
SHOWN = 5


def sign(folder: Path, private_key: Path) -> None:
    """Sign all files of a folder; the signature goes in beside them.

    Raises:
        ArgusError: there is something else than files in it, or the key cannot sign.
    """
    from model_signing.signing import Config

    require_plain_files(folder)
    config = Config()  # type: ignore[no-untyped-call]
    config.use_elliptic_key_signer(private_key=private_key)
    config.set_hashing_config(_hashing()).sign(folder, folder / SIGNATURE)


def _hashing() -> Any:
    from model_signing.hashing import Config

    config = Config()  # type: ignore[no-untyped-call]
    return config.set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)


def require_plain_files(folder: Path) -> dict[str, str]:
    """Check that a folder holds files and nothing else, none of them empty.

    Returns:
        SHA-256 of each by name.

    Raises:
        ArgusError: it is empty or no folder, or a folder, a link or an empty file lies in it.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise ArgusError(f"{folder} is no folder")
    entries = sorted(folder.iterdir())
    if not entries:
        raise ArgusError(f"{folder} is empty")
    for path in entries:
        if path.is_symlink():
            raise ArgusError(f"{path} is a symbolic link: a release has none")
        if not path.is_file():
            raise ArgusError(f"{path} is no file: a release has nothing but files")
        if not path.stat().st_size:
            raise ArgusError(f"{path} is empty")
    return {path.name: sha256(path) for path in entries}


def verify(folder: Path, public_keys: Sequence[Path]) -> tuple[Path, dict[str, str]]:
    """Check the signature of a folder.

    Args:
        folder: with `SIGNATURE` in it.
        public_keys: those whose signatures count.

    Returns:
        The key that signed, and the SHA-256 of each file that it signed, by name.

    Raises:
        ArgusError: the signature is missing, is none, is by another key or of other files, or a
            byte of it is not as it was written.
    """
    from model_signing.verifying import Config

    files = require_plain_files(folder)
    path = folder / SIGNATURE
    if files.pop(SIGNATURE, None) is None:
        raise ArgusError(f"{path} is missing: the folder is not signed, or its signature was taken")
    bundle = _bundle(path)
    signer, signed = _signer(bundle, path), _signed(bundle, path)
    key = next((k for k in public_keys if keys.read(k).fingerprint == signer), None)
    if key is None:
        known = ", ".join(keys.read(k).short for k in public_keys) or "none"
        raise ArgusError(
            f"{path} was signed with the key {signer[:12]}, which is none of those that count "
            f"here: {known}"
        )
    if differing := difference(files, signed):
        raise ArgusError(f"{folder} is not what was signed: {differing}")
    try:
        verifier = Config()  # type: ignore[no-untyped-call]
        verifier.use_elliptic_key_verifier(public_key=key)
        verifier.set_hashing_config(_hashing()).verify(folder, path)
    except Exception as error:  # noqa: BLE001 - of many kinds, and any means no
        said = str(error) or type(error).__name__
        raise ArgusError(f"{path} is no signature of the key {signer[:12]} ({said})") from None
    return key, signed


def _bundle(path: Path) -> dict[str, Any]:
    """The bundle, if its bytes are those in which one is written and no others."""
    from sigstore_models.bundle.v1 import Bundle

    try:
        text = path.read_text(encoding="utf-8")
        written = Bundle.from_json(text).to_json()
    except ValueError as error:  # not UTF-8, not JSON, not a bundle, not base64
        raise ArgusError(f"{path} is no signature ({str(error).splitlines()[0]})") from None
    if text != written:
        raise ArgusError(f"{path} was changed: its bytes are not those in which it was written")
    content: dict[str, Any] = json.loads(text)
    return content


def _signer(bundle: Mapping[str, Any], path: Path) -> str:
    """The fingerprint of the key that is said to have signed."""
    found = bundle.get("verificationMaterial", {}).get("publicKey", {}).get("hint")
    if not isinstance(found, str):
        raise ArgusError(f"{path} does not say which key signed")
    return found


def _signed(bundle: Mapping[str, Any], path: Path) -> dict[str, str]:
    """SHA-256 by name of what is said to have been signed."""
    try:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        found = {
            each["name"]: each["digest"]
            for each in statement["predicate"]["resources"]
            if each["algorithm"] == hashlib.sha256().name
        }
    except (KeyError, TypeError, ValueError):
        raise ArgusError(f"{path} does not say which files it signs") from None
    if not found:
        raise ArgusError(f"{path} signs no file")
    return found


def difference(files: Mapping[str, str], signed: Mapping[str, str]) -> str:
    """In words, how files differ from those that were signed; empty if they do not."""
    found = {
        "missing": signed.keys() - files.keys(),
        "added": files.keys() - signed.keys(),
        "changed": {name for name in files.keys() & signed.keys() if files[name] != signed[name]},
    }
    return "; ".join(f"{what}: {_listed(names)}" for what, names in found.items() if names)


def _listed(names: set[str]) -> str:
    shown = sorted(names)[:SHOWN]
    return ", ".join(shown) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
