"""DiffAugment: what it may do to a road scene, and what it never does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stages.train.augment import augment, mirror

KINDS = ("colour", "translation", "cutout")


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


def test_colour_changes_all_pixels_by_one_affine_map_an_image():
    """Brightness, saturation and contrast keep the order of grey levels, at any place."""
    x = images(20)
    before, after = x.mean(dim=1).flatten(1), augment(x, 1.0, ("colour",)).mean(dim=1).flatten(1)
    for grey, changed in zip(before, after, strict=True):
        assert np.corrcoef(grey, changed)[0, 1] == pytest.approx(1.0, abs=1e-4)


def test_nothing_rotates_or_turns_upside_down():
    """Bright sky over dark road stays so, whatever is drawn."""
    scene = torch.full((300, 3, 16, 24), -0.8)
    scene[:, :, :8] = 0.8
    torch.manual_seed(2)
    for x in (augment(scene, 1.0, ("colour", "translation")), mirror(scene)):
        assert (x[:, :, 2:6].mean(dim=(1, 2, 3)) > x[:, :, 10:14].mean(dim=(1, 2, 3))).all()


def test_strength_is_the_probability_of_a_transform():
    torch.manual_seed(4)
    x = images(2000, 4, 8)
    changed = (augment(x, 0.3, ("colour",)) != x).flatten(1).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.04)


def test_a_mirror_shows_half_of_the_images_reversed():
    torch.manual_seed(6)
    x = images(400, 4, 8)
    y = mirror(x)
    same = (y == x).flatten(1).all(dim=1)
    turned = (y == x.flip(3)).flatten(1).all(dim=1)
    assert (same ^ turned).all()
    assert 0.4 < turned.float().mean().item() < 0.6
