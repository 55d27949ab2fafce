"""Write the page of the turn: `python -m stages.report`."""

from __future__ import annotations

from pathlib import Path

from stages.common import catalogue, params, reports
from stages.common.errors import exits_cleanly
from stages.common.files import atomic
from stages.report import pictures
from stages.report.page import page

PAGE = Path("reports/turn.md")
PICTURES = Path("reports/pictures")


@exits_cleanly
def main() -> None:
    p = params.load()
    images = catalogue.read("data/prune/images.parquet")
    models = {name: reports.read(f"evaluate/{name}") for name in p.models}
    pairs = pictures.duplicates(images)
    with atomic(PICTURES) as folder:
        folder.mkdir()
        pictures.selected(images).save(folder / "selected.png")
        if pairs is not None:
            pairs.save(folder / "duplicates.png")
        pictures.classes(images, folder / "classes.png")
        pictures.scores(models, folder / "scores.png")
    grids = {
        name: max(Path(f"reports/train/{name}/plots/images/samples").glob("*.png"))
        .relative_to(PAGE.parent)
        .as_posix()
        for name in p.models
    }
    text = page(
        images,
        {name: reports.read(name) for name in ("dedupe", "split", "prune")},
        models,
        reports.read("promote/decision"),
        grids,
        pairs is not None,
    )
    with atomic(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{PAGE} written")


if __name__ == "__main__":
    main()
