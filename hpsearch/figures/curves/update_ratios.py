"""The picture of how far each step moves each layer: log10 of the update ratio, with the healthy band around 1e-3.

The ratio is sum|delta| / sum|p| of a parameter array p; far above the band the learning rate is too hot, far below
it the layer hardly learns. Reads the curve's ``update_ratio/<layer>/<kind>``, a mean over the epoch's steps where it
has several; `registry` feeds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import style
from hpsearch.figures.curves import series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hpsearch.trial import Curve

PREFIX = "update_ratio/"
HEALTHY_LOG10_LOW, HEALTHY_LOG10_HIGH = -3.5, -2.5
# Ours count a step from zero as 1; a trainer of somebody else's may divide by next to nothing, which says nothing.
LOWEST, HIGHEST = -8.0, 1.0
MOST_LAYERS = 12
_KINDS = {"weights": 0, "biases": 1, "gammas": 3, "betas": 5}  # places in the palette


def update_ratios(
    curve: Curve, title: str = "Update ratios", *, learning_rate: float | None = None, l2: float | None = None
) -> Figure | None:
    """Draw log10 of every update ratio, one panel a layer and one line a kind of parameter.

    Parameters
    ----------
    curve : metrics of every epoch, ratios among them as ``update_ratio/<layer>/<kind>``
    learning_rate, l2 : named in the title by their log10, where known

    Returns
    -------
    Figure, or None where the curve has no ratio above zero; of more than 12 layers the first 12 are drawn
    """
    layers = _layers(curve)
    if not layers:
        return None
    first_layers = list(layers)[:MOST_LAYERS]
    rest = f", the first {len(first_layers)} of {len(layers)} layers" if len(first_layers) < len(layers) else ""
    columns = 1 if len(first_layers) <= 3 else 2 if len(first_layers) <= 8 else 3
    known = style.rates(learning_rate, l2)
    second = f"sum|Δp| / sum|p|, mean over an epoch's steps{rest}{known and '; '}{known}"
    figure, axes = style.panels(f"{title}\n{second}", len(first_layers), columns)
    for place, (ax, layer) in enumerate(zip(axes, first_layers, strict=True)):
        _panel(ax, layers[layer])
        title = style.plain(layer) + (_medians(layers[layer]) if columns == 1 else "")
        style.dress(ax, "epoch" if place >= len(axes) - columns else "", "log10(ratio)", title)
        ax.sharey(axes[0])
    style.legend_below(figure, *axes)
    axes[0].set_ylim(*_limits([values for layer in first_layers for values in layers[layer].values()]))
    return figure


def _layers(curve: Curve) -> dict[str, dict[str, np.ndarray]]:
    """Return the log10 ratios by layer and kind, in the curve's order."""
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name in curve.names:
        layer, _, kind = name.removeprefix(PREFIX).partition("/")
        values = series.log10_series(curve, name) if name.startswith(PREFIX) else None
        if values is not None:
            layers.setdefault(layer, {})[kind or "all"] = values
    return layers


def _panel(ax: Axes, kinds: dict[str, np.ndarray]) -> None:
    band = (HEALTHY_LOG10_LOW, HEALTHY_LOG10_HIGH)
    label = f"healthy: {band[0]} to {band[1]}, around 1e-3"
    ax.axhspan(*band, color=style.HEALTHY, alpha=0.18, linewidth=0, label=label)
    for place, (kind, values) in enumerate(kinds.items()):
        colour = style.PALETTE[_KINDS.get(kind, place % len(style.PALETTE))]
        series.line(ax, values, style.plain(kind), colour, linewidth=1.2)


def _medians(kinds: dict[str, np.ndarray]) -> str:
    return ": median of " + ", ".join(f"{style.plain(kind)} {np.nanmedian(v):.2f}" for kind, v in kinds.items())


def _limits(lines: list[np.ndarray]) -> tuple[float, float]:
    """Return limits that hold the band and every ratio that means something."""
    values = np.clip(np.concatenate(lines), LOWEST, HIGHEST)
    low, high = np.nanpercentile(values, 0.5), np.nanpercentile(values, 99.8)
    return float(min(low, HEALTHY_LOG10_LOW)) - 0.3, float(max(high, HEALTHY_LOG10_HIGH)) + 0.3
