"""The `argus` command: every room of `argus/cli` that has a `commands.py` joins in.

Commands are thin and import what they need when they run, so that `argus --help` is quick.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from argus.cli.app import app
from argus.core.errors import exits_cleanly

for commands in sorted(Path(__file__).parent.glob("*/commands.py")):
    import_module(f"argus.cli.{commands.parent.name}.commands")


@exits_cleanly
def main() -> None:
    app(prog_name="argus")


if __name__ == "__main__":
    main()
