"""`make turn` sets up and uses the environment of its own folder, whatever that is called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# stands in for python3: makes an "environment" whose programs say by which path they were called
PYTHON = """\
#!/bin/sh
mkdir -p .venv/bin
for name in python pip uv dvc argus; do
    printf '#!/bin/sh\\necho "%s of $(cd "$(dirname "$0")" && pwd): $*"\\n' $name > .venv/bin/$name
    chmod +x .venv/bin/$name
done
echo "python3: $*"
"""


@pytest.mark.parametrize("name", ["wheel", "Mein Rad für alle", "it's 50% $HOME (new) & more"])
def test_a_turn_is_made_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    top = tmp_path / name
    top.mkdir()
    for file in ("Makefile", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, top)
    python = tmp_path / "an interpreter"
    python.write_text(PYTHON)
    python.chmod(0o755)

    def make(*arguments: str) -> list[str]:
        done = subprocess.run(
            ["make", "--silent", *arguments, f"PYTHON={python}"],
            cwd=top,
            env={name: value for name, value in os.environ.items() if "MAKE" not in name},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    own = (top / ".venv/bin").resolve()
    said = make("turn")
    assert said[0] == "python3: -m venv .venv"
    assert said[1].startswith(f"pip of {own}: install")
    assert said[-2:] == [f"dvc of {own}: repro", f"argus of {own}: show"]
    assert make("test") == [f"python of {own}: -m pytest"]  # what is installed stays
    asked = make("trial", "DATA=/data/of a client")
    assert asked == [f"python of {own}: -m benchmarks.trial --data /data/of a client"]
    asked = make("trial", "PLAN=ordinary", "STEPS=4")
    assert asked[0].endswith("--data ../shared/data --plan ordinary --steps 4")
