"""What keeps the repository tidy says the same everywhere: make, hooks, locks, test settings."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib import metadata

import pytest
import yaml
from hypothesis import settings

from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    assert found is not None, target
    return [line.strip() for line in found[1].splitlines()]


def test_hooks_run_what_lint_runs_with_the_programs_of_the_lock() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (repository,) = config["repos"]
    assert repository["repo"] == "local"  # no version of its own that could differ from the lock
    for hook in repository["hooks"]:
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert entries == [f".venv/bin/{command}" for command in recipe("lint")]


@pytest.mark.parametrize("tool", ["ruff", "mypy"])
def test_what_is_installed_is_the_version_of_the_lock(tool: str) -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()
    assert f"\n{tool}=={metadata.version(tool)} " in lock


def test_help_names_every_target_that_a_person_calls() -> None:
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    done = subprocess.run(
        ["make", "--silent", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = re.findall(r"^make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    assert told == targets
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert phony[1].replace("\\", " ").split() == targets


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert settings().deadline is None
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "deadline":
                assert ast.unparse(node.value) == "None", f"{file}:{node.lineno}"


def test_the_library_is_typed_for_those_who_install_it() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "py.typed" in data["package-data"]["argus"]
    assert (ROOT / "argus/py.typed").is_file()


@pytest.mark.parametrize("folder", ["data", "models"])
def test_a_fresh_clone_says_what_will_lie_in_a_folder(folder: str) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert f"{folder}/README.md" in tracked
