"""The specification of a sweep: its models, its YAML, its error messages. Read by all rooms; imports `errors` alone."""

from hpsearch.spec.load import LoadedSpec, load_spec
from hpsearch.spec.model import DataSpec, SweepSpec, check_name, with_free
from hpsearch.spec.search import Algorithm, SearchSpec
from hpsearch.spec.space import Choices, Parameter, Range

__all__ = [
    "Algorithm",
    "Choices",
    "DataSpec",
    "LoadedSpec",
    "Parameter",
    "Range",
    "SearchSpec",
    "SweepSpec",
    "check_name",
    "load_spec",
    "with_free",
]
