"""What `argus submit` and `argus source fetch` take in, and how.

An importer (`importers.py`; `formats/`, `clips/`, `fetch/`) makes a `Batch` of items (`batch.py`).
`admission.py`, `checks/` and `labels/` look at it; `submit.py` copies and tracks it, `dry_run.py`
only tells what would come of it.
"""
