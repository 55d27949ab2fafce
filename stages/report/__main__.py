"""Write the page of the turn: `python -m stages.report`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from argus.core import params, paths, reports
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.data import catalogue
from stages.report import figures as pictures
from stages.report.page import page

PAGE = Path("reports/turn.md")
PICTURES = Path("reports/pictures")
METRICS = ("dedupe", "split", "label", "prune", "balance")


def sheets(sources: Iterable[str]) -> dict[str, str]:
    """The pictures that the stages of curation may have left in `reports/`, and what they show."""
    return {
        **{
            f"ingest/{source}/flaws.png": f"What the rules of quality took out of {source}, and "
            "what just passed"
            for source in sources
        },
        "dedupe/distances.png": "How far images are from each other",
        "dedupe/groups.png": "The largest groups of near-duplicates",
        "label/pictures/confusion.png": "Labels that test images would be given, by leaving one "
        "source out",
        "label/pictures/predicted.png": "Labels predicted, from the least sure to the surest",
        "prune/isolated.png": "Images chosen that are far from all others: rare, or out of place?",
    }


def of_model(name: str) -> dict[str, str]:
    """The pictures that the training of a model left, and what they show: its last sample sheet,
    of which one that failed early has none, and its curves."""
    left = paths.REPORTS / f"train/{name}/plots/images"
    shown = dict.fromkeys(sorted(left.glob("samples/*.png"))[-1:], f"samples of {name}")
    shown |= dict.fromkeys(left.glob("curves.png"), f"the training of {name}")
    return {path.relative_to(paths.REPORTS).as_posix(): what for path, what in shown.items()}


def withdrawn(sources: Iterable[str]) -> dict[str, str]:
    """Since when and why deliveries are withdrawn, by source and name."""
    return {
        f"{source}/{delivery}": why
        for source in sources
        for delivery, why in reports.read(f"ingest/{source}").get("withdrawn", {}).items()
    }


@exits_cleanly
def main() -> None:
    p = params.load()
    images = catalogue.read("data/prune/images.parquet")
    models = {name: reports.read(f"evaluate/{name}") for name in p.models}
    with atomic(PICTURES) as folder:
        folder.mkdir()
        if sheet := pictures.selected(images):
            sheet.save(folder / "selected.png")
        pictures.classes(images, folder / "classes.png")
        pictures.scores(models, folder / "scores.png")
    text = page(
        images,
        {name: reports.read(name) for name in METRICS} | {"withdrawn": withdrawn(p.sources)},
        models,
        reports.read("promote/decision"),
        {name: of_model(name) for name in p.models},
        {
            path: shows
            for path, shows in sheets(p.sources).items()
            if (paths.REPORTS / path).exists()
        },
    )
    with atomic(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{PAGE} written")


if __name__ == "__main__":
    main()
