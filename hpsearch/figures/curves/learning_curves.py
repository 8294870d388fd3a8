"""The picture of one trial's learning: its data loss in log10, and its accuracy (or rmse and r2), epoch by epoch.

Takes a curve from `hpsearch.trial` and two numbers for the title; `registry` feeds it with the sweep's best trial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpsearch.figures import style
from hpsearch.figures.curves import series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hpsearch.trial import Curve

_SETS = (("train", "training", style.TRAINING), ("val", "validation", style.VALIDATION))
LOWEST_R2 = -1.0  # a first epoch's r2 may be -1000, and would flatten all others


def learning_curves(
    curve: Curve,
    learning_rate: float | None = None,
    l2: float | None = None,
    *,
    epoch: int | None = None,
    title: str = "Learning curves",
) -> Figure | None:
    """Draw loss and accuracy over the epochs.

    Parameters
    ----------
    curve : metrics of every epoch; draws those of train_ and val_ loss, accuracy, rmse and r2 that it has
    learning_rate, l2 : named in the title by their log10, where known
    epoch : the epoch whose weights the model holds, marked where it is not the last

    Returns
    -------
    Figure of one panel a kind of metric, or None where the curve has none of them
    """
    drawn = [draw for draw, kinds in _PANELS.items() if any(_has(curve, kind) for kind in kinds)]
    if not drawn:
        return None
    figure, axes = style.panels(f"{title}\n{style.rates(learning_rate, l2)}", len(drawn))
    for ax, draw in zip(axes, drawn, strict=True):
        draw(ax, curve)
        if epoch is not None and epoch != curve.epochs:
            ax.axvline(epoch, color=style.FAINT, linestyle=":", label=f"weights of epoch {epoch}")
        style.legend(ax)
    return figure


def _has(curve: Curve, kind: str) -> bool:
    read = series.log10_series if kind == "loss" else series.series
    return any(read(curve, f"{key}_{kind}") is not None for key, *_ in _SETS)


def _loss(ax: Axes, curve: Curve) -> None:
    for key, label, colour in _SETS:
        values = series.log10_series(curve, f"{key}_loss")
        if values is not None:
            series.line(ax, values, f"{label} (last {10 ** _last(values):.3g})", colour)
    style.dress(ax, "epoch", "log10(data loss)", "Data loss")


def _accuracy(ax: Axes, curve: Curve) -> None:
    for key, label, colour in _SETS:
        values = series.series(curve, f"{key}_accuracy")
        if values is not None:
            series.line(ax, values, f"{label} (last {_last(values):.3f}, best {np.nanmax(values):.3f})", colour)
    style.dress(ax, "epoch", "accuracy (share of rows)", "Accuracy")


def _regression(ax: Axes, curve: Curve) -> None:
    """Draw rmse on the left axis and r2, dashed, on the right one."""
    right = ax.twinx()
    for key, label, colour in _SETS:
        rmse, r2 = (series.series(curve, f"{key}_{kind}") for kind in ("rmse", "r2"))
        if rmse is not None:
            series.line(ax, rmse, f"{label} rmse (last {_last(rmse):.4g})", colour)
        if r2 is not None:
            series.line(right, r2, "", colour, linestyle="--")
            ax.plot([], [], color=colour, linestyle="--", label=f"{label} r2 (last {_last(r2):.3f})")
    style.dress(ax, "epoch", "rmse (units of the target)", "Error (solid) and explained variance (dashed)")
    _log_if_wide(ax)
    style.dress(right, "", "r2")
    right.grid(False)
    right.yaxis.set_label_position("right")
    right.set_ylim(max(LOWEST_R2, right.get_ylim()[0]), 1.02)


def _log_if_wide(ax: Axes) -> None:
    """Make the axis logarithmic where its lines span more than a decade: the first epochs' errors are large."""
    values = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in ax.lines] or [np.empty(0)])
    values = values[np.isfinite(values)]
    if len(values) and values.max() > 10 * values.min() > 0:
        ax.set_yscale("log")


_PANELS: dict[Callable[[Axes, Curve], None], tuple[str, ...]] = {
    _loss: ("loss",),
    _accuracy: ("accuracy",),
    _regression: ("rmse", "r2"),
}


def _last(values: NDArray[np.float64]) -> float:
    return float(values[np.isfinite(values)][-1])
