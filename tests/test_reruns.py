"""What an edit of code makes DVC run again: no training for a comment, one for one architecture.

A copy of the code stands in a repository whose outputs are only said to be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc.repo import Repo  # type: ignore[import-untyped]

from tests.conftest import ROOT

MODELS = ("sngan", "fastgan", "r3gan", "cyclegan", "cut")
TRAIN, EVALUATE = ({f"{stage}@{model}" for model in MODELS} for stage in ("train", "evaluate"))
JUDGED = EVALUATE | {"promote"}
DRAWING = {"ingest@demo", "dedupe", "label", "prune", "report"}

COMMENT, CODE = '\n# x\n"""Of what stands above."""\n', "\nEDITED = 1\n"
EDITS: dict[str, set[str]] = {
    "argus/models/export.py": set(),
    "argus/cli/__main__.py": set(),
    "argus/models/architectures/cut.py": {"train@cut", "evaluate@cut", "promote"},
    "stages/train/curves.py": set(),
    "argus/data/contact_sheets.py": DRAWING,
    "argus/judging/metrics/frechet_distance.py": JUDGED | {"report"},
    "argus/judging/metrics/kid.py": TRAIN | JUDGED | {"report"},
    "stages/train/training.py": TRAIN,
}
"""By file: what runs again once it says something else; `code` itself aside."""


def house(folder: Path) -> Path:
    """A copy of the code and of what says how it is run."""
    for part in ("argus", "stages"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("params.yaml", "dvc.yaml", "requirements.lock", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def recorded() -> None:
    """Run the stage `code` as DVC would, in the current folder."""
    subprocess.run(
        [sys.executable, "-m", "stages.code"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository in which nothing is to be done."""
    folder, before = house(tmp_path_factory.mktemp("house")), Path.cwd()
    os.chdir(folder)
    subprocess.run(["git", "init", "-q"], check=True)
    Repo.init()
    recorded()
    shutil.copytree(ROOT / "data/sources", "data/sources")
    with Repo() as repo:
        for out in repo.index.outs:
            place = Path(out.fs_path)
            if place.suffix:
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.exists():
                    place.write_text("{}\n")
            else:
                place.mkdir(parents=True, exist_ok=True)
                (place / "made").touch()
        repo.commit(force=True)
    yield folder
    os.chdir(before)


def again() -> set[str]:
    """The stages that DVC would run, once it has run `code`."""
    recorded()
    with Repo() as repo:
        return set(repo.status()) - {"code"}


@pytest.mark.slow
@pytest.mark.parametrize("file", EDITS)
def test_what_runs_again_when_code_changes(settled: Path, file: str) -> None:
    path = settled / file
    text = path.read_text()
    path.write_text(text + CODE)
    found = again()
    path.write_text(text)
    assert found == EDITS[file]


@pytest.mark.slow
def test_a_comment_makes_no_stage_train_or_judge_again(settled: Path) -> None:
    assert again() == set()
    texts = {settled / file: (settled / file).read_text() for file in EDITS}
    for path, text in texts.items():
        path.write_text(text + COMMENT)
    found = again()
    for path, text in texts.items():
        path.write_text(text)
    assert found == DRAWING  # they depend on files as they stand
