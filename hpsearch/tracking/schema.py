"""What stands in MLflow and by which name: tags, parameters, metrics, files. Each name is written here and only here.

These strings are stored in people's databases: one may be added, none may be changed. `recorder` and `sweep` write
them, `results` and `report` read them. Values of parameters are written and read by `hpsearch.spec.values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


class Tag:
    """Tags of runs and of models."""

    KIND: Final = "hpsearch.kind"
    SWEEP: Final = "hpsearch.sweep"
    TRIAL: Final = "hpsearch.trial"
    STATE: Final = "hpsearch.state"
    REASON: Final = "hpsearch.reason"
    EPOCH: Final = "hpsearch.epoch"
    EPOCHS: Final = "hpsearch.epochs"
    SEED: Final = "hpsearch.seed"
    ATTEMPT: Final = "hpsearch.attempt"
    WORKER: Final = "hpsearch.worker"
    CURVE: Final = "hpsearch.curve"
    WINNER: Final = "hpsearch.winner"
    # of runs that repeat a trial
    OF_TRIAL: Final = "hpsearch.of_trial"
    OF: Final = "hpsearch.of"
    REPEAT: Final = "hpsearch.repeat"
    # of a sweep's own run
    BUDGET: Final = "hpsearch.budget"
    DIRECTION: Final = "hpsearch.direction"
    AIMS: Final = "hpsearch.aims"
    WORDS: Final = "hpsearch.words"
    DATA_FINGERPRINT: Final = "hpsearch.data_fingerprint"
    SPEC_FINGERPRINT: Final = "hpsearch.spec_fingerprint"
    PROCESSOR: Final = "hpsearch.processor"
    TRAINER_SHA256: Final = "hpsearch.trainer_sha256"
    BEST_TRIAL: Final = "hpsearch.best_trial"
    TEST_LOOKS: Final = "hpsearch.test_looks"
    CONFIRM: Final = "hpsearch.confirm"
    BASELINE: Final = "hpsearch.baseline"
    DIAGNOSIS: Final = "hpsearch.diagnosis"
    MODEL: Final = "hpsearch.model"
    # of a sweep's run and of its model
    DIGEST: Final = "hpsearch.digest"
    TRAINED_ON: Final = "hpsearch.trained_on"
    RETRAINED: Final = "hpsearch.retrained"  # how a lost model that was trained again differs from its record
    # families: a package, a part of the data
    VERSION_OF: Final = "version."
    ROWS_OF: Final = "rows."
    # MLflow's own
    NOTE: Final = "mlflow.note.content"  # a run's description, shown as Markdown
    PARENT: Final = "mlflow.parentRunId"
    USER: Final = "mlflow.user"
    SOURCE_NAME: Final = "mlflow.source.name"
    SOURCE_TYPE: Final = "mlflow.source.type"


class Kind:
    """Values of ``hpsearch.kind``."""

    SWEEP: Final = "sweep"
    TRIAL: Final = "trial"
    CONFIRM: Final = "confirm"
    REFIT: Final = "refit"


class SweepState:
    """Values of ``hpsearch.state`` on a sweep's run; a trial's are those of `hpsearch.trial.State`, or interrupted."""

    RUNNING: Final = "running"
    FINISHED: Final = "finished"
    FAILED: Final = "failed"
    INTERRUPTED: Final = "interrupted"
    STOPPED: Final = "stopped"


class Status:
    """MLflow's own words for how a run stands."""

    RUNNING: Final = "RUNNING"
    FINISHED: Final = "FINISHED"
    KILLED: Final = "KILLED"
    FAILED: Final = "FAILED"


class Param:
    """Parameters of a sweep's run; a trial's are those of its space."""

    TRAINER: Final = "trainer"
    DATA: Final = "data"
    TRANSFORM: Final = "transform"
    SAMPLER: Final = "sampler"
    PRUNER: Final = "pruner"
    METRIC: Final = "metric"
    SEED: Final = "seed"


class Metric:
    """Metrics beside those of a curve; a name that ends in a dot or an underscore begins a family."""

    VALUE: Final = "value"
    VALUE_OF: Final = "value."  # of one objective of several
    BEST_VALUE: Final = "best_value"
    TEST_ROWS: Final = "test_rows"
    TRIALS_OF: Final = "trials_"
    SECONDS_OF: Final = "seconds_"
    TEST_OF: Final = "test_"
    VALIDATION_OF: Final = "val_"
    CONFIRM_OF: Final = "confirm_"


class Artifact:
    """Files and folders among a run's artifacts."""

    CURVES: Final = "curves.parquet"
    ERROR: Final = "error.txt"
    SPEC: Final = "spec.json"
    SUMMARY: Final = "summary.json"
    METRICS: Final = "metrics.json"
    METRICS_TABLE: Final = "metrics.csv"
    CONFIRM: Final = "confirm.json"
    CONFIRM_TABLE: Final = "confirm.csv"
    DIAGNOSIS: Final = "diagnosis.md"
    TRIALS: Final = ("trials.csv", "trials.parquet")
    FIGURES: Final = "figures"


# Of an experiment: MLflow shows it the pages for training, not those for agents.
EXPERIMENT_TAGS: Final[Mapping[str, str]] = {"mlflow.experimentKind": "custom_model_development"}
CURVE_LOST: Final = "lost"  # the value of ``hpsearch.curve`` where the curve died with an earlier driver's disk


def sweep_tags(sweep: str) -> dict[str, str]:
    """Return what finds the run of a sweep."""
    return {Tag.KIND: Kind.SWEEP, Tag.SWEEP: sweep}


def trial_marks(number: int) -> dict[str, str]:
    """Return what tells a trial's run from the others of its sweep."""
    return {Tag.KIND: Kind.TRIAL, Tag.TRIAL: str(number)}


def trial_tags(sweep: str, number: int | None = None) -> dict[str, str]:
    """Return what finds the run of one trial, or those of all trials of a sweep."""
    marks = {Tag.KIND: Kind.TRIAL} if number is None else trial_marks(number)
    return {Tag.SWEEP: sweep, **marks}


def confirm_marks(trial: int, repeat: int) -> dict[str, str]:
    """Return what tells the run of a finalist's repeat from the others of its sweep."""
    return {Tag.KIND: Kind.CONFIRM, Tag.OF_TRIAL: str(trial), Tag.REPEAT: str(repeat)}


def refit_marks(trial: int, of: str) -> dict[str, str]:
    """Return what tells the run of a refit from the others of its sweep; `of` names the run it repeats."""
    return {Tag.KIND: Kind.REFIT, Tag.OF_TRIAL: str(trial), Tag.OF: of}


def number_of(tags: Mapping[str, str]) -> int:
    """Return the number of the trial whose run carries `tags`."""
    return int(tags[Tag.TRIAL])


def value_metrics(value: float, values: Mapping[str, float]) -> dict[str, float]:
    """Name a trial's value and, where there are several objectives, that of each."""
    return {Metric.VALUE: value, **{Metric.VALUE_OF + name: one for name, one in values.items()}}


def values_of(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the value of each objective, empty where there is one."""
    return of_family(metrics, Metric.VALUE_OF)


def of_family(named: Mapping[str, float], family: str) -> dict[str, float]:
    """Return what a family of metrics holds, without its prefix."""
    return {name.removeprefix(family): value for name, value in named.items() if name.startswith(family)}
