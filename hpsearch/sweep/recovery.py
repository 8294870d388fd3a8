"""Puts in order what an earlier driver left, wherever it was killed: the study is the truth, MLflow follows it.

Runs at the beginning of every session, under the sweep's lease, before the first trial is asked for.
"""

from __future__ import annotations

from hpsearch.study.study import Study
from hpsearch.sweep.records import entry_from_study
from hpsearch.tracking.recorder import Recorder
from hpsearch.tracking.spool import Entry
from hpsearch.trial import Curve, TrialRecord


def reconcile(study: Study, recorder: Recorder) -> None:
    """Deliver what waits, close the runs of finished trials that MLflow does not know; lost ones wait again already."""
    recorder.spool.sweep()
    finished = {trial.number: trial for trial in study.trials() if trial.state is not None}
    waiting = recorder.spool.waiting()
    for number in waiting:
        if number in finished and _agree(recorder.spool.entry(number), finished[number]):
            recorder.acknowledge(number, None)
        else:
            recorder.spool.remove(number)  # the study was never told, or by another driver: what it knows counts
    for number, trial in finished.items():
        if number not in recorder.recorded and not recorder.spool.has(number):
            # Its curve died with another disk; parameters, state and value are the study's.
            recorder.finish(entry_from_study(trial), Curve())
            recorder.acknowledge(number, None)


def _agree(entry: Entry, trial: TrialRecord) -> bool:
    """Whether an entry is of the very attempt that the study was told of."""
    assert trial.state is not None
    same = entry_from_study(trial)
    return (entry.status, entry.value, entry.params) == (same.status, same.value, same.params)
