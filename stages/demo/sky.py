"""Sky, clouds, stars, and the skyline that closes the view."""

import numpy as np
from PIL import Image

from stages.demo import noise
from stages.demo.camera import Camera
from stages.demo.weather import attenuate, expose
from stages.demo.world import World

STEP = 2  # the sky is smooth: it is worked out for squares of this many pixels
FAR, NEARER = 1100.0, 420.0  # metres to the two skylines
FAR_HILL, FAR_TOWN, TREE_LINE = (0.10, 0.14, 0.12), (0.22, 0.22, 0.24), (0.045, 0.075, 0.03)


def panorama(world: World, camera: Camera) -> np.ndarray:
    """Everything above the ground's horizon, uint8 [camera.ground_row, camera.width, 3]."""
    rows, width = camera.ground_row, camera.width
    if not rows:
        return np.zeros((0, width, 3), np.uint8)
    coarse = expose(sky(world, camera.rays(0, rows, STEP)), world.air.exposure)
    small = Image.fromarray((coarse * 255.0).astype(np.uint8))
    size = (small.width * STEP, small.height * STEP)
    image = np.array(small.resize(size, Image.Resampling.BILINEAR))[:rows, :width]
    _add_stars(world, camera, image)
    _add_skyline(world, camera, image)
    return image


def sky(world: World, rays: np.ndarray) -> np.ndarray:
    """Radiance [..., 3] of the sky along unit `rays` [..., 3]; below the horizon as just above."""
    air = world.air
    up = np.maximum(rays[..., 1], 0.0)
    colour = air.zenith + (air.horizon - air.zenith) * np.exp(-4.2 * up)[..., None]
    colour = colour + _sun(world, rays)
    if air.clouds:
        share, light = _clouds(world, rays, up)
        cloud = air.cloud_shade + (air.cloud_light - air.cloud_shade) * light[..., None]
        colour = colour + (cloud - colour) * share[..., None]
    return np.asarray(colour)


def _sun(world: World, rays: np.ndarray) -> np.ndarray:
    """Glow about the sun, wide and weak, narrow and strong; none under a closed sky."""
    air = world.air
    off = 1.0 - (rays * air.sun).sum(axis=-1)
    wide = np.exp(-off / 0.12)[..., None] * air.horizon * 0.55
    narrow = (np.exp(-off / 0.0035) * 3.0)[..., None] * air.sunlight
    return np.asarray((wide + narrow) * (air.sunlight.any()))


def _clouds(world: World, rays: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cover and brightness (0..1) of a flat layer of clouds, smaller towards the horizon."""
    away = 20.0 / (up + 0.09)
    a, b = rays[..., 2] * away, rays[..., 0] * away
    here = noise.sample(world.clouds, a, b)
    toward = noise.sample(world.clouds, a + 3.0 * world.air.sun[2], b + 3.0 * world.air.sun[0])
    haze = 0.05 + 25.0 * world.air.extinction  # lower down the air hides the clouds
    threshold = 1.3 - 2.6 * world.air.clouds
    share = np.clip((here - threshold) / 0.9, 0.0, 1.0) * (1.0 - np.exp(-((up / haze) ** 2)))
    light = np.clip(0.72 + 0.55 * (here - toward) - 0.28 * (here - threshold), 0.0, 1.0)
    return share * share * (3 - 2 * share), light


def _add_skyline(world: World, camera: Camera, image: np.ndarray) -> None:
    """Put hills or a town, and trees before them, over the sky `image`, in place."""
    air, rows = world.air, len(image)
    highest = camera.focal * np.tan(world.hills.max() * 1.4 + abs(camera.pitch)) / np.cos(0.7)
    start = int(np.clip(camera.horizon - highest, 0, rows))
    rays = camera.rays(start, rows)
    azimuth, elevation = np.arctan2(rays[..., 0], rays[..., 2]), np.arcsin(rays[..., 1])
    place = azimuth * np.float32(256 / np.pi)
    index = np.floor(place).astype(np.int32)
    part = place - index
    town = world.place.skyline == "town"
    light = air.ambient + 0.4 * air.sunlight
    for layer, (distance, hue) in enumerate(
        ((FAR, FAR_TOWN if town else FAR_HILL), (NEARER, TREE_LINE))
    ):
        line = world.hills[layer]
        height = line[index % 512]
        if not town or distance != FAR:  # hills and trees are smooth, roofs have corners
            height = height * (1 - part) + line[(index + 1) % 512] * part
        if distance == NEARER:
            height = height * (1 + 0.10 * noise.nearest(world.grain, place * 6.0, 0 * place))
        body = np.broadcast_to(np.array(hue) * light, rays.shape)
        if town and distance == FAR and air.lamps:
            lit = noise.nearest(world.grain, azimuth / 0.007, elevation / 0.009) > 0.9
            body = np.where(lit[..., None], np.array([0.5, 0.36, 0.18]) * air.lamps, body)
        body = attenuate(body, np.array(distance), air.extinction, air.airlight)
        share = np.clip((height - elevation) * camera.focal + 0.5, 0.0, 1.0)[..., None]
        below = image[start:]
        below[:] = below + (expose(body, air.exposure) * 255.0 - below) * share


def _add_stars(world: World, camera: Camera, image: np.ndarray) -> None:
    """Brighten single pixels where a sky is dark and clear, in place."""
    if world.air.zenith.max() > 0.02:
        return
    rng = world.drive.rng(7)
    azimuth, height = rng.uniform(-1.3, 1.3, 220), rng.uniform(0.05, 0.8, 220)
    flat = np.sqrt(1 - height**2)
    far = np.stack([flat * np.sin(azimuth), height, flat * np.cos(azimuth)], axis=1)
    ahead = np.einsum("nj,ij->ni", far, camera.rotation())
    x, y = np.floor(camera.to_image(ahead[ahead[:, 2] > 0.1])).astype(np.int64).T
    fits = (x >= 0) & (x < camera.width) & (y >= 0) & (y < len(image) - 1)
    y, x = y[fits], x[fits]
    image[y, x] += (image[y, x].max(axis=1, keepdims=True) < 60) * np.uint8(60)
