"""Checkpoints that survive a kill at any moment, and are refused when they do not fit.

A checkpoint is `<fingerprint>/<step>.ckpt`: a SHA-256 and then the state as torch saves it. The
hash tells a torn file from a whole one, the fingerprint (of settings, data and code) one training
from another. The newest two are kept, so that there is always one to go back to.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from argus.core.files import atomic, remove

KEPT = 2
DIGEST = hashlib.sha256().digest_size


def fingerprint(facts: Mapping[str, Any], code: Mapping[str, str]) -> str:
    """16 hexadecimal digits of SHA-256 over all that decides the outcome of a training.

    Args:
        facts: settings and data digest, JSON.
        code: what it rests on, as `argus.core.code.parts` gives it: comments do not count.
    """
    found = {"facts": facts, "code": dict(code), "torch": torch.__version__}
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


class Checkpoints:
    """The checkpoints of one training, below `folder`/`fingerprint`."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder / fingerprint
        self.fingerprint = fingerprint

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write the state after `step`; older ones go only when this one is complete."""
        stream = io.BytesIO()
        torch.save(
            {"fingerprint": self.fingerprint, "step": step, "state": dict(state)},
            stream,
        )
        content = stream.getbuffer()
        with (
            atomic(self.folder / f"{step:09d}.ckpt") as temporary,
            temporary.open("wb") as file,
        ):
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        for old in self._newest_first()[KEPT:]:
            remove(old)

    def latest(self) -> tuple[int, dict[str, Any]] | None:
        """Step and state of the newest whole checkpoint of this training; None if there is none.

        One that is torn or foreign is passed over, and a line on stderr says so.
        """
        for path in self._newest_first():
            content = path.read_bytes()
            if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
                self._say(f"{path} is torn: passed over")
                continue
            saved = torch.load(io.BytesIO(content[DIGEST:]), map_location="cpu", weights_only=True)
            if saved["fingerprint"] != self.fingerprint:
                self._say(f"{path} belongs to another training: passed over")
                continue
            return saved["step"], saved["state"]
        return None

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.ckpt"), reverse=True)

    def _say(self, text: str) -> None:
        Console(stderr=True, soft_wrap=True).print(f"checkpoint {text}", highlight=False)


def clear(folder: Path) -> None:
    """Delete all checkpoints of a model, those of abandoned settings included."""
    remove(folder)
