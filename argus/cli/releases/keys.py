"""The keys that releases are signed with: the private one outside Git, the public ones in it.

A private key is an elliptic-curve key in PEM (P-256, P-384 or P-521), unencrypted, which only its
owner can read. A public key lies in `keys/`, committed: whoever has the repository can verify.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from argus.cli.repository import git
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.paths import KEYS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

ENVIRONMENT = "ARGUS_SIGNING_KEY"
"""Names the file of the private key where that is not at `default()`: on a build server, say."""
SUFFIX = ".pub"
CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""What `model-signing` takes: NIST P-256, P-384, P-521."""
HOW_TO_MAKE_ONE = "`argus release --new-key` makes one, and `argus release` then signs"


class PublicKey(NamedTuple):
    """A public key: its PEM, and the SHA-256 of that, 64 hexadecimal digits."""

    pem: bytes
    fingerprint: str

    @property
    def short(self) -> str:
        """The first 12 digits, by which its file is called."""
        return self.fingerprint[:12]


def default() -> Path:
    """Where a private key is looked for: `signing-key.pem` among a person's settings."""
    settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings) / "argus/signing-key.pem"


def private(given: Path | None) -> Path | None:
    """The file of the private key: the one given, that of `ENVIRONMENT`, or the default one.

    Returns:
        None if neither is named and there is none at the default place.

    Raises:
        ArgusError: one is named and is not there, or it lies where Git would take it along.
    """
    named = given or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is None:
        return default() if default().is_file() else None
    if not named.is_file():
        by = "" if given else f", which {ENVIRONMENT} names,"
        raise ArgusError(f"{named}{by} is not there: no private key to sign with")
    require_outside_git(named)
    return named


def require_outside_git(path: Path) -> None:
    """Raises:
    ArgusError: a private key would lie in the repository where Git does not ignore it.
    """
    top = Path(git.git("rev-parse", "--show-toplevel").strip())
    place = path.resolve()
    if (
        place.is_relative_to(top.resolve())
        and git.attempt("check-ignore", "--quiet", str(place)).returncode
    ):
        raise ArgusError(
            f"{path} is a private key inside the repository, where a commit would give it to "
            f"everybody: move it out, to {default()} say"
        )


def new(to: Path) -> tuple[Path, PublicKey]:
    """Make a pair of keys: the private one in a file of its owner's alone, the public one in
    `keys/`, not committed yet.

    Returns:
        Where the public key lies, and what it is.

    Raises:
        ArgusError: there is a private key already, or it would lie in Git.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    require_outside_git(to)
    if to.exists():
        raise ArgusError(
            f"{to} is there already, and a key is never written over: `argus release` signs with "
            "it. For another one, move it away, or give `--key FILE` a new place"
        )
    secret = ec.generate_private_key(ec.SECP256R1())
    pem = secret.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with atomic(to) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_bytes(pem)
    public = of_key(secret.public_key())
    path = KEYS / f"{public.short}{SUFFIX}"
    with atomic(path) as temporary:
        temporary.write_bytes(public.pem)
    return path, public


def public_of(path: Path) -> PublicKey:
    """The public key that belongs to a private one.

    Raises:
        ArgusError: it is no private key that can sign.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        secret = load_pem_private_key(path.read_bytes(), None)
    except TypeError:
        raise ArgusError(
            f"{path} is encrypted: give a key without a password, which only you can read "
            f"(`openssl ec -in {path} -out FILE`)"
        ) from None
    except (OSError, ValueError) as error:
        raise ArgusError(f"{path} is no private key in PEM ({error})") from None
    if not isinstance(secret, EllipticCurvePrivateKey) or secret.curve.name not in CURVES:
        raise ArgusError(f"{path} is no key of the curves {', '.join(CURVES)}: {HOW_TO_MAKE_ONE}")
    return of_key(secret.public_key())


def read(path: Path) -> PublicKey:
    """Read a public key.

    Raises:
        ArgusError: it is none that signatures are verified by.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArgusError(f"{path} is no public key in PEM ({error})") from None
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise ArgusError(f"{path} is no public key of the curves {', '.join(CURVES)}")
    return of_key(key)


def of_key(key: EllipticCurvePublicKey) -> PublicKey:
    """A key of `cryptography` as `PublicKey`."""
    from cryptography.hazmat.primitives import serialization

    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return PublicKey(pem, hashlib.sha256(pem).hexdigest())


def committed() -> list[Path]:
    """The public keys in `keys/`: taking one out is how its signatures stop to count."""
    return sorted(KEYS.glob(f"*{SUFFIX}"))


def require_public(public: PublicKey, private_key: Path) -> None:
    """Raises:
    ArgusError: nobody could verify what the key signs, as its public half is not committed.
    """
    names = git.git("ls-tree", "-r", "--name-only", "HEAD", "--", f"{KEYS}/").splitlines()
    known = {read(Path(name)).fingerprint for name in names if Path(name) in committed()}
    if public.fingerprint not in known:
        path = KEYS / f"{public.short}{SUFFIX}"
        raise ArgusError(
            f"nobody could verify what {private_key} signs: its public key is not in {KEYS}/. "
            f"`openssl ec -in {private_key} -pubout -out {path}`, and commit that file"
        )
