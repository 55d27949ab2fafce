"""Whether a release is what was signed, and is true to itself and to its repository. Offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli.releases import keys, registry, signature
from argus.cli.releases.summary import FORMAT, MODEL_CARD, ONNX, SUMMARY
from argus.cli.repository import git, git_history
from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.core.paths import KEYS, PARAMS, RELEASES
from argus.models import card
from argus.models.ancestry import IMAGES
from argus.models.card import CARD, ONNX_CARD, WEIGHTS, Card, SavedCard

REQUIRED = (CARD, WEIGHTS, ONNX, SUMMARY, MODEL_CARD)


class Check(NamedTuple):
    """Something that was looked at: whether it is right (None: it could not be told), and what was
    found."""

    name: str
    passed: bool | None
    says: str

    def __str__(self) -> str:
        word = {True: "ok", False: "FAILED", None: "not checked"}[self.passed]
        return f"{word:<11}  {self.name}: {self.says}"


def find(name: str) -> Path:
    """The folder of a release.

    Args:
        name: a folder, or a task, for its release in this repository.

    Raises:
        ArgusError: there is neither.
    """
    for folder in (Path(name), RELEASES / name):
        if folder.is_dir():
            return folder
    if Path(f"{RELEASES / name}.dvc").is_file():
        raise ArgusError(
            f"the release of '{name}' is not here: `dvc pull {RELEASES / name}` brings it, "
            f"`dvc checkout {RELEASES / name}` from DVC's cache"
        )
    raise ArgusError(
        f"there is no folder {name}, and no release of a task called so: `dvc artifacts get "
        "REPOSITORY TASK` brings one"
    )


def verify(folder: Path, key: Path | None) -> list[Check]:
    """Check a release; what could not be looked at is said to be so.

    Args:
        folder: of a release.
        key: the public key whose signature counts; None for those in `keys/`.

    Raises:
        ArgusError: there is no public key.
    """
    public = [key] if key else keys.committed()
    if not public:
        raise ArgusError(
            f"no public key to verify by: none is in {KEYS}/ here. Give the one that the "
            f"repository of the release has there, `--key FILE{keys.SUFFIX}`"
        )
    for each in public:
        keys.read(each)
    checks = [_tried("signature", lambda: _signature(folder, public))]
    if not checks[0].passed:  # what is not signed is not worth reading
        return checks
    saved, summary = card.read(folder), json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return [
        *checks,
        _tried("weights", lambda: _weights(folder, saved)),
        _tried("ONNX", lambda: _onnx(folder, saved)),
        _tried("images", lambda: _images(folder, saved)),
        _tried("summary", lambda: _summary(saved, summary)),
        _lineage(saved, summary),
    ]


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except ArgusError as error:
        return Check(name, False, str(error))


def _signature(folder: Path, public: Sequence[Path]) -> str:
    key, signed = signature.verify(folder, public)
    lacking = [name for name in REQUIRED if name not in signed]
    if lacking:
        raise ArgusError(f"signed, but no whole release: it lacks {', '.join(lacking)}")
    return f"by the key {keys.read(key).short} ({key}), over {len(signed)} files"


def _weights(folder: Path, saved: SavedCard) -> str:
    from safetensors import SafetensorError, safe_open

    path = folder / WEIGHTS
    found = sha256(path)
    if found != saved.weights_sha256:
        raise ArgusError(f"SHA-256 of {WEIGHTS} is {found[:12]}…, not that on {CARD}")
    try:
        with safe_open(path, framework="numpy") as tensors:
            header, count = tensors.metadata() or {}, len(list(tensors.keys()))
    except SafetensorError as error:
        raise ArgusError(f"{WEIGHTS} is not safetensors ({error})") from None
    wrong = [key for key, ours in saved.identity().items() if header.get(key) != ours]
    if wrong:
        raise ArgusError(f"the header of {WEIGHTS} names another model: {', '.join(wrong)}")
    if not count:
        raise ArgusError(f"{WEIGHTS} holds no tensor")
    return f"{count} tensors of '{saved.spec.model}', as {CARD} has them ({found[:12]}…)"


def _onnx(folder: Path, saved: SavedCard) -> str:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(folder / ONNX, load_external_data=False)
    except DecodeError:
        raise ArgusError(f"{ONNX} is not ONNX") from None
    about = {each.key: each.value for each in model.metadata_props}
    outside = [each.name for each in model.graph.initializer if each.external_data]
    if outside:
        raise ArgusError(f"{ONNX} takes weights from files outside it: {', '.join(outside[:3])}")
    inside = json.loads(about.get(ONNX_CARD, "null"))
    ours = saved.model_dump(mode="json")
    wrong = [field for field in Card.model_fields if (inside or {}).get(field) != ours[field]]
    if wrong:
        raise ArgusError(f"the card in {ONNX} is another one than {CARD}: {', '.join(wrong)}")
    return f"its card is {CARD}"


def _images(folder: Path, saved: SavedCard) -> str:
    path = folder / IMAGES
    if saved.images_sha256 is None:
        if path.exists():
            raise ArgusError(f"{IMAGES} is there, and {CARD} knows of none")
        return f"{CARD} does not say which images are behind the weights"
    if not path.is_file():
        raise ArgusError(f"{IMAGES} is missing, and {CARD} has its hash")
    if sha256(path) != saved.images_sha256:
        raise ArgusError(f"SHA-256 of {IMAGES} is not that on {CARD}")
    return f"the list of those behind the weights is that on {CARD}"


def _summary(saved: SavedCard, summary: Mapping[str, Any]) -> str:
    expected = {
        "format": FORMAT,
        "task": saved.spec.task,
        "model": saved.spec.model,
        "weights_sha256": saved.weights_sha256,
    }
    wrong = [key for key, ours in expected.items() if summary.get(key) != ours]
    if wrong:
        raise ArgusError(f"{SUMMARY} is not of this model: {', '.join(wrong)}")
    return f"{summary['task']} {summary['version']}, '{summary['model']}'"


def _lineage(saved: SavedCard, summary: Mapping[str, Any]) -> Check:
    """Whether the commit that the release names promoted these weights."""
    name, of = "lineage", summary.get("lineage") or {}
    commit, task = str(of.get("commit")), saved.spec.task
    said = f"turn {of.get('turn')}, commit {commit[:10]}"
    if not PARAMS.is_file() or git.attempt("rev-parse", "--git-dir").returncode:
        return Check(name, None, f"{said}, which only the release's own repository can tell")
    if git.attempt("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        if git_history.shallow():
            return Check(name, None, f"{said}: this clone is shallow and may hide it")
        return Check(name, False, f"{said}: there is no such commit in this repository")
    (decided,) = registry.decisions([commit])
    promoted = (decided.get(task) or {}).get("weights")
    if promoted != saved.weights_sha256:
        return Check(name, False, f"{said} made another model champion of '{task}'")
    return Check(name, True, f"{said} made these weights champion of '{task}'")


def require(folder: Path, key: Path | None) -> list[Check]:
    """`verify`, where all must be right.

    Raises:
        ArgusError: something is not; with what.
    """
    checks = verify(folder, key)
    failed = [check for check in checks if check.passed is False]
    if failed:
        listed = "\n".join(f"  {check.name}: {check.says}" for check in failed)
        raise ArgusError(f"{folder} is no release that can be relied on:\n{listed}")
    return checks
