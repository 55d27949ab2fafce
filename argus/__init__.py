"""Argus, the data flywheel for road-scene GANs: the library of the stages, and the command."""

import os
import sys
from pathlib import Path

from argus.core import interrupts

# Threads of OpenMP (under torch) sleep while they wait. Spinning, their default, makes a pass on
# two threads four times slower wherever other work shares the cores. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# What runs is one of our commands or stages (or a process of theirs): not somebody's session, in
# which Ctrl-C is theirs to handle.
if sys.argv[:1] == ["-m"] or Path(sys.argv[0]).name == "argus":
    interrupts.quieten()
