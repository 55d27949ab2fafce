"""Checkpoints: torn and foreign files, and one to go back to."""

from __future__ import annotations

import importlib.metadata
import io
from pathlib import Path

import pytest
import torch

from argus.core import code
from argus.models.architecture import Architecture
from argus.models.registry import find
from stages.train.checkpoint import Checkpoints, clear, fingerprint
from tests.train import tiny


def state(value: float) -> dict:
    return {"weights": torch.full((3,), value), "counts": [1, 2], "sums": {"loss": value}}


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    checkpoints = Checkpoints(tmp_path / "model", "abc")
    for step in (10, 20, 30):
        checkpoints.save(step, state(float(step)))
    return checkpoints


def test_the_newest_comes_back_and_one_older_is_kept(checkpoints):
    step, found = checkpoints.latest()
    assert step == 30
    assert torch.equal(found["weights"], torch.full((3,), 30.0))
    assert found["sums"] == {"loss": 30.0}
    assert [p.name for p in sorted(checkpoints.folder.iterdir())] == [
        "000000020.ckpt",
        "000000030.ckpt",
    ]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_torn_file_is_passed_over_for_the_one_before(checkpoints, damage, capsys):
    newest = checkpoints.folder / "000000030.ckpt"
    content = bytearray(newest.read_bytes())
    if damage == "flip":
        content[-20] ^= 1
    newest.write_bytes({"cut": content[:-7], "flip": content, "empty": b""}[damage])
    assert checkpoints.latest()[0] == 20
    assert "torn" in capsys.readouterr().err


def test_with_every_file_torn_training_starts_anew(checkpoints):
    for path in checkpoints.folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert checkpoints.latest() is None


def test_a_whole_file_of_another_training_is_not_used(checkpoints, tmp_path, capsys):
    other = Checkpoints(tmp_path / "model", "def")
    assert other.latest() is None
    other.folder.mkdir()
    (other.folder / "000000030.ckpt").write_bytes(
        (checkpoints.folder / "000000030.ckpt").read_bytes()
    )
    assert other.latest() is None
    assert "another training" in capsys.readouterr().err


def test_a_failed_write_leaves_the_older_ones(checkpoints, monkeypatch):
    def full(content: object, stream: io.BytesIO) -> None:
        stream.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="space"):
        checkpoints.save(40, state(40.0))
    assert checkpoints.latest()[0] == 30


def test_nothing_is_left_after_clear(checkpoints, tmp_path):
    Checkpoints(tmp_path / "model", "abandoned").save(1, state(1.0))
    clear(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_fingerprint_follows_settings_and_code(tmp_path, monkeypatch):
    source = tmp_path / "engine.py"
    source.write_text("a = 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def found(**facts):
        return fingerprint(facts, code.parts("engine"))

    first = found(steps=10, seed=0)
    assert first == found(seed=0, steps=10) != found(steps=11, seed=0)
    source.write_text("# one\na = 1\n")
    assert first == found(steps=10, seed=0)
    source.write_text("a = 2\n")
    assert first != found(steps=10, seed=0)


def test_a_checkpoint_of_other_libraries_or_another_architecture_does_not_fit(
    tmp_path, monkeypatch
):
    job = tiny.job("r3gan", tmp_path)
    card = job.card(1)
    r3gan, sngan = (object.__new__(find(arch)) for arch in ("r3gan", "sngan"))

    def fits(architecture: Architecture) -> str:
        return job.checkpoints(card, "cpu", architecture).fingerprint

    first, lookup = fits(r3gan), importlib.metadata.version
    assert fits(r3gan) == first != fits(sngan)
    monkeypatch.setattr(
        importlib.metadata, "version", lambda of: "0.1" if of == "safetensors" else lookup(of)
    )
    assert fits(r3gan) != first
