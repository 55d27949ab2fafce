"""DVC's command line: `python -m argus.cli.repository.dvc ARGUMENTS`.

DVC itself says in a line that it was interrupted, but only once it has been imported, which takes a
second or two; before that Ctrl-C would print a traceback.
"""

from __future__ import annotations

import sys

from dvc.cli import main  # type: ignore[import-untyped]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
