"""Whole small trainings: the same bytes twice, killed or not; what is written; what is refused."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from argus.core import determinism
from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.models import inference, loading
from argus.models.architectures import cyclegan
from argus.models.architectures.r3gan import R3GAN
from argus.models.card import data_digest
from stages.train import distributed
from stages.train.checkpoint import Checkpoints
from stages.train.job import TrainingJob
from stages.train.train import prepared, train
from stages.train.training import Training, autocast
from stages.train.validation import Validation
from tests.conftest import scenes
from tests.train import tiny
from tests.train.tiny import files


def written(job: TrainingJob) -> dict[str, bytes]:
    """All that a training leaves, once it has run."""
    train(job)
    assert not job.cache.exists()
    return files(job.trained, job.reports)


# --- the same bytes -----------------------------------------------------------------------------


@pytest.mark.usefixtures("no_chart")
@pytest.mark.parametrize("arch", tiny.MODELS)
def test_a_training_that_was_stopped_and_goes_on_leaves_the_same_bytes(arch, tmp_path, monkeypatch):
    """All of its state is in a checkpoint: 20 steps are 10 and 10, with the validations between."""
    val = tiny.packed("val", 5)
    whole = written(tiny.job(arch, tmp_path / "whole", steps=20, val=val))

    save = Checkpoints.save

    def last(self, step, state):
        save(self, step, state)
        if step == 10:
            raise KeyboardInterrupt

    settings = {"checkpoint_every": 5}
    job = tiny.job(arch, tmp_path / "stopped", settings, steps=20, val=val)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", last)
        with pytest.raises(KeyboardInterrupt):
            train(job)
    assert max(int(path.stem) for path in job.cache.rglob("*.ckpt")) == 10
    torch.manual_seed(99)  # another process would have other numbers
    np.random.seed(99)
    assert written(job) == whole


@pytest.mark.usefixtures("no_chart")
@pytest.mark.parametrize("arch", tiny.MODELS)
def test_one_seed_gives_the_same_bytes_twice_and_another_does_not(arch, tmp_path):
    val = tiny.packed("val", 5)
    first = written(tiny.job(arch, tmp_path / "a", steps=6, val=val))
    torch.empty(1 << 20).fill_(torch.nan)  # what is uninitialised next time
    assert written(tiny.job(arch, tmp_path / "b", steps=6, val=val)) == first
    written(tiny.job(arch, tmp_path / "c", steps=6, val=val, seed=2))
    ours, theirs = (load_file(tmp_path / p / "trained/networks.safetensors") for p in "ac")
    assert not [n for n, p in ours.items() if p.ndim > 1 and torch.equal(p, theirs[n])]


@pytest.fixture
def packed(workspace: Path) -> Path:
    """A workspace whose params.yaml lists a tiny model of each kind; no test split is packed."""
    tiny.pack(workspace / "data/pack", val=5)
    tiny.write_params(
        workspace,
        {
            "tiny_r3gan": {"arch": "r3gan", "steps": 160} | tiny.MODELS["r3gan"],
            "tiny_cyclegan": {"arch": "cyclegan", "steps": 100} | tiny.MODELS["cyclegan"],
        },
        validate_every=40,
    )
    return workspace


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny_r3gan", "tiny_cyclegan"])
def test_killed_trainings_go_on_to_the_same_bytes(packed, name):
    outputs = [packed / "models/trained" / name, packed / "reports/train" / name]
    cache = packed / ".cache/train" / name
    process = tiny.stage(name)
    while not any(cache.rglob("[0-9]*.ckpt")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    tiny.finished(process)
    assert process.returncode == -signal.SIGKILL
    assert not outputs[0].exists()
    newest = max(cache.rglob("[0-9]*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-1])  # as if it had been torn

    code, said = tiny.finished(tiny.stage(name))
    assert code == 0, said
    assert not cache.exists()
    interrupted = files(*outputs)
    code, said = tiny.finished(tiny.stage(name))
    assert code == 0, said
    assert " from step " not in said
    assert files(*outputs) == interrupted


def test_bf16_trains_and_moves_every_player(tmp_path, monkeypatch):
    seen: set[str] = set()

    def turned(self, name, loss):
        before = [p.clone() for p in self.architecture.parameters()]
        optimizer_step(self, name, loss)
        after = list(self.architecture.parameters())
        assert all(p.dtype == torch.float32 for p in after)
        seen.update(
            name.split(".")[0]
            for (name, p), old in zip(self.architecture.named_parameters(), before, strict=True)
            if not torch.equal(p, old)
        )

    optimizer_step = Training._optimizer_step
    monkeypatch.setattr(Training, "_optimizer_step", turned)
    # CUT looks at its projection heads without a gradient first
    train(tiny.job("cut", tmp_path, {"precision": "bf16"}, steps=3))
    assert seen == {"generator", "heads", "discriminator"}
    assert json.loads((tmp_path / "trained/card.json").read_text())["spec"]["precision"] == "bf16"


def test_in_bf16_a_player_meets_the_weights_as_they_are_now():
    """The one before has just moved them; a cast kept from then would be the old ones."""
    layer, x = nn.Linear(1, 1, bias=False), torch.ones(1, 1)
    with autocast(torch.device("cpu"), "bf16"):
        with torch.no_grad():
            layer(x)
        assert layer(x).requires_grad
        assert layer(x).dtype == torch.bfloat16
        layer.weight.data.fill_(2.0)
        assert layer(x).item() == 2.0


@pytest.mark.parametrize("arch", tiny.MODELS)
def test_how_numbers_lie_in_memory_changes_none_of_them(arch, tmp_path):
    logged = {}
    for channels_last in (False, True):
        job = tiny.job(arch, tmp_path, {"channels_last": channels_last})
        determinism.deterministic(job.model.seed, job.settings.threads)
        training = prepared(job, distributed.join(job.settings))[0].training
        training.step()
        logged[channels_last] = training.means()
        layout = torch.channels_last if channels_last else torch.contiguous_format
        stream = next(iter(training.samplers))
        tensors = [*training.architecture.parameters(), training._images(stream).pixels]
        assert all(t.is_contiguous(memory_format=layout) for t in tensors if t.ndim == 4)
    assert logged[True] == pytest.approx(logged[False], rel=1e-3, abs=1e-4)


# --- what is written ----------------------------------------------------------------------------


def test_what_is_written_says_what_it_is(tmp_path):
    job = tiny.job("cyclegan", tmp_path, steps=10)
    train(job)
    card = json.loads((tmp_path / "trained/card.json").read_text())
    assert card["spec"]["resolution"] == [16, 24]
    assert card["images_per_class"] == {"day": 9, "dusk": 0, "night": 5}
    assert card["data_sha256"] == data_digest(job.train.images, job.train.labels)
    share = {"licence": "Apache-2.0", "commercial": True, "deliveries": {"first": 14}}
    assert card["trained_on"] == [{"turn": None, "train": {"demo": share}, "val": {}}]
    assert card["non_commercial"] == {}
    images = tmp_path / "trained/images.parquet"
    assert card["images_sha256"] == sha256(images)
    assert pl.read_parquet(images)["image_id"].to_list() == sorted(job.train.image_ids)
    assert (
        card["spec"]["config"]["identity"] == cyclegan.Config().identity
    )  # defaults are written out
    assert card["spec"]["budget"] == {"steps": 10}
    assert (card["steps"], card["reproducible"]) == (10, True)
    assert (card["best_step"], card["val_sha256"], card["failed"]) == (None, None, None)
    weights = load_file(tmp_path / "trained/generator.safetensors")
    assert {key.split(".")[0] for key in weights} == {"forth"}
    assert card["parameters"]["forth"] == sum(t.numel() for t in weights.values())
    networks = load_file(tmp_path / "trained/networks.safetensors")
    assert {key.split(".")[0] for key in networks} == {
        *(
            "forth",
            "back",
            "discriminator_source",
            "discriminator_target",
        )  # and not what it remembers of fakes
    }
    curve = pl.read_csv(tmp_path / "reports/plots/metrics/loss/cycle.tsv", separator="\t")
    assert curve.columns == ["step", "cycle"]
    assert curve["step"].to_list() == [2, 3, 5, 6, 8, 9, 10]
    final = json.loads((tmp_path / "reports/metrics.json").read_text())
    assert final["step"] == 10
    assert final["loss"]["cycle"] == pytest.approx(curve["cycle"][-1])
    plots = tmp_path / "reports/plots/images"
    assert sorted(p.name for p in (plots / "samples").iterdir()) == [
        "000004.png",
        "000007.png",
        "000010.png",
    ]
    assert (plots / "curves.png").exists()


# --- what fails ---------------------------------------------------------------------------------


def failed(job: TrainingJob) -> dict:
    """The card of a training that must fail, having left nothing half done."""
    train(job)
    assert not job.cache.exists()
    assert [path.name for path in job.trained.iterdir()] == ["card.json"]
    assert (job.reports / "metrics.json").exists()
    assert (job.reports / "plots/metrics").is_dir()
    assert (job.reports / "plots/images/curves.png").exists()
    with pytest.raises(ArgusError, match="its training failed"):
        loading.load(job.trained)
    return json.loads((job.trained / "card.json").read_text())


def raises_at(call: int, honest, error: Exception):
    """`honest`, but its n-th call raises."""
    calls: list[None] = []

    def method(self, *arguments, **named):
        calls.append(None)
        if len(calls) == call:
            raise error
        return honest(self, *arguments, **named)

    return method


def test_a_model_that_diverges_has_failed_with_its_reason_and_its_curves(tmp_path, monkeypatch):
    honest = R3GAN.step

    calls: list[None] = []

    def sabotaged(self, batch, scheduled, optimizer_step):
        scalars = honest(self, batch, scheduled, optimizer_step)
        calls.append(None)
        if len(calls) == 20:
            scalars["loss/generator"] = torch.tensor(float("nan"))
        return scalars

    monkeypatch.setattr(R3GAN, "step", sabotaged)
    card = failed(tiny.job("r3gan", tmp_path, steps=42))
    assert card["failed"] == "loss/generator is not finite at step 24"
    assert card["steps"] == 24
    assert card["parameters"]["generator"] > 0
    curve = pl.read_csv(tmp_path / "reports/plots/metrics/loss/generator.tsv", separator="\t")
    assert curve["step"].to_list() == [6, 12, 18]
    json.loads((tmp_path / "reports/metrics.json").read_text())


@pytest.mark.parametrize(
    ("owner", "method", "call", "step"),
    [
        (R3GAN, "__init__", 1, 0),
        (R3GAN, "optimizers", 1, 0),
        (R3GAN, "step", 6, 5),
        (R3GAN, "inference_model", 1, 4),  # for the first sample sheet
        (Validation, "score", 2, 8),
    ],
)
def test_a_model_whose_own_code_breaks_has_failed(
    owner, method, call, step, tmp_path, monkeypatch, capsys
):
    error = RuntimeError("shapes [3] and [4] in /there/below/model.py\nand much more")
    monkeypatch.setattr(owner, method, raises_at(call, getattr(owner, method), error))
    val = tiny.packed("val", 5 if owner is Validation else 0)
    card = failed(tiny.job("r3gan", tmp_path, val=val))
    assert card["failed"].startswith("its code broke while it ")
    assert card["failed"].endswith("RuntimeError: shapes [3] and [4] in ...")
    assert card["steps"] == step
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "and much more" in said
    assert "model 'tiny_r3gan': its code broke" in said


@pytest.mark.usefixtures("no_chart")
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
    ],
)
def test_a_model_that_is_too_large_has_failed(error, tmp_path, monkeypatch):
    monkeypatch.setattr(R3GAN, "step", raises_at(2, R3GAN.step, error))
    assert "out of memory; lower its batch" in failed(tiny.job("r3gan", tmp_path))["failed"]


@pytest.mark.usefixtures("no_chart")
@pytest.mark.parametrize("error", [ArgusError("sides must be even"), KeyboardInterrupt()])
def test_a_mistake_in_the_settings_or_an_interruption_is_no_failure(error, tmp_path, monkeypatch):
    monkeypatch.setattr(R3GAN, "step", raises_at(5, R3GAN.step, error))
    job = tiny.job("r3gan", tmp_path)
    with pytest.raises(type(error)):
        train(job)
    assert not job.trained.exists()
    assert job.cache.exists()


@pytest.mark.usefixtures("no_chart")
def test_what_is_not_the_models_doing_is_no_failure_of_it(tmp_path, monkeypatch):
    full = raises_at(1, Checkpoints.save, OSError("no space left on device"))
    monkeypatch.setattr(Checkpoints, "save", full)
    with pytest.raises(OSError, match="no space"):
        train(tiny.job("r3gan", tmp_path))
    assert not (tmp_path / "trained").exists()


def test_a_translator_without_images_of_a_domain_is_refused(tmp_path):
    domains = {"source": "day", "target": "dusk"}
    with pytest.raises(ArgusError, match="needs images of dusk"):
        train(tiny.job("cyclegan", tmp_path, domains=domains))


@pytest.mark.slow
def test_an_unknown_model_is_refused_without_a_traceback(packed):
    code, said = tiny.finished(tiny.stage("pix2pix"))
    assert code == 1
    assert "tiny_cyclegan, tiny_r3gan" in said
    assert "Traceback" not in said


# --- trained models in use ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny model of each kind, briefly trained."""
    top = tmp_path_factory.mktemp("models")
    for arch in ("r3gan", "cyclegan"):
        train(tiny.job(arch, top / arch, steps=6))
    return {f"tiny_{arch}": top / arch / "trained" for arch in ("r3gan", "cyclegan")}


def test_a_generator_samples_the_labels_asked_for(places, monkeypatch):
    model = loading.load(places["tiny_r3gan"])
    assert isinstance(model, inference.Generator)
    assert model.task == model.card.spec.task == "generate"
    labels = ["day", "night", "day", "night", "day"]
    images = model.sample(labels, seed=3)
    assert images.shape == (5, 16, 24, 3)
    assert images.dtype == np.uint8
    assert np.array_equal(images, model.sample(labels, seed=3))
    assert not np.array_equal(images, model.sample(labels, seed=4))
    assert model.sample([], seed=0).shape == (0, 16, 24, 3)
    monkeypatch.setattr(inference, "CHUNK_PIXELS", 2 * 16 * 24)
    assert np.abs(model.sample(labels, seed=3).astype(int) - images).max() <= 1
    with pytest.raises(ArgusError, match=r"cannot draw dusk, snow.*day, night"):
        model.sample(["day", "snow", "dusk"], seed=0)  # dusk is a class without training images


def test_a_translator_takes_any_number_and_size(places, monkeypatch):
    model = loading.load(places["tiny_cyclegan"])
    assert isinstance(model, inference.Translator)
    for height, width in ((16, 24), (20, 40)):
        images = scenes(3, height, width)
        night = model.translate(images)
        assert night.shape == images.shape
        assert night.dtype == np.uint8
        assert np.array_equal(night, model.translate(images))
    assert model.translate(images[:0]).shape == (0, 20, 40, 3)
    monkeypatch.setattr(inference, "CHUNK_PIXELS", 2 * 20 * 40)
    assert np.abs(model.translate(images).astype(int) - night).max() <= 1
    wrongs: list[Any] = [scenes(1, 18, 24), images.astype(np.float32), images[0]]
    for wrong in wrongs:
        with pytest.raises(ArgusError, match="multiples of 4"):
            model.translate(wrong)


def test_pixels_survive_the_way_to_the_network_and_back():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert np.array_equal(inference.to_uint8(inference.to_float(levels)), levels)


def copy(place: Path, to: Path) -> Path:
    to.mkdir()
    for path in place.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_a_damaged_or_foreign_model_is_refused_with_advice(places, tmp_path):
    with pytest.raises(ArgusError, match="dvc repro"):
        loading.load(tmp_path / "nothing")

    folder = copy(places["tiny_r3gan"], tmp_path / "damaged")
    weights = folder / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ArgusError, match=r"damaged.*dvc checkout"):
        loading.load(folder)
    weights.unlink()
    with pytest.raises(ArgusError, match="not found beside its card"):
        loading.load(folder)

    for field, value, message in (
        ("arch", "stylegan9", "no architecture 'stylegan9'"),
        ("config", {"widths": [8, 8], "noise": 4, "depth": 1}, "depth"),
        ("config", {"widths": [8, 4], "noise": 4}, "another model.*spec_sha256.*dvc checkout"),
        ("parameters", "many", "not the card"),
    ):
        folder = copy(places["tiny_r3gan"], tmp_path / f"{field}{len(message)}")
        card = json.loads((folder / "card.json").read_text())
        of = card["spec"] if field in card["spec"] else card
        of[field] = value
        (folder / "card.json").write_text(json.dumps(card))
        with pytest.raises(ArgusError, match=message):
            loading.load(folder)

    folder = copy(places["tiny_r3gan"], tmp_path / "of another version")
    weights = folder / "generator.safetensors"
    save_file({"generator.other": torch.zeros(1)}, weights)
    card = json.loads((folder / "card.json").read_text()) | {"weights_sha256": sha256(weights)}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ArgusError, match="does not fit the r3gan"):
        loading.load(folder)
