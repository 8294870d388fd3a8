"""Schedules by name; one file each, and one entry here."""

from __future__ import annotations

from trainers.schedules.constant import Constant
from trainers.schedules.exponential import Exponential
from trainers.schedules.inverse_time import InverseTime
from trainers.schedules.schedule import Schedule

SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "exponential": Exponential,
    "inverse_time": InverseTime,
}

__all__ = ["SCHEDULES", "Constant", "Exponential", "InverseTime", "Schedule"]
