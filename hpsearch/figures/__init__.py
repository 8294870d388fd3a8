"""The pictures of a sweep: one picture one file, plain values in, a matplotlib Figure out.

`draw` makes all that apply to one `SweepPictures`; a single picture is imported from the module of its name, for
example ``from hpsearch.figures.confusion import confusion``. Importing this room does not import matplotlib.
"""

from hpsearch.figures.album import Album, draw
from hpsearch.figures.material import SweepPictures

__all__ = ["Album", "SweepPictures", "draw"]
