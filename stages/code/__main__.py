"""Write down what code each model's training and judging rest on: `python -m stages.code`."""

from __future__ import annotations

from argus.core import params
from argus.core.errors import exits_cleanly
from argus.core.files import write_json
from argus.core.paths import CODE_RECORD
from argus.models.code_record import record


@exits_cleanly
def main() -> None:
    write_json(CODE_RECORD, record(params.load().models))


if __name__ == "__main__":
    main()
