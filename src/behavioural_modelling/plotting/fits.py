"""Figures of fits: likelihood surfaces, parameter recovery, confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm

from .. import _checks
from .._types import Numbers
from ..studies import Recovery
from .colours import action_colours

__all__ = ["plot_matrix", "plot_recovery", "plot_surface"]


def plot_surface(
    ax: Axes, x: Numbers, y: Numbers, log_likelihood: Numbers, *, xlabel: str, ylabel: str
) -> Axes:
    """A log-likelihood over two parameters: how far it is below its highest point, with the point marked.

    Args:
        ax: Where to draw.
        x: Values of the parameter on the horizontal axis, shape (n_x,).
        y: Values of the parameter on the vertical axis, shape (n_y,).
        log_likelihood: The log-likelihood, shape (n_y, n_x).
        xlabel: The label of the horizontal axis.
        ylabel: The label of the vertical axis.

    Returns:
        `ax`.

    Raises:
        ValueError: If the shapes do not match.
    """
    x, y, surface = (np.asarray(array) for array in (x, y, log_likelihood))
    if surface.shape != (len(y), len(x)):
        _checks.fail("log_likelihood", f"shape {(len(y), len(x))}", f"shape {surface.shape}")
    below = surface - np.nanmax(surface)
    levels = [-1000, -50, -20, -10, -5, -2, -1, -0.5, 0]
    filled = ax.contourf(x, y, below, levels=levels, cmap="cividis", norm=BoundaryNorm(levels, 256))
    bar = ax.figure.colorbar(filled, ax=ax, ticks=levels[1:])
    bar.set_label("log-likelihood minus its maximum")
    row, column = np.unravel_index(np.nanargmax(surface), surface.shape)
    ax.plot(x[column], y[row], "o", markerfacecolor="white", markeredgecolor="black", label="maximum")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return ax


def plot_recovery(
    ax: Axes,
    recovery: Recovery,
    name: str,
    *,
    label: str | None = None,
    limits: tuple[float, float] | None = None,
) -> Axes:
    """The estimates of one parameter against the true values, with bars of one standard error.

    An open marker is an estimate at a bound, which has no standard error. A triangle at the edge is one that
    lies beyond the axis, which is made for the true values.

    Args:
        ax: Where to draw.
        recovery: What `recovery` returned.
        name: The name of the parameter.
        label: What the axes call it. None: its name.
        limits: The ends of both axes. None: those of the true values, and a margin on the vertical axis.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such parameter.
    """
    if name not in recovery.true:
        _checks.fail("name", f"one of {', '.join(recovery.true)}", repr(name))
    true, fit = recovery.true[name], recovery.fit
    colour, label = action_colours(1)[0], label or name
    error = np.where(np.isfinite(fit.standard_errors[name]), fit.standard_errors[name], 0)
    low, high = np.nanmin(true), np.nanmax(true)
    margin = 0.3 * (high - low) or 0.5
    bottom, top = limits or (low - margin, high + margin)
    estimate, at_bound = fit.params[name], fit.at_bound[name]
    beyond = (estimate < bottom) | (estimate > top)
    ends, over_the_dots = limits or (low, high), 3
    ax.plot(ends, ends, color="black", linestyle="--", zorder=over_the_dots, label="estimate = true value")
    bars = {"elinewidth": 0.8, "color": colour, "markersize": 3, "label": "estimate and standard error"}
    inside = ~at_bound & ~beyond
    ax.errorbar(true[inside], estimate[inside], error[inside], fmt="o", **bars)
    for some, marker, meaning in ((at_bound & ~beyond, "o", "at a bound"), (beyond, "^", "beyond the axis")):
        if some.any():
            at = np.clip(estimate[some], bottom, top)
            ax.plot(true[some], at, marker, color=colour, mfc="none", clip_on=False, label=meaning)
    ax.set(xlabel=f"true {label}", ylabel=f"estimated {label}", ylim=(bottom, top), xlim=limits)
    return ax


def plot_matrix(ax: Axes, matrix: Numbers, names: Sequence[str], *, xlabel: str, ylabel: str) -> Axes:
    """A matrix of shares with its numbers written in, as a confusion matrix.

    Args:
        ax: Where to draw.
        matrix: Numbers in [0, 1], shape (n, n); NaN is left blank.
        names: The names of rows and columns.
        xlabel: What the columns are.
        ylabel: What the rows are.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is not one name per row and column.
    """
    matrix = np.asarray(matrix, dtype=float)
    if matrix.shape != (len(names), len(names)):
        _checks.fail("matrix", f"shape {(len(names), len(names))}", f"shape {matrix.shape}")
    ax.imshow(matrix, vmin=0, vmax=1, cmap="cividis")
    for row, column in np.argwhere(np.isfinite(matrix)):
        share = matrix[row, column]
        colour = "black" if share > 0.5 else "white"
        ax.text(column, row, f"{share:.2f}", ha="center", va="center", color=colour)
    ticks = range(len(names))
    ax.set(xticks=ticks, yticks=ticks, xticklabels=names, yticklabels=names, xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    return ax
