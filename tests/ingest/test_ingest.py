import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import polars as pl
import pytest
from PIL import Image

from argus.core import params
from argus.core.errors import ArgusError
from argus.data import catalogue, reading
from argus.data.deliveries import described
from argus.data.manifests import newest
from argus.data.measuring import measure
from argus.data.measuring.flaws import SCORES
from stages.ingest.__main__ import main
from stages.ingest.take_in import take_in
from tests.conftest import scene


def settings(**changes: object) -> params.Ingest:
    return params.load().ingest.model_copy(update={"min_side": 32, **changes})


def half_a_jpeg() -> bytes:
    buffer = io.BytesIO()
    scene(0, (320, 240)).save(buffer, "JPEG")
    return buffer.getvalue()[: buffer.tell() // 2]


def test_every_file_has_a_row_with_its_fate(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver(
        "fleet",
        "d1",
        {
            "a.png": scene(1),
            "b.jpg": half_a_jpeg(),
            "c.jpg": b"words",
            "d.png": scene(2, (20, 20)),
        },
    )
    images, decoded = take_in("fleet", settings())
    assert decoded == 4
    assert dict(images.select("path", "status").rows()) == {
        "a.png": "accepted",
        "b.jpg": "truncated",
        "c.jpg": "not_an_image",
        "d.png": "too_small",
    }
    assert images.columns == list(catalogue.SCHEMA)


def shard(files: dict[str, bytes]) -> bytes:
    """An uncompressed tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def png(seed: int, size: tuple[int, int] = (96, 64)) -> bytes:
    buffer = io.BytesIO()
    scene(seed, size).save(buffer, "PNG")
    return buffer.getvalue()


def test_images_in_a_shard_are_those_in_a_folder(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {"day/a.png": png(1), "day/b.png": png(2), "night/c.jpg": b"words"})
    inside = {"day/a.png": png(1), "day/b.png": png(2), "night/c.jpg": b"words"}
    deliver("fleet", "d2", {"s-0.tar": shard(inside)}, "2026-02-01T00:00:00Z", label_from="dirs")
    images, decoded = take_in("fleet", settings())
    assert decoded == 3
    plain, packed = images.filter(delivery="d1"), images.filter(delivery="d2")
    same = ["image_id", "status", "phash", "size", "width"]
    assert packed.select(same).rows() == plain.select(same).rows()
    assert packed["member"].to_list() == list(inside)
    assert packed["label"].to_list() == ["day", "day", "night"]


def test_a_shard_says_what_is_known_of_its_images(card: Callable, deliver: Callable) -> None:
    card("fleet")
    about = {"label": "fog", "sequence": "drive-1", "captured_at": "2025-11-30T18:45:01.5"}
    inside = {"0001.png": png(1), "0001.json": json.dumps(about).encode(), "0002.png": png(2)}
    deliver("fleet", "d1", {"s.tar": shard(inside)}, label_from="index", sequence_from="index")
    images, _ = take_in("fleet", settings())
    first, second = images.to_dicts()
    assert (first["label"], first["sequence"]) == ("fog", "fleet/drive-1")
    assert first["captured_at"].isoformat() == "2025-11-30T18:45:01.500000"
    assert (second["label"], second["sequence"], second["captured_at"]) == (None, None, None)


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "x/../../a.png"])
def test_a_shard_that_leads_out_of_itself(card: Callable, deliver: Callable, name: str) -> None:
    card("fleet")
    deliver("fleet", "d1", {"s.tar": shard({name: png(1)})})
    with pytest.raises(ArgusError, match="leads out of the shard"):
        take_in("fleet", settings())


def test_a_shard_that_ends_early(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {"s.tar": shard({"a.png": png(1), "b.png": png(2, (640, 480))})[:9000]})
    with pytest.raises(ArgusError, match=r"s\.tar.*cannot be read|ends early"):
        take_in("fleet", settings())


def test_an_index_says_what_is_known(card: Callable, deliver: Callable) -> None:
    card("fleet")
    table = "path,label,sequence,captured_at\nx/a.png,rain,,2025-01-02T03:04:05\nb.png,,d 7,\n"
    files = {"x/a.png": png(1), "b.png": png(2), "c.png": png(3), "index.csv": table.encode()}
    deliver("fleet", "d1", files, label_from="index", sequence_from="index")
    images, _ = take_in("fleet", settings())
    assert images.select("path", "label", "label_provenance", "sequence").rows() == [
        ("b.png", None, None, "fleet/d 7"),
        ("c.png", None, None, None),
        ("x/a.png", "rain", "delivered", None),
    ]
    assert images["captured_at"][2].isoformat() == "2025-01-02T03:04:05"


def test_a_link_is_not_followed_unless_dvc_made_it(
    workspace: Path, card: Callable, deliver: Callable
) -> None:
    card("fleet")
    folder = deliver("fleet", "d1", {"a.png": png(1)})
    secret = workspace / "secret.png"
    secret.write_bytes(png(2))
    (folder / "b.png").symlink_to(secret)
    kept = workspace / "cache/files/md5/ab" / ("0" * 30)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(png(3))
    (folder / "c.png").symlink_to(kept)
    images, decoded = take_in("fleet", settings())
    assert images["status"].to_list() == ["accepted", "symbolic_link", "accepted"]
    assert images["image_id"].null_count() == 1
    assert decoded == 2


def poor_images() -> dict[str, Image.Image]:
    """A good image, and one with every flaw that its pixels show."""
    size = (240, 160)
    grey = np.asarray(scene(1, size).resize(size).convert("L").convert("RGB"), dtype=float)
    good = grey + np.random.default_rng(1).normal(0, 12, grey.shape)
    torn = good * 0.6 + 40
    torn[90:] += (0, 70, 0)
    pixels = {
        "good": good,
        "near_constant": good * 0.02 + 100,
        "black": good * 0.02,
        "over_exposed": good * 3 + 100,
        "torn": torn,
    }
    blurred = scene(1, (12, 8)).resize(size, Image.Resampling.BICUBIC)
    return {
        **{n: Image.fromarray(p.clip(0, 255).astype("uint8")) for n, p in pixels.items()},
        "blurred": blurred,
    }


def test_poor_images_are_refused_with_the_flaw(card: Callable, deliver: Callable) -> None:
    poor = poor_images()
    card("fleet")
    deliver("fleet", "d1", {f"{name}.png": each for name, each in poor.items()})
    quality = params.load().ingest.quality
    confirmed = quality.model_copy(update={"confirmed": {"fleet/d1": [*SCORES]}})
    images, _ = take_in("fleet", settings(quality=confirmed))
    assert {
        path.split(".")[0]: status for path, status in images.select("path", "status").rows()
    } == {name: "accepted" if name == "good" else name for name in poor}
    assert images["doubt"].null_count() == images.height
    unhashed = images.filter(pl.col("phash").is_null())["status"].to_list()
    assert sorted(unhashed) == ["black", "near_constant"]

    images, decoded = take_in("fleet", settings(quality=quality))
    assert decoded == 0
    assert set(images["status"]) == {"accepted"}
    assert {path.split(".")[0]: doubt for path, doubt in images.select("path", "doubt").rows()} == {
        name: None if name == "good" else name for name in poor
    }


def test_a_person_is_shown_what_a_rule_would_have_taken(
    card: Callable,
    deliver: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card("fleet")
    deliver("fleet", "d1", {f"{name}.png": each for name, each in poor_images().items()})
    monkeypatch.setattr("sys.argv", ["ingest", "fleet"])
    main()
    said = capsys.readouterr().err
    # what is black is next to constant as well: confirming that would take both
    would = {flaw: 2 if flaw == "near_constant" else 1 for flaw in SCORES}
    for flaw, count in would.items():
        assert f"fleet/d1: the rule `{flaw}` would take {count} of 6 images" in said
        assert f"ingest.quality.confirmed: {{fleet/d1: [{flaw}]}}" in said
    assert "reports/ingest/fleet/flaws.png" in said
    report = json.loads(Path("reports/ingest/fleet.json").read_text())
    assert report["accepted"] == 6
    assert report["doubted"] == {
        "d1": {flaw: {"images": count, "of": 6} for flaw, count in would.items()}
    }
    with Image.open("reports/ingest/fleet/flaws.png") as sheet:
        rows = sheet.height // (thumbnail_height() + 20)
    assert rows == 2 * len(SCORES)  # in doubt, and passed, for each rule

    path = Path("params.yaml")
    names = ", ".join(SCORES)
    path.write_text(
        path.read_text().replace("confirmed: {}", f"confirmed: {{fleet/d1: [{names}]}}")
    )
    main()
    assert "the rule" not in capsys.readouterr().err
    report = json.loads(Path("reports/ingest/fleet.json").read_text())
    assert report["accepted"] == 1
    assert "doubted" not in report
    assert report["refused"] == dict.fromkeys(sorted(SCORES), 1)


def thumbnail_height() -> int:
    return reading.THUMBNAIL[1]


def test_a_moved_limit_decodes_nothing_again(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {"a.png": scene(1)})
    assert take_in("fleet", settings())[0]["status"].to_list() == ["accepted"]
    strict = params.load().ingest.quality.model_copy(update={"min_sharpness": 1e9, "most": 1.0})
    images, decoded = take_in("fleet", settings(quality=strict))
    assert (images["status"].to_list(), decoded) == (["blurred"], 0)


def test_a_reading_that_was_killed_goes_on(
    card: Callable, deliver: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    card("fleet")
    deliver("fleet", "d1", {f"{i:02d}.png": scene(i) for i in range(80)})
    monkeypatch.setattr(measure, "NOT_WORTH_IT", 1000)
    whole = measure.measure
    calls = []

    def dies_at_the_third(places, how):
        calls.append(len(places))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(places, how)

    monkeypatch.setattr(measure, "measure", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        take_in("fleet", settings())
    images, decoded = take_in("fleet", settings())
    assert decoded == 80 - 64
    assert images["status"].to_list() == ["accepted"] * 80


def test_position_and_serial_numbers_stay_in_the_file(
    workspace: Path, card: Callable, deliver: Callable
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"  # BodySerialNumber
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.345)
    buffer = io.BytesIO()
    scene(1).save(buffer, "JPEG", exif=exif, comment=b"52.5200N 13.4050E")
    card("fleet")
    deliver("fleet", "d1", {"a.jpg": buffer.getvalue()})
    assert b"SERIAL-4711" in buffer.getvalue()
    images, _ = take_in("fleet", settings())
    images.write_csv("all.csv")
    written = [p.read_bytes() for p in (workspace / ".cache").rglob("*") if p.is_file()]
    written.append((workspace / "all.csv").read_bytes())
    assert not any(b"4711" in content or b"52.52" in content for content in written)
    shown = reading.load_rgb(reading.image_ref(images.row(0, named=True)))
    assert not shown.info.get("exif")
    assert not shown.getexif()
    assert "comment" not in shown.info


def test_the_mode_of_decoding_stands_with_the_hash(card: Callable, deliver: Callable) -> None:
    card("fleet")
    buffer = io.BytesIO()
    scene(1, (1280, 720)).save(buffer, "JPEG")
    deliver("fleet", "d1", {"a.jpg": buffer.getvalue()})
    found = {
        mode: take_in("fleet", settings(hash=params.Hash(decode=mode)))
        for mode in ("fast", "exact")
    }
    assert [decoded for _, decoded in found.values()] == [1, 1]
    assert [images["decode"].to_list() for images, _ in found.values()] == [["fast"], ["exact"]]
    exact = found["exact"][0]["phash"][0]
    assert f"{exact:016x}" == str(imagehash.phash(Image.open(buffer)))


def test_only_unseen_images_are_decoded_and_the_bytes_are_the_same(
    workspace: Path, card: Callable, deliver: Callable
) -> None:
    card("fleet")
    deliver("fleet", "d1", {f"{i}.png": scene(i) for i in range(5)})
    assert take_in("fleet", settings())[1] == 5
    deliver("fleet", "d2", {"new.png": scene(9), "again.png": scene(3)}, "2026-02-01T00:00:00Z")
    warm, decoded = take_in("fleet", settings())
    assert decoded == 1
    catalogue.write("warm.parquet", warm)

    (workspace / ".cache").rename(workspace / "elsewhere")
    cold, decoded = take_in("fleet", settings())
    assert decoded == 6
    catalogue.write("cold.parquet", cold)
    assert Path("warm.parquet").read_bytes() == Path("cold.parquet").read_bytes()


def test_a_changed_limit_is_not_answered_from_memory(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {"a.png": scene(1, (40, 40))})
    assert take_in("fleet", settings())[0]["status"].to_list() == ["accepted"]
    assert take_in("fleet", settings(min_side=41))[0]["status"].to_list() == ["too_small"]


def test_expired_consent_keeps_the_rows_and_opens_nothing(
    card: Callable, deliver: Callable
) -> None:
    card("fleet", consent={"reference": "A", "expires": "2025-01-01"})
    deliver("fleet", "d1", {"a.png": scene(1)})
    images, decoded = take_in("fleet", settings())
    assert decoded == 0
    assert images["status"].to_list() == ["consent_expired"]
    assert images["image_id"].to_list() == [None]


def test_an_origin_that_is_not_accepted(card: Callable, deliver: Callable) -> None:
    card("world", origin="rendered")
    deliver("world", "d1", {"a.png": scene(1)})
    images, _ = take_in("world", settings(accept_origins=["camera"]))
    assert images["status"].to_list() == ["origin_not_accepted"]


def test_no_card_no_images(workspace: Path, deliver: Callable) -> None:
    deliver("fleet", "d1", {"a.png": scene(1)})
    with pytest.raises(ArgusError, match="no rights card"):
        take_in("fleet", settings())


def test_no_delivery(card: Callable) -> None:
    card("fleet")
    with pytest.raises(ArgusError, match=r"no delivery.*argus submit PATH --source fleet"):
        take_in("fleet", settings())


def test_an_empty_delivery(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "d1", {})
    with pytest.raises(ArgusError, match=r"data/raw/fleet/d1 is empty"):
        take_in("fleet", settings())


def test_a_delivery_without_manifest(card: Callable, deliver: Callable) -> None:
    card("fleet")
    (deliver("fleet", "d1", {"a.png": scene(1)}) / "delivery.yaml").unlink()
    with pytest.raises(ArgusError, match=r"no delivery\.yaml.*argus submit"):
        take_in("fleet", settings())


@pytest.mark.parametrize(
    ("label_from", "sequence_from", "label", "sequence"),
    [
        ("dirs", "dirs", "night", "fleet/drive-1/cam0"),
        ("dirs", "none", "night", None),
        ("none", "dirs", None, "fleet/night/drive-1/cam0"),
        ("none", "none", None, None),
    ],
)
def test_folders_name_label_and_sequence(
    card: Callable,
    deliver: Callable,
    label_from: str,
    sequence_from: str,
    label: str | None,
    sequence: str | None,
) -> None:
    files = {"night/drive-1/cam0/0001.png": scene(1)}
    folder = deliver("fleet", "d1", files, label_from=label_from, sequence_from=sequence_from)
    row = described("fleet", folder, "camera").row(0, named=True)
    assert (row["label"], row["sequence"]) == (label, sequence)
    assert row["label_provenance"] == (None if label is None else "delivered")


def test_images_that_lie_at_the_top_have_neither(deliver: Callable) -> None:
    folder = deliver("fleet", "d1", {"a.png": scene(1)}, label_from="dirs", sequence_from="dirs")
    assert described("fleet", folder, "camera").select("label", "sequence").row(0) == (None, None)


def test_rows_are_in_order_of_arrival(card: Callable, deliver: Callable) -> None:
    card("fleet")
    deliver("fleet", "a-later", {"x.png": scene(1)}, "2026-03-01T00:00:00Z")
    deliver("fleet", "b-first", {"y.png": scene(2), "a.png": scene(3)}, "2026-02-01T00:00:00Z")
    images, _ = take_in("fleet", settings())
    assert images["path"].to_list() == ["a.png", "y.png", "x.png"]
    assert newest() == images["received_at"].max()
    assert images.schema["received_at"] == pl.Datetime("us", "UTC")
