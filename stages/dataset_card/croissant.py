"""The curated set in Croissant, the JSON-LD vocabulary for machine-learning datasets.

Source: MLCommons, Croissant Format Specification 1.0 (http://mlcommons.org/croissant/1.0), and its
vocabulary for responsible AI (http://mlcommons.org/croissant/RAI/1.0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from argus.data import catalogue, rights_cards
from argus.data.catalogue import SPLITS

Json = dict[str, Any]

SPDX_ID = re.compile(r"(?!LicenseRef-)[A-Za-z0-9.+-]+")
CATALOGUE, IMAGES, SOURCES = "catalogue", "images", "sources"
COLUMNS = {
    "image_id": ("sc:Text", "SHA-256 of the file, hexadecimal."),
    "source": ("sc:Text", "Whose image it is; see the record set `sources`."),
    "delivery": ("sc:Text", "With which delivery of the source it came in."),
    "path": ("sc:Text", "Its file, below data/raw/<source>/<delivery>/."),
    "member": ("sc:Text", "Its name inside the tar shard at `path`; null for a plain file."),
    "label": ("sc:Text", "The condition that it shows; null if not known."),
    "label_provenance": ("sc:Text", "delivered (said by the source) or predicted."),
    "sequence": ("sc:Text", "The drive or clip that it is of; null if not known."),
    "width": ("sc:Integer", "px, upright."),
    "height": ("sc:Integer", "px, upright."),
    "may_train": ("sc:Boolean", "Whether its rights card lets it train."),
    "may_evaluate": ("sc:Boolean", "Whether its rights card lets it judge."),
    "split": ("sc:Text", "train, val or test, for good; null if it is used in none."),
    "status": ("sc:Text", "`accepted` for the images of the curated set, else why not."),
}
"""Columns of the catalogue that a user of the set needs: type and meaning."""
FACTS = {
    "source": "sc:Text",
    "owner": "sc:Text",
    "licence": "sc:Text",
    "consent": "sc:Text",
    "citation": "sc:Text",
    "origin": "sc:Text",
    **dict.fromkeys(SPLITS, "sc:Integer"),
    "share": "sc:Float",
}
"""What is told of each source: from its rights card, images by split, and share of the set."""

# fmt: off
_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject",
    "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "separator", "source", "subField", "transform",
)
# fmt: on
CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
"""The context that the specification prescribes, whether all of its terms are used or not."""


def croissant(
    images: pl.DataFrame,
    owners: Sequence[rights_cards.RightsCard],
    content_url: str,
    sha256: str,
    as_of: date,
) -> Json:
    """The card as a JSON-LD object.

    Args:
        images: the catalogue after `prune`.
        owners: the rights cards of all sources in it.
        content_url: where the catalogue's Parquet file lies, from the card's place.
        sha256: of that file.
        as_of: the day of the turn.
    """
    curated = catalogue.accepted(images)
    sources = [facts(card, curated) for card in owners]
    citations = sorted({card.citation for card in owners if card.citation})
    per_class = {
        name: catalogue.counts(catalogue.labels(curated.filter(split=name))) for name in SPLITS
    }
    predicted = int((curated["label_provenance"] == "predicted").sum())
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": "argus-curated-road-scenes",
        "description": f"Road scenes of {len(owners)} sources, {curated.height} images: without "
        "near-duplicates, split by drive for good, the training images pruned to the most distinct "
        f"within class quotas. Images of each condition: {_spelt(per_class)}.",
        "version": f"{as_of.year}.{as_of.month}.{as_of.day}",
        "datePublished": as_of.isoformat(),
        "license": sorted({licence(card.licence) for card in owners}),
        "creator": [
            {"@type": "sc:Organization", "name": name}
            for name in sorted({card.owner for card in owners})
        ],
        **({"citeAs": "; ".join(citations)} if citations else {}),
        "rai:dataCollection": "Delivered by the sources' owners with their consent, each source "
        "under a rights card; see the record set `sources`.",
        "rai:dataPreprocessingProtocol": [
            "Refused: files that are no image, broken, small, dark, burnt out, blurred or torn.",
            "Near-duplicates by a 64-bit perceptual hash: one of each group is kept.",
            "Splits by drive and near-duplicate neighbourhood; what lies between two is not used.",
            "Training images: the most distinct by image features, within a quota for each class.",
        ],
        "rai:dataAnnotationProtocol": f"Conditions as delivered; {predicted} training images have "
        "one predicted from image features (label_provenance: predicted), "
        "in val and test none has.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": CATALOGUE,
                "name": CATALOGUE,
                "description": "A row for every image delivered, with what became of it.",
                "contentUrl": content_url,
                "encodingFormat": "application/x-parquet",
                "sha256": sha256,
            }
        ],
        "recordSet": [_image_records(), _source_records(sources)],
    }


def facts(card: rights_cards.RightsCard, curated: pl.DataFrame) -> Json:
    """What is told of a source, with the keys `FACTS`."""
    own = curated.filter(pl.col("source") == card.source)
    return {
        "source": card.source,
        "owner": card.owner,
        "licence": card.licence,
        "consent": card.consent.reference,
        "citation": card.citation,
        "origin": card.origin,
        **{name: own.filter(split=name).height for name in SPLITS},
        "share": round(own.height / max(curated.height, 1), 6),
    }


def licence(text: str) -> str:
    """A licence as Croissant wants it: the address of a single SPDX licence, else the text."""
    return f"https://spdx.org/licenses/{text}.html" if SPDX_ID.fullmatch(text) else text


def _image_records() -> Json:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{IMAGES}/{name}",
            "name": name,
            "description": meaning,
            "dataType": kind,
            "source": {"fileObject": {"@id": CATALOGUE}, "extract": {"column": name}},
        }
        for name, (kind, meaning) in COLUMNS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": IMAGES,
        "name": IMAGES,
        "description": "The images; those with the status `accepted` are the curated set.",
        "field": fields,
    }


def _source_records(sources: list[Json]) -> Json:
    fields = [
        {"@type": "cr:Field", "@id": f"{SOURCES}/{name}", "name": name, "dataType": kind}
        for name, kind in FACTS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": SOURCES,
        "name": SOURCES,
        "description": "Whose images these are, on what terms, and how many of them by split.",
        "key": {"@id": f"{SOURCES}/source"},
        "field": fields,
        "data": [{f"{SOURCES}/{name}": value for name, value in row.items()} for row in sources],
    }


def _spelt(per_class: dict[str, dict[str, int]]) -> str:
    return "; ".join(
        f"{split} {', '.join(f'{name} {count}' for name, count in counts.items()) or 'none'}"
        for split, counts in per_class.items()
    )
