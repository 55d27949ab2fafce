"""The graph of a network is made once, and made anew where what is kept cannot be believed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from argus.core import code
from argus.core.paths import CACHE
from argus.features import runtime
from tests.conftest import ROOT


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.conv(x).relu()
        return maps.mean(dim=(2, 3)), maps


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    monkeypatch.chdir(tmp_path)
    return []


def run(built: list[nn.Module]) -> np.ndarray:
    def build() -> nn.Module:
        built.append(Tiny().eval())
        return built[-1]

    features, maps = runtime.OnCpu("tiny", 8, build)(torch.ones(3, 3, 8, 8))
    assert maps.shape == (3, 4, 3, 3)
    return features.numpy()


def test_a_network_is_exported_once_and_draws_nothing_from_torch(built: list[nn.Module]) -> None:
    torch.manual_seed(5)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    cold = run(built)
    assert torch.equal(torch.rand(1), drawn)
    with torch.inference_mode():
        wanted = built[0](torch.ones(3, 3, 8, 8))[0].numpy()
    assert np.allclose(cold, wanted, rtol=1e-5, atol=1e-6)
    assert (run(built) == cold).all()
    assert len(built) == 1


def test_other_code_or_a_torn_file_has_it_exported_anew(
    built: list[nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(built)
    (part,) = CACHE.glob("onnx-tiny/*/*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    run(built)
    assert len(built) == 2
    version = code.version
    monkeypatch.setattr(code, "version", lambda *facts: version(*facts, "edited"))
    run(built)
    assert len(built) == 3


TWO_AT_ONCE = """
import numpy as np
from argus.features.backbone import squeezenet
print(squeezenet().features(np.arange(32 * 48 * 3).reshape(1, 32, 48, 3).astype(np.uint8)).sum())
"""


@pytest.mark.slow
def test_two_processes_may_begin_at_the_same_time(built: list[nn.Module]) -> None:
    command = [sys.executable, "-c", TWO_AT_ONCE]
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert said[0] == said[1] != ""
