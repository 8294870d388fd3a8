"""What a trial costs besides its training: hpsearch against Ray Tune, side by side in one run.

Run by hand: ``python tests/benchmarks/bookkeeping.py [--trials 200] [--tune-curve-trials 6] [--rounds 1]``.

Every side searches the same two log-uniform parameters with Optuna's TPE on two workers, trains nothing, and records
into its own MLflow SQLite file. hpsearch and "Tune, whole curve" record a curve of 100 steps of 4 metrics a trial
(hpsearch also writes tables, pictures and registers the model); "Tune, once" reports the last values alone. Ray is
started before the clock. The first side of Tune takes so long that it runs fewer trials; all figures are seconds of
wall time a trial.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import tempfile
import time
import warnings
from contextlib import nullcontext
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
warnings.simplefilter("ignore")

from no_compute import EPOCHS, metrics  # noqa: E402

WORKERS = 2
SPEC = {
    "trainer": "no_compute:NoCompute",
    "data": {"dataset": "oscillating", "options": {"per_class": 20}},
    "space": {
        "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
        "l2": {"low": 1e-5, "high": 1e-2, "log": True},
    },
    "workers": WORKERS,
}


def ours(trials: int) -> dict[str, float]:
    """Run a whole sweep, from the checks to the registered model."""
    from hpsearch.config.addresses import Addresses
    from hpsearch.spec import load_spec
    from hpsearch.sweep import resources
    from hpsearch.sweep.session import Session

    resources._ray = lambda *_: nullcontext()  # it runs already, for both sides
    with tempfile.TemporaryDirectory() as home:
        loaded = load_spec({**SPEC, "name": "bookkeeping", "search": {"trials": trials}})
        started = time.perf_counter()
        summary = Session(Addresses.find(home)).run(loaded)
        elapsed = time.perf_counter() - started
        assert summary.counts.complete == trials
        return {"seconds": elapsed / trials, "bookkeeping": summary.seconds["bookkeeping"] / trials}


def tune(trials: int, whole_curve: bool) -> dict[str, float]:
    """Do the same with Ray Tune, OptunaSearch and the MLflow callback, as Tune's documentation shows them."""
    import mlflow
    from ray import tune as ray_tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search import ConcurrencyLimiter
    from ray.tune.search.optuna import OptunaSearch

    def trainable(config):
        if whole_curve:
            for epoch in range(1, EPOCHS + 1):
                ray_tune.report(metrics(config["learning_rate"], epoch))
        else:
            ray_tune.report(metrics(config["learning_rate"], EPOCHS))

    with tempfile.TemporaryDirectory() as home:
        uri = f"sqlite:///{home}/mlflow.db"
        mlflow.set_tracking_uri(uri)
        callback = MLflowLoggerCallback(tracking_uri=uri, experiment_name="tune", save_artifact=False)
        search = ConcurrencyLimiter(OptunaSearch(metric="val_accuracy", mode="max", seed=0), max_concurrent=WORKERS)
        tuner = ray_tune.Tuner(
            trainable,
            param_space={"learning_rate": ray_tune.loguniform(1e-4, 1e-1), "l2": ray_tune.loguniform(1e-5, 1e-2)},
            tune_config=ray_tune.TuneConfig(search_alg=search, num_samples=trials, metric="val_accuracy", mode="max"),
            run_config=ray_tune.RunConfig(storage_path=home, name="tune", callbacks=[callback], verbose=0),
        )
        started = time.perf_counter()
        results = tuner.fit()
        elapsed = time.perf_counter() - started
        assert len(results) == trials and not results.num_errors
        return {"seconds": elapsed / trials}


def main() -> None:
    """Measure and print ratios of medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--tune-curve-trials", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()

    from hpsearch.console.quiet import silence
    from hpsearch.execution import ray_runtime

    silence(verbose=False)
    logging.disable(logging.WARNING)
    ray_runtime.start(WORKERS, 1, verbose=False)
    sides = {
        "hpsearch, whole curve": lambda: ours(arguments.trials),
        "Tune, once": lambda: tune(arguments.trials, whole_curve=False),
        "Tune, whole curve": lambda: tune(arguments.tune_curve_trials, whole_curve=True),
    }
    measured: dict[str, list[float]] = {name: [] for name in sides}
    own = []
    for _ in range(arguments.rounds):
        for name, side in sides.items():
            result = side()
            measured[name].append(result["seconds"])
            own.extend([result["bookkeeping"]] if "bookkeeping" in result else [])
            if name.startswith("hpsearch"):
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
                print(f"driver's peak memory after hpsearch: {peak:.2f} GiB", flush=True)
            print(f"{name:<24} {1000 * result['seconds']:>10.1f} ms a trial", flush=True)
    ray_runtime.stop()
    medians = {name: statistics.median(values) for name, values in measured.items()}
    print(f"\nhpsearch's own account: {1000 * statistics.median(own):.1f} ms of bookkeeping a trial (two threads)")
    for name in list(sides)[1:]:
        print(f"{name} / hpsearch: {medians[name] / medians['hpsearch, whole curve']:.2f}")


if __name__ == "__main__":
    main()
