"""Model: the winner as a folder without a pickle, and predictions from raw rows.

`bundle` writes and checks the folder with `description` and `tensors` (`first_format` reads older ones, `fields` and
`files` serve both), `predictor` predicts, `loader` is MLflow's way in, `source` finds the folder inside a download.
"""

from hpsearch.model.bundle import Bundle, load, save
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find

__all__ = ["Bundle", "Predictor", "find", "load", "save"]
