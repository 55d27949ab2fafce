"""Content kept: whether a client's detector finds the vehicles of the source in the translation."""

from __future__ import annotations

from argus.judging.boxes import recall
from argus.judging.metric import Metric

METRIC = Metric(
    "vehicles", "vehicles found", ("boxes", "source_boxes"), recall, better="larger", digits=3
)
