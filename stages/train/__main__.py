"""`python -m stages.train MODEL`: train one entry of `models` in params.yaml.

Starts `train.processes` processes by itself. Under `torchrun` or `accelerate launch` it is one of
those that these have started.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from argus.core import params
from argus.core.errors import ArgusError, exits_cleanly
from argus.data.feasibility import obstacle
from argus.data.packed import counts, read_origins, read_packed, read_rights
from argus.models import code_record
from stages.train import launch
from stages.train.order import Order
from stages.train.skipped import skip

TRAINED, REPORTS, CACHE = (
    Path("models/trained"),
    Path("reports/train"),
    Path(".cache/train"),
)


def order(name: str, p: params.Params) -> Order:
    """The training of a model as params.yaml and `data/pack` have it.

    Raises:
        ArgusError: `pack` has not run.
    """
    return Order(
        name,
        p.models[name],
        p.train,
        train=read_packed("train"),
        val=read_packed("val"),
        origins={split: read_origins(split) for split in ("train", "val")},
        rights=read_rights(),
        net=p.embed.backbone,
        previous=p.lineage.previous,
        trained=TRAINED / name,
        reports=REPORTS / name,
        cache=CACHE / name,
    )


def in_this_process(name: str, p: params.Params) -> None:
    """Train, alone or with the others of its group."""
    from stages.train import group
    from stages.train.train import train

    train(order(name, p))
    group.leave()


def in_several(name: str, p: params.Params) -> None:
    """Start the processes, and record it if the model breaks in one of them."""
    command = [sys.executable, "-m", "stages.train", name]
    left = launch.run(command, p.train.processes, p.train.threads)
    if left:
        from argus.models.failures import ArchitectureError
        from stages.train.train import record

        record(order(name, p), ArchitectureError(**left))


@exits_cleanly
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description=__doc__)
    parser.add_argument("model", help="a key of `models` in params.yaml")
    name = parser.parse_args().model
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"no model {name!r} in params.yaml: it lists {', '.join(p.models)}")
    code_record.must_be_current("train", p.models, name)
    why = obstacle(p.models[name], counts(), p.evaluate.splits)
    if why is not None:
        if launch.is_first():
            skip(order(name, p), why)
    elif p.train.processes > 1 and not launch.one_of_several():
        in_several(name, p)
    else:
        with launch.reporting():
            in_this_process(name, p)


if __name__ == "__main__":
    main()
