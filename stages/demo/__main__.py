"""Render the embedded demo source: `python -m stages.demo`."""

import os

from argus.core import params
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.core.paths import RAW
from stages.demo.deliver import deliver

HOME = RAW / "demo"


@exits_cleanly
def main() -> None:
    with atomic(HOME) as folder:
        frames = deliver(params.load().demo, folder, workers=os.cpu_count() or 1)
    print(f"demo: {frames} frames rendered into {HOME}")


if __name__ == "__main__":
    main()
