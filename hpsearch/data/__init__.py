"""Data: reads or makes rows, checks them, splits and transforms them.

The way through: `registry` or `readers` -> `dataset` (checked by `features`, `labels`) -> `split` -> `transform`, all
joined by `prepare`. `hpsearch.model` uses `transform`, `features` and `archive`.
"""

from hpsearch.data.dataset import Dataset, Rows
from hpsearch.data.prepare import Prepared, held_out, prepare, train_and_validation
from hpsearch.data.registry import DATASETS

__all__ = ["DATASETS", "Dataset", "Prepared", "Rows", "held_out", "prepare", "train_and_validation"]
