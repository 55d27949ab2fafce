"""`params.yaml` against everything that is to read it, before anything runs.

What an architecture accepts only the architecture knows, and to ask it takes torch, which early
stages must not import: another process asks (`python -m argus.models.check`), and what it found
to be in order is remembered until the entries or the code change.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from argus.core.errors import ArgusError, explained, warn
from argus.core.files import atomic
from argus.core.params.reading import read
from argus.core.params.schema import Params, conflicts
from argus.core.params.sections import Model
from argus.core.paths import CACHE, PARAMS

SEEN = CACHE / "preflight.json"
ASKED = "argus.models.check"
"""The program that is asked. It is known here by its name alone: nothing of it is imported."""
CODE = Path(__file__).parents[2].joinpath(*ASKED.split(".")[1:-1])
"""Where its code lies: when that changes, it is asked again."""


class Answer(NamedTuple):
    """What `argus.models.check` says, in lines: `wrong` entries, architectures whose own code is
    `broken`, and what the `device` lacks here."""

    wrong: list[str]
    broken: list[str]
    device: list[str]


def require(whole_pipeline: bool) -> None:
    """Check all of `params.yaml`.

    Args:
        whole_pipeline: whether models are going to train on this machine; else what the device
            lacks is a warning.

    Raises:
        ArgusError: with every entry that is wrong.
    """
    content = read()
    wrong, sections = judged(content)
    answer = asked(sections, whole_pipeline)
    wrong += answer.wrong + (answer.device if whole_pipeline else [])
    if wrong:
        lines = "".join(f"\n  - {line}" for line in wrong)
        raise ArgusError(f"{PARAMS} does not fit, and nothing has run yet:{lines}")


def judged(content: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with the entries by themselves and with each other, and the sections without
    those that are."""
    try:
        whole = Params.model_validate(content)
    except ValidationError as error:
        wrong = explained(error, Params)
    else:
        return [], {name: getattr(whole, name) for name in Params.model_fields}
    sections: dict[str, Any] = {}
    for name, value in content.items():
        if name == "models" and isinstance(value, dict):
            checked = {key: _checked(Model, entry) for key, entry in value.items()}
            sections[name] = {str(key): model for key, model in checked.items() if model}
        elif name in Params.model_fields:
            kind = Params.model_fields[name].annotation
            if isinstance(kind, type) and (section := _checked(kind, value)):
                sections[name] = section
    # where all sections are in order, conflicts are what it was refused for
    wrong += [each for each in conflicts(sections) if not any(each in line for line in wrong)]
    return wrong, sections


def _checked(kind: Any, value: Any) -> Any:
    try:
        return kind.model_validate(value) if hasattr(kind, "model_validate") else None
    except ValidationError:
        return None


def asked(sections: dict[str, Any], whole_pipeline: bool) -> Answer:
    """What the architectures, and torch, say to the entries; from memory if they were in order.

    Where the process that asks them cannot be run to its end, nothing is found wrong: a training
    will say the same, and louder.
    """
    names = ("models", "pack", "train")
    question = {
        name: {key: model.model_dump(mode="json") for key, model in section.items()}
        if name == "models"
        else section.model_dump(mode="json")
        for name in names
        if (section := sections.get(name))
    }
    if "models" not in question:
        return Answer([], [], [])
    text = json.dumps(question, sort_keys=True)
    key = hashlib.sha256(text.encode())
    for file in sorted(CODE.rglob("*.py")):
        key.update(file.read_bytes())
    known = _remembered(key.hexdigest())
    if known and not (whole_pipeline and known.device):  # there may be a GPU by now
        return known
    with tempfile.TemporaryDirectory(prefix="argus-check-") as folder:
        out = Path(folder) / "answer.json"
        command = [sys.executable, "-m", ASKED, str(out)]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode or not out.exists():
            last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
            warn(f"the models in {PARAMS} could not be checked before they train: {last}")
            return Answer([], [], [])
        answer = Answer(**json.loads(out.read_text(encoding="utf-8")))
    for line in answer.broken + ([] if whole_pipeline else answer.device):
        warn(line)
    if not answer.wrong:
        with atomic(SEEN) as temporary:
            content = {"key": key.hexdigest(), **answer._asdict()}
            temporary.write_text(json.dumps(content), encoding="utf-8")
    return answer


def _remembered(key: str) -> Answer | None:
    try:
        seen = json.loads(SEEN.read_text(encoding="utf-8"))
        return Answer(**seen) if seen.pop("key") == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
