"""`python -m stages.train MODEL`: train one entry of `models` in params.yaml.

Starts `train.processes` processes by itself. Under `torchrun` it is one of those that this has
started.
"""

from __future__ import annotations

import argparse
import os

from argus.core import params
from argus.core.errors import ArgusError, exits_cleanly
from argus.data.feasibility import obstacle
from argus.data.packed import counts
from argus.models import code_record
from stages.train.job import from_params
from stages.train.outputs import skip


def in_several(name: str, p: params.Params) -> None:
    """Start the processes, and record it if the architecture fails in one of them."""
    from argus.models.failures import ArchitectureError
    from stages.train import launch
    from stages.train.train import in_this_process, record

    try:
        launch.run(in_this_process, (name, p), p.train.processes, p.train.threads)
    except ArchitectureError as failure:
        record(from_params(name, p), failure)


@exits_cleanly
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train")
    parser.add_argument("model", help="a key of `models` in params.yaml")
    name = parser.parse_args().model
    p = params.load()
    if name not in p.models:
        raise ArgusError(f"no model {name!r} in params.yaml: it lists {', '.join(p.models)}")
    code_record.must_be_current("train", p.models, name)
    why = obstacle(p.models[name], counts(), p.evaluate.splits)
    if why is not None:
        if os.environ.get("RANK", "0") == "0":
            skip(from_params(name, p), why)
    elif p.train.processes > 1 and "RANK" not in os.environ:
        in_several(name, p)
    else:
        from stages.train.train import in_this_process  # here, since torch takes 3 s

        in_this_process("env://", name, p)


if __name__ == "__main__":
    main()
