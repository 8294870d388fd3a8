"""The one look of all pictures: size, colours, fonts, axes, and the way to PNG bytes.

The only module that imports matplotlib, and only when a picture is drawn. Figures are built without pyplot, and
nothing global is set, so that pictures can be drawn on any thread and in a notebook.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.tri import Triangulation

# Okabe and Ito's palette, which stays apart under every common colour blindness (jfly.uni-koeln.de/color).
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#555555")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
TRAINING, VALIDATION = PALETTE[0], PALETTE[5]
DONE, BEST, PRUNED, FAILED = PALETTE[0], PALETTE[1], "#777777", PALETTE[5]
HEALTHY, INK, FAINT = PALETTE[2], "#222222", "#999999"
SEQUENTIAL, ACTIVATION, SIGNED = "Blues", "gray", "RdBu_r"

WIDTH_INCHES, HEIGHT_INCHES, DPI = 10.0, 7.0, 100
TITLE_LEFT, SECOND_LINE = 0.012, 0.957  # shares of the figure; where the layout puts a second line
LONGEST_TEXT = 28


def panels(title: str, count: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure and its first `count` axes, row by row, `columns` in a row.

    The first line of `title` is set in bold; a second one, after a line break, says more in plain type.
    """
    from matplotlib.figure import Figure

    figure = Figure((WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI, layout="constrained", facecolor="white")
    first, _, second = title.partition("\n")
    # The layout makes room for the suptitle alone, so its second line is kept empty for the plain text.
    heading = first + "\n " if second else first
    look: dict[str, Any] = {"x": TITLE_LEFT, "ha": "left", "va": "top", "color": INK}
    figure.suptitle(heading, fontsize=13, fontweight="bold", **look)
    figure.text(y=SECOND_LINE, s=second, fontsize=11, **look)
    rows = math.ceil(count / columns)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]


def dress(ax: Axes, x: str, y: str, title: str = "") -> None:
    """Give `ax` its labels, a faint grid below the data, and no frame at the top and right."""
    ax.set_xlabel(x, fontsize=10, color=INK)
    ax.set_ylabel(y, fontsize=10, color=INK)
    if title:
        ax.set_title(title, fontsize=11, color=INK, loc="left")
    ax.tick_params(labelsize=9, colors=INK)
    ax.grid(True, color="#E4E4E4", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)


def legend(ax: Axes, **options: Any) -> None:
    """Put a legend where it hides least, unless there is nothing to name."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        look: dict[str, Any] = {"fontsize": 9, "framealpha": 0.85, "edgecolor": "#CCCCCC"}
        ax.legend(handles, labels, **look | options)


def legend_below(figure: Figure, *axes: Axes) -> None:
    """Put one legend of all `axes` below the panels; of equal labels the first counts."""
    named: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if named:
        look: dict[str, Any] = {"loc": "outside lower center", "ncols": min(len(named), 6), "fontsize": 9}
        figure.legend(list(named.values()), list(named), frameon=False, **look)


def whole_numbers(ax: Axes) -> None:
    """Put ticks of the x axis on whole numbers only."""
    ax.locator_params(axis="x", integer=True)


def bare(ax: Axes, title: str = "") -> None:
    """Leave only what is drawn and a small title: for images."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color("#CCCCCC")
    if title:
        ax.set_title(title, fontsize=9, color=INK)


def colours(count: int, palette: Sequence[str] = PALETTE) -> NDArray[np.float64]:
    """Return `count` colours, ``(count, 3) float64`` RGB; beyond the palette they run through a colour map."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    if count <= len(palette):
        return np.array([to_rgb(colour) for colour in palette[:count]]).reshape(count, 3)
    return np.asarray(colormaps["viridis"](np.linspace(0, 1, count)), dtype=np.float64)[:, :3]


def shades(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a colour of the sequential map, ``(rows, 4) float64`` RGBA, for each share; 0 is pale, 1 is dark."""
    from matplotlib import colormaps

    return np.asarray(colormaps[SEQUENTIAL](0.25 + 0.75 * shares), dtype=np.float64)


def lines(ax: Axes, paths: Sequence[NDArray[np.float64]], colours: NDArray[np.float64], **look: Any) -> None:
    """Draw many lines, each ``(points, 2)``, in colours of their own; much faster than one by one."""
    from matplotlib.collections import LineCollection

    ax.add_collection(LineCollection(list(paths), colors=colours.tolist(), **look))


def triangulation(x: NDArray[np.float64], y: NDArray[np.float64]) -> Triangulation:
    """Return Delaunay's triangles between points that are near in the picture, not in the units of `x` and `y`."""
    from matplotlib.tri import Triangulation

    near = Triangulation(*((values - values.min()) / max(float(np.ptp(values)), 1e-300) for values in (x, y)))
    return Triangulation(x, y, near.triangles)


def rates(learning_rate: float | None, l2: float | None) -> str:
    """Return the logarithms that articles A put into the titles of their pictures, as far as they are known."""
    known = [("learning rate", learning_rate), ("l2", l2)]
    return ", ".join(f"log10({n}) = {math.log10(value):.2f}" for n, value in known if value is not None and value > 0)


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return a user's text as a label: one line, cut off, no ``$`` read as mathematics, no leading ``_`` ignored."""
    line = " ".join(str(text).split())
    short = line if len(line) <= longest else line[: longest - 1] + "…"
    escaped = short.replace("\\", "\\\\").replace("$", r"\$") if "$" in short else short
    return " " + escaped if escaped.startswith("_") else escaped


def svg(figure: Figure) -> bytes:
    """Render `figure` to the bytes of an SVG file that is sharp at any size and needs no font."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "hpsearch"}):
        figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """Render `figure` to the bytes of a PNG file, 1000 x 700 pixels unless the figure says otherwise."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    return buffer.getvalue()
