"""Tests of training use one thread: the nets are tiny, and threads would only wait."""

from __future__ import annotations

import pytest
import torch
from matplotlib.figure import Figure

from stages.train import curves


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def no_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves of a training are not drawn, which takes longer than a tiny training itself."""
    monkeypatch.setattr(curves, "chart", lambda *_: Figure())
