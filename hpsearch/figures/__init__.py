"""The pictures of a sweep: one picture one file, plain values in, a matplotlib Figure out.

`draw` makes all that apply to one `FigureInputs`; a single picture is imported from the module of its name, for
example ``from hpsearch.figures.models.confusion import confusion``. Importing this room does not import matplotlib.
"""

from hpsearch.figures.inputs import FigureInputs
from hpsearch.figures.render import RenderedFigures, draw

__all__ = ["FigureInputs", "RenderedFigures", "draw"]
