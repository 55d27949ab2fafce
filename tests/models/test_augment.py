"""DiffAugment: what it may do to a road scene, and what it never does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.models import draws
from argus.models.augment import AdaptiveStrength, Kind, augment, mirror

KINDS: tuple[Kind, ...] = ("color", "translation", "cutout")


def images(count: int = 6, height: int = 16, width: int = 24) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(count, 3, height, width) * 2 - 1


def test_at_strength_nought_nothing_happens():
    x = images()
    assert augment(x, 0.0, KINDS) is x


@pytest.mark.parametrize("kind", KINDS)
def test_shape_is_kept_and_a_gradient_passes(kind):
    x = images().requires_grad_()
    y = augment(x, 1.0, (kind,))
    assert y.shape == x.shape
    assert not torch.equal(y, x)
    y.square().sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_the_transform(kind):
    x = images(2, 4, 8).double().requires_grad_()

    def transform(pixels: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return augment(pixels, 1.0, (kind,))

    assert torch.autograd.gradcheck(transform, x)


def test_reals_and_fakes_meet_the_same_distribution():
    """The draws do not depend on the pixels: of one seed, any two batches meet one affine map."""
    x, y = images(), images().flip(0)
    outcomes = []
    for batch in (x, y, (x + y) / 2):
        torch.manual_seed(5)
        outcomes.append(augment(batch, 0.7, KINDS))
    torch.testing.assert_close((outcomes[0] + outcomes[1]) / 2, outcomes[2])


def test_translation_moves_by_whole_pixels_within_an_eighth_and_fills_with_grey():
    x = images(200)
    torch.manual_seed(1)
    y = augment(x, 1.0, ("translation",))
    seen = set()
    for before, after in zip(x, y, strict=True):
        padded = torch.nn.functional.pad(before, (3, 3, 2, 2))
        fits = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-3, 4)
            if torch.equal(padded[:, 2 - dy : 18 - dy, 3 - dx : 27 - dx], after)
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 5 * 7


def test_cutout_blanks_one_window_of_at_most_half_the_sides_and_leaves_the_rest():
    x = images(100)
    y = augment(x, 1.0, ("cutout",))
    for before, after in zip(x, y, strict=True):
        changed = (before != after).any(dim=0)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        assert 4 <= len(rows) <= 8
        assert 6 <= len(columns) <= 12
        assert changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert changed.sum() == len(rows) * len(columns)
        assert (after[:, changed] == 0).all()


def test_color_changes_all_pixels_by_one_affine_map_an_image():
    """Brightness, saturation and contrast keep the order of grey levels, at any place."""
    x = images(20)
    before, after = x.mean(dim=1).flatten(1), augment(x, 1.0, ("color",)).mean(dim=1).flatten(1)
    for grey, changed in zip(before, after, strict=True):
        assert np.corrcoef(grey, changed)[0, 1] == pytest.approx(1.0, abs=1e-4)


def test_nothing_rotates_or_turns_upside_down():
    """Bright sky over dark road stays so, whatever is drawn."""
    scene = torch.full((300, 3, 16, 24), -0.8)
    scene[:, :, :8] = 0.8
    torch.manual_seed(2)
    for x in (augment(scene, 1.0, ("color", "translation")), mirror(scene)):
        assert (x[:, :, 2:6].mean(dim=(1, 2, 3)) > x[:, :, 10:14].mean(dim=(1, 2, 3))).all()


def test_strength_is_the_probability_of_a_transform():
    torch.manual_seed(4)
    x = images(2000, 4, 8)
    changed = (augment(x, 0.3, ("color",)) != x).flatten(1).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.04)


def test_a_mirror_shows_half_of_the_images_reversed():
    torch.manual_seed(6)
    x = images(400, 4, 8)
    y = mirror(x)
    same = (y == x).flatten(1).all(dim=1)
    turned = (y == x.flip(3)).flatten(1).all(dim=1)
    assert (same ^ turned).all()
    assert 0.4 < turned.float().mean().item() < 0.6


def test_a_strength_may_be_a_tensor():
    torch.manual_seed(7)
    by_number = augment(images(), 0.4, KINDS)
    torch.manual_seed(7)
    assert torch.equal(augment(images(), torch.tensor(0.4), KINDS), by_number)
    assert torch.equal(augment(images(), torch.tensor(0.0), KINDS), images())


def test_two_processes_augment_as_one_does_the_joint_batch(monkeypatch):
    x = images(8)
    torch.manual_seed(8)
    joint = augment(x, 0.7, KINDS)
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(draws, "processes", lambda rank=rank: (rank, 2))
        torch.manual_seed(8)
        parts.append(augment(x.chunk(2)[rank], 0.7, KINDS))
    assert torch.equal(torch.cat(parts), joint)


def test_the_adaptive_strength_by_hand():
    """Four reals a step, 40 from 0 to 1: steps of .1. Signs of 1, 1, 1, -1: r = .5; of ones: 1."""
    adaptive = AdaptiveStrength(0.0, target=0.6, images=40)
    mostly, all_right = torch.tensor([3.0, 0.1, 2.0, -9.0]), torch.full((4,), 0.01)
    found, strengths = [], []
    for logits in (mostly, all_right, all_right, all_right, mostly):
        found.append(adaptive.update(logits).item())
        strengths.append(adaptive.strength.item())
    assert found == [0.5, 1, 1, 1, 0.5]
    assert strengths == pytest.approx([0, 0.1, 0.2, 0.3, 0.2])


def test_a_judge_of_places_counts_images_and_takes_the_mean_over_places():
    adaptive = AdaptiveStrength(0.5, target=0.6, images=20)
    logits = torch.tensor([[1.0, 1.0, -1.0], [1.0, -1.0, -1.0]])
    assert adaptive.update(logits).item() == 0
    assert adaptive.strength.item() == pytest.approx(0.5 - 2 / 20)


@pytest.mark.parametrize(("logit", "start", "end"), [(1.0, 0.0, 1.0), (-1.0, 1.0, 0.0)])
def test_from_one_end_to_the_other_takes_just_so_many_images(logit, start, end):
    adaptive = AdaptiveStrength(start, target=0.6, images=600)
    for _ in range(600 // 8 - 1):
        adaptive.update(torch.full((8,), logit))
    assert adaptive.strength.item() == pytest.approx(end, abs=0.02)
    assert adaptive.strength.item() != end
    for _ in range(3):
        adaptive.update(torch.full((8,), logit))
    assert adaptive.strength.item() == end  # and no further


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(-2, 2, width=32), min_size=3, max_size=3), max_size=20),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_strength_is_a_probability_and_moves_towards_the_target(batches, start, target):
    adaptive = AdaptiveStrength(start, target, images=30)
    for batch in batches:
        before, found = adaptive.strength.item(), adaptive.update(torch.tensor(batch)).item()
        moved = adaptive.strength.item() - before
        assert 0 <= adaptive.strength.item() <= 1
        assert abs(moved) <= 3 / 30 + 1e-6
        assert moved * (found - target) >= 0


def test_without_a_target_the_strength_stays_and_r_is_still_reported():
    adaptive = AdaptiveStrength(0.3, target=None, images=10)
    assert adaptive.update(torch.ones(5)).item() == 1
    assert adaptive.now == 0.3
    assert adaptive.strength.item() == pytest.approx(0.3)


def test_the_strength_is_checkpointed():
    one, other = (AdaptiveStrength(0.0, target=0.6, images=50) for _ in range(2))
    one.update(torch.ones(5))
    other.load_state_dict(one.state_dict())
    assert float(other.now) == pytest.approx(0.1)


def test_two_processes_move_the_strength_as_one_does(monkeypatch):
    """Signs of 3 x 1 and 5 x -1 over both: r = -.25, which neither half has."""
    halves = [torch.tensor([1.0, 1.0, -1.0, 1.0]), torch.tensor([-1.0, -1.0, -1.0, -1.0])]
    joint = AdaptiveStrength(0.5, target=-0.25 + 1e-3, images=100)
    expected = joint.update(torch.cat(halves))
    monkeypatch.setattr(draws, "processes", lambda: (0, 2))

    def all_reduce(total: torch.Tensor) -> None:
        total.copy_(torch.cat(halves).sign().sum())

    monkeypatch.setattr("torch.distributed.all_reduce", all_reduce)
    for half in halves:
        adaptive = AdaptiveStrength(0.5, target=-0.25 + 1e-3, images=100)
        assert adaptive.update(half) == expected == pytest.approx(-0.25)
        assert adaptive.strength == joint.strength == pytest.approx(0.42)
