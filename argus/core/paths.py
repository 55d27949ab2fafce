"""Where everything lies, relative to the top of the repository: each output's path, once.

`dvc.yaml` names the same paths; `tests/core/test_paths.py` holds the two together.
"""

from pathlib import Path

PARAMS, PIPELINE, LOCK = Path("params.yaml"), Path("dvc.yaml"), Path("dvc.lock")

DATA, MODELS, REPORTS, CACHE = Path("data"), Path("models"), Path("reports"), Path(".cache")
"""Data and weights, which DVC keeps; reports, in Git; what can be computed again, in neither."""

CARDS = DATA / "sources"
RAW = DATA / "raw"
"""Deliveries as they came: `data/raw/<source>/<delivery>`."""
TWINS = DATA / "twins"
"""True answers for translators: `data/twins/<source>/<image_id>.<condition>.<ext>`."""

IMAGES = "images.parquet"
"""The catalogue as a stage leaves it, in that stage's folder."""
INGESTED, DEDUPED, EMBEDDED, SPLIT, LABELLED, PRUNED, PACKED, EVALUATED = (
    DATA / stage
    for stage in ("ingest", "dedupe", "embed", "split", "label", "prune", "pack", "evaluate")
)
SPLIT_RECORD = SPLIT / "record.parquet"

TRAINED, CHAMPIONS = MODELS / "trained", MODELS / "champions"
RELEASES, KEYS = Path("releases"), Path("keys")
"""Signed champions by task, which DVC keeps by `.dvc` files; public keys, in Git."""
CODE_RECORD = REPORTS / "code.json"
TRAIN_REPORTS, TRAIN_CACHE = REPORTS / "train", CACHE / "train"
DATASET_CARD = REPORTS / "croissant.json"
INCUMBENTS = DATA / "promote"
"""What the champions of the turn before made of today's evaluation sets: `<task>.npz`."""
GAIN = REPORTS / "promote/gain"
TURN_PAGE, TURN_PICTURES = REPORTS / "turn.md", REPORTS / "pictures"
TURN_STORY = REPORTS / "turn.html"
