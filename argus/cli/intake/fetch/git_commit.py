"""Files out of somebody else's Git repository, without running anything that is in it.

Nothing is ever checked out: the objects of one commit come into a bare repository of our own, and
the content of its files is written byte for byte as it lies there. So nothing reads the foreign
`.gitattributes` (filters, LFS), `.gitmodules`, or `.dvc/config`, there are no hooks, and no
symbolic link is made. What the user has set up for Git (proxy, SSH, credential helper) holds.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from argus.core.errors import ArgusError

PROTOCOLS = "https:ssh"
SETTINGS = {
    "core.hooksPath": os.devnull,
    "fetch.recurseSubmodules": "false",
    "fetch.uriProtocols": "",  # a server may not send us elsewhere for a part of it
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.bundleURI": "false",
}
OURS = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_TEMPLATE_DIR"),
)
"""Variables that would point Git at another repository than the one named."""
FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
MOST_FILES = 2_000_000
"""A commit of a few kilobytes can list more files than there are atoms."""
CHUNK = 1 << 20  # bytes
UNPRINTABLE = re.compile(r"[^\x20-\x7e\r\n\t]")


class TreeEntry(NamedTuple):
    """A path of a commit: Git's mode, the hash of its content, bytes (0 of a submodule)."""

    mode: str
    digest: str
    size: int
    path: str
    """With `/`; bytes that are no UTF-8 are escaped as Python does (`surrogateescape`)."""


class GitCommit:
    """One commit of a foreign repository, in a bare one of our own.

    Args (of the constructor):
        folder: where that repository is made.
        address: as `cards.address` lets it pass.
        rev: 40 hexadecimal digits.

    Raises:
        ArgusError: it cannot be fetched.
    """

    def __init__(self, folder: Path, address: str, rev: str) -> None:
        self.folder, self.rev = folder, rev
        subprocess.run(
            [*_git(), "init", "--quiet", "--bare", "--template=", "--object-format=sha1", folder],
            env=_environment(),
            check=True,
        )
        if not self._fetched(address, rev):  # not every server gives a commit by its hash
            self._fetched(address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        if self._run("cat-file", "-t", rev) != b"commit\n":
            raise ArgusError(
                f"commit {rev} could not be fetched from {address}, see above; nothing has changed"
            )

    def entries(self) -> list[TreeEntry]:
        """All files, links and submodules of the commit, in Git's order.

        Raises:
            ArgusError: there are too many to be honest.
        """
        found = []
        command = [*_git(self.folder), "ls-tree", "-r", "-z", "-l", "--full-tree", self.rev]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment()) as process:
            assert process.stdout is not None
            for line in _split(iter(lambda: process.stdout.read(CHUNK), b"")):  # type: ignore[union-attr]
                facts, _, path = line.partition(b"\t")
                mode, _, digest, size = facts.decode("ascii").split()
                name = path.decode("utf-8", "surrogateescape")
                found.append(TreeEntry(mode, digest, 0 if size == "-" else int(size), name))
                if len(found) > MOST_FILES:
                    process.kill()
                    raise ArgusError(f"the commit lists more than {MOST_FILES} files: not fetched")
        if process.returncode:
            raise ArgusError(f"the files of commit {self.rev} cannot be listed, see above")
        return found

    def tree(self, path: str) -> str:
        """Git's hash of all that lies below a path (`.`: of all); it stands for every byte."""
        name = f"{self.rev}^{{tree}}" if path == "." else f"{self.rev}:{path}"
        return self._run("rev-parse", "--verify", name).decode("ascii").strip()

    def read(self, entry: TreeEntry) -> bytes:
        """The content of a file."""
        return self._run("cat-file", "blob", entry.digest)

    def write(self, files: Iterable[tuple[TreeEntry, Path]]) -> None:
        """Write the contents of files, each as a new plain file; parent folders are made.

        Raises:
            ArgusError: a file cannot be written, or is there already.
        """
        command = [*_git(self.folder), "cat-file", "--batch"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for entry, to in files:
                process.stdin.write(f"{entry.digest}\n".encode("ascii"))
                process.stdin.flush()
                process.stdout.readline()
                left = entry.size
                try:
                    to.parent.mkdir(parents=True, exist_ok=True)
                    with to.open("xb") as stream:
                        while left:
                            content = process.stdout.read(min(left, CHUNK))
                            if not content:
                                raise ArgusError(f"{entry.path!r} was not fetched whole")
                            left -= stream.write(content)
                except OSError as error:
                    process.kill()
                    why = error.strerror
                    raise ArgusError(f"{entry.path!r} cannot be written: {why}") from None
                process.stdout.read(1)  # the newline behind each content

    def _fetched(self, address: str, *refs: str) -> bool:
        """Whether `git fetch` succeeded, of one commit or of whole branches; what it says goes to
        stderr, made harmless.
        """
        command = [*_git(self.folder), "fetch", "--no-tags", "--no-write-fetch-head"]
        command += ["--depth=1"] if len(refs) == 1 else []  # of branches, their history too
        command += ["--progress"] if sys.stderr.isatty() else ["--quiet"]
        with subprocess.Popen(
            [*command, "--", address, *refs], stderr=subprocess.PIPE, env=_environment()
        ) as process:
            assert process.stderr is not None
            while said := process.stderr.read1(CHUNK):  # type: ignore[attr-defined]
                # a server's words may hold what moves the cursor and paints over ours
                sys.stderr.write(UNPRINTABLE.sub("?", said.decode("utf-8", "replace")))
                sys.stderr.flush()
        return process.returncode == 0

    def _run(self, *arguments: str) -> bytes:
        command = [*_git(self.folder), *arguments]
        return subprocess.run(
            command, stdout=subprocess.PIPE, env=_environment(), check=False
        ).stdout


def _git(folder: Path | None = None) -> list[str]:
    """The command, with the settings that hold whatever those of the user are."""
    settings = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
    return ["git", *settings, *([f"--git-dir={folder}"] if folder else [])]


def _environment() -> dict[str, str]:
    """Ours, without what points Git at another repository; only safe protocols, no questions."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    # the variable goes before any `protocol.*.allow`, and holds for redirections too
    return {**kept, "GIT_ALLOW_PROTOCOL": PROTOCOLS, "GIT_TERMINAL_PROMPT": "0"}


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What ends in a NUL, one by one."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
