"""PatchNCE against loops and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from argus.models.contrast import Heads, draw_places, patch_nce


def units(*shape: int) -> torch.Tensor:
    return functional.normalize(torch.randn(*shape), dim=-1)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(2, 6), st.integers(1, 5), st.floats(0.05, 2.0))
def test_patch_nce_is_what_a_hand_calculation_gives(images, places, width, temperature):
    queries, keys = units(images, places, width), units(images, places, width)
    total = 0.0
    for n in range(images):
        for p in range(places):
            own = 0.0
            everybody = 0.0
            for other in range(places):
                product = sum(
                    float(queries[n, p, d]) * float(keys[n, other, d]) for d in range(width)
                )
                everybody += math.exp(product / temperature)
                if other == p:
                    own = math.exp(product / temperature)
            total -= math.log(own / everybody)
    assert patch_nce(queries, keys, temperature).item() == pytest.approx(
        total / (images * places), rel=1e-3, abs=1e-5
    )


def test_where_all_patches_are_alike_one_can_only_guess():
    same = units(1, 1, 8).expand(2, 256, 8)
    assert patch_nce(same, same, 0.07).item() == pytest.approx(math.log(256), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_where_each_patch_is_its_own_and_orthogonal_to_the_others(temperature):
    own = torch.eye(16)[None]
    expected = math.log(1 + 15 * math.exp(-1 / temperature))
    assert patch_nce(own, own, temperature).item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_negatives_are_of_the_same_image():
    queries, keys = units(2, 8, 4), units(2, 8, 4)
    both = patch_nce(queries, keys, 0.07)
    single = [patch_nce(q[None], k[None], 0.07) for q, k in zip(queries, keys, strict=True)]
    torch.testing.assert_close(both, (single[0] + single[1]) / 2)


def test_the_gradient_goes_to_the_queries_alone():
    queries, keys = units(1, 4, 3).requires_grad_(), units(1, 4, 3).requires_grad_()
    patch_nce(queries, keys, 0.07).backward()
    assert queries.grad is not None
    assert queries.grad.abs().sum() > 0
    assert keys.grad is None


def test_the_gradient_is_softmax_minus_the_own_one():
    queries, keys = units(1, 5, 3).requires_grad_(), units(1, 5, 3)
    patch_nce(queries, keys, 0.5).backward()
    shares = (queries.detach() @ keys.transpose(1, 2) / 0.5).softmax(dim=2) - torch.eye(5)
    torch.testing.assert_close(queries.grad, shares @ keys / 0.5 / 5)


def test_it_is_reckoned_in_full_precision_under_autocast():
    queries, keys = units(1, 32, 8), units(1, 32, 8)
    exact = patch_nce(queries, keys, 0.07)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(patch_nce(queries, keys, 0.07), exact)


def test_places_are_different_ones_all_of_a_small_map_and_another_draw_each_time():
    torch.manual_seed(0)
    features = [torch.zeros(2, 3, 32, 48), torch.zeros(2, 8, 8, 12)]
    first, second = draw_places(features, 256), draw_places(features, 256)
    assert [len(places) for places in first] == [256, 96]
    assert sorted(first[1].tolist()) == list(range(96))
    assert len(set(first[0].tolist())) == 256
    assert set(first[0].tolist()) <= set(range(32 * 48))
    assert not torch.equal(first[0], second[0])


def test_heads_see_the_pixels_at_the_places_and_give_unit_vectors():
    torch.manual_seed(0)
    heads = Heads([3, 5], 4)
    features = [torch.randn(2, 3, 4, 6), torch.randn(2, 5, 2, 3)]
    places = [torch.tensor([0, 7, 23]), torch.tensor([5, 1])]
    projected = heads(features, places)
    assert [tuple(p.shape) for p in projected] == [(2, 3, 4), (2, 2, 4)]
    for vectors in projected:
        torch.testing.assert_close(vectors.norm(dim=2), torch.ones(vectors.shape[:2]))
    alone = heads.perceptrons[0](features[0][1, :, 1, 1])  # place 7 of 6 columns
    torch.testing.assert_close(projected[0][1, 1], alone / alone.norm())
