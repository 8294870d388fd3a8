"""The sweep's own MLflow run: begun with what the sweep is, closed with what it came to.

Trials' runs hang below it; `list` and `status` read it back. Used by `session`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpsearch.spec.values import words
from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.provenance import provenance
from hpsearch.sweep.records import now_ms
from hpsearch.tracking.interface import LONGEST_TAG, TrackingStore
from hpsearch.tracking.points import epoch_points
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.schema import Artifact, Metric, Param, Status, SweepState, Tag, sweep_tags

_LONGEST_PARAM = 6000


def open_run(store: TrackingStore, experiment: str, ready: PreparedSweep, new: bool) -> SweepRun:
    """Create the sweep's run, or find the one that an earlier driver made."""
    name = ready.spec.name
    tags = sweep_tags(name)
    earlier = None if new else next(store.find_runs(tags, experiment), None)
    if earlier is not None:
        run = SweepRun(name, experiment, earlier.run_id, earlier.started_ms)
        store.reopen_run(earlier.run_id)
    else:
        started = now_ms()
        run = SweepRun(name, experiment, store.create_run(experiment, name, tags, started), started)
    _describe(store, run, ready)
    return run


def _describe(store: TrackingStore, run: SweepRun, ready: PreparedSweep) -> None:
    """Record what the sweep is: spec, data's fingerprint, versions."""
    spec, data = ready.spec, ready.data
    params = {
        Param.TRAINER: ", ".join(spec.trainers),
        Param.DATA: spec.data.dataset or spec.data.path or "",
        Param.TRANSFORM: data.transform.kind,
        Param.SAMPLER: spec.search.sampler.name,
        Param.PRUNER: spec.search.pruner.name,
        Param.METRIC: spec.search.metric or "",
        Param.SEED: str(spec.search.seed),
    }
    tags = {**provenance(ready), Tag.DATA_FINGERPRINT: data.fingerprint}
    tags |= {Tag.SPEC_FINGERPRINT: spec.fingerprint(), Tag.DIRECTION: spec.search.direction or ""}
    if spec.search.aims:
        tags[Tag.AIMS] = json.dumps(spec.search.maximizes)
    tags[Tag.WORDS] = json.dumps(words(spec.space))
    tags |= {Tag.STATE: SweepState.RUNNING, Tag.BUDGET: str(spec.search.trials)}
    tags |= {Tag.ROWS_OF + part: str(rows) for part, rows in data.summary.items()}
    store.write(run.run_id, params={name: value[:_LONGEST_PARAM] for name, value in params.items()}, tags=tags)
    _put_json(store, run, Artifact.SPEC, spec.model_dump(mode="json"))


def close_run(store: TrackingStore, run: SweepRun, summary: Summary) -> None:
    """Leave the summary on the sweep's run and close it."""
    counts = {"complete": summary.counts.complete, "pruned": summary.counts.pruned, "failed": summary.counts.failed}
    metrics = {Metric.TRIALS_OF + name: float(count) for name, count in counts.items()}
    metrics |= {Metric.SECONDS_OF + name: seconds for name, seconds in summary.seconds.items()}
    points = epoch_points(metrics, run.started_ms, 0)
    state, status = _end_of(summary)
    tags = {Tag.STATE: state, Tag.NOTE: summary.as_markdown(), Tag.DIAGNOSIS: _first_of(summary.diagnosis)}
    if summary.score is not None and summary.score.baseline is not None:
        tags[Tag.BASELINE] = json.dumps(summary.score.baseline.as_json())
    store.write(run.run_id, points, tags=tags)
    _put_json(store, run, Artifact.SUMMARY, summary.as_json())
    store.end_run(run.run_id, status)


def _end_of(summary: Summary) -> tuple[str, str]:
    """Return the sweep's state, and MLflow's word for it."""
    if summary.interrupted:
        return SweepState.INTERRUPTED, Status.KILLED
    if summary.counts.complete:
        return SweepState.FINISHED, Status.FINISHED
    return SweepState.FAILED, Status.FAILED


def _first_of(sentences: Sequence[str]) -> str:
    """Return as many sentences as a tag can hold, as JSON; all of them are in ``diagnosis.md``."""
    kept = list(sentences)
    while len(json.dumps(kept)) > LONGEST_TAG:
        kept.pop()
    return json.dumps(kept)


def _put_json(store: TrackingStore, run: SweepRun, name: str, content: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, name)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        store.put_file(run.run_id, path)
