"""How far one driver goes: many workers, many trials. Run by hand.

``python tests/benchmarks/scale.py workers [--workers 64] [--trials 640]``
    A sleeping trainer (100 epochs in 10 s) on fractional processors; prints the share of their time, from the moment
    the last worker was there, that the workers spent in trials.
``python tests/benchmarks/scale.py trials [--trials 5000] [--sampler random]``
    A trainer that computes nothing; prints what each thousand trials cost and the driver's memory. With
    ``--sampler tpe`` Optuna's own in-memory ask and tell stands beside it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from hpsearch.config.addresses import Addresses  # noqa: E402
from hpsearch.console.quiet import silence  # noqa: E402
from hpsearch.spec import load_spec  # noqa: E402
from hpsearch.sweep.driver import Driver  # noqa: E402
from hpsearch.sweep.events import Listener  # noqa: E402
from hpsearch.sweep.session import Session  # noqa: E402
from hpsearch.tracking.recording.trial_runs import TrialRuns  # noqa: E402
from hpsearch.tracking.spool import Delivery  # noqa: E402

SPACE = {
    "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "l2": {"low": 1e-5, "high": 1e-2, "log": True},
}
DATA = {"dataset": "oscillating", "options": {"per_class": 20}}


_DRIVERS: list[Driver] = []
_DELIVERIES: list[float] = []  # seconds that MLflow took for each trial


def _noted(made: Driver, *arguments: object) -> None:
    _DRIVERS.append(made)
    _INIT(made, *arguments)


def _timed(runs: TrialRuns, delivery: Delivery) -> None:
    started = time.perf_counter()
    _DELIVER(runs, delivery)
    _DELIVERIES.append(time.perf_counter() - started)


_INIT, Driver.__init__ = Driver.__init__, _noted
_DELIVER, TrialRuns.deliver = TrialRuns.deliver, _timed


class Watch(Listener):
    """Notes when trials end and how much memory the driver holds."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.first_ends: dict[str, float] = {}  # of each worker
        self.memory_gib: list[float] = []
        self.driver_seconds: list[float] = []  # on the search's own thread, at every thousandth trial

    def ended(self, suggestion, outcome, counts, best) -> None:
        self.ends.append(time.monotonic())
        self.first_ends.setdefault(outcome.worker, self.ends[-1])
        if len(self.ends) % 1000 == 0:
            self.driver_seconds.append(_DRIVERS[-1].clock.study)
        if len(self.ends) % 500 == 0:
            self.memory_gib.append(_resident_gib())
            print(f"  {len(self.ends)} trials, driver {self.memory_gib[-1]:.2f} GiB", flush=True)


def _resident_gib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**30


def workers(count: int, trials: int) -> None:
    """Measure how busy many sleeping workers are kept."""
    epochs, epoch_seconds = 100, 0.1
    spec = {
        "name": "sleepers",
        "trainer": "sleeper:Sleeper",
        "data": DATA,
        "space": SPACE,
        "settings": {"epochs": epochs, "epoch_seconds": epoch_seconds},
        "search": {"trials": trials, "sampler": "random"},
        "workers": count,
        "cpus": 1 / 32,
    }
    watch = Watch()
    with tempfile.TemporaryDirectory() as home:
        summary = Session(Addresses.find(home), watch).run(load_spec(spec))
    assert summary.counts.complete == trials
    length, ends = epochs * epoch_seconds, sorted(watch.ends)
    # All workers were there, and there were trials left.
    begin, end = max(watch.first_ends.values()) - length, ends[-1] - length
    busy = sum(max(0.0, min(at, end) - max(at - length, begin)) for at in ends)
    print(f"worker use: {busy / (count * (end - begin)):.3f} over {end - begin:.0f} s, {len(watch.first_ends)} workers")
    print(f"trials a second: {sum(begin < at <= end for at in ends) / (end - begin):.2f}")
    print(f"seconds: {summary.seconds}; driver's peak memory {_peak():.2f} GiB")


def trials(count: int, sampler: str) -> None:
    """Measure what a trial costs early and late in a long sweep."""
    spec = {
        "name": "many",
        "trainer": "no_compute:NoCompute",
        "data": DATA,
        "space": SPACE,
        "search": {"trials": count, "sampler": sampler},
        "workers": 2,
    }
    watch = Watch()
    with tempfile.TemporaryDirectory() as home:
        Session(Addresses.find(home), watch).run(load_spec(spec))
    marks = watch.ends[999::1000]
    costs = [after - before for before, after in zip([watch.ends[0], *marks], marks, strict=False)]
    driver = [after - before for before, after in zip([0.0, *watch.driver_seconds], watch.driver_seconds, strict=False)]
    for number, cost in enumerate(costs, 1):
        delivery = 1000 * statistics.mean(_DELIVERIES[1000 * (number - 1) : 1000 * number])
        parts = f"the search's thread {driver[number - 1]:.1f}, MLflow's {delivery:.1f}"
        print(f"thousand {number}: {cost:.1f} ms a trial ({parts})")
    if costs:
        print(f"last thousand / first thousand: {costs[-1] / costs[0]:.2f}")
    print(f"driver's memory: first {watch.memory_gib[0]:.2f}, last {watch.memory_gib[-1]:.2f}, peak {_peak():.2f} GiB")
    if sampler == "tpe":
        _optuna_alone(count)


def _optuna_alone(count: int) -> None:
    """Print the same curve for Optuna's own in-memory study."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0), direction="maximize")
    space = {
        "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
        "l2": optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True),
    }
    spent: list[float] = []
    for _ in range(count):
        started = time.perf_counter()
        trial = study.ask(space)
        study.tell(trial, trial.params["learning_rate"])
        spent.append(1000 * (time.perf_counter() - started))
    for start in range(0, count, 1000):
        thousand = statistics.mean(spent[start : start + 1000])
        print(f"Optuna alone, in memory, thousand {start // 1000 + 1}: {thousand:.1f} ms a trial")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Choose what to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["workers", "trials"])
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--sampler", default="random")
    given = parser.parse_args()
    silence(verbose=False)
    if given.what == "workers":
        workers(given.workers, given.trials or 640)
    else:
        trials(given.trials or 5000, given.sampler)


if __name__ == "__main__":
    main()
