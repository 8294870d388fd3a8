"""Draws every picture of a sweep that applies, as PNG bytes by name.

A picture that fails costs only itself: the sweep's results must not hang on a drawing. `sweep` gives the bytes to
`tracking`; the command `hpsearch figures` writes them to files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpsearch.figures import style
from hpsearch.figures.inputs import FigureInputs
from hpsearch.figures.registry import PICTURES


@dataclass(frozen=True)
class RenderedFigures:
    """The pictures of a sweep.

    Attributes
    ----------
    pictures : PNG bytes by the picture's name, without suffix
    failed : the error in words, by the name of each picture that could not be drawn
    """

    pictures: dict[str, bytes]
    failed: dict[str, str]


def draw(sweep: FigureInputs) -> RenderedFigures:
    """Draw every picture that applies to `sweep`; raises nothing, whatever a model or a table does to a picture."""
    pictures: dict[str, bytes] = {}
    failed: dict[str, str] = {}
    for name, picture in PICTURES.items():
        try:
            with np.errstate(all="ignore"):  # a model may overflow far away from its rows
                figure = picture(sweep)
                if figure is not None:
                    pictures[name] = style.png(figure)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return RenderedFigures(pictures, failed)
