"""What a session does, before anything else, with what an earlier driver left in MLflow and on disk.

`hpsearch.sweep.recovery` works it out completely, as a value; only then does the writer of `recorder` start, with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hpsearch.tracking.interface import RunView
from hpsearch.tracking.spool import Entry


@dataclass(frozen=True)
class RecoveryPlan:
    """Every finished trial of the study is in `deliver`, in `rebuild`, or recorded already.

    Attributes
    ----------
    runs : the trials' runs that MLflow has; each is used again under its trial's number
    deliver : numbers of the spool's entries that the study confirms and MLflow has not taken
    discard : numbers of the spool's entries that nobody needs: half written, taken already, or not what the study knows
    rebuild : finished trials that are neither recorded nor in the spool, as the study describes them
    interrupt : numbers of trials that are not finished, whose runs still say RUNNING
    """

    runs: tuple[RunView, ...] = ()
    deliver: tuple[int, ...] = ()
    discard: tuple[int, ...] = ()
    rebuild: tuple[Entry, ...] = ()
    interrupt: tuple[int, ...] = ()
