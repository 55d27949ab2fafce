"""The pinhole camera against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.demo.camera import NEAR, Camera, clip_near


def camera(pitch: float = 0.0, yaw: float = 0.0) -> Camera:
    return Camera(height=256, width=384, focal=300.0, altitude=1.4, pitch=pitch, yaw=yaw)


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(1.0, 500.0))
def test_a_point_on_the_optical_axis_falls_on_the_centre(pitch, yaw, distance):
    axis = np.array([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    point = axis * distance + [0, 1.4, 0]
    assert camera(pitch, yaw).project(point) == pytest.approx([192, 128], abs=1e-3)


def test_at_double_the_distance_things_look_half_as_large():
    def height_at(z: float) -> float:
        foot, head = camera().project(np.array([[2.0, 0.0, z], [2.0, 1.7, z]]))
        return float(foot[1] - head[1])

    assert height_at(10.0) == pytest.approx(1.7 * 300 / 10)
    assert height_at(40.0) == pytest.approx(height_at(20.0) / 2)


@pytest.mark.parametrize("pitch", [-0.1, 0.0, 0.05, 0.13])
def test_the_horizon_lies_focal_times_tan_pitch_above_the_centre(pitch):
    seen = camera(pitch)
    assert seen.horizon == pytest.approx(128 - 300 * np.tan(pitch))
    far_away = seen.project(np.array([0.0, 0.0, 1e7]))
    assert far_away[1] == pytest.approx(seen.horizon, abs=1e-2)


@given(st.floats(-0.12, 0.12), st.floats(-0.12, 0.12))
def test_rays_go_through_the_pixels_that_they_belong_to(pitch, yaw):
    seen = camera(pitch, yaw)
    rays = seen.rays(200, 202)
    assert np.linalg.norm(rays, axis=-1) == pytest.approx(1.0, abs=1e-5)
    back = seen.project(rays[0, 40].astype(float) * 7.0 + [0, 1.4, 0])
    assert back == pytest.approx([40.5, 200.5], abs=1e-2)


@pytest.mark.parametrize("pitch", [-0.1, 0.0, 0.13])
def test_below_the_ground_row_all_rays_meet_the_ground(pitch):
    seen = camera(pitch)
    assert (seen.rays(seen.ground_row, 256)[..., 1] < 0).all()
    assert (seen.rays(0, seen.ground_row - 2)[..., 1] > 0).all()


def test_clipping_keeps_what_is_in_front_and_only_that():
    square = np.array([[0, 0, -1.0], [1, 0, -1.0], [1, 0, 3.0], [0, 0, 3.0]])
    kept = clip_near(square)
    assert kept[:, 2].min() == pytest.approx(NEAR)
    assert kept[:, 2].max() == pytest.approx(3.0)
    away = np.array([0.0, 0.0, 10.0])
    assert clip_near(square - away).shape == (0, 3)
    assert clip_near(square + away) == pytest.approx(square + away)
