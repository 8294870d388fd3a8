"""What the end of a sweep writes on its runs: the figures of the winner, whose they are, and the registered model.

Used by `finish`; everything here may be repeated and then finds what is there already.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from hpsearch.errors import HpsearchError
from hpsearch.model.bundle import load
from hpsearch.model.source import find
from hpsearch.sweep.conclude.artifacts import trained_on
from hpsearch.sweep.conclude.metrics import Figures
from hpsearch.sweep.conclude.score import Score
from hpsearch.sweep.finalists.winner import Winner
from hpsearch.sweep.resources import OpenSweep
from hpsearch.tracking.interface import ModelFiles, Point
from hpsearch.tracking.schema import Artifact, Tag, trial_marks
from hpsearch.tracking.spool import read_curve
from hpsearch.trial import Curve


def run_with(sweep: OpenSweep, marks: Mapping[str, str]) -> str | None:
    """Return the id of the sweep's run that carries `marks`, None where there is none."""
    tags = {Tag.SWEEP: sweep.run.name, **marks}
    return next((run.run_id for run in sweep.store.find_runs(tags, sweep.run.experiment)), None)


def run_of(sweep: OpenSweep, number: int) -> str | None:
    """Return the id of a trial's run."""
    return run_with(sweep, trial_marks(number))


def curve_with(sweep: OpenSweep, marks: Mapping[str, str]) -> Curve:
    """Fetch the whole curve of the run that `marks` find; empty where it was lost."""
    run_id = run_with(sweep, marks)
    if run_id is None:
        return Curve()
    with tempfile.TemporaryDirectory() as place:
        try:
            return read_curve(sweep.store.fetch(run_id, Artifact.CURVES, Path(place)))
        except HpsearchError:
            return Curve()  # lost with the disk of an earlier driver; the study kept the value


def write_score(sweep: OpenSweep, winner: Winner, score: Score) -> None:
    """Put the figures of the test rows on the sweep's run and on the model's, and mark the winner's."""
    store, run = sweep.store, sweep.run
    figures = {score.metric: score.value, "test_rows": float(score.rows), **score.more}
    if score.low is not None and score.high is not None:
        figures |= {f"{score.metric}_low": score.low, f"{score.metric}_high": score.high}
    # A later look comes at a later step, so that MLflow shows its figures, also where they are lower.
    points = [(name, value, run.started_ms, score.looks) for name, value in figures.items()]
    tags = {Tag.BEST_TRIAL: str(winner.trial.number), Tag.TEST_LOOKS: str(score.looks)}
    store.write(run.run_id, points, tags=tags)
    _mark_winner(sweep, winner)
    scored = run_with(sweep, winner.marks)
    if scored is not None:
        store.write(scored, points)


def _mark_winner(sweep: OpenSweep, winner: Winner) -> None:
    run_id = run_of(sweep, winner.trial.number)
    for before in sweep.store.find_runs({Tag.SWEEP: sweep.run.name, Tag.WINNER: "true"}):
        if before.run_id != run_id:
            sweep.store.write(before.run_id, tags={Tag.WINNER: "false"})
    if run_id is not None:
        sweep.store.write(run_id, tags={Tag.WINNER: "true"})


def write_comparison(sweep: OpenSweep, score: Score, validation: Figures) -> None:
    """Put the figures of the validation rows and of the baseline on the sweep's run."""
    figures = {f"val_{name}": value for name, value in validation.overall.items()}
    if score.baseline is not None:
        figures |= score.baseline.points()
    points: list[Point] = [(name, value, sweep.run.started_ms, 0) for name, value in figures.items()]
    sweep.store.write(sweep.run.run_id, points)


def register(sweep: OpenSweep, winner: Winner) -> str:
    """Register the winner's model as the champion and return its address."""
    store, run, bundle = sweep.store, sweep.run, winner.bundle
    tags = {Tag.DIGEST: winner.digest, Tag.SWEEP: run.name, Tag.TRIAL: str(winner.trial.number)}
    retrained = {Tag.RETRAINED: winner.difference} if winner.difference else {}
    model = ModelFiles(
        folder=winner.place,
        features=bundle.features,
        output=bundle.label_type,
        example=pd.DataFrame(sweep.ready.data.example, columns=list(bundle.features)),
        tags=tags | retrained | {Tag.TRAINED_ON: trained_on(winner)},
    )
    uri = store.register(run.run_id, run.name, run.experiment, model, lambda folder: load(find(folder), winner.digest))
    store.write(run.run_id, tags={Tag.DIGEST: winner.digest, Tag.MODEL: uri} | retrained)
    return uri
