"""Ctrl-C reaches a whole group of processes, and none of them prints a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

POOL = """
import multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from argus.core import interrupts

def work(number):
    Path(f"began-{number}").touch()
    time.sleep(60)

if __name__ == "__main__":
    interrupts.quieten()
    context = multiprocessing.get_context(sys.argv[1])
    with interrupts.ending(ProcessPoolExecutor(2, mp_context=context)) as pool:
        with interrupts.unheard():
            waiting = [pool.submit(work, number) for number in range(6)]
        waiting[0].result()
"""


def interrupted(
    command: list[str], ready: Path, delay: float = 0.0, stage: bool = False
) -> tuple[int, str, float]:
    """Run a command, press Ctrl-C when a file has appeared: its status, what it printed to the
    end, and the seconds that this took."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"DVC_STAGE": "x"} if stage else {})
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not ready.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    time.sleep(delay)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    return process.returncode, said, time.monotonic() - began


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_the_processes_of_a_pool_end_with_it_and_say_nothing(workspace: Path, kind: str) -> None:
    Path("pool.py").write_text(POOL)
    status, said, seconds = interrupted([sys.executable, "pool.py", kind], Path("began-0"))
    assert said == "interrupted\n"
    assert status == -signal.SIGINT  # so that a shell, or DVC, knows
    assert seconds < 30  # none of the others was begun


def test_a_stage_of_dvc_says_nothing_at_all(workspace: Path) -> None:
    code = "from pathlib import Path; import time; Path('ready').touch(); time.sleep(60)"
    Path("slow.py").write_text(f"from argus.core import interrupts\ninterrupts.quieten()\n{code}")
    status, said, _ = interrupted([sys.executable, "slow.py"], Path("ready"), stage=True)
    assert (status, said) == (-signal.SIGINT, "")


@pytest.mark.parametrize("module", ["stages.ingest", "stages.train", "argus.cli.repository.dvc"])
def test_ctrl_c_while_a_command_is_still_importing_prints_no_traceback(
    workspace: Path, module: str
) -> None:
    """A `sitecustomize` says when our package is being imported, the first thing that is."""
    Path("sitecustomize.py").write_text(
        "import sys, pathlib\n"
        "def seen(event, args):\n"
        "    if event == 'import' and args[0] in ('numpy', 'rich', 'dvc.log'):\n"
        "        pathlib.Path('ready').touch()\n"
        "sys.addaudithook(seen)\n"
    )
    environment = f"{workspace}{os.pathsep}{ROOT}"
    command = ["env", f"PYTHONPATH={environment}", sys.executable, "-m", module, "x"]
    _, said, _ = interrupted(command, Path("ready"))
    assert "Traceback" not in said


def test_any_other_mistake_keeps_its_traceback(workspace: Path) -> None:
    code = "from argus.core import interrupts; interrupts.quieten(); 1 / 0"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_who_only_imports_us_keeps_their_own_ctrl_c() -> None:
    code = "import sys; before = sys.excepthook; import stages; print(sys.excepthook is before)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"
