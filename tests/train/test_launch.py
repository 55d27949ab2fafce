"""Several processes: they do what one does, end together, and listen to nobody else."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from argus.core.errors import ArgusError
from argus.models.failures import ArchitectureError
from argus.models.registry import known
from stages.train import launch
from tests.train import joint, tiny, workers

LOOPBACK = "0100007F"  # 127.0.0.1, as /proc/net/tcp spells it
BIN = Path(sys.executable).parent

ALONE = """
import fcntl, os, socket, struct, sys
raised = struct.pack("16sh22x", b"lo", 0x1 | 0x8)  # IFF_UP, IFF_LOOPBACK
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, raised)  # SIOCSIFFLAGS
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Sets up the loopback interface of a new network namespace, and runs a command there."""


def in_a_network_of_its_own(*command: str) -> list[str]:
    """A command behind a wall: who listens on all interfaces there is heard by nobody outside."""
    return ["unshare", "--net", "--map-root-user", sys.executable, "-c", ALONE, *command]


def can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    return not subprocess.run(in_a_network_of_its_own("true"), capture_output=True).returncode


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each of two processes found in two steps of every model."""
    folder = tmp_path_factory.mktemp("joint")
    launch.run(joint.all_steps, [str(folder)], 2, threads=1)
    return folder


def test_there_is_a_tiny_model_of_every_architecture():
    assert set(tiny.MODELS) == {n for n, e in known().items() if e.value.startswith("argus.")}


@pytest.mark.slow
@pytest.mark.parametrize("arch", tiny.MODELS)
def test_two_processes_do_what_one_does_with_the_joint_batch(found, arch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alone = joint.steps(arch)
    first, second = (torch.load(found / f"{arch}.{rank}.pt") for rank in range(2))
    for together in (first, second):
        assert len(together["gradients"]) == len(alone["gradients"])
        for ours, theirs in zip(together["gradients"], alone["gradients"], strict=True):
            largest = max(float(gradient.abs().max()) for gradient in theirs.values())
            assert largest > 0
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * largest)
        for part in ("weights", "average", "logged"):
            torch.testing.assert_close(together[part], alone[part], rtol=1e-5, atol=1e-6)
        assert torch.equal(together["random"], alone["random"])
    for part in ("weights", "average"):  # not near, but the same: what drifts apart stays apart
        assert all(torch.equal(first[part][n], tensor) for n, tensor in second[part].items())


@pytest.mark.slow
def test_processes_listen_on_the_loopback_interface_only(found):
    for rank in range(2):
        heard_at = json.loads((found / f"listening.{rank}.json").read_text())
        assert heard_at
        assert set(heard_at) == {LOOPBACK}


def test_all_processes_are_waited_for(tmp_path):
    launch.run(workers.write_the_rank, [str(tmp_path)], 2, threads=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20", "21"]


@pytest.mark.slow
def test_when_one_dies_the_others_are_ended_and_its_words_are_reported(tmp_path):
    began = time.monotonic()
    with pytest.raises(SystemExit) as caught:
        launch.run(workers.die_as_the_second, [str(tmp_path)], 3, threads=1)
    assert time.monotonic() - began < 120
    assert "rank one has had enough" in str(caught.value)
    assert "Process 1 terminated with the following error" in str(caught.value)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert len(pids) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.slow
def test_it_is_the_first_error_that_is_reported(tmp_path):
    (tmp_path / "mistaken").mkdir()
    (tmp_path / "broken").mkdir()
    mistake = {"mistake": "the batch is odd"}
    with pytest.raises(ArgusError, match="the batch is odd"):
        launch.run(workers.fail_in_turn, [str(tmp_path / "mistaken"), mistake], 2, threads=1)

    points = [(1, {"loss/a": 2.0})]
    broken = {"reason": "its code broke", "trace": "Traceback", "step": 7, "points": points}
    with pytest.raises(ArchitectureError) as caught:
        launch.run(workers.fail_in_turn, [str(tmp_path / "broken"), broken], 2, threads=1)
    error = caught.value
    assert (error.reason, error.trace, error.step) == ("its code broke", "Traceback", 7)
    assert [tuple(point) for point in error.points] == points


@pytest.mark.slow
def test_a_process_that_was_killed_comes_before_those_that_missed_it(tmp_path):
    with pytest.raises(SystemExit, match="process 1 terminated with signal SIGKILL"):
        launch.run(workers.fail_in_turn, [str(tmp_path), None], 2, threads=1)


def children(pid: int) -> list[int]:
    """The processes that one has started; multiprocessing keeps one more for itself."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def trains(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def two(workspace: Path) -> Path:
    """A workspace in which `tiny` trains as two processes."""
    tiny.pack(workspace / "data/pack")
    model = {"arch": "cyclegan"} | tiny.MODELS["cyclegan"] | {"steps": 60}
    tiny.write_params(workspace, {"tiny": model}, processes=2)
    return workspace


def outputs(workspace: Path) -> dict[str, bytes]:
    return tiny.files(workspace / "models/trained/tiny", workspace / "reports/train/tiny")


def saved(workspace: Path) -> int:
    """The step of the newest checkpoint."""
    found = (workspace / ".cache/train/tiny").rglob("[0-9]*.ckpt")
    return max((int(path.stem) for path in found), default=0)


@pytest.mark.slow
def test_two_processes_go_on_where_they_were_killed_and_leave_nobody_behind(two):
    for killed, sign in (("the one that started them", signal.SIGKILL), ("all", signal.SIGINT)):
        before, process = saved(two), tiny.stage("tiny")
        while saved(two) == before:
            assert process.poll() is None
            time.sleep(0.005)
        started = children(process.pid)
        assert len(list(filter(trains, started))) == 2, killed
        process.send_signal(sign)
        tiny.finished(process)
        assert process.returncode
        assert gone(started), killed
    assert not (two / "models").exists()
    code, said = tiny.finished(tiny.stage("tiny"))
    assert code == 0, said
    assert "train tiny from step " in said
    assert said.count(" steps, in ") == 1  # one process speaks
    interrupted = outputs(two)
    for folder in ("models", "reports"):
        shutil.rmtree(two / folder)
    code, said = tiny.finished(tiny.stage("tiny"))
    assert code == 0, said
    assert "from step" not in said
    assert outputs(two) == interrupted
    assert json.loads(interrupted["0/card.json"])["spec"]["processes"] == 2


@pytest.mark.slow
@pytest.mark.skipif(not can_unshare(), reason="no network namespaces here (unshare)")
def test_torchrun_gives_what_our_own_launcher_gives(two):
    code, said = tiny.finished(tiny.stage("tiny"))
    assert code == 0, said
    ours = load_file(two / "models/trained/tiny/networks.safetensors")
    torchrun = [str(BIN / "torchrun"), "--standalone", "--nproc-per-node=2", "-m"]
    shutil.rmtree(two / "models")
    process = tiny.stage("tiny", *in_a_network_of_its_own(*torchrun), GLOO_SOCKET_IFNAME="lo")
    code, said = tiny.finished(process)
    assert code == 0, said
    theirs = load_file(two / "models/trained/tiny/networks.safetensors")
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], tensor) for name, tensor in ours.items())


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_refused_once(two):
    model = {"arch": "cyclegan"} | tiny.MODELS["cyclegan"] | {"steps": 4, "batch": 3}
    tiny.write_params(two, {"tiny": model}, processes=2)
    code, said = tiny.finished(tiny.stage("tiny"))
    assert code == 1
    assert said.count("cannot share evenly") == 1
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_model_that_breaks_in_one_process_has_failed_and_the_stage_has_not(two):
    (two / "fragile.py").write_text(FRAGILE)
    model = tiny.GENERATE | {"arch": "fragile:Fragile", "steps": 8, "config": {"widths": [4]}}
    tiny.write_params(two, {"tiny": model}, processes=2)
    code, said = tiny.finished(tiny.stage("tiny"))
    assert code == 0, said
    assert "process one is out of luck" in said  # its traceback
    card = json.loads((two / "models/trained/tiny/card.json").read_text())
    assert card["failed"].endswith("RuntimeError: process one is out of luck")
    assert card["steps"] == 4
    assert (two / "reports/train/tiny/plots/images/curves.png").exists()
    assert not (two / ".cache/train/tiny").exists()


FRAGILE = """
from argus.models import draws
from argus.models.architectures.r3gan import R3GAN

class Fragile(R3GAN):
    taken = 0

    def step(self, batch, scheduled, optimizer_step):
        Fragile.taken += 1
        if Fragile.taken == 5 and draws.processes()[0] == 1:
            raise RuntimeError("process one is out of luck")
        return super().step(batch, scheduled, optimizer_step)
"""
