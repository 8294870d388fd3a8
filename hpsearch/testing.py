"""For authors of trainers: ``from hpsearch.testing import check_trainer`` keeps working wherever the suite lives."""

from hpsearch.checks.check_trainer import Broken, check_trainer

__all__ = ["Broken", "check_trainer"]
