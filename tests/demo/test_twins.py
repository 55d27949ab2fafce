"""A twin is the same scene in another condition: all that stands and moves is where it was."""

import numpy as np
import pytest

from stages.demo.draw import prepare, render
from stages.demo.world import CONDITIONS, Drive, World, build

SIZE = (64, 96)
SCENES = [Drive(7, "day", number, 4, SIZE) for number in range(8)]


def edges(image: np.ndarray) -> np.ndarray:
    """Where a grey image changes most: bool [H, W], a tenth of the pixels."""
    grey = np.log1p(image.astype(float).mean(axis=2))
    strength = np.hypot(*np.gradient(grey))
    return np.asarray(strength > np.quantile(strength, 0.9))


def rendered(world: World, frame: int) -> np.ndarray:
    return render(world, prepare(world), frame)


@pytest.mark.parametrize("scene", SCENES[:4], ids=lambda drive: drive.name)
@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c != "day"])
def test_what_stands_and_moves_is_the_same(scene, condition):
    world, twin = build(scene), build(scene, condition)
    assert (world.mesh.points == twin.mesh.points).all()
    assert (world.mesh.albedo == twin.mesh.albedo).all()
    assert (world.speeds == twin.speeds).all()
    assert (world.times == twin.times).all()
    assert (world.lamps == twin.lamps).all()
    assert world.camera == twin.camera
    assert (world.lane, world.speed, world.bend) == (twin.lane, twin.speed, twin.bend)
    for name in ("clouds", "grain", "hills", "land", "crossings"):
        assert (getattr(world, name) == getattr(twin, name)).all()


def test_air_and_lamps_are_those_of_the_other_condition():
    for scene in SCENES:
        world, twin = build(scene), build(scene, "night")
        assert twin.air.lamps == 1.0
        assert twin.air.sunlight.max() == 0.0
        assert world.air.lamps == 0.0
        assert twin.mesh.glow.max() > world.mesh.glow.max()
    nights = {float(build(scene, "night").air.exposure) for scene in SCENES}
    assert len(nights) == len(SCENES)  # a night for each scene


def test_windows_are_lit_as_often_as_in_a_street_by_night():
    def lit(worlds):
        glow = np.concatenate([world.mesh.glow[~world.mesh.casts] for world in worlds])
        return float((glow.max(axis=1) > 0).mean())

    by_night = [build(Drive(7, "night", number, 4, SIZE)) for number in range(8)]
    assert lit(build(scene, "night") for scene in SCENES) == pytest.approx(lit(by_night), rel=0.25)


def test_a_twin_is_as_dark_as_its_condition_and_shows_the_same_edges():
    worlds = [(build(scene), build(scene, "night")) for scene in SCENES]
    images = [(rendered(world, 2), rendered(twin, 2)) for world, twin in worlds]
    assert np.mean([night for _, night in images]) < np.mean([day for day, _ in images]) / 2

    def shared(day: np.ndarray, night: np.ndarray) -> float:
        return float((edges(day) & edges(night)).sum() / edges(day).sum())

    own = np.mean([shared(day, night) for day, night in images])
    others = np.mean([shared(day, images[(k + 4) % 8][1]) for k, (day, _) in enumerate(images)])
    assert own > 2 * others


def test_a_twin_in_its_own_condition_is_a_scene_under_other_air():
    scene = SCENES[0]
    world, again = build(scene), build(scene, "day")
    assert (world.mesh.points == again.mesh.points).all()
    assert world.air.exposure != again.air.exposure
