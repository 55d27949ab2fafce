"""`dvc.yaml` and `argus/core/paths.py` speak of the same places."""

from __future__ import annotations

from pathlib import Path

import yaml

from argus.core import paths
from tests.conftest import ROOT

BASES = {"DATA", "MODELS", "REPORTS", "CACHE"}
UNTRACKED = {"PARAMS", "PIPELINE", "LOCK", "CARDS", "RELEASES", "KEYS", "TRAIN_CACHE"}
"""What no stage writes for DVC to keep."""


def named() -> dict[str, Path]:
    """The paths of outputs, by the names of their constants."""
    known = {name: path for name, path in vars(paths).items() if isinstance(path, Path)}
    return {name: path for name, path in known.items() if name not in BASES | UNTRACKED}


def outputs(kinds: tuple[str, ...] = ("outs", "metrics", "plots")) -> list[Path]:
    """Outputs of the stages, as `dvc.yaml` has them."""
    found = []
    for stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values():
        stage = stage.get("do", stage)
        listed = [out for kind in kinds for out in stage.get(kind, [])]
        found += [Path(out if isinstance(out, str) else next(iter(out))) for out in listed]
    return found


def test_every_path_of_an_output_is_one_of_a_stage() -> None:
    found = outputs()
    assert len(found) > 20
    for name, path in named().items():
        of_stage = [out for out in found if path in (out, *out.parents) or out in path.parents]
        assert of_stage, f"{name} is {path}, which no stage of dvc.yaml writes"


def test_all_data_and_weights_that_dvc_keeps_have_their_path_in_one_place() -> None:
    for out in (out for out in outputs(("outs",)) if out.parts[0] in ("data", "models")):
        places = [path for path in named().values() if path in (out, *out.parents)]
        assert places, f"{out} of dvc.yaml has no name in argus/core/paths.py"


def test_paths_are_relative_to_the_top_and_apart() -> None:
    known = list(named().values())
    assert all(not path.is_absolute() and ".." not in path.parts for path in known)
    assert len(set(known)) == len(known)
    assert {path.parts[0] for path in known} == {"data", "models", "reports"}
