"""Draw one frame of a world: background, road, then everything else from far to near.

`render` is a pure function: build(drive) gives the world, prepare(world) its scenery.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from stages.demo import ground, lens, noise, sky
from stages.demo.camera import NEAR, Camera, clip_near
from stages.demo.light import Pools, irradiance
from stages.demo.shapes import Mesh
from stages.demo.weather import attenuate, expose
from stages.demo.world import VIEW, World

SAMPLES = 2  # faces are drawn this many times larger, then averaged down
UP = np.array([0.0, 1.0, 0.0], np.float32)
LAMP_ON_ROAD = np.array(
    [0.50, 0.32, 0.14], np.float32
)  # irradiance below a street lamp at full strength


@dataclass(frozen=True)
class Scenery:
    """What all frames of a drive share, worked out once: the camera does not tilt."""

    backdrop: np.ndarray  # all above the horizon, uint8 [rows, W + turns, 3]
    turns: np.ndarray  # column of the backdrop, int [frames], where a frame begins
    ground: np.ndarray  # where pixels below the horizon meet the ground, float32 [N, 3]
    distance: np.ndarray  # and how far away that is, metres, float32 [N]


def prepare(world: World) -> Scenery:
    """Draw the backdrop of a drive and find where its pixels meet the ground.

    A turn of the car moves what is far away sideways by focal length times angle.
    """
    camera = world.camera
    turns = np.round(camera.focal * world.bend.heading(world.way)).astype(np.int64)
    margin = int(np.abs(turns).max())
    rays = camera.rays(camera.ground_row, camera.height).reshape(-1, 3)
    distance = camera.altitude / -rays[:, 1]
    spots = rays * distance[:, None]
    spots[:, 1] = 0.0
    return Scenery(
        backdrop=sky.panorama(world, replace(camera, width=camera.width + 2 * margin)),
        turns=turns + margin,
        ground=spots,
        distance=distance,
    )


@dataclass(frozen=True)
class Moment:
    """Where everything is in one frame, in the ego frame."""

    at: float  # metres that the own car has come
    mesh: Mesh  # all that is near enough
    facing: Mesh  # of that, what is turned to the camera
    pools: Pools


def moment(world: World, frame: int) -> Moment:
    """Move the world to the time of a frame; faces that cannot be seen are left out."""
    seconds, at = float(world.times[frame]), float(world.way[frame])
    mesh = world.mesh
    owner = np.repeat(mesh.owner, mesh.sizes())
    z = mesh.points[:, 2] + (world.speeds * seconds - at).astype(np.float32)[owner]
    seen = np.maximum.reduceat(z, mesh.first) > NEAR
    seen &= np.minimum.reduceat(z, mesh.first) < world.air.reach(VIEW)
    points = np.stack([_across(world, at, mesh.points[:, 0], z), mesh.points[:, 1], z], axis=1)
    mesh = mesh.moved(points).take(seen)
    towards = ((mesh.centres() - world.camera.altitude * UP) * mesh.normals()).sum(axis=1) < 0
    return Moment(
        at=at,
        mesh=mesh,
        facing=mesh.take(towards | ~mesh.solid),
        pools=_pools(world, seconds, at),
    )


def render(world: World, scenery: Scenery, frame: int) -> np.ndarray:
    """Image of frame `frame` (0-based) of a world, uint8 [H, W, 3]."""
    now = moment(world, frame)
    air, camera = world.air, world.camera
    rng = world.drive.rng(11, frame)
    colours = _shade(world, now)
    start = scenery.turns[frame]
    above = scenery.backdrop[:, start : start + camera.width]
    below = _ground(world, scenery, now)
    if air.wetness and len(below):
        below = _reflect(world, scenery, now, above, below, colours)
    image = Image.fromarray(np.concatenate([above, below]))
    image = image.resize(
        (camera.width * SAMPLES, camera.height * SAMPLES), Image.Resampling.NEAREST
    )
    _paint(image, camera, now.facing, colours, SAMPLES)
    # the filter is wider than a pixel: the slight blur of a lens
    image = image.resize((camera.width, camera.height), Image.Resampling.BILINEAR)
    if air.rain:
        lens.streaks(image, air.rain, rng)
    if world.bonnet:
        _paint_bonnet(world, image)
    if air.glare:
        image = lens.glare(image, air.glare)
    if air.rain:
        image = lens.drops(image, air.rain, rng)
    return lens.sensor(image, air, rng)


def _across(world: World, at: float, x: np.ndarray | float, z: np.ndarray) -> np.ndarray:
    """X in the ego frame of what is `x` metres right of the middle of the road, `z` ahead."""
    return np.asarray(x - world.lane + world.bend.ahead(at, z))


def _pools(world: World, seconds: float, at: float) -> Pools:
    """Street lamps and vehicles' beams that light what is in view."""
    lamps, beams, air = world.lamps, world.beams, world.air
    height = lamps[:, 1]
    places = np.concatenate([lamps, beams.places])
    z = places[:, 2] - at + np.concatenate([np.zeros(len(lamps)), beams.speeds * seconds])
    places = np.stack([_across(world, at, places[:, 0], z), places[:, 1], z], axis=1)
    reach = np.concatenate([height * 1.15, beams.reach])
    # below a lamp the distance is its height, so its strength is raised to give the said light
    below = LAMP_ON_ROAD * air.lamps * (1 + 1 / 1.15**2) ** 2
    colours = np.concatenate([np.broadcast_to(below, (len(lamps), 3)), beams.colours])
    colours = colours.astype(np.float32)
    near = (z > -15.0) & (z < 90.0) & (air.ambient.max() < 0.2)  # by day lamps light nothing
    return Pools(places[near], colours[near], reach[near])


def _shade(world: World, now: Moment) -> np.ndarray:
    """Image colours uint8 [F, 3] of all faces: lit, seen through the air, exposed."""
    mesh, air = now.facing, world.air
    centres = mesh.centres()
    normals = np.where(mesh.solid[:, None], mesh.normals(), UP)
    light = irradiance(centres, normals, air, now.pools, np.ones(len(centres)))
    distance = np.linalg.norm(centres - world.camera.altitude * UP, axis=1)
    radiance = attenuate(mesh.albedo * light + mesh.glow, distance, air.extinction, air.airlight)
    return np.asarray(expose(radiance, air.exposure) * 255.0).astype(np.uint8)


def _ground(world: World, scenery: Scenery, now: Moment) -> np.ndarray:
    """The ground without what stands on it, uint8 [H - camera.ground_row, W, 3]."""
    air, camera = world.air, world.camera
    spots, distance = scenery.ground, scenery.distance
    u = spots[:, 0] - _across(world, now.at, 0.0, spots[:, 2])
    across, along = distance / camera.focal, distance**2 / (camera.focal * camera.altitude)
    albedo = ground.albedo(world, u, spots[:, 2] + now.at, across, along)
    sunlit = 1.0 - _shadows(world, now)[camera.ground_row :].ravel()
    light = irradiance(spots, UP, air, now.pools, sunlit) * (1 - 0.45 * air.wetness)
    radiance = attenuate(albedo * light, distance, air.extinction, air.airlight)
    image = (expose(radiance, air.exposure) * 255.0).astype(np.uint8)
    return np.asarray(image.reshape(-1, camera.width, 3))


def _shadows(world: World, now: Moment) -> np.ndarray:
    """Share of the sun kept off the ground, float [H, W], by every face that casts a shadow."""
    camera = world.camera
    mask = Image.new("L", (camera.width, camera.height), 0)
    if not world.air.sunlight.any():
        return np.asarray(mask, np.float32)
    mesh = now.mesh.take(now.mesh.casts)
    lean = world.air.sun / world.air.sun[1]
    flat = mesh.points - mesh.points[:, 1:2] * lean
    shadow = mesh.moved(np.clip(flat, -300, 300))
    _paint(mask, camera, shadow, np.full((len(mesh.first), 1), 255, np.uint8), 1)
    return np.asarray(mask.filter(ImageFilter.BoxBlur(1)), np.float32) / 255.0


def _reflect(
    world: World,
    scenery: Scenery,
    now: Moment,
    above: np.ndarray,
    below: np.ndarray,
    colours: np.ndarray,
) -> np.ndarray:
    """The wet ground `below` with the mirror image of the world in it, uint8 [rows, W, 3].

    The ground plane mirrors the world exactly (Y to -Y); ripples smear it upright. How much is
    mirrored follows Fresnel's law in Schlick's form (Computer Graphics Forum 13(3), 1994).
    """
    camera, start = world.camera, world.camera.ground_row
    mirror = start - 1 - np.arange(len(below))
    sky_rows = above[np.maximum(mirror, 0)] if start else below
    image = Image.fromarray(np.concatenate([above, sky_rows]))
    mirrored = now.facing.moved(now.facing.points * np.array([1.0, -1.0, 1.0]))
    _paint(image, camera, mirrored, colours, 1)
    scale = camera.height / 256
    ripples = image.filter(ImageFilter.GaussianBlur((0.8 * scale, 4.5 * scale)))
    spots, distance = scenery.ground, scenery.distance
    puddles = noise.sample(world.grain, (spots[:, 2] + now.at) * 0.9, spots[:, 0] * 2.2)
    film = np.clip(0.80 + 0.35 * puddles / (1 + 0.02 * distance**2), 0.15, 1.0)
    fresnel = 0.05 + 0.95 * (1 - camera.altitude / distance) ** 5
    share = world.air.wetness * film * fresnel * 0.85 * np.exp(-world.air.extinction * distance)
    mirror_image = np.asarray(ripples, np.float32)[start:]
    share = share.reshape(len(below), -1, 1)
    return np.asarray(below + (mirror_image - below) * share).astype(np.uint8)


def _paint(
    image: Image.Image,
    camera: Camera,
    mesh: Mesh,
    colours: np.ndarray,
    samples: int,
) -> None:
    """Fill the faces of a mesh, `colours` uint8 [F, C], from far to near (painter's algorithm).

    Things are sorted by their far end, faces of a thing stay in order. What is outside the image
    or far below a pixel is left out.
    """
    seen = camera.to_camera(mesh.points)
    depth = seen[:, 2]
    first, sizes = mesh.first, mesh.sizes()
    nearest = np.minimum.reduceat(depth, first)
    xy = camera.to_image(np.where(depth[:, None] > NEAR, seen, 1.0)) * samples
    low, high = np.minimum.reduceat(xy, first), np.maximum.reduceat(xy, first)
    size = np.array([camera.width, camera.height]) * samples
    inside = ((high > 0) & (low < size)).all(axis=1) & ((high - low).max(axis=1) > 0.7)
    wanted = (inside & (nearest > NEAR)) | (
        (nearest <= NEAR) & (np.maximum.reduceat(depth, first) > NEAR)
    )
    far = np.full(mesh.owner.max() + 1, -np.inf)
    np.maximum.at(far, mesh.owner, np.maximum.reduceat(mesh.points[:, 2], first))
    order = np.argsort(-far[mesh.owner], kind="stable")
    draw = ImageDraw.Draw(image)
    flat, fills = xy.ravel().tolist(), [tuple(c) for c in colours.tolist()]
    for face in order[wanted[order]]:
        a, n = int(first[face]), int(sizes[face])
        if nearest[face] > NEAR:
            polygon = flat[2 * a : 2 * (a + n)]
        else:
            polygon = (camera.to_image(clip_near(seen[a : a + n])) * samples).ravel().tolist()
        if len(polygon) >= 6:
            draw.polygon(polygon, fill=fills[face])


def _paint_bonnet(world: World, image: Image.Image) -> None:
    """The own bonnet at the lower edge, dark and with some of the sky in it."""
    width, height = image.size
    air = world.air
    share = world.bonnet * height
    draw = ImageDraw.Draw(image)
    for k, mirror in enumerate((0.10, 0.05, 0.03)):
        top = height - share * (1 - 0.16 * k)
        light = air.horizon * mirror + 0.03 * air.ambient
        fill = tuple(int(v) for v in expose(light, air.exposure) * 255)
        draw.ellipse((-0.10 * width, top, 1.10 * width, top + 5 * share), fill=fill)
