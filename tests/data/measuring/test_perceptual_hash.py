import imagehash
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageOps
from scipy.fft import dctn

from argus.data.measuring import perceptual_hash
from argus.data.measuring.perceptual_hash import (
    COSINES,
    NOISE,
    exact_dct,
    fast_dct,
    perceptual_hashes,
)
from tests.conftest import scene


def of(image: Image.Image) -> perceptual_hash.PerceptualHashes:
    return perceptual_hashes(exact_dct(image.convert("L"))[None])


def test_two_hundred_hashes_are_those_of_imagehash_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    images = [
        scene(seed, (int(rng.integers(40, 400)), int(rng.integers(40, 400)))).filter(
            ImageFilter.GaussianBlur(float(rng.uniform(0, 3)))
        )
        for seed in range(200)
    ]
    found = perceptual_hashes(np.stack([exact_dct(image.convert("L")) for image in images]))
    assert [f"{bits:016x}" for bits in found.phash] == [str(imagehash.phash(i)) for i in images]


def test_the_fast_transform_is_the_exact_one_but_for_rounding() -> None:
    images = [scene(seed, (320 - seed, 180 + seed)).convert("L") for seed in range(100)]
    ours = np.stack([fast_dct(np.asarray(image)) for image in images])
    theirs = np.stack([exact_dct(image) for image in images])
    # rounding twice to whole numbers is noise of a variance of a sixth of a grey level at most
    assert ((ours - theirs).reshape(-1, 64) / NOISE).std() < (1 / 6) ** 0.5
    # an image at the size of the transform is not shrunk, nor rounded
    square = scene(1, (32, 32)).convert("L")
    assert np.allclose(fast_dct(np.asarray(square)), exact_dct(square))


def test_the_mirrored_hash_is_that_of_the_mirrored_image() -> None:
    for seed in range(50):
        # at the size of the transform, so that no resampling comes between
        image = scene(seed, (32, 32))
        assert of(image).phash_mirrored == of(ImageOps.mirror(image)).phash
        assert of(ImageOps.mirror(image)).phash_mirrored == of(image).phash


@given(st.integers(0, 10_000))
def test_half_of_the_bits_are_set(seed: int) -> None:
    assert int(of(scene(seed)).phash[0]).bit_count() == 32


def test_noise_moves_a_coefficient_as_far_as_its_basis_is_long() -> None:
    noise = np.random.default_rng(0).normal(size=(4000, 32, 32))
    terms = dctn(noise, axes=(1, 2))[:, :8, :8].reshape(-1, 64)
    assert np.allclose(terms.std(axis=0), NOISE, rtol=0.06)


def test_flat_images_hash_at_random_and_show_it() -> None:
    rng = np.random.default_rng(1)
    dark = rng.normal(5, 1, (100, 32, 32)).round().clip(0, 255).astype(np.uint8)
    assert np.median(perceptual_hashes(COSINES @ dark @ COSINES.T).fragile) > 32
    assert max(of(scene(seed)).fragile[0] for seed in range(100)) < 10


def test_pixels_tell_size_and_content_apart() -> None:
    grey = np.asarray(scene(1).convert("L"))
    names = {
        perceptual_hash.pixel_digest(grey, 96, 64),
        perceptual_hash.pixel_digest(grey, 192, 128),
        perceptual_hash.pixel_digest(np.asarray(scene(2).convert("L")), 96, 64),
        perceptual_hash.pixel_digest(np.ascontiguousarray(grey.T), 96, 64),
    }
    assert len(names) == 4
    assert perceptual_hash.pixel_digest(grey.copy(), 96, 64) in names
