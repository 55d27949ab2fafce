"""What the rendered images look like, as far as numbers tell."""

from itertools import pairwise

import imagehash
import numpy as np
import pytest
from PIL import Image

from stages.demo.draw import prepare, render
from stages.demo.world import CONDITIONS, Drive, build

SIZE = (128, 192)
FRAMES = 8


def images(drive: Drive, frames: int = FRAMES) -> list[np.ndarray]:
    world = build(drive)
    scenery = prepare(world)
    return [render(world, scenery, k) for k in range(frames)]


@pytest.fixture(scope="module")
def drives() -> dict[Drive, list[np.ndarray]]:
    chosen = [Drive(7, c, n, FRAMES, SIZE) for c in CONDITIONS for n in (0, 2)]
    return {drive: images(drive) for drive in chosen}


def test_frames_are_images_of_the_asked_size(drives):
    for frames in drives.values():
        for frame in frames:
            assert frame.shape == (*SIZE, 3)
            assert frame.dtype == np.uint8
            assert frame.std() > 5


def test_odd_sizes_are_rendered_too():
    frame = images(Drive(7, "rain", 1, 1, (75, 131)), 1)[0]
    assert frame.shape == (75, 131, 3)


def test_a_drive_is_a_function_of_its_name_and_a_seed_another_world(drives):
    drive = Drive(7, "night", 2, FRAMES, SIZE)
    again = images(drive, 2)
    assert (again[1] == drives[drive][1]).all()
    other = images(Drive(8, "night", 2, FRAMES, SIZE), 1)[0]
    assert (other != drives[drive][0]).any()


def test_a_frame_does_not_depend_on_the_frames_drawn_before(drives):
    drive = Drive(7, "rain", 0, FRAMES, SIZE)
    world = build(drive)
    assert (render(world, prepare(world), 5) == drives[drive][5]).all()


def test_night_is_darker_than_dusk_and_dusk_than_day(drives):
    def light(condition: str) -> float:
        return float(np.mean([f for d, f in drives.items() if d.condition == condition]))

    assert light("night") < 0.75 * light("dusk")
    assert light("dusk") < light("day")
    assert light("fog") > light("rain")


def test_fog_has_the_least_colour_and_dusk_a_red_sky(drives):
    def mean(condition: str) -> np.ndarray:
        frames = [f for d, f in drives.items() if d.condition == condition]
        return np.array(frames, float).mean(axis=(0, 1))

    colour = {c: float(np.ptp(mean(c)[5:30], axis=-1).mean()) for c in CONDITIONS}
    assert colour["fog"] < min(colour["day"], colour["dusk"])
    red, _, blue = mean("dusk")[5:30].mean(axis=(0, 1))
    assert red > blue
    red, _, blue = mean("day")[5:30].mean(axis=(0, 1))
    assert blue > red


def test_neighbours_are_near_duplicates_and_other_drives_are_not(drives):
    """Perceptual hashes as `imagehash` makes them, an independent library."""
    hashes = {
        drive: [imagehash.phash(Image.fromarray(f)) for f in frames]
        for drive, frames in drives.items()
    }
    following = [a - b for h in hashes.values() for a, b in pairwise(h)]
    across = [
        a - b
        for one, h in hashes.items()
        for other, g in hashes.items()
        if one != other
        for a in h
        for b in g
    ]
    assert np.mean(np.array(following) <= 8) > 0.3  # bursts collapse
    assert np.mean(np.array(following) > 8) > 0.25  # and the drive still goes on
    assert np.median(following) < np.percentile(across, 1)
    assert min(across) > 8
