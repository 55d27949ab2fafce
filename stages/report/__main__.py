"""Write the page of the turn: `python -m stages.report`.

`reports/turn.html` tells it to anybody, images and all, and so is kept by DVC and not by Git;
`reports/turn.md` is the short form of it in Git, for a terminal or a review.
"""

from __future__ import annotations

from argus.core import params, reports
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.core.paths import EVALUATED, IMAGES, PRUNED, TURN_PAGE, TURN_PICTURES, TURN_STORY
from argus.data import catalogue
from argus.judging import samples
from argus.judging.scores import ModelScores
from stages.report import figures
from stages.report.document import document
from stages.report.inputs import of_model, sheets, withdrawn
from stages.report.page import page
from stages.report.story import story

METRICS = ("dedupe", "split", "label", "prune", "balance")


@exits_cleanly
def main() -> None:
    p = params.load()
    images = catalogue.read(PRUNED / IMAGES)
    models = {name: ModelScores.read(reports.read(f"evaluate/{name}")) for name in p.models}
    with atomic(TURN_PICTURES) as folder:
        folder.mkdir()
        if sheet := figures.selected(images):
            sheet.save(folder / "selected.png")
        figures.classes(images, folder / "classes.png")
        figures.scores(models, folder / "scores.png")
        (folder / "samples").mkdir()
        for name in models:
            if made := samples.read(EVALUATED / name / samples.FILE):
                figures.samples(made).save(folder / f"samples/{name}.png")
    decisions = reports.read("promote/decision")
    text = page(
        images,
        {name: reports.read(name) for name in METRICS} | {"withdrawn": withdrawn(p.sources)},
        models,
        decisions,
        {name: of_model(name) for name in p.models},
        sheets(p.sources),
    )
    with atomic(TURN_PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    with atomic(TURN_STORY) as temporary:
        temporary.write_text(document(story(p, images, models, decisions)), encoding="utf-8")
    print(f"{TURN_PAGE} and {TURN_STORY} written")


if __name__ == "__main__":
    main()
