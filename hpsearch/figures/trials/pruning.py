"""The picture of what pruning saved: how long each trial trained, and how many were still training at each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hpsearch.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STATES = (("complete", "o", style.DONE), ("pruned", "v", style.PRUNED), ("failed", "x", style.FAILED))


def pruning(trials: pd.DataFrame, *, title: str = "Pruning") -> Figure | None:
    """Draw the epochs of every trial and the share of trials that reached each epoch.

    Parameters
    ----------
    trials : columns number, state and epochs

    Returns
    -------
    Figure, or None where no trial was pruned, or none completed to compare with
    """
    if "epochs" not in trials.columns:
        return None
    ended = trials[trials["state"].isin(["complete", "pruned", "failed"]) & trials["epochs"].notna()]
    states = set(ended["state"])
    if "pruned" not in states or "complete" not in states:
        return None
    epochs = ended["epochs"].to_numpy(dtype="float64")
    pruned = (ended["state"] == "pruned").to_numpy(dtype=bool)
    whole = float(np.median(epochs[(ended["state"] == "complete").to_numpy(dtype=bool)]))
    saved = float(np.maximum(whole - epochs[pruned], 0).sum())
    share = saved / (saved + epochs.sum())
    summary = (
        f"{pruned.sum()} of {len(ended)} trials pruned: {saved:,.0f} epochs saved, {share:.0%} of all there would be"
    )
    figure, (left, right) = style.panels(f"{title}\n{summary}", 2, columns=2)
    _lengths(left, ended)
    _reached(right, epochs)
    style.legend_below(figure, left)
    return figure


def _lengths(ax: Axes, ended: pd.DataFrame) -> None:
    for state, marker, colour in STATES:
        some = ended[ended["state"] == state]
        if len(some):
            numbers, epochs = some["number"].to_numpy(dtype="int64"), some["epochs"].to_numpy(dtype="float64")
            ax.scatter(numbers, epochs, s=30, marker=marker, color=colour, alpha=0.8, label=f"{state} ({len(some)})")
    style.whole_numbers(ax)
    style.dress(ax, "trial", "epochs trained", "How long each trial trained")
    ax.set_ylim(bottom=0)


def _reached(ax: Axes, epochs: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    last = int(epochs.max())
    at = np.unique(np.concatenate([[0], epochs, [last]]))
    share = np.array([(epochs >= epoch).mean() for epoch in at])
    ax.step(at, share, where="pre", color=style.INK)
    ax.fill_between(at, share, step="pre", color=style.DONE, alpha=0.2)
    ax.set_ylim(0, 1.05)
    ax.set_xlim(0, last)
    style.dress(ax, "epoch", "share of trials", "Trials that reached an epoch")
