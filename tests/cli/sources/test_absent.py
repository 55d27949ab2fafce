"""A clone whose data is not here says so in every command, and how to bring it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from argus.cli.repository import storage
from argus.core.errors import ArgusError
from argus.data.pulled import lacking
from stages.ingest.take_in import take_in
from tests.cli.conftest import sh
from tests.cli.sources.test_delivery import recorded, submit
from tests.data.test_terms import settings

Argus = Callable[..., tuple[int, str]]
NOT_HERE = "2 of 2 deliveries are not here, or not whole: cam/d1, cam/d2. "
PULLED = NOT_HERE + "`dvc pull` brings them"
CACHED = NOT_HERE + "DVC's cache here has them: `dvc checkout`"
NO_REMOTE = NOT_HERE + "DVC's cache here lacks them, and no DVC remote is configured: `dvc remote"


def dvc(*arguments: str) -> str:
    return sh(sys.executable, "-m", "dvc", *arguments)


@pytest.fixture
def clone(
    repo: Path, upload: Path, argus: Argus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A clone, into which nothing was pulled, of a repository with two deliveries and a model."""
    submit(argus, upload, "d1")
    submit(argus, upload, "d2", "--shard")
    out = {"path": "models/champions", "md5": f"{'0' * 32}.dir"}
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"p": {"outs": [out]}}}))
    recorded(1)
    sh("git", "clone", "-q", str(repo), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def test_nothing_is_here(clone: Path, argus: Argus, tmp_path: Path) -> None:
    commands = (["source", "check"], ["delivery", "list"], ["turn", "-m", "x"])
    for words in (NO_REMOTE, PULLED, CACHED):
        for command in commands if words == NO_REMOTE else commands[:2]:
            ended, printed = argus(*command)
            assert words in printed, printed
            assert ended == (command[0] != "delivery"), printed
            assert "no delivery" not in printed
        if words == NO_REMOTE:
            dvc("remote", "add", "--local", "-q", "-d", "store", str(tmp_path / "store"))
        else:
            shutil.copytree(tmp_path / "repo/.dvc/cache", ".dvc/cache", dirs_exist_ok=True)
    assert "2, none here" in argus("source", "list")[1]
    ended, printed = argus("export", "generate", "--to", "g.onnx")
    assert ended == 1
    assert "the turn's models/champions are not here. `dvc pull models" in printed
    with pytest.raises(ArgusError, match=r"2 of 2 deliveries are not here(.|\n)*`dvc pull`"):
        take_in("cam", settings())
    assert argus("delivery", "withdraw", "cam/d1", "--reason", "x")[0] == 0  # needs no image


def test_a_part_is_here(clone: Path, argus: Argus, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "repo/.dvc/cache", ".dvc/cache")
    dvc("checkout", "-q", "data/raw/cam/d1.dvc")
    words = "1 of 2 deliveries is not here, or not whole: cam/d2. DVC's cache here has them"
    for command in (["source", "check"], ["delivery", "list"], ["turn", "-m", "x"]):
        assert words in argus(*command)[1]
    assert "2, 1 here" in argus("source", "list")[1]
    with pytest.raises(ArgusError, match="nothing is made of a part"):
        take_in("cam", settings())
    next(Path(".dvc/cache/files/md5").glob("*/*.dir")).unlink()
    assert not all(
        storage.cached([yaml.safe_load(path.read_text())["outs"][0]["md5"]])
        for path in Path("data/raw/cam").glob("*.dvc")
    )


FOLDER = Path("data/raw/cam/d1")
IMAGE = FOLDER / "day/drive1/a.jpg"


def overwrite(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)


WRONG: dict[str, Callable[[], None]] = {
    f"delivery d1: 1 file missing ({IMAGE})": IMAGE.unlink,
    f"1 file altered ({IMAGE})": lambda: overwrite(IMAGE, "other bytes"),
    f"1 file added ({FOLDER}/day/new.jpg)": lambda: overwrite(FOLDER / "day/new.jpg", "new"),
    f"3 files missing, such as {IMAGE}": lambda: shutil.rmtree(FOLDER / "day"),
    "d2: 1 file missing (data/raw/cam/d2/00000.tar)": Path("data/raw/cam/d2/00000.tar").unlink,
    "d1: 1 file missing (data/raw/cam/d1/delivery.yaml)": (FOLDER / "delivery.yaml").unlink,
    "1 of 2 deliveries is not here, or not whole: cam/d1": lambda: shutil.rmtree(FOLDER),
    f"{FOLDER}.dvc is missing": Path(f"{FOLDER}.dvc").unlink,
    f"DVC does not see {FOLDER}.dvc": lambda: overwrite(Path(".gitignore"), "/data/*\n"),
    f"cannot be told: dvc cannot read the repository: './{FOLDER}.dvc' validation failed": lambda: (
        overwrite(Path(f"{FOLDER}.dvc"), "<<<<<<< HEAD\n")
    ),
}


def test_check_finds_what_is_not_as_submitted(
    repo: Path, upload: Path, argus: Argus, tmp_path: Path
) -> None:
    (upload / "day/drive1/c.jpg").write_bytes(b"a third")
    submit(argus, upload, "d1")
    submit(argus, upload, "d2", "--shard")
    recorded(1)
    assert argus("source", "check") == (0, "cam: in order\n")
    shutil.copytree("data/raw", tmp_path / "raw")
    for words, spoil in WRONG.items():
        spoil()
        ended, printed = argus("source", "check")
        assert ended == 1, printed
        assert words in printed, printed
        if "file" in words:
            assert "`dvc checkout --force data/raw/cam/d" in printed
        counted = "missing (" in words or "missing, such" in words or "not here" in words
        assert bool(lacking("cam")) == counted
        shutil.rmtree("data/raw")
        shutil.copytree(tmp_path / "raw", "data/raw")
        sh("git", "checkout", ".gitignore")


def test_the_only_copy_is_named(repo: Path, tmp_path: Path) -> None:
    lines = storage.only_copy("turn-3")
    assert "this machine holds the only copy of the images and models of turn-3" in lines[0]
    assert "Git has no remote, so the commit and tag of turn-3 are here alone" in lines[1]
    dvc("remote", "add", "--local", "-q", "-d", "store", str(tmp_path / "store"))
    sh("git", "remote", "add", "origin", "https://example.org/x")
    lines = storage.only_copy("turn-3")
    assert "until `dvc push` sends them to 'store'" in lines[0]
    assert "same disk" in lines[0]
    assert "a clone lacks it" in lines[1]
    assert "`git push --tags`" in lines[2]
    dvc("remote", "remove", "--local", "-q", "store")
    dvc("remote", "add", "-q", "-d", "bucket", "s3://bucket/argus")
    assert [line[:30] for line in storage.only_copy("turn-3")] == [
        "the images and models of turn-",
        "the commit and tag of turn-3: ",
    ]
    assert "same disk" not in storage.only_copy("turn-3")[0]
    Path(".dvc/config").write_text("[core\n")
    with pytest.raises(ArgusError, match="DVC's settings cannot be read"):
        storage.remote()
