"""`argus turn` finds what is wrong in `params.yaml` before it runs a stage or writes a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import sh

Argus = Callable[..., tuple[int, str]]


def test_everything_wrong_is_said_before_anything_runs(
    repo: Path, argus: Argus, upload: Path
) -> None:
    argus("submit", upload, "--source", "cam", "--label-from", "dirs")
    params = repo / "params.yaml"
    text = params.read_text()
    for old, new in (
        ("arch: r3gan", "arch: r3gam"),
        ("resolution: [32, 48]", "resolution: [30, 48]"),
        ("  budget: 320", "  budgets: 320"),
        ("models:", "models:\n  other: {arch: sngan, task: generate, steps: 1, batch: 1, seed: 0}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    params.write_text(text)
    before = sh("git", "status", "--porcelain")
    status, printed = argus("turn", "-m", "x")
    assert status == 1
    assert "nothing has run yet" in printed
    assert "models.r3gan: there is no architecture 'r3gam'; did you mean r3gan" in printed
    assert "models.other: images of 30x48 do not suit this model" in printed
    assert "prune.budgets: there is no such field; did you mean budget" in printed
    assert "prune.budget: Field required" in printed
    assert not Path(".dvc/tmp/ran").exists()
    assert sh("git", "status", "--porcelain") == before
    assert params.read_text() == text
