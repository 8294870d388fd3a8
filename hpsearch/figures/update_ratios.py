"""The picture of how far each step moves each layer: log10 of the update ratio, with the healthy band around 1e-3.

The ratio is sum|delta| / sum|p| of a parameter array p; far above the band the learning rate is too hot, far below
it the layer hardly learns. Reads the curve's ``update_ratio/<layer>/<kind>``; `catalogue` feeds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import series, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hpsearch.trial import Curve

PREFIX = "update_ratio/"
HEALTHY_LOG10_LOW, HEALTHY_LOG10_HIGH = -3.5, -2.5
MOST_LAYERS = 12
_KINDS = {"weights": 0, "biases": 1, "gammas": 3, "betas": 5}  # places in the palette


def update_ratios(curve: Curve, title: str = "Update ratios") -> Figure | None:
    """Draw log10 of every update ratio, one panel a layer and one line a kind of parameter.

    Parameters
    ----------
    curve : metrics of every epoch, ratios among them as ``update_ratio/<layer>/<kind>``

    Returns
    -------
    Figure, or None where the curve has no ratio above zero; of more than 12 layers the first 12 are drawn
    """
    layers = _layers(curve)
    if not layers:
        return None
    shown = list(layers)[:MOST_LAYERS]
    rest = f", the first {len(shown)} of {len(layers)} layers" if len(shown) < len(layers) else ""
    figure, axes = style.panels(f"{title}\nsum|Δp| / sum|p| of one epoch{rest}", len(shown), _columns(len(shown)))
    for ax, layer in zip(axes, shown, strict=True):
        _panel(ax, layer, layers[layer], alone=len(axes) == 1)
        ax.sharey(axes[0])
    axes[0].set_ylim(*_limits([values for layer in shown for values in layers[layer].values()]))
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


def _columns(count: int) -> int:
    return 1 if count <= 3 else 2 if count <= 8 else 3


def _panel(ax: Axes, layer: str, kinds: dict[str, np.ndarray], *, alone: bool) -> None:
    band = (HEALTHY_LOG10_LOW, HEALTHY_LOG10_HIGH)
    label = f"healthy, 10^{band[0]} to 10^{band[1]}"
    ax.axhspan(*band, color=style.HEALTHY, alpha=0.18, linewidth=0, label=label)
    for place, (kind, values) in enumerate(kinds.items()):
        colour = style.PALETTE[_KINDS.get(kind, place % len(style.PALETTE))]
        series.line(ax, values, f"{style.plain(kind)} (median {np.nanmedian(values):.2f})", colour, linewidth=1.2)
    style.dress(ax, "epoch", "log10(update ratio)", "" if alone and layer == "all" else style.plain(layer))
    style.legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _limits(lines: list[np.ndarray]) -> tuple[float, float]:
    """Return limits that hold the band and all but the rarest spikes downwards (a step of almost zero)."""
    values = np.concatenate(lines)
    low, high = np.nanpercentile(values, 0.5), np.nanmax(values)
    return float(min(low, HEALTHY_LOG10_LOW)) - 0.3, float(max(high, HEALTHY_LOG10_HIGH)) + 0.3
