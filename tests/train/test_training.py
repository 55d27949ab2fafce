"""Whole small trainings: the same bytes twice, killed or not; what is written; what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from safetensors.torch import load_file

from stages.common import params
from stages.common.errors import ArgusError
from stages.pack.packed import Packed, read_packed
from stages.train import trained
from stages.train.architectures import cyclegan
from stages.train.architectures.r3gan import R3GAN
from stages.train.card import data_digest
from stages.train.train import train
from tests.conftest import ROOT, scenes

MODELS = {
    "tiny_r3gan": {
        "arch": "r3gan",
        "task": "generate",
        "steps": 160,
        "batch": 4,
        "seed": 1,
        "config": {"widths": [8, 8], "noise": 4, "augment": [0.5, 0.5]},
    },
    "tiny_cyclegan": {
        "arch": "cyclegan",
        "task": "day2night",
        "domains": {"source": "day", "target": "night"},
        "steps": 100,
        "batch": 2,
        "seed": 1,
        "config": {
            "filters": 2,
            "blocks": 1,
            "discriminator_filters": 2,
            "discriminator_layers": 1,
            "pool": 5,
            "augment": 0.5,
        },
    },
}
TRAIN = {
    "device": "cpu",
    "precision": "fp32",
    "threads": 1,
    "tau": 0.5,
    "mirror": True,
    "curve_points": 7,
    "sample_sheets": 3,
    "checkpoint_every": 3,
}
CLASSES = ("day", "dusk", "night")
LABELS = np.array([0] * 9 + [2] * 5)  # nothing of dusk


@pytest.fixture
def packed(workspace: Path) -> Packed:
    """A workspace with a packed training split, where params.yaml lists the tiny models."""
    knobs = yaml.safe_load((workspace / "params.yaml").read_text())
    knobs["models"], knobs["train"] = MODELS, TRAIN
    (workspace / "params.yaml").write_text(yaml.safe_dump(knobs))
    folder = workspace / "data/pack"
    folder.mkdir(parents=True)
    np.save(folder / "train.npy", scenes(len(LABELS), 16, 24))
    rows = range(len(LABELS))
    table = {
        "image_id": [f"{row:064x}" for row in rows],
        "split": "train",
        "row": rows,
        "label": [CLASSES[label] for label in LABELS],
        "sequence": [f"drive{row // 2}" for row in rows],
    }
    pl.DataFrame(table).write_parquet(folder / "images.parquet")
    (folder / "classes.json").write_text(json.dumps(CLASSES))
    return read_packed("train")


def run(name: str, packed: Packed, place: Path, **changes: object) -> Path:
    """Train a tiny model in this process; returns the folder with all that it wrote."""
    model = params.Model(**(MODELS[name] | changes))
    parts = [place / part for part in ("trained", "reports", "cache")]
    train(name, model, params.Train(**TRAIN), packed, *parts)
    return place


def files(*folders: Path) -> dict[str, bytes]:
    return {
        f"{number}/{path.relative_to(folder)}": path.read_bytes()
        for number, folder in enumerate(folders)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stage(name: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.train", name]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def test_killed_trainings_go_on_to_the_same_bytes(packed, workspace):
    caches = {name: workspace / ".cache/train" / name for name in MODELS}
    killed = {name: stage(name) for name in MODELS}
    waiting = dict(killed)
    while waiting:
        time.sleep(0.001)
        for name, process in list(waiting.items()):
            if any(caches[name].rglob("[0-9]*.ckpt")) or process.poll() is not None:
                waiting.pop(name).send_signal(signal.SIGKILL)
    for name, process in killed.items():
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        done = max(int(path.stem) for path in caches[name].rglob("[0-9]*.ckpt"))
        assert 0 < done < MODELS[name]["steps"]
    assert not (workspace / "models").exists()

    resumed = {name: stage(name) for name in MODELS}
    for name, process in resumed.items():
        _, log = process.communicate()
        assert process.returncode == 0, log.decode()
        assert f"train {name} from step " in log.decode()
        assert not caches[name].exists()
        whole = run(name, packed, workspace / "whole" / name)
        outputs = [workspace / "models/trained" / name, workspace / "reports/train" / name]
        assert files(*outputs) == files(whole / "trained", whole / "reports")


def test_one_seed_gives_the_same_bytes_twice_and_another_does_not(packed, tmp_path):
    short = {"steps": 12}
    first = run("tiny_r3gan", packed, tmp_path / "a", **short)
    second = run("tiny_r3gan", packed, tmp_path / "b", **short)
    assert files(first) == files(second)
    other = run("tiny_r3gan", packed, tmp_path / "c", **short, seed=2)
    ours, theirs = (load_file(p / "trained/generator.safetensors") for p in (first, other))
    assert not any(torch.equal(ours[name], theirs[name]) for name in ours if ours[name].any())


def test_what_is_written_says_what_it_is(packed, tmp_path):
    place = run("tiny_cyclegan", packed, tmp_path / "a", steps=10)
    card = json.loads((place / "trained/card.json").read_text())
    assert card["resolution"] == [16, 24]
    assert card["images_per_class"] == {"day": 9, "dusk": 0, "night": 5}
    assert card["data_sha256"] == data_digest(packed.images, packed.labels)
    assert card["config"]["identity"] == cyclegan.Config().identity  # defaults are written out
    weights = load_file(place / "trained/generator.safetensors")
    assert {key.split(".")[0] for key in weights} == {"forth"}
    assert card["parameters"]["forth"] == sum(t.numel() for t in weights.values())
    curve = pl.read_csv(place / "reports/plots/metrics/loss/cycle.tsv", separator="\t")
    assert curve.columns == ["step", "cycle"]
    assert curve["step"].to_list() == [2, 3, 5, 6, 8, 9, 10]
    final = json.loads((place / "reports/metrics.json").read_text())
    assert final["step"] == 10
    assert final["loss"]["cycle"] == pytest.approx(curve["cycle"][-1])
    sheets = sorted(p.name for p in (place / "reports/plots/images/samples").iterdir())
    assert sheets == ["000004.png", "000007.png", "000010.png"]


def test_a_training_that_diverges_stops_with_its_name_and_step(packed, tmp_path, monkeypatch):
    honest = R3GAN.step

    def sabotaged(self, batch, dials, descend):
        scalars = honest(self, batch, dials, descend)
        sabotaged.calls += 1
        if sabotaged.calls == 20:
            scalars["loss/generator"] = torch.tensor(float("nan"))
        return scalars

    sabotaged.calls = 0
    monkeypatch.setattr(R3GAN, "step", sabotaged)
    with pytest.raises(ArgusError, match=r"tiny_r3gan.*loss/generator.*step 2\d of 160"):
        run("tiny_r3gan", packed, tmp_path / "a")
    assert not (tmp_path / "a/trained").exists()
    assert max(int(p.stem) for p in (tmp_path / "a/cache").rglob("*.ckpt")) == 18


def test_a_translator_without_images_of_a_domain_is_refused(packed, tmp_path):
    domains = {"source": "day", "target": "dusk"}
    with pytest.raises(ArgusError, match="needs images of dusk"):
        run("tiny_cyclegan", packed, tmp_path / "a", domains=domains)


def test_an_unknown_model_is_refused_without_a_traceback(packed, workspace):
    process = stage("pix2pix")
    _, log = process.communicate()
    assert process.returncode == 1
    assert "tiny_cyclegan, tiny_r3gan" in log.decode()
    assert "Traceback" not in log.decode()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both tiny models, briefly trained."""
    ids = tuple(f"{row:064x}" for row in range(len(LABELS)))
    packed = Packed(scenes(len(LABELS), 16, 24), LABELS, CLASSES, ids, ids)
    top = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        return {name: run(name, packed, top / name, steps=6) / "trained" for name in MODELS}


def test_a_generator_samples_the_labels_asked_for(places, monkeypatch):
    model = trained.load(places["tiny_r3gan"])
    assert isinstance(model, trained.Generator)
    assert model.task == model.card.task == "generate"
    labels = ["day", "night", "day", "night", "day"]
    images = model.sample(labels, seed=3)
    assert images.shape == (5, 16, 24, 3)
    assert images.dtype == np.uint8
    assert np.array_equal(images, model.sample(labels, seed=3))
    assert not np.array_equal(images, model.sample(labels, seed=4))
    assert model.sample([], seed=0).shape == (0, 16, 24, 3)
    monkeypatch.setattr(trained, "CHUNK_PIXELS", 2 * 16 * 24)
    assert np.abs(model.sample(labels, seed=3).astype(int) - images).max() <= 1
    with pytest.raises(ArgusError, match=r"cannot draw dusk, snow.*day, night"):
        model.sample(["day", "snow", "dusk"], seed=0)  # dusk is a class without training images


def test_a_translator_takes_any_number_and_size(places, monkeypatch):
    model = trained.load(places["tiny_cyclegan"])
    assert isinstance(model, trained.Translator)
    for height, width in ((16, 24), (20, 40)):
        images = scenes(3, height, width)
        night = model.translate(images)
        assert night.shape == images.shape
        assert night.dtype == np.uint8
        assert np.array_equal(night, model.translate(images))
    assert model.translate(images[:0]).shape == (0, 20, 40, 3)
    monkeypatch.setattr(trained, "CHUNK_PIXELS", 2 * 20 * 40)
    assert np.abs(model.translate(images).astype(int) - night).max() <= 1
    for wrong in (scenes(1, 18, 24), images.astype(np.float32), images[0]):
        with pytest.raises(ArgusError, match="multiples of 4"):
            model.translate(wrong)


def test_pixels_survive_the_way_to_the_network_and_back():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert np.array_equal(trained.to_uint8(trained.to_float(levels)), levels)


def copy(place: Path, to: Path) -> Path:
    to.mkdir()
    for path in place.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_a_damaged_or_foreign_model_is_refused_with_advice(places, tmp_path):
    with pytest.raises(ArgusError, match="dvc repro"):
        trained.load(tmp_path / "nothing")

    folder = copy(places["tiny_r3gan"], tmp_path / "damaged")
    weights = folder / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ArgusError, match=r"damaged.*dvc checkout"):
        trained.load(folder)
    weights.unlink()
    with pytest.raises(ArgusError, match="not found beside its card"):
        trained.load(folder)

    for field, value, message in (
        ("arch", "stylegan9", "no architecture 'stylegan9'"),
        ("config", {"widths": [8, 8], "noise": 4, "depth": 1}, "depth"),
        ("config", {"widths": [8, 4], "noise": 4}, "does not fit the r3gan"),
        ("parameters", "many", "not the card"),
    ):
        folder = copy(places["tiny_r3gan"], tmp_path / f"{field}{len(message)}")
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps(card | {field: value}))
        with pytest.raises(ArgusError, match=message):
            trained.load(folder)
