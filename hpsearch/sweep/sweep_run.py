"""The sweep's own MLflow run: begun with what the sweep is, closed with what it came to.

Trials' runs hang below it; `list` and `status` read it back. Used by `session`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpsearch.sweep.conclude.summary import Summary
from hpsearch.sweep.prepared import PreparedSweep
from hpsearch.sweep.provenance import provenance
from hpsearch.sweep.records import now_ms, word_params
from hpsearch.tracking.recorder import SweepRun
from hpsearch.tracking.store import LONGEST_TAG, NOTE, Store

_LONGEST_PARAM = 6000


def open_run(store: Store, experiment: str, ready: PreparedSweep, new: bool) -> SweepRun:
    """Create the sweep's run, or find the one that an earlier driver made."""
    name = ready.spec.name
    tags = {"hpsearch.kind": "sweep", "hpsearch.sweep": name}
    found = None if new else next(store.find_runs(tags, experiment), None)
    if found is not None:
        run = SweepRun(name, experiment, found.run_id, found.started_ms)
        store.reopen_run(found.run_id)
    else:
        started = now_ms()
        run = SweepRun(name, experiment, store.create_run(experiment, name, tags, started), started)
    _describe(store, run, ready)
    return run


def _describe(store: Store, run: SweepRun, ready: PreparedSweep) -> None:
    """Record what the sweep is: spec, data's fingerprint, versions."""
    spec, data = ready.spec, ready.data
    params = {
        "trainer": ", ".join(spec.trainers),
        "data": spec.data.dataset or spec.data.path or "",
        "transform": data.transform.kind,
        "sampler": spec.search.sampler.name,
        "pruner": spec.search.pruner.name,
        "metric": spec.search.metric or "",
        "seed": str(spec.search.seed),
    }
    tags = {**provenance(ready), "hpsearch.data_fingerprint": data.fingerprint}
    tags |= {"hpsearch.spec_fingerprint": spec.fingerprint(), "hpsearch.direction": spec.search.direction or ""}
    if spec.search.aims:
        tags["hpsearch.aims"] = json.dumps(spec.search.maximizes)
    tags["hpsearch.words"] = json.dumps(word_params(spec.space))
    tags |= {"hpsearch.state": "running", "hpsearch.budget": str(spec.search.trials)}
    tags |= {f"rows.{part}": str(rows) for part, rows in data.summary.items()}
    store.write(run.run_id, params={name: value[:_LONGEST_PARAM] for name, value in params.items()}, tags=tags)
    _put_json(store, run, "spec.json", spec.model_dump(mode="json"))


def close_run(store: Store, run: SweepRun, summary: Summary) -> None:
    """Leave the summary on the sweep's run and close it."""
    counts = {"complete": summary.counts.complete, "pruned": summary.counts.pruned, "failed": summary.counts.failed}
    points = [(f"trials_{name}", float(count), run.started_ms, 0) for name, count in counts.items()]
    points += [(f"seconds_{name}", value, run.started_ms, 0) for name, value in summary.seconds.items()]
    if summary.interrupted:
        state, status = "interrupted", "KILLED"
    else:
        state, status = ("finished", "FINISHED") if summary.counts.complete else ("failed", "FAILED")
    tags = {"hpsearch.state": state, NOTE: summary.as_markdown(), "hpsearch.diagnosis": _kept(summary.diagnosis)}
    if summary.score is not None and summary.score.baseline is not None:
        tags["hpsearch.baseline"] = json.dumps(summary.score.baseline.as_json())
    store.write(run.run_id, points, tags=tags)
    _put_json(store, run, "summary.json", summary.as_json())
    store.end_run(run.run_id, status)


def _kept(sentences: Sequence[str]) -> str:
    """Return as many sentences as a tag can hold, as JSON; all of them are in ``diagnosis.md``."""
    kept = list(sentences)
    while len(json.dumps(kept)) > LONGEST_TAG:
        kept.pop()
    return json.dumps(kept)


def _put_json(store: Store, run: SweepRun, name: str, content: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, name)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        store.put_file(run.run_id, path)
