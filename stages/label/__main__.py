"""Predict the condition of training images that came in unlabelled: `python -m stages.label`.

Writes the catalogue with the columns `label_guess` and `label_confidence`, metrics, the held-out
images' delivered and predicted labels for `dvc plots`, and charts of both.
"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from argus.core import params, reports
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.core.paths import IMAGES, LABELLED, REPORTS, SPLIT
from argus.data import catalogue
from argus.features.vectors import read_vectors
from stages.label import charts
from stages.label.evidence import GIVEN
from stages.label.predict import predict

SHOWN = 1000  # held-out images in confusion.csv at most: it lies in Git


@exits_cleanly
def main() -> None:
    p = params.load().label
    images = catalogue.read(SPLIT / IMAGES)
    in_use = images.select(catalogue.IN_USE).to_series().arg_true().to_numpy()
    place = np.zeros(images.height, dtype=np.int64)
    matrix, place[in_use] = read_vectors(images[in_use])
    # the number of threads is part of the arithmetic, and more would gain little
    with threadpool_limits(1):
        images, report, held_out = predict(images, matrix, place, p)
    catalogue.write(LABELLED / IMAGES, images)

    found = images.filter(label_provenance="predicted")["label"]
    report |= {"predicted": len(found), "per_class": catalogue.counts(found)}
    reports.metrics("label", report)
    with atomic(REPORTS / "label" / "confusion.csv") as temporary:
        shown = held_out.sample(min(SHOWN, held_out.height), seed=0)
        shown.sort("actual", "predicted").write_csv(temporary)
    conditions = report["conditions"].items()
    withheld = [f"{name} is {fate}" for name, fate in conditions if fate != GIVEN]
    with atomic(REPORTS / "label" / "pictures") as folder:
        folder.mkdir()
        if held_out.height:
            charts.confusion(held_out, withheld, folder / "confusion.png")
        if sheet := charts.predicted(images):
            sheet.save(folder / "predicted.png")

    summary = "every training image came with a label"
    if report["unlabelled"]:
        summary = f"{len(found)} of {report['unlabelled']} unlabelled training images got a label"
    print(summary, end="")
    if because := report.get("not_predicted_because"):
        print(f": {because}")
    elif test := report.get("leave_one_source_out"):
        right = f", {test['accuracy_given']:.1%} of them right" if "accuracy_given" in test else ""
        print(
            f"; by leaving one source out, {test['coverage']:.1%} of {test['images']} test images "
            f"would be given one{right}"
        )
    else:
        print("; no labelled test image to judge by")
    if report["unlabelled"]:
        for line in withheld:
            print(f"  {line}")


if __name__ == "__main__":
    main()
