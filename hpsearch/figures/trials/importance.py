"""The picture of what mattered: each parameter's share of the differences between the trials' values.

The shares come from `hpsearch.study.importance.importances` (fANOVA); `registry` feeds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 20


def importance(shares: Mapping[str, float], metric: str, *, title: str = "Importance") -> Figure | None:
    """Draw one bar a parameter, the most important at the top.

    Parameters
    ----------
    shares : from a parameter's name to its share, 0 to 1
    metric : what the values are

    Returns
    -------
    Figure, or None where no share is known
    """
    ranked = sorted(shares.items(), key=lambda pair: -pair[1])[:MOST]
    if not ranked:
        return None
    value = style.plain(metric) or "value"
    figure, (ax,) = style.panels(f"{title}\nshare of the differences in {value} that a parameter explains (fANOVA)")
    heights, widths = np.arange(len(ranked))[::-1], np.array([share for _, share in ranked])
    ax.barh(heights, widths, height=0.6, color=style.DONE)
    for height, width in zip(heights, widths, strict=True):
        ax.text(width + 0.01, height, f"{width:.1%}", va="center", fontsize=10, color=style.INK)
    ax.set_yticks(heights, [style.plain(name) for name, _ in ranked])
    ax.set_xlim(0, max(1.0, float(widths.max())) * 1.08)
    ax.set_ylim(-0.7 - max(0, 3 - len(ranked)), len(ranked) - 0.3)  # a single bar stays a bar
    style.dress(ax, "share of the variance", "")
    ax.grid(False, axis="y")
    return figure
