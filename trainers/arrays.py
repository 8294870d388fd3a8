"""Names for the array types that every module here uses.

Inside a network arrays are features-first, ``(features, rows)`` or ``(channels, height, width, rows)``: reductions
over rows and softmax over classes then run along long contiguous axes. Public functions take ``(rows, features)``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
Metrics: TypeAlias = dict[str, float]

DTYPES: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}
