"""Records what was trained again after the search as runs of its own below the sweep's: kind `confirm` or `refit`.

They carry no ``hpsearch.trial``, so nobody takes them for trials. Written at once, not behind: there are few.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from hpsearch.spec.values import texts
from hpsearch.sweep.finalists.repeats import Repeated
from hpsearch.sweep.records import STATUS
from hpsearch.tracking.interface import Point, TrackingStore
from hpsearch.tracking.points import marked
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.schema import Artifact, Tag
from hpsearch.tracking.spool import write_curve


def record(store: TrackingStore, sweep: SweepRun, name: str, marks: Mapping[str, str], repeated: Repeated) -> str:
    """Write one run, found by its `marks` if an earlier try made it, and return its id."""
    tags = {Tag.SWEEP: sweep.name, **marks}
    before = next(iter(store.find_runs(tags, sweep.experiment)), None)
    started = before.started_ms if before else repeated.started_ms
    run_id = before.run_id if before else store.create_run(sweep.experiment, name, tags, started, sweep.run_id)
    outcome = repeated.outcome
    ending = {
        Tag.STATE: outcome.state.value,
        Tag.REASON: outcome.reason,
        Tag.EPOCH: str(outcome.epoch),
        Tag.EPOCHS: str(outcome.epochs),
        Tag.SEED: str(repeated.suggestion.seed),
    }
    store.write(run_id, _points(repeated, started), texts(repeated.suggestion.params), ending)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, Artifact.CURVES)
        write_curve(repeated.curve, path)
        store.put_file(run_id, path)
        if outcome.detail:
            error = Path(place, Artifact.ERROR)
            error.write_text(outcome.detail + "\n", encoding="utf-8")
            store.put_file(run_id, error)
    store.end_run(run_id, STATUS[outcome.state], max(repeated.ended_ms, started))
    return run_id


def _points(repeated: Repeated, started_ms: int) -> list[Point]:
    curve, outcome = repeated.curve, repeated.outcome
    points = [
        (name, float(curve.values[epoch - 1, column]), started_ms + epoch, epoch)
        for epoch in marked(curve.epochs)
        for column, name in enumerate(curve.names)
    ]
    if outcome.value is not None:
        points.append(("value", outcome.value, started_ms + outcome.epoch, outcome.epoch))
    return points
