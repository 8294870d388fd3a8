"""Schedules by name; one file each, and one entry here.

`schedule` says what each keeps to.
"""

from __future__ import annotations

from trainers.schedules.constant import Constant
from trainers.schedules.cosine import Cosine
from trainers.schedules.exponential import Exponential
from trainers.schedules.inverse_time import InverseTime
from trainers.schedules.schedule import Schedule
from trainers.schedules.warm_up import WarmUp

SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "cosine": Cosine,
}

__all__ = ["SCHEDULES", "Constant", "Cosine", "Exponential", "InverseTime", "Schedule", "WarmUp"]
