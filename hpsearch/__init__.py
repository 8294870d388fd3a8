"""hpsearch: distributed hyperparameter search that loses no trial and counts none twice.

``hpsearch.run`` and ``hpsearch.resume`` are the command line's verbs from Python; the rest is for type checkers and
error handling. Importing this package imports no engine.
"""

from importlib.metadata import version

from hpsearch.api import Result, resume, run
from hpsearch.errors import HpsearchError, UserError
from hpsearch.spec import SweepSpec, load_spec

__all__ = ["HpsearchError", "Result", "SweepSpec", "UserError", "load_spec", "resume", "run"]

__version__ = version("hpsearch")
