"""Figures of model comparison: how many people are of which model, and what predicts best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from .. import _checks
from ..studies import ModelSelection
from .colours import action_colours

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["plot_comparison", "plot_selection"]

NEEDED = ("unit", "difference", "se_difference")
"""The columns that a comparison of posteriors has."""


def plot_selection(ax: Axes, selection: ModelSelection) -> Axes:
    """The frequencies of models, as bars, with their exceedance probabilities, as markers.

    Dots are exceedance probabilities, squares protected ones. The dashed line is where all models are equally
    frequent.

    Args:
        ax: Where to draw.
        selection: What `select_models` returned.

    Returns:
        `ax`.

    Raises:
        ValueError: If `selection` is no `ModelSelection`.
    """
    if not isinstance(selection, ModelSelection):
        _checks.fail("selection", "what `select_models` returned", type(selection).__name__)
    places, (colour, *_) = np.arange(len(selection.names)), action_colours(1)
    ax.bar(places, selection.frequencies, width=0.6, color=colour, label="frequency")
    # White inside, so that they are seen on the bars as well.
    marks = {"color": "black", "markerfacecolor": "white", "linestyle": "none", "clip_on": False}
    ax.plot(places - 0.12, selection.exceedance, marker="o", label="exceedance probability", **marks)
    protected = {"marker": "s", "label": "protected exceedance probability"}
    ax.plot(places + 0.12, selection.protected_exceedance, **protected, **marks)
    ax.axhline(1 / len(places), color="#616161", linestyle="--", label="equally frequent")
    ax.set(xticks=places, xticklabels=selection.names, ylim=(0, 1), ylabel="probability")
    return ax


def plot_comparison(ax: Axes, table: DataFrame) -> Axes:
    """How much worse than the best model each predicts what was left out, with bars of one standard error.

    Args:
        ax: Where to draw.
        table: What `compare` returned of posteriors.

    Returns:
        `ax`. The best model is at the top.

    Raises:
        ValueError: If `table` is no table of posteriors.
    """
    columns = list(getattr(table, "columns", ()))
    if not set(NEEDED) <= set(columns):
        _checks.fail("table", "what `compare` returned of posteriors", columns or type(table).__name__)
    ordered = table.sort_values("difference", ascending=False, kind="stable")
    places, (colour, *_) = np.arange(len(ordered)), action_colours(1)
    error = ordered["se_difference"].fillna(0).to_numpy()
    ax.errorbar(ordered["difference"], places, xerr=error, fmt="o", color=colour)
    ax.axvline(0, color="#616161", linestyle="--")
    unit = ordered["unit"].iloc[0]
    ax.set(yticks=places, yticklabels=ordered.index, ylim=(len(places) - 0.5, -0.5))
    ax.set_xlabel(f"expected log-density, left out by {unit}: difference from the best")
    return ax
