#!/usr/bin/env python3
"""Trains the models of Examples/card-fraud on simulated payments, and chooses its thresholds.

    tools/train_card_fraud.py --training training.csv --truth truth.csv
                              [--models Examples/models] [--figures figures.json]
                              [--pipeline Examples/card-fraud/pipeline.yaml]
                              [--thresholds-only] [--seed 1] [--threads 2]

`training.csv` is what `needletail features backfill` wrote, `truth.csv` what
tools/make_card_events.py did. Writes card_fraud_gbdt and card_fraud_mlp into the folder of models
and the thresholds into the pipeline, which must be there already; prints how good both are on days
that neither training nor the choice of thresholds has seen. docs/demo.md tells the whole of it.
"""

import argparse
import json
import pathlib
import sys
import time
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from demo import cost, dataset, models, ranking, sessions, thresholds  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent


def gated(rows):
    """What the gate of the pipeline decides: small amounts that nothing is missing for."""
    return (rows.column("amount") < 2) & ~np.isnan(rows.features).any(axis=1)


def check(name, wanted, found):
    """The saved model must answer as the trained one, but for values that lie at a threshold."""
    apart = float(np.mean(np.abs(wanted - found) > 1e-3))
    if apart > 1e-3:
        raise SystemExit(f"{name}: the ONNX model differs in {apart:.2%} of the rows")


def train(rows, folder, seed, threads):
    training, validation = rows.within(dataset.TRAINING), rows.within(dataset.VALIDATION)
    start = time.monotonic()
    trees = models.train_trees(training, seed, threads)
    models.save_trees(trees, folder)
    middle = sessions.Session(folder, sessions.TREES)
    say(f"{sessions.TREES}: {len(training.labels):,} rows, {time.monotonic() - start:.0f} s")
    start = time.monotonic()
    deep = models.Deep(training, seed, threads)
    deep.blend(validation)
    models.save_deep(deep, folder)
    heavy = sessions.Session(folder, sessions.DEEP)
    say(f"{sessions.DEEP}: {time.monotonic() - start:.0f} s")
    some = validation.features[:20_000]
    check(sessions.TREES, trees.predict_proba(some)[:, 1], middle.scores(some))
    check(sessions.DEEP, deep.scores(some), heavy.scores(some))
    return middle, heavy


def judge(choice, rows, middle, heavy):
    """Area under the precision-recall curve of each on a period, and the share that goes on."""
    trees = thresholds.calibrated(choice.points, middle.scores(rows.features))
    deep = heavy.scores(rows.features)
    score, band = thresholds.cascade(choice, trees, deep, gated(rows))
    areas = {name: float(ranking.average_precision(rows.labels, values))
             for name, values in (("trees", trees), ("deep", deep), ("cascade", score))}
    return {"payments": len(rows.labels), "fraud": int(rows.labels.sum()),
            "average_precision": areas, "escalated": float(band.mean())}


def say(text):
    print(text, flush=True)


def options():
    given = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    given.add_argument("--training", type=pathlib.Path, required=True)
    given.add_argument("--truth", type=pathlib.Path, required=True)
    given.add_argument("--models", type=pathlib.Path, default=ROOT / "Examples" / "models")
    given.add_argument("--pipeline", type=pathlib.Path,
                       default=ROOT / "Examples" / "card-fraud" / "pipeline.yaml")
    given.add_argument("--figures", type=pathlib.Path)
    given.add_argument("--thresholds-only", action="store_true",
                       help="for the models that are there already")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--threads", type=int, default=2)
    return given.parse_args()


def main():
    warnings.filterwarnings("ignore", category=UserWarning)
    given = options()
    rows = dataset.read(given.training, given.truth)
    say(f"{len(rows.labels):,} simulated payments, {rows.labels.sum():,} of them fraud")
    if given.thresholds_only:
        middle, heavy = (sessions.Session(given.models, name)
                         for name in (sessions.TREES, sessions.DEEP))
    else:
        middle, heavy = train(rows, given.models, given.seed, given.threads)
    validation = rows.within(dataset.VALIDATION)
    scores = middle.scores(validation.features)
    points = thresholds.isotonic(scores, validation.labels)
    choice = thresholds.choose(points, thresholds.calibrated(points, scores),
                               heavy.scores(validation.features), validation.labels,
                               gated(validation))
    thresholds.write(given.pipeline, choice)
    figures = {"seed": given.seed, "thresholds": vars(choice),
               "cost_us": {"trees": cost.microseconds(middle), "deep": cost.microseconds(heavy)},
               "validation": judge(choice, validation, middle, heavy),
               "test": judge(choice, rows.within(dataset.TEST), middle, heavy)}
    for period in ("validation", "test"):
        one = figures[period]
        areas = ", ".join(f"{name} {area:.3f}" for name, area in one["average_precision"].items())
        say(f"{period}: average precision {areas}; {one['escalated']:.1%} escalated")
    say("one run: trees {trees:.1f} µs, deep {deep:.1f} µs".format(**figures["cost_us"]))
    if given.figures:
        given.figures.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
