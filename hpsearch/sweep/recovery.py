"""What an earlier driver left, wherever it was killed, put in order: the study is the truth, MLflow follows it.

Runs at the beginning of every session, under the sweep's lease, before the first trial is asked for. What has to be
done is worked out completely before the first write: what is delivered meanwhile would else be taken for lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hpsearch.study.study import Study
from hpsearch.sweep.records import STATUS, entry_from_study
from hpsearch.tracking.interface import RunView
from hpsearch.tracking.recorder import Recorder
from hpsearch.tracking.recording.recovery_plan import RecoveryPlan
from hpsearch.tracking.recording.trial_runs import ended, recorded
from hpsearch.tracking.schema import Status, number_of
from hpsearch.tracking.spool import Entry
from hpsearch.trial import TrialRecord


def recover(study: Study, recorder: Recorder, new: bool) -> None:
    """Work out what an earlier driver left undone, then start the recorder with it; a `new` sweep has no runs yet.

    Raises
    ------
    StoreError
        If MLflow stays unreachable, or refuses.
    """
    runs = [] if new else recorder.earlier_runs()
    recorder.start(recovery_plan(study.trials(), recorder.spool.entries(), runs))


def recovery_plan(
    trials: Iterable[TrialRecord], entries: Mapping[int, Entry | None], runs: Sequence[RunView]
) -> RecoveryPlan:
    """Compare what the study knows with what waits on disk and what MLflow has.

    Parameters
    ----------
    trials : every trial of the study
    entries : what the spool holds, by trial; None for what is half written or damaged
    runs : every run of a trial that MLflow has
    """
    finished = {trial.number: trial for trial in trials if trial.state is not None}
    run_of = {number_of(run.tags): run for run in runs}
    confirmed = {
        number: entry
        for number, entry in entries.items()
        if entry is not None and number in finished and _agree(entry, finished[number])
    }
    deliver = [n for n, entry in confirmed.items() if n not in run_of or not recorded(run_of[n], entry)]
    rebuild = [
        entry_from_study(trial)
        for number, trial in finished.items()
        if number not in confirmed and not (number in run_of and _closed(run_of[number], trial))
    ]
    return RecoveryPlan(
        runs=tuple(runs),
        deliver=tuple(deliver),
        discard=tuple(sorted(entries.keys() - set(deliver))),
        rebuild=tuple(rebuild),
        interrupt=tuple(n for n, run in run_of.items() if run.status == Status.RUNNING and n not in finished),
    )


def _closed(run: RunView, trial: TrialRecord) -> bool:
    """Whether a run tells the end that the study knows."""
    return trial.state is not None and (run.status, ended(run)) == (STATUS[trial.state], trial.state)


def _agree(entry: Entry, trial: TrialRecord) -> bool:
    """Whether an entry is of the very attempt that the study was told of."""
    same = entry_from_study(trial)
    return (entry.status, entry.value, entry.params) == (same.status, same.value, same.params)
