"""The data set `gates` of articles D: the truth table of a logic gate.

Its four rows are repeated, so that training, validation and test rows each see all of them. Listed by
`hpsearch.data.registry`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from hpsearch.data.dataset import Raw

OUTPUTS = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}


def gates(gate: Literal["and", "or", "nand", "xor"] = "xor", copies: int = 25) -> Raw:
    """Return the truth table of `gate`, each of its four rows `copies` times.

    Parameters
    ----------
    gate : which one; xor is the one that no single unit can learn
    copies : repetitions; below about 10 a part of the split may miss one of the four rows
    """
    table = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], dtype=np.float64)
    return Raw(np.tile(table, (copies, 1)), np.tile(np.array(OUTPUTS[gate]), copies), ("a", "b"))
