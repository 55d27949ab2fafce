"""Predict the condition of training images that came in unlabelled: `python -m stages.label`.

Writes the catalogue with the columns `label_guess` and `label_confidence`, metrics, the held-out
images' delivered and predicted labels for `dvc plots`, and pictures of both.
"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from stages.common import catalogue, params, reports
from stages.common.errors import exits_cleanly
from stages.common.files import atomic
from stages.embed import embedded
from stages.label import pictures
from stages.label.predict import predict

REPORTS = reports.REPORTS / "label"
SHOWN = 1000  # held-out images in confusion.csv at most: it lies in Git


@exits_cleanly
def main() -> None:
    p = params.load().label
    images = catalogue.read("data/split/images.parquet")
    in_use = images.select(catalogue.IN_USE).to_series().arg_true().to_numpy()
    place = np.zeros(images.height, dtype=np.int64)
    matrix, place[in_use] = embedded.read(images[in_use])
    # the number of threads is part of the arithmetic, and more would gain little
    with threadpool_limits(1):
        images, report, held_out = predict(images, matrix, place, p)
    catalogue.write("data/label/images.parquet", images)

    found = images.filter(label_from="predicted")["label"]
    report |= {"predicted": len(found), "per_class": catalogue.counts(found)}
    reports.metrics("label", report)
    with atomic(REPORTS / "confusion.csv") as temporary:
        shown = held_out.sample(min(SHOWN, held_out.height), seed=0)
        shown.sort("actual", "predicted").write_csv(temporary)
    with atomic(REPORTS / "pictures") as folder:
        folder.mkdir()
        if held_out.height:
            pictures.confusion(held_out, folder / "confusion.png")
        if sheet := pictures.predicted(images):
            sheet.save(folder / "predicted.png")

    told = "every training image came with a label"
    if report["unlabelled"]:
        told = f"{len(found)} of {report['unlabelled']} unlabelled training images got a label"
    print(told, end="")
    if because := report.get("not_predicted_because"):
        print(f": {because}")
    elif test := report.get("test"):
        print(
            f"; of {test['images']} held-out labelled ones {test['accuracy']:.1%} would be told "
            f"right, {test.get('accuracy_given', 0):.1%} of the {test['coverage']:.1%} given one"
        )
    else:
        print("; no labelled test image to judge by")


if __name__ == "__main__":
    main()
