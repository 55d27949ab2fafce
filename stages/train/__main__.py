"""`python -m stages.train MODEL`: train one entry of `models` in params.yaml."""

from __future__ import annotations

import argparse
from pathlib import Path

from stages.common import params
from stages.common.errors import ArgusError, exits_cleanly
from stages.pack.packed import read_packed
from stages.train.train import train

TRAINED, REPORTS, CACHE = (
    Path("models/trained"),
    Path("reports/train"),
    Path(".cache/train"),
)


@exits_cleanly
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description=__doc__)
    parser.add_argument("model", help="a key of `models` in params.yaml")
    name = parser.parse_args().model
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"no model {name!r} in params.yaml: it lists {', '.join(p.models)}")
    train(
        name,
        p.models[name],
        p.train,
        read_packed("train"),
        trained=TRAINED / name,
        reports=REPORTS / name,
        cache=CACHE / name,
    )


if __name__ == "__main__":
    main()
