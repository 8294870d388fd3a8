"""Every error that hpsearch raises on purpose; read by all rooms, imports none of them.

::

    HpsearchError
    ├── UserError             (ValueError)    exit 2: something the user wrote or named is wrong
    │   ├── SpecError                         a value, key or name in a spec
    │   ├── DataError                         a file, column or row of the data
    │   ├── ModelFolderError                  a model folder that is damaged or was altered
    │   ├── SweepExists                       a new sweep under a name that is taken
    │   ├── UnknownSweep      (LookupError)   no sweep of that name in this store
    │   ├── SettingsError                     a flag, a variable or hpsearch.toml
    │   ├── ClusterError      (OSError)       Ray's Jobs API refuses: waiting does not help
    │   │   └── ClusterUnavailable            it does not answer now and may soon: worth another try
    │   └── StoreError        (OSError)       a home, database or server that refuses: waiting does not help
    │       └── StoreUnavailable              it does not answer now and may soon: worth another try
    ├── SweepBusy             (RuntimeError)  exit 2: another driver holds the sweep
    ├── TrackingUnreachable   (ConnectionError) exit 1: results are kept, but MLflow did not take them
    ├── SweepStopped          (RuntimeError)  exit 1: too many failures in a row
    └── TrainerError          (RuntimeError)  a trainer broke the protocol; costs its trial only

A message says where, the rule, the value and the choices, in that order:
``space.learning_rate: low must be below high, got low=0.1, high=0.001``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HpsearchError(Exception):
    """Root of the tree; catching it catches everything raised on purpose."""

    exit_code = 1


class UserError(HpsearchError, ValueError):
    """Something the user wrote or named cannot be used; shown without a traceback."""

    exit_code = 2


class SpecError(UserError):
    """A value, key or name of a sweep's specification breaks a rule."""


class DataError(UserError):
    """The data cannot be read, or cannot be learned from."""


class ModelFolderError(UserError):
    """A model folder is incomplete, damaged or was altered."""


class SweepExists(UserError):
    """A new sweep was started under a name that is already taken."""

    def __init__(self, name: str, elsewhere: str = "") -> None:
        way = f"; go on with it: hpsearch resume {name}, or choose another"
        if elsewhere:
            way = f" in {elsewhere}, begun with another study; choose another name"
        super().__init__(f"{name}: a sweep of that name exists{way}")


class UnknownSweep(UserError, LookupError):
    """No sweep of that name is recorded in the store that was asked."""


class SettingsError(UserError):
    """A flag, a variable or `hpsearch.toml` says something that cannot be."""


class ClusterError(UserError, OSError):
    """Ray's Jobs API refuses what it was asked, or is another server; waiting does not help."""


class ClusterUnavailable(ClusterError):
    """Ray's Jobs API does not answer now and may be back soon; worth another try."""


class StoreError(UserError, OSError):
    """A home folder, a database or a server refuses what was asked of it; waiting does not help."""


class StoreUnavailable(StoreError):
    """A database or server does not answer now and may be back soon; worth another try."""


class SweepBusy(HpsearchError, RuntimeError):
    """Another driver is running this sweep; the message names it."""

    exit_code = 2


class TrackingUnreachable(HpsearchError, ConnectionError):
    """MLflow stayed out of reach; what it did not take waits in the spool."""


class SweepStopped(HpsearchError, RuntimeError):
    """The sweep gave up, for example after too many failures in a row."""


class TrainerError(HpsearchError, RuntimeError):
    """A trainer broke the protocol; its trial fails, the sweep goes on."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest of `choices`, or an empty string."""
    close = difflib.get_close_matches(name, list(choices), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def unknown(where: str, kind: str, name: str, choices: Iterable[str]) -> str:
    """Compose the message for a name that does not exist: where, the value, a guess, the choices."""
    known = sorted(choices)
    listed = ", ".join(known) if known else "none"
    return f"{where}: unknown {kind} {name!r}{nearest(name, known)}; choose from: {listed}"
