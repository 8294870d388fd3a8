"""Matches values with the classes or choices they stand for, whatever type they have.

Labels are text, numbers or booleans, and come back from NumPy and pandas in types of theirs; a choice may be a list,
which a table holds as JSON text. Read by every picture that counts or colours by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpsearch.spec.values import text

__all__ = ["codes", "text"]


def codes(values: Any, labels: Sequence[Any]) -> NDArray[np.int64]:
    """Return the position in `labels` of every value, -1 where it is none of them.

    Parameters
    ----------
    values : (rows,) array, Series or list of labels
    labels : the classes or choices in order

    Returns
    -------
    (rows,) int64
    """
    by_text = {text(label): code for code, label in enumerate(labels)}
    by_value = {label: code for code, label in enumerate(labels) if not isinstance(label, list | dict)}
    cells = values.tolist() if hasattr(values, "tolist") else list(values)
    by_type = [by_value.get(cell, -1) if isinstance(cell, str | int | float) else -1 for cell in cells]
    missed = [by_text.get(text(cell), -1) if code < 0 else code for cell, code in zip(cells, by_type, strict=True)]
    return np.array(missed, dtype=np.int64).reshape(-1)
