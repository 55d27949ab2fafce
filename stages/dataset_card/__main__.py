"""The dataset card of the curated set: `python -m stages.dataset_card`.

Writes `reports/croissant.json`, which points to the catalogue beside it in `data/`.
"""

from __future__ import annotations

from argus.core import params
from argus.core.errors import exits_cleanly
from argus.core.files import sha256, write_json
from argus.core.paths import DATASET_CARD, IMAGES, PRUNED
from argus.data import catalogue, rights_cards
from stages.dataset_card.croissant import croissant

TABLE = PRUNED / IMAGES


@exits_cleanly
def main() -> None:
    p = params.load()
    images = catalogue.read(TABLE)
    card = croissant(
        images,
        [rights_cards.read(source) for source in p.sources],
        content_url=f"../{TABLE.as_posix()}",
        sha256=sha256(TABLE),
        as_of=p.ingest.as_of,
    )
    write_json(DATASET_CARD, card)
    print(f"{catalogue.accepted(images).height} images of {len(p.sources)} sources described")


if __name__ == "__main__":
    main()
