"""Make a key for signing, and commit its public half: `argus release --new-key`."""

from __future__ import annotations

from pathlib import Path

from argus.cli.releases import keys
from argus.cli.repository import git, workspace


def make(to: Path | None) -> list[str]:
    """Make a pair of keys, and commit the public one.

    Args:
        to: the file of the private key; None for the default place.

    Returns:
        Lines that say where they are.

    Raises:
        ArgusError: there is a private key already, it would lie in Git, or Git refuses.
    """
    with workspace.exclusive("argus release --new-key"):
        git.require_top()
        git.require_identity()
        git.require_settled()
        secret = to or keys.default()
        path, public = keys.new(secret)
        git.commit_only(f"Key {public.short} signs releases\n", [str(path)])
    return [
        f"private key: {secret}. Whoever has it signs as you: keep a copy, and keep it to yourself",
        f"public key: {path}, committed: `argus verify` goes by it",
    ]
