"""Repositories that mean harm: nothing of theirs runs, and what is not in the commit is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from argus.data import rights_cards
from tests.cli.conftest import sh
from tests.cli.intake.fetch.test_fetch import committed, origin, register, ssh
from tests.cli.intake.test_submit import tree

Argus = Callable[..., tuple[int, str]]
__all__ = ["origin", "ssh"]  # fixtures

GOOD = {"git": "https://example.org/a.git", "rev": "0" * 40, "path": ".", "format": "coco"}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A script that would leave a trace if anything ran it: `<canary>.sang`."""
    script = tmp_path / "canary"
    script.write_text('#!/bin/sh\ntouch "$0.sang"\ncat\n')
    script.chmod(0o755)
    return script


def sang(canary: Path) -> bool:
    return canary.with_name(f"{canary.name}.sang").exists()


def with_settings(monkeypatch: pytest.MonkeyPatch, file: Path, text: str) -> None:
    """Let whoever runs us have set up Git in some way."""
    file.write_text(text)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))


def test_nothing_that_a_repository_brings_is_run(
    repo: Path,
    argus: Argus,
    origin: tuple[Path, str],
    canary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even by filters and hooks that are set up here, which another checkout would run."""
    top, _ = origin
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    for hook in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"):
        (hooks / hook).write_bytes(canary.read_bytes())
        (hooks / hook).chmod(0o755)
    (top / ".dvc").mkdir()
    (top / ".dvc/config").write_text(
        f"[core]\n    remote = r\n['remote \"r\"']\n    url = https://example.org\n"
        f"    auth = bearer\n    bearer_token_command = {canary}\n"
    )
    (top / ".gitattributes").write_text("*.jpg filter=evil diff=evil text eol=crlf ident\n")
    (top / "set/.gitattributes").write_text("* filter=evil\n")
    (top / ".lfsconfig").write_text(f'[lfs "customtransfer.x"]\n    path = {canary}\n')
    (top / ".gitmodules").write_text(
        f'[submodule "x"]\n    path = x\n    url = ext::{canary}\n    update = !{canary}\n'
    )
    (top / "away").symlink_to("/etc")
    (top / "set/train/day/a.jpg").write_bytes(b"$Id$\nline\n")
    revision = committed(top)
    with_settings(
        monkeypatch,
        tmp_path / "gitconfig",
        f"[init]\n    templateDir = {tmp_path}/template\n[core]\n    hooksPath = {hooks}\n"
        "    autocrlf = true\n"
        f'[filter "evil"]\n    smudge = {canary}\n    process = {canary}\n    required = true\n'
        "[submodule]\n    recurse = true\n[fetch]\n    recurseSubmodules = true\n",
    )
    register(top, revision)
    status, printed = argus("source", "fetch", "cam")
    assert status == 0, printed
    delivery = Path("data/raw/cam") / revision[:12]
    assert (delivery / "train/day/a.jpg").read_bytes() == b"$Id$\nline\n"
    assert not sang(canary)
    assert not list(tmp_path.rglob("*.sang"))


def test_a_helper_is_not_run_even_if_settings_here_lead_to_it(
    repo: Path,
    argus: Argus,
    origin: tuple[Path, str],
    canary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register(*origin)
    with_settings(
        monkeypatch,
        tmp_path / "gitconfig",
        f'[url "ext::{canary} "]\n    insteadOf = ssh://\n[protocol]\n    allow = always\n',
    )
    status, printed = argus("source", "fetch", "cam")
    assert status == 1
    assert "could not be fetched" in printed
    assert not sang(canary)


def linked(top: Path) -> None:
    (top / "set/train/day/b.jpg").symlink_to("/etc/passwd")


def linked_folder(top: Path) -> None:
    (top / "set/val").symlink_to("/etc")


def lfs(top: Path) -> None:
    (top / "set/train/day/b.jpg").write_text(POINTER)


def annex(top: Path) -> None:
    (top / "set/train/day/b.jpg").write_text("/annex/objects/SHA256E-s5--0.jpg\n")


def beside(top: Path) -> None:
    (top / "set/val.dvc").write_text("outs:\n- md5: 0.dir\n  path: val\n")


def below_a_folder_of_dvc(top: Path) -> None:
    (top / "set.dvc").write_text("outs:\n- md5: 0.dir\n  path: set/train/night\n")


def out_of_a_pipeline(top: Path) -> None:
    text = "stages:\n  a:\n    cmd: x\n    outs:\n    - path: set/val\n      md5: 0.dir\n"
    (top / "dvc.lock").write_text(f"schema: '2.0'\n{text}")


def no_metafile(top: Path) -> None:
    (top / "set/val.dvc").write_text("[" * 5000)


def module(top: Path) -> None:
    zeros = "160000,1111111111111111111111111111111111111111,set/tools"
    sh("git", "-C", str(top), "update-index", "--add", "--cacheinfo", zeros)


@pytest.mark.parametrize(
    ("hostile", "words"),
    [
        (linked, "'set/train/day/b.jpg' of ssh://"),
        (linked_folder, "symbolic links, which are not followed"),
        (lfs, "pointers to it. They are not followed"),
        (annex, "pointers to it. They are not followed"),
        (beside, "'set/val' of ssh://git@example.org"),
        (below_a_folder_of_dvc, "kept by DVC outside of Git"),
        (out_of_a_pipeline, "kept by DVC outside of Git"),
        (no_metafile, "not a DVC file that can be read"),
        (module, "submodules, which are not followed"),
    ],
)
def test_what_the_commit_does_not_hold_itself_is_refused(
    repo: Path,
    argus: Argus,
    origin: tuple[Path, str],
    hostile: Callable[[Path], None],
    words: str,
) -> None:
    top, _ = origin
    hostile(top)
    if hostile is module:
        sh("git", "-C", str(top), "commit", "--quiet", "--message", "module")
        register(top, sh("git", "-C", str(top), "rev-parse", "HEAD").strip())
    else:
        register(top, committed(top))
    before = tree(repo)
    status, printed = argus("source", "fetch", "cam")
    assert status == 1, printed
    assert words in printed, printed
    assert tree(repo) == before
    assert not Path("data/raw/cam").exists()


def test_a_dataset_beside_what_dvc_keeps_is_whole_and_comes_in(
    repo: Path, argus: Argus, origin: tuple[Path, str]
) -> None:
    top, _ = origin
    (top / "models.dvc").write_text("outs:\n- md5: 0.dir\n  path: models\n")
    (top / "set/train.dvc").write_text("outs:\n- md5: 0.dir\n  path: train\n")  # in Git, too
    register(top, committed(top))
    assert argus("source", "fetch", "cam")[0] == 0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("link/day", "is not in Git"),
        ("link", "symbolic links"),
        ("kept", "DVC keeps it elsewhere"),
        ("tools/images", "lies in the submodule tools"),
    ],
)
def test_a_path_that_leads_elsewhere_is_not_followed(
    repo: Path, argus: Argus, origin: tuple[Path, str], path: str, words: str
) -> None:
    top, _ = origin
    (top / "link").symlink_to("set/train")
    (top / "kept.dvc").write_text("outs:\n- md5: 0.dir\n  path: kept\n")
    git = ("git", "-C", str(top))
    sh(*git, "add", "--all")
    sh(*git, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},tools")
    sh(*git, "commit", "--quiet", "--message", "odd")
    register(top, sh(*git, "rev-parse", "HEAD").strip(), path=path)
    status, printed = argus("source", "fetch", "cam")
    assert status == 1, printed
    assert words in printed, printed


def made_by_hand(top: Path, name: bytes) -> str:
    """A commit whose folder `set` has one file of any name, which no `git add` would take."""
    git = ("git", "-C", str(top))

    def stored(kind: str, content: bytes) -> str:
        command = [*git, "hash-object", "-w", "--literally", "-t", kind, "--stdin"]
        done = subprocess.run(command, input=content, capture_output=True, check=True)
        return done.stdout.decode()

    blob = stored("blob", b"content").strip()
    inner = stored("tree", b"100644 " + name + b"\0" + bytes.fromhex(blob)).strip()
    outer = stored("tree", b"40000 set\0" + bytes.fromhex(inner)).strip()
    commit = sh(*git, "commit-tree", outer, "-m", "by hand").strip()
    sh(*git, "update-ref", "refs/heads/hand", commit)
    return commit


@pytest.mark.parametrize(
    "name",
    [
        *(b"..", b"../../../escaped.jpg", b".git", b".GIT"),
        *(b"a\nb.jpg", b"\xe4.jpg", b"\x1b[2J", b"x" * 300),
    ],
)
def test_a_name_that_leads_out_or_cannot_be_written_is_refused(
    repo: Path, argus: Argus, origin: tuple[Path, str], tmp_path: Path, name: bytes
) -> None:
    top, _ = origin
    register(top, made_by_hand(top, name))
    before = tree(repo)
    status, printed = argus("source", "fetch", "cam")
    assert status == 1, printed
    assert "names that a file cannot have here" in printed, printed
    assert "\x1b[2J" not in printed
    assert tree(repo) == before
    assert not list(tmp_path.rglob("escaped.jpg"))


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/a/b",
        "https://git.example.org:8443/~user/a%20b/_git/x.git",
        "ssh://git@example.org/a.git",
        "ssh://example.org:2222/~/a",
        "git@github.com:a/b.git",
        "https://[2001:db8::1]/a",
    ],
)
def test_addresses_elsewhere_are_taken(address: str) -> None:
    assert rights_cards.Fetch.model_validate(GOOD | {"git": address}).git == address


@pytest.mark.parametrize(
    "address",
    [
        *("/etc", "file:///etc", "./here", "here", "C:/here", "C:\\here", "~/here"),
        *("http://example.org/a", "git://example.org/a", "HTTPS://example.org/a", "https:/a"),
        *("ext::sh -c id", "ext::https://example.org/a", "fd::7", "git+ssh://git@example.org/a"),
        *("--upload-pack=evil", "ssh://-oProxyCommand=evil/a", "git@-oProxyCommand=evil:a"),
        *("git@example.org:-evil", "https://example.org/a\n", " https://example.org/a"),
        *("https://example.org/a b", "https://example.org/%0aevil", "https://example.org/%2e%2e/a"),
    ],
)
def test_what_is_no_repository_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="git"):
        rights_cards.Fetch.model_validate(GOOD | {"git": address})


@pytest.mark.parametrize(
    "address",
    [
        "https://s3cret@example.org/a",
        "https://me:s3cret@example.org/a",
        "https://me:@example.org/s3cret",
        "https://me%3As3cret%40example.org/a",
        "https://example.org/me%3As3cret%40example.org/a",
        "https://example.org/oauth2:s3cret@x/a",
        "https://example.org/a?private_token=s3cret",
        "https://example.org/a%3Ftoken=s3cret",
        "https://example.org/a#s3cret",
        "ssh://me:s3cret@example.org/a",
        "me:s3cret@example.org:a",
    ],
)
def test_credentials_are_refused_and_not_repeated(
    repo: Path, argus: Argus, origin: tuple[Path, str], address: str
) -> None:
    register(*origin, git=address)
    for command in (("source", "fetch", "cam"), ("source", "check")):
        status, printed = argus(*command)
        assert status == 1
        assert "no password, token or query" in printed
        assert "s3cret" not in printed
