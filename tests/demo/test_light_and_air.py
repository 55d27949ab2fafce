"""Light, fog and ground coverage against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from stages.demo.draw import UP, moment, prepare, render
from stages.demo.ground import covered
from stages.demo.light import Pools, irradiance
from stages.demo.shapes import Block, panel
from stages.demo.weather import ATMOSPHERES, attenuate, expose
from stages.demo.world import Drive, build

SIZE = (128, 192)


def test_contrast_in_fog_falls_exponentially_with_distance():
    air = ATMOSPHERES["fog"](np.random.default_rng(0))
    distance = np.array([0.0, 10.0, 25.0, 80.0])
    light, dark = (
        attenuate(np.full((4, 3), value), distance, air.extinction, air.airlight)
        for value in (0.7, 0.1)
    )
    expected = 0.6 * np.exp(-air.extinction * distance)
    assert (light - dark) == pytest.approx(np.repeat(expected[:, None], 3, axis=1), rel=1e-5)


def test_an_image_in_fog_ends_in_the_airlight():
    world = build(Drive(1, "fog", 2, 1, SIZE))
    far = replace(world, air=replace(world.air, extinction=1.0, vehicle_lamps=0.0))
    image = render(far, prepare(far), 0).astype(float)
    row = world.camera.ground_row
    airlight = expose(world.air.airlight, world.air.exposure) * 255
    middle = image[row - 4 : row + 4, 60:132].mean(axis=(0, 1))
    assert middle == pytest.approx(airlight, abs=9)  # the vignette takes up to 3 %


def test_exposure_keeps_order_and_range():
    values = expose(np.linspace(-1, 50, 200), 1.7)
    assert values.min() == 0.0
    assert values.max() <= 1.0
    assert (np.diff(values) >= 0).all()


def test_light_of_a_lamp_falls_to_a_quarter_at_its_reach():
    night = replace(ATMOSPHERES["night"](np.random.default_rng(0)), headlights=0.0)
    pools = Pools(np.array([[0.0, 0.0, 50.0]]), np.ones((1, 3), np.float32), np.array([6.0]))
    points = np.array([[0.0, 0.0, 50.0], [6.0, 0.0, 50.0]], np.float32)
    light = irradiance(points, UP, night, pools, np.ones(2)) - night.ambient
    assert light[0] == pytest.approx(4 * light[1], rel=1e-4)


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.71, 2.0])
@pytest.mark.parametrize("pixel", [0.05, 0.4, 3.0])
def test_painted_lines_cover_the_overlap_of_line_and_pixel(offset, pixel):
    width = 0.5
    overlap = min(width / 2, offset + pixel / 2) - max(-width / 2, offset - pixel / 2)
    share = covered(np.array([offset]), width, np.array([pixel]))
    assert share == pytest.approx(max(0.0, overlap) / pixel)


def test_walls_face_outwards_and_panels_lie_in_them():
    block = Block((1, 3), (0, 4), (10, 15), (1.2, 2.8), (10.5, 14))
    centre = np.array([2.0, 2.0, 12.5])
    for side in ("rear", "front", "left", "right", "top"):
        wall = block.wall(side)
        normal = np.cross(wall[1] - wall[0], wall[2] - wall[1])
        assert normal @ (wall.mean(axis=0) - centre) > 0
        part = panel(wall, (0.2, 0.7), (0.1, 0.9), (1, 1, 1)).points
        assert np.abs((part - wall[0]) @ normal).max() < 1e-9
        assert np.cross(part[1] - part[0], part[2] - part[1]) @ normal > 0


def test_traffic_of_the_own_lane_keeps_away_and_oncoming_traffic_comes_nearer():
    world = build(Drive(3, "day", 2, 14, SIZE))
    oncoming = world.speeds < 0
    assert oncoming.any()
    for frame in (0, 13):
        mesh = moment(world, frame).mesh
        inside = (np.abs(mesh.points[:, 0]) < 0.6) & (mesh.points[:, 1] > 0.3)
        ahead = mesh.points[inside & (mesh.points[:, 1] < 1.4)]
        assert ahead[:, 2].min() > 2.5  # nobody inside the own car
