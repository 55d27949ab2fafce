"""The stages of the flywheel, one folder each; `python -m stages.<stage>` runs one of them."""

import os

# Threads of OpenMP (under torch) sleep while they wait. Spinning, their default, makes a pass on
# two threads four times slower wherever other work shares the cores. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
