"""What clients have delivered is pushed, pulled, kept and found by DVC, with the real data half."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from argus.cli.repository import params_edit
from tests.cli.conftest import CARD
from tests.cli.intake.test_submit import tree
from tests.conftest import ROOT, scene

# The real ingest, dedupe and split; what chooses, trains and promotes is left out, for time.
REST = """\
  rest:
    cmd: python rest.py
    deps: [rest.py, data/split]
    params: [lineage.previous]
    outs:
      - reports/prune.json: {cache: false}
      - reports/promote/decision.json: {cache: false}
"""
STUB = """\
import json, pathlib
pathlib.Path("reports/promote").mkdir(parents=True, exist_ok=True)
pathlib.Path("reports/prune.json").write_text(json.dumps({"pruned": 0, "selected": 0}))
pathlib.Path("reports/promote/decision.json").write_text("{}")
"""
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "OMP_NUM_THREADS": "1",
    **{
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", "Tester"), ("EMAIL", "tester@example.org"))
    },
}


def sh(top: Path, *command: str | Path) -> str:
    """Run a command in a folder and return what it prints; it must succeed."""
    done = subprocess.run(
        [*map(str, command)], cwd=top, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def dvc(top: Path, *arguments: str) -> str:
    return sh(top, sys.executable, "-m", "dvc", *arguments)


def argus(top: Path, *arguments: str | Path) -> str:
    return sh(top, sys.executable, "-m", "argus.cli", *arguments)


def deliver(top: Path, name: str, *options: str) -> None:
    """Submit six drives of two frames, of which DVC has seen none."""
    upload = top.with_name(name)
    seed = 1000 * len(list((top / "data/raw").glob("*/*.dvc")))
    for n in range(12):
        frame = np.asarray(scene(seed + n), np.int16)
        grain = np.random.default_rng(seed + n).normal(0, 6, frame.shape).astype(np.int16)
        path = upload / f"day/{name}-{n // 2}/{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((frame + grain).clip(0, 255).astype(np.uint8)).save(path)
    folders = ("--label-from", "dirs", "--sequence-from", "dirs")
    argus(top, "submit", upload, "--source", "cam", "--delivery", name, *folders, *options)


def project(top: Path) -> None:
    """This repository's data half, with one client source in place of the demo."""
    for part in ("argus", "stages"):
        shutil.copytree(ROOT / part, top / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "requirements.lock"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, top / name)
    pipeline = (ROOT / "dvc.yaml").read_text()
    (top / "dvc.yaml").write_text(pipeline[: pipeline.index("\n  label:\n") + 1] + REST)
    (top / "rest.py").write_text(STUB)
    text = (ROOT / "params.yaml").read_text()
    for key in ("sources", "rendered"):
        for item in params_edit.items(text, key):
            text = params_edit.without_item(text, key, item)
    text = params_edit.with_item(text, "sources", "cam")
    for key in ("lineage.previous", "dedupe.within_sequence"):  # the second without torch: for time
        text = params_edit.with_value(text, key, "null")
    models, promoted = text.index("\nmodels:"), text.index("\n# --- what is promoted")
    (top / "params.yaml").write_text(f"{text[:models]}\nmodels: {{}}\n{text[promoted:]}")
    (top / "data/sources").mkdir(parents=True)
    (top / "data/sources/cam.yaml").write_text(CARD)
    sh(top, "git", "init", "--quiet", "--initial-branch=main")
    sh(top, "git", "add", "--all")
    sh(top, "git", "commit", "--quiet", "--message", "the project")


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after two turns, a folder and a sharded delivery, all of it pushed."""
    top = tmp_path_factory.mktemp("storage") / "repo"
    project(top)
    top.with_name("remote").mkdir()
    dvc(
        top, "remote", "add", "--quiet", "--local", "--default", "store", str(top.parent / "remote")
    )
    for name, options in (("one", ()), ("two", ("--shard",))):
        deliver(top, name, *options)
        argus(top, "turn", "-m", name)
    dvc(top, "push")
    return top


def copied(turned: Path, tmp_path: Path) -> Path:
    """The repository anew, to be changed."""
    shutil.copytree(turned, tmp_path / "repo", symlinks=True)
    return tmp_path / "repo"


def objects(store: Path) -> set[str]:
    """What a cache or a remote holds, by hash."""
    return {
        path.parent.name + path.name for path in (store / "files/md5").glob("*/*") if path.is_file()
    }


def content(store: Path, listing: str) -> set[str]:
    """A folder's listing and all that it lists, by hash; the listing itself must be there."""
    listed = json.loads((store / "files/md5" / listing[:2] / listing[2:]).read_text())
    return {listing, *(entry["md5"] for entry in listed)}


def recorded(top: Path, revision: str, *, store: Path) -> set[str]:
    """All objects that a turn's deliveries, and its record of the splits, are made of."""
    names = sh(top, "git", "ls-tree", "-r", "--name-only", revision, "data/raw").split()
    trackers = [name for name in names if name.endswith(".dvc")]
    outs = [yaml.safe_load(sh(top, "git", "show", f"{revision}:{n}"))["outs"][0] for n in trackers]
    lock = yaml.safe_load(sh(top, "git", "show", f"{revision}:dvc.lock"))
    outs += [out for stage in lock["stages"].values() for out in stage["outs"] if "md5" in out]
    folders = {out["md5"] for out in outs if out["md5"].endswith(".dir")}
    assert len(trackers) == int(revision.removeprefix("turn-"))
    assert {"data/split", "data/dedupe", "data/ingest/cam"} <= {out["path"] for out in outs}
    return {found for folder in folders for found in content(store, folder)}


@pytest.mark.slow
def test_a_clone_pulls_what_was_pushed_and_has_nothing_to_do(turned: Path, tmp_path: Path) -> None:
    remote = turned / "../remote"
    for turn in ("turn-1", "turn-2"):
        assert recorded(turned, turn, store=turned / ".dvc/cache") <= objects(turned / ".dvc/cache")
    assert recorded(turned, "turn-2", store=remote) <= objects(remote)
    clone = tmp_path / "clone"
    sh(tmp_path, "git", "clone", "--quiet", turned, clone)
    dvc(clone, "remote", "add", "--quiet", "--local", "--default", "store", str(remote))
    dvc(clone, "pull")
    assert tree(clone / "data/raw") == tree(turned / "data/raw")
    assert {"cam/one/day/one-0/0.png", "cam/two/00000.tar"} <= set(tree(clone / "data/raw"))
    said = dvc(clone, "repro")
    assert "Running stage" not in said
    assert "up to date" in said
    assert sh(clone, "git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_collecting_garbage_keeps_every_delivery_and_record(turned: Path, tmp_path: Path) -> None:
    top = copied(turned, tmp_path)
    cache = top / ".dvc/cache"
    needed = recorded(top, "turn-2", store=cache)
    dvc(top, "gc", "--workspace", "--force")
    assert needed <= objects(cache)

    shutil.rmtree(cache)
    shutil.copytree(turned / ".dvc/cache", cache)
    needed |= recorded(top, "turn-1", store=cache)
    (cache / "files/md5/00").mkdir(exist_ok=True)
    (cache / "files/md5/00" / ("0" * 30)).write_bytes(b"of no turn")
    sh(top, "git", "checkout", "--quiet", "--detach", "turn-1~1")  # before either delivery
    shutil.rmtree(top / "data/raw")
    dvc(top, "gc", "--workspace", "--all-branches", "--all-tags", "--force")
    assert needed <= objects(cache)
    assert "0" * 32 not in objects(cache)
    sh(top, "git", "checkout", "--quiet", "main")
    dvc(top, "checkout")
    assert tree(top / "data/raw") == tree(turned / "data/raw")


@pytest.mark.slow
def test_data_status_names_deliveries(turned: Path, tmp_path: Path) -> None:
    top = copied(turned, tmp_path)
    shutil.rmtree(top / "data/raw/cam/one")
    altered = top / "data/raw/cam/two/00000.tar"
    altered.chmod(0o644)
    altered.write_bytes(b"altered")
    deliver(top, "three")
    found = json.loads(dvc(top, "data", "status", "--json"))
    assert found["uncommitted"]["deleted"] == ["data/raw/cam/one/"]
    assert found["uncommitted"]["modified"] == ["data/raw/cam/two/"]
    assert found["committed"]["added"] == ["data/raw/cam/three/"]
    dvc(top, "checkout", "--force")
    assert tree(top / "data/raw/cam/one") == tree(turned / "data/raw/cam/one")
    assert tree(top / "data/raw/cam/two") == tree(turned / "data/raw/cam/two")


@pytest.mark.slow
def test_experiments_run_apart_from_the_workspace(turned: Path, tmp_path: Path) -> None:
    """With a delivery that is in, but of no turn yet."""
    top = copied(turned, tmp_path)
    deliver(top, "three")
    ran = dvc(top, "exp", "run", "--temp", "--name", "apart", "--set-param", "dedupe.radius=2")
    assert "Running stage 'ingest@cam'" in ran
    dvc(top, "exp", "run", "--queue", "--name", "queued", "--set-param", "dedupe.radius=6")
    dvc(top, "queue", "start", "--jobs", "1")
    try:
        deadline = time.monotonic() + 180
        while not (ended := re.search("Success|Failed", dvc(top, "queue", "status"))):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert ended[0] == "Success", dvc(top, "queue", "logs", "queued")
    finally:
        dvc(top, "queue", "stop", "--kill")
    for name, radius in (("apart", 2), ("queued", 6)):
        revision = sh(top, "git", "rev-parse", f"refs/exps/{_base(top)}/{name}").strip()
        counts = json.loads(sh(top, "git", "show", f"{revision}:reports/ingest/cam.json"))
        assert counts["images"] == 36
        params = yaml.safe_load(sh(top, "git", "show", f"{revision}:params.yaml"))
        assert params["dedupe"]["radius"] == radius


def _base(top: Path) -> str:
    """The folder of refs of the experiments on HEAD."""
    head = sh(top, "git", "rev-parse", "HEAD").strip()
    return f"{head[:2]}/{head[2:]}"
