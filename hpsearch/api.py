"""The same from Python: `run` and `resume` a sweep, and look at its result.

``result = hpsearch.run("sweep.yaml")`` gives the trials as a DataFrame, the best of them and the model. Works in a
script, in a notebook and under the debugger (``in_process=True``). What the command line settles for its process,
warnings, loggers and signals, is settled here while a sweep runs and is the caller's again after it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpsearch.config.addresses import Addresses
from hpsearch.errors import UnknownSweep
from hpsearch.spec import SweepSpec, load_spec

if TYPE_CHECKING:
    import pandas as pd

    from hpsearch.model.predictor import Predictor
    from hpsearch.results.lookup import Lookup
    from hpsearch.sweep.conclude.score import Score
    from hpsearch.sweep.conclude.summary import Summary
    from hpsearch.sweep.session import Session
    from hpsearch.trial import TrialRecord


class Result:
    """What a sweep came to.

    Attributes
    ----------
    summary : counts, best trial, test score, addresses, seconds
    """

    def __init__(self, summary: Summary, addresses: Addresses) -> None:
        self.summary = summary
        self._addresses = addresses

    @property
    def name(self) -> str:
        """The sweep's name."""
        return self.summary.sweep

    @property
    def best(self) -> TrialRecord | None:
        """The best completed trial: ``number``, ``value``, ``params``; None where none completed."""
        return self.summary.best

    @property
    def test(self) -> Score | None:
        """The winner's score on the test rows: ``value``, ``low``, ``high``, ``rows``."""
        return self.summary.score

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a trial: number, state, value, parameters, times."""
        from hpsearch.console.quiet import silenced
        from hpsearch.sweep.conclude.trials_table import trials_table

        with silenced():
            return trials_table(self._lookup.trials(self.name))

    @cached_property
    def model(self) -> Predictor:
        """The winner: ``predict(X)`` and ``predict_proba(X)`` of raw rows.

        Raises
        ------
        UnknownSweep
            If no trial completed.
        """
        from hpsearch.console.quiet import silenced
        from hpsearch.results.download import open_model

        if self.summary.model_uri is None:
            raise UnknownSweep(f"{self.name}: has no model, because no trial completed or it was interrupted")
        with silenced():
            return open_model(self.summary.model_uri, self._addresses.tracking, credentials=self._addresses.credentials)

    @cached_property
    def _lookup(self) -> Lookup:
        from hpsearch.results.lookup import Lookup

        return Lookup(self._addresses)

    def __repr__(self) -> str:
        best = "no trial completed" if self.best is None else f"best {self.best.value:.4g} (trial {self.best.number})"
        return f"<hpsearch.Result {self.name}: {self.summary.counts.finished} trials, {best}>"


def run(
    spec: str | Path | Mapping[str, Any] | SweepSpec,
    *,
    home: str | Path | None = None,
    overrides: Iterable[str] = (),
    progress: bool = True,
    in_process: bool = False,
) -> Result:
    """Run a sweep to its end, driven by this very process.

    A cluster that is configured for the command line is not used, as with ``hpsearch run --here``: ``hpsearch launch``
    sends a sweep there.

    Parameters
    ----------
    spec : path of a YAML file, a mapping of the same shape, or a SweepSpec
    home : folder that holds everything; default ``.hpsearch``
    overrides : ``KEY=VALUE`` texts, as ``--set`` takes them
    progress : show a progress bar on stderr
    in_process : train in this very thread instead of Ray workers

    Raises
    ------
    UserError
        If something in the spec, the data or the stores is wrong.
    KeyboardInterrupt
        After an interrupt (Ctrl-C, a notebook's stop button), once what there is was recorded, so that `resume` can
        go on with the sweep; a second interrupt does not wait for that. Only in the main thread.
    """
    loaded = load_spec(spec, overrides)
    addresses = Addresses.find(home)
    return Result(_with_session(addresses, progress, in_process, lambda session: session.run(loaded)), addresses)


def resume(
    name: str,
    *,
    trials: int | None = None,
    workers: int | None = None,
    home: str | Path | None = None,
    progress: bool = True,
    in_process: bool = False,
) -> Result:
    """Finish an interrupted sweep, or raise the budget of a finished one to `trials`; driven here, as by `run`.

    Raises
    ------
    UnknownSweep
        If there is no sweep of that name.
    KeyboardInterrupt
        As by `run`.
    """
    addresses = Addresses.find(home)
    work = _with_session(addresses, progress, in_process, lambda session: session.resume(name, trials, workers))
    return Result(work, addresses)


def _with_session(
    addresses: Addresses, progress: bool, in_process: bool, work: Callable[[Session], Summary]
) -> Summary:
    from rich.console import Console

    from hpsearch.console.progress import ProgressBar
    from hpsearch.console.quiet import silenced
    from hpsearch.sweep.events import Listener
    from hpsearch.sweep.session import Session

    bar = ProgressBar(Console(file=sys.stderr)) if progress else None
    listener = bar or Listener()
    with _interruptible(listener.note) as stop, silenced(), bar or nullcontext():
        return work(Session(addresses, listener, stop, in_process=in_process))


@contextmanager
def _interruptible(note: Callable[[str], None]) -> Iterator[threading.Event]:
    """Yield what an interrupt sets; at the block's end it is passed on to whoever handles it outside."""
    from hpsearch.console.interrupts import Interrupts

    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():  # where no signal arrives
        yield interrupts.stop
        return
    with interrupts.listening(note):
        yield interrupts.stop
    if interrupts.stop.is_set():
        # Also where the sweep ended meanwhile: a loop over sweeps, or the cells below, must not simply go on.
        signal.raise_signal(interrupts.code - 128)
