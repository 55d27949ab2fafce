"""Render the embedded demo source: `python -m stages.demo`."""

import os

from argus.core import params
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.core.paths import RAW, TWINS
from stages.demo.deliver import deliver

HOME, HOME_OF_TWINS = RAW / "demo", TWINS / "demo"


@exits_cleanly
def main() -> None:
    with atomic(HOME_OF_TWINS) as twins, atomic(HOME) as folder:
        frames = deliver(params.load().demo, folder, twins, workers=os.cpu_count() or 1)
        count = len(list(twins.iterdir()))
    print(f"demo: {frames} frames rendered into {HOME}, {count} twins into {HOME_OF_TWINS}")


if __name__ == "__main__":
    main()
