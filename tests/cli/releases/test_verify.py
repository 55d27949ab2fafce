"""A release verifies as it was signed, and in no other state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_signing import signing

from argus.cli.releases import keys, signature, verify
from argus.cli.releases.verify import Check
from argus.core.errors import ArgusError
from argus.core.files import sha256
from tests.cli.conftest import sh
from tests.cli.releases.conftest import model

Argus = Callable[..., tuple[int, str]]
RELEASE = Path("releases/generate")
FILES = (
    *("MODEL_CARD.md", "card.json", "generator.safetensors", "images.parquet", "model.onnx"),
    *("model.sig", "release.json"),
)


def failed(folder: Path = RELEASE, key: Path | None = None) -> str:
    """What is wrong with a release, empty if nothing is."""
    return "; ".join(str(c) for c in verify.verify(folder, key) if c.passed is False)


def sign_again(folder: Path = RELEASE) -> None:
    """Sign a folder as it is now, with the right key: what only other checks can find."""
    (folder / "model.sig").unlink(missing_ok=True)
    signature.sign(folder, keys.default())


def edit(path: Path, **fields: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_release_is_right_in_every_way(released: Path, argus: Argus) -> None:
    status, printed = argus("verify", "generate")
    assert status == 0
    assert printed.count("ok  ") == 6
    shutil.copytree(RELEASE, "elsewhere")
    assert argus("verify", "elsewhere") == (status, printed)


def test_outside_its_repository_a_release_needs_a_key_and_has_no_lineage_to_check(
    released: Path, tmp_path: Path, argus: Argus, monkeypatch: pytest.MonkeyPatch
) -> None:
    (public,) = keys.committed()
    monkeypatch.chdir(tmp_path)
    folder = released / RELEASE
    status, printed = argus("verify", folder)
    assert (status, "no public key to verify by" in printed) == (1, True)
    checks = verify.verify(folder, released / public)
    assert [check.passed for check in checks] == [True] * 5 + [None]
    status, printed = argus("verify", "generate")
    assert (status, "there is no folder generate" in printed) == (1, True)


def test_a_release_that_is_not_here_is_said_how_to_bring(released: Path, argus: Argus) -> None:
    shutil.rmtree(RELEASE)
    status, printed = argus("verify", "generate")
    assert (status, "dvc pull releases/generate" in printed) == (1, True)


def a_link(folder: Path) -> None:
    (folder / "card.json").rename(folder.parent / "card.json")
    (folder / "card.json").symlink_to("../card.json")


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (emptied, "is empty"),
    "stripped": (lambda f: (f / "model.sig").unlink(), "not signed, or its signature was taken"),
    "a link": (a_link, "card.json is a symbolic link"),
    "a link more": (lambda f: (f / "more").symlink_to("card.json"), "more is a symbolic link"),
    "a file more": (lambda f: (f / "more.txt").write_text("x"), "added: more.txt"),
    "a file of Git": (lambda f: (f / ".gitignore").write_text("x"), "added: .gitignore"),
    "a folder of Git": (lambda f: (f / ".git").mkdir(), ".git is no file"),
    "a folder": (lambda f: (f / "more").mkdir(), "more is no file"),
    "a file emptied": (lambda f: (f / "card.json").write_text(""), "card.json is empty"),
    "two changed": (
        lambda f: [(f / name).write_text("x") for name in ("card.json", "release.json")],
        "changed: card.json, release.json",
    ),
    "no signature": (lambda f: (f / "model.sig").write_text("{}"), "is no signature"),
    "not text": (lambda f: (f / "model.sig").write_bytes(b"\xff"), "is no signature"),
    "spaces": (
        lambda f: (f / "model.sig").write_text((f / "model.sig").read_text() + "\n"),
        "its bytes are not those in which it was written",
    ),
} | {
    f"without {name}": (lambda f, name=name: (f / name).unlink(), f"missing: {name}")
    for name in FILES
    if name != "model.sig"
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_a_folder_that_is_not_what_was_signed_is_refused(
    released: Path, change: Callable[[Path], object], said: str
) -> None:
    change(RELEASE)
    assert said in failed()
    with pytest.raises(ArgusError, match="no release that can be relied on"):
        verify.require(RELEASE, None)


def test_a_folder_that_is_a_link_is_refused(released: Path) -> None:
    Path("link").symlink_to(RELEASE)
    assert "is no folder" in failed(Path("link"))


def test_the_command_fails_with_the_reason(released: Path, argus: Argus) -> None:
    (RELEASE / "card.json").unlink()
    status, printed = argus("verify", "generate")
    assert status == 1
    assert "signature: releases/generate is not what was signed: missing: card.json" in printed


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.sampled_from(FILES), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_bit_of_any_file_counts(released: Path, name: str, at: float, bit: int) -> None:
    path = RELEASE / name
    content = path.read_bytes()
    changed = bytearray(content)
    changed[int(at * len(content))] ^= 1 << bit
    path.write_bytes(changed)
    try:
        assert failed()
    finally:
        path.write_bytes(content)


@pytest.mark.slow
def test_every_byte_of_the_signature_counts(released: Path) -> None:
    """Also those that mean nothing: names of fields, the last bits of base64."""
    path = RELEASE / "model.sig"
    content = path.read_bytes()
    for at in range(len(content)):
        for other in (content[at] ^ 1, content[at] ^ 0x20, ord("A"), ord("g")):
            if other != content[at]:
                path.write_bytes(content[:at] + bytes([other]) + content[at + 1 :])
                assert failed(), at


def test_a_signature_over_an_empty_folder_vouches_for_nothing(released: Path) -> None:
    """`model-signing` makes and takes one: sigstore/model-transparency#661."""
    folder = Path("nothing")
    folder.mkdir()
    signing.Config().use_elliptic_key_signer(private_key=keys.default()).sign(
        folder, Path("nothing.sig")
    )
    assert "is empty" in failed(folder)
    shutil.move("nothing.sig", folder / "model.sig")
    assert "signs no file" in failed(folder)
    bare = Path("bare")
    bare.mkdir()
    with pytest.raises(ArgusError, match="is empty"):
        signature.sign(bare, keys.default())


def test_what_was_signed_but_is_no_whole_release_is_refused(released: Path) -> None:
    (RELEASE / "model.onnx").unlink()
    sign_again()
    assert "no whole release: it lacks model.onnx" in failed()


def test_a_signature_of_another_folder_is_refused(released: Path) -> None:
    other = Path(shutil.copytree(RELEASE, "other"))
    edit(other / "release.json", version="v9.0.0")
    sign_again(other)
    shutil.copy(other / "model.sig", RELEASE)
    assert "changed: release.json" in failed()


def test_a_signature_of_another_key_is_refused(released: Path, tmp_path: Path) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    secret = tmp_path / "stranger.pem"
    secret.write_bytes(stranger)
    (RELEASE / "model.sig").unlink()
    signature.sign(RELEASE, secret)
    assert "none of those that count here" in failed()
    path = RELEASE / "model.sig"  # and one that claims the right key
    theirs = keys.public_of(secret).fingerprint
    path.write_text(path.read_text().replace(theirs, keys.public_of(keys.default()).fingerprint))
    assert "is no signature of the key" in failed()


def test_a_key_that_was_taken_out_counts_no_more(released: Path, argus: Argus) -> None:
    (public,) = keys.committed()
    sh("git", "rm", "--quiet", str(public))
    keys.new(Path(keys.default().with_name("second.pem")))
    assert "none of those that count here" in failed()


def other_weights(folder: Path) -> None:
    model(Path("other"), seed=5)
    shutil.copy("other/generator.safetensors", folder)


def relabelled(folder: Path) -> None:
    """The weights of another model, and their hash on the card."""
    other_weights(folder)
    other = json.loads(Path("other/card.json").read_text())
    edit(folder / "card.json", weights_sha256=other["weights_sha256"])


def not_tensors(folder: Path) -> None:
    (folder / "generator.safetensors").write_bytes(b"no weights")
    edit(folder / "card.json", weights_sha256=sha256(folder / "generator.safetensors"))


def other_network(folder: Path) -> None:
    """An ONNX file with the card of another training."""
    network = onnx.load(folder / "model.onnx")
    for each in network.metadata_props:
        if each.key == "card":
            each.value = json.dumps(json.loads(each.value) | {"steps": 8})
    onnx.save(network, folder / "model.onnx")


SIGNED = {
    "weights": (other_weights, "SHA-256 of generator.safetensors is"),
    "identity": (relabelled, "names another model: spec_sha256, data_sha256"),
    "tensors": (not_tensors, "is not safetensors"),
    "card": (lambda f: edit(f / "card.json", steps=8), "another one than card.json: steps"),
    "network": (other_network, "another one than card.json: steps"),
    "no network": (lambda f: (f / "model.onnx").write_bytes(b"\xff\xff"), "is not ONNX"),
    "images": (lambda f: (f / "images.parquet").write_bytes(b"x"), "images.parquet is not that"),
    "no images": (lambda f: (f / "images.parquet").unlink(), "images.parquet is missing"),
    "record": (lambda f: edit(f / "release.json", model="cut"), "not of this model: model"),
    "commit": (
        lambda f: edit(f / "release.json", lineage={"commit": "0" * 40, "turn": 1}),
        "there is no such commit",
    ),
    "turn": (
        lambda f: edit(
            f / "release.json", lineage={"commit": sh("git", "rev-parse", "turn-1~1").strip()}
        ),
        "made another model champion",
    ),
}


@pytest.mark.parametrize(("change", "said"), SIGNED.values(), ids=SIGNED)
def test_what_was_signed_but_is_not_true_to_itself_is_refused(
    released: Path, change: Callable[[Path], object], said: str
) -> None:
    change(RELEASE)
    sign_again()
    assert said in failed()


def test_a_check_is_a_line() -> None:
    assert str(Check("weights", True, "fine")) == "ok           weights: fine"
    assert str(Check("weights", False, "bad")) == "FAILED       weights: bad"
    assert str(Check("weights", None, "far")) == "not checked  weights: far"
