"""Reading an image takes no more memory than `memory` says, and what would is refused."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from argus.data.images.decode import FIXED, memory, read_header
from tests.conftest import ROOT, scene
from tests.data.images.files import chunk, encoded, ifd, png

READ = """
import re, resource, sys
from pathlib import Path
from PIL import Image
from argus.data import reading
from argus.data.images.decode import Limits
from argus.data.reading import ImageRef
from argus.data.measuring.measure import How, measure

reading.file_of = lambda source, delivery, path: Path(path)
limit, white = int(sys.argv[1]), float(sys.argv[2]) or None
names = sys.argv[3:]
Image.init()
limits = Limits(min_side=32, max_pixels=10**8, max_aspect=20, max_memory=limit)
warm = ImageRef("", "", "warm.png")
measure([warm], How("fast", limits))
reading.load_rgb(warm).resize((224, 224))
size = 1024 * int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
resource.setrlimit(resource.RLIMIT_AS, (size + limit, size + limit))
for name in names:
    place = ImageRef("", "", name, size=Path(name).stat().st_size, sample_max=white)
    for mode in ("fast", "exact"):
        (row,) = measure([place], How(mode, limits))
        print(name, row["status"])
    if row["status"] == "accepted":
        reading.load_rgb(place).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
"""


def read(folder: Path, files: dict[str, bytes], limit: int, white: float = 0) -> dict[str, str]:
    """The status of files, read in a process that has no more memory than the limit."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "warm.png").write_bytes(encoded(scene(1)))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(limit), str(white), *files],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def large() -> dict[str, bytes]:
    """Three megapixels in every layout that takes memory of its own."""
    image = scene(2, (2000, 1500))
    grey = np.asarray(image.convert("L")).astype(np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    colour = np.asarray(image).astype(np.uint16) << 4
    return {
        "turned.jpg": encoded(image, "JPEG", exif=exif),
        "progressive.jpg": encoded(image, "JPEG", progressive=True, subsampling=0),
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG", progressive=True),
        "rgba.png": encoded(image.convert("RGBA"), compress_level=1),
        "palette.png": encoded(image.quantize(9), transparency=bytes(9), compress_level=1),
        "sixteen.png": png(grey * np.uint16(257)),
        "twelve.png": png(colour),
        "alpha.png": png(np.dstack([colour, grey])),
        "lossy.webp": encoded(image, "WEBP", method=0),
        "strip.tif": encoded(image, "TIFF", compression="tiff_deflate", tiffinfo={278: 1500}),
        "float.tif": encoded(Image.fromarray(grey.astype(np.float32) * 16), "TIFF"),
        "plain.bmp": encoded(image, "BMP"),
    }


def test_reading_keeps_to_the_bound(large: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in large.items():
        bound = memory(read_header(data), len(data))
        assert read(tmp_path, {name: data}, bound, white=4095) == {name: "accepted"}
        assert bound < 25 * 3_000_000 + 2 * len(data) + FIXED


def test_what_would_need_more_is_refused_before_it_takes_any(
    large: dict[str, bytes], tmp_path: Path
) -> None:
    bombs = {
        "oblong.png": _flat(64, 1_500_000),
        "square.png": _flat(9_000, 9_000),
        "canvas.webp": _canvas(16_384, 16_384),
        "tile.tif": _tiled(64, 64, 30_000),
        "strips.tif": _strips(1_000_000),
    }
    found = read(tmp_path, bombs, 64_000_000)
    assert found.pop("strips.tif") in ("too_large", "truncated")
    assert found.pop("oblong.png") in ("too_large", "too_oblong")
    assert set(found.values()) == {"too_large"}
    assert read(tmp_path, {"oblong.png": _flat(64, 20_000)}, 64_000_000) == {
        "oblong.png": "too_oblong"
    }
    large = {**large, "video.jpg": bytes(100_000_000)}
    assert set(read(tmp_path, large, 30_000_000).values()) == {"too_large"}


def test_text_that_unpacks_to_any_size_and_exif_that_repeats_itself_take_none(
    tmp_path: Path,
) -> None:
    text = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(200_000_000), 1))
    profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(100_000_000), 1))
    # 5,000 values that all lie at the same 60,000 bytes
    many = ifd(*((1000 + tag, 7, 59_000, b"") for tag in range(4900)))
    files = {
        "text.png": png(np.asarray(scene(1)), text, profile),
        "exif.jpg": encoded(scene(1), "JPEG", exif=b"Exif\0\0" + many[:65_000]),
    }
    assert read(tmp_path, files, 40_000_000) == dict.fromkeys(files, "accepted")


def _flat(width: int, height: int) -> bytes:
    """A black grey PNG of a few kilobytes."""
    head = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = zlib.compress(bytes((width + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _canvas(width: int, height: int) -> bytes:
    """A WebP file whose canvas is huge."""
    inner = encoded(scene(1), "WEBP")[12:]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<L", 10) + bytes(4) + size + inner
    return b"RIFF" + struct.pack("<L", len(body)) + body


def _tiled(width: int, height: int, tile: int) -> bytes:
    """A small compressed TIFF in one huge tile."""
    content = zlib.compress(bytes(1000))
    tags = {256: width, 257: height, 258: 8, 259: 8, 262: 1, 277: 1, 322: tile, 323: tile}
    entries = [(tag, 4, 1, struct.pack("<L", value)) for tag, value in tags.items()]
    entries.append((325, 4, 1, struct.pack("<L", len(content))))
    start = len(ifd(*entries, (324, 4, 1, bytes(4))))
    return ifd(*sorted([*entries, (324, 4, 1, struct.pack("<L", start))])) + content


def _strips(many: int) -> bytes:
    """A TIFF that is cut into as many strips as rows, all of them the same few bytes."""
    tags = {256: 64, 257: 1000, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    entries = [(tag, 4, 1, struct.pack("<L", value)) for tag, value in tags.items()]
    lists = [(tag, 4, many, struct.pack("<L", 8) * many) for tag in (273, 279)]
    return ifd(*sorted([*entries, *lists]))
