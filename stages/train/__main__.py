"""`python -m stages.train MODEL`: train one entry of `models` in params.yaml.

Starts `train.processes` processes by itself. Under `torchrun` it is one of those that this has
started.
"""

from __future__ import annotations

import argparse
import os

from argus.core import params
from argus.core.errors import ArgusError, exits_cleanly
from argus.core.paths import TRAIN_CACHE, TRAIN_REPORTS, TRAINED
from argus.data.feasibility import obstacle
from argus.data.packed import counts, read_origins, read_packed, read_rights
from argus.models import code_record
from stages.train.job import TrainingJob
from stages.train.outputs import skip


def job(name: str, p: params.Params) -> TrainingJob:
    """The training of a model as params.yaml and `data/pack` have it.

    Raises:
        ArgusError: `pack` has not run.
    """
    return TrainingJob(
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
        reports=TRAIN_REPORTS / name,
        cache=TRAIN_CACHE / name,
    )


def in_this_process(store: str, name: str, p: params.Params) -> None:
    """Train, alone or with the others that meet at `store`."""
    from stages.train import distributed
    from stages.train.train import train

    train(job(name, p), store)
    distributed.leave()


def in_several(name: str, p: params.Params) -> None:
    """Start the processes, and record it if the architecture fails in one of them."""
    from argus.models.failures import ArchitectureError
    from stages.train import launch
    from stages.train.train import record

    try:
        launch.run(in_this_process, (name, p), p.train.processes, p.train.threads)
    except ArchitectureError as failure:
        record(job(name, p), failure)


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
        if os.environ.get("RANK", "0") == "0":
            skip(job(name, p), why)
    elif p.train.processes > 1 and "RANK" not in os.environ:
        in_several(name, p)
    else:
        in_this_process("env://", name, p)


if __name__ == "__main__":
    main()
