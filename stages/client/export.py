"""Taking a trained model out of the wheel, as one ONNX file."""

from __future__ import annotations

from pathlib import Path

from stages.common.errors import ArgusError
from stages.promote.incumbents import CHAMPIONS
from stages.train.card import CARD
from stages.train.export import OUTPUT, inputs, to_onnx
from stages.train.trained import Generator, Translator, load

TRAINED = Path("models/trained")
SUFFIX = ".onnx"


def export(name: str, to: Path) -> list[str]:
    """Write the champion of a task, or a trained model, to one file; an older one is replaced.

    Args:
        name: a task or, where no task is called so, a model.
        to: a path that ends in `.onnx`.

    Returns:
        Lines that say what was written and how to feed it.

    Raises:
        ArgusError: nothing of that name is there, it failed, or the file cannot be written.
    """
    if to.suffix != SUFFIX or to.is_dir():
        raise ArgusError(f"{to} is no place for an ONNX file: give a path that ends in {SUFFIX}")
    folder = find(name)
    model = load(folder)
    if not isinstance(model, Generator | Translator):
        raise ArgusError(f"{folder} holds neither a generator nor a translator: it has no export")
    try:
        to_onnx(model, to)
    except OSError as error:
        raise ArgusError(f"{to} cannot be written: {error.strerror}") from None
    what = f"model '{model.card.model}' from {folder}"
    lines = [f"{to}: {what}, {to.stat().st_size / 1e6:.1f} MB"]
    lines += [f"  in   {each.name}: {each.meaning}" for each in inputs(model)]
    return [*lines, f"  out  {OUTPUT}: float32 [n, 3, height, width], RGB; clip to [-1, 1]"]


def find(name: str) -> Path:
    """The folder of a task's champion or of a trained model.

    Raises:
        ArgusError: there is neither; with what there is.
    """
    for parent in (CHAMPIONS, TRAINED):
        if name in names(parent):
            return parent / name
    there = [
        f"{what} {', '.join(names(parent))}"
        for what, parent in (("champions of", CHAMPIONS), ("models", TRAINED))
        if names(parent)
    ]
    known = "there are " + " and ".join(there) if there else "nothing has been trained here yet"
    raise ArgusError(f"no champion of a task and no model is called {name!r}: {known}")


def names(parent: Path) -> list[str]:
    """Folders with a model's card in them."""
    return sorted(card.parent.name for card in parent.glob(f"*/{CARD}"))
