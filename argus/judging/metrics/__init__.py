"""The metrics there are, a file each: see `argus/judging/metric.py`."""
