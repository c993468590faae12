"""Figures of simulated behaviour: values, choices, learning curves, choice rules, shapes of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from .. import _checks
from .._types import Numbers
from ..decision_rules import softmax
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update_iterator
from .colours import GREY, action_colours
from .style import DASHES, MARKERS

__all__ = ["plot_actions", "plot_array_shape", "plot_choices", "plot_learning", "plot_softmax"]


def plot_actions(ax: Axes, series: Numbers, *, ylabel: str, labels: Sequence[str] | None = None) -> Axes:
    """One line per action over trials: values, or choice probabilities.

    Args:
        ax: Where to draw.
        series: What to draw, shape (n_trials, n_actions).
        ylabel: The label of the vertical axis.
        labels: The actions' names in the legend, one per action. None: "action 0" and so on.

    Returns:
        `ax`.

    Raises:
        ValueError: If `series` has not two axes, or there is not one label per action.
    """
    series = _trials_by_actions("series", series)
    n_trials, n_actions = series.shape
    labels = [f"action {a}" for a in range(n_actions)] if labels is None else labels
    if len(labels) != n_actions:
        _checks.fail("labels", f"{n_actions} names", f"{len(labels)}")
    trial = np.arange(1, n_trials + 1)
    for line, colour, dash, label in zip(series.T, action_colours(n_actions), cycle(DASHES), labels):
        ax.plot(trial, line, color=colour, linestyle=dash, label=label)
    ax.set(xlabel="trial", ylabel=ylabel)
    return ax


def plot_choices(ax: Axes, choices: Numbers, outcomes: Numbers) -> Axes:
    """One marker per trial, in the row of the action that was chosen: filled where it paid.

    Args:
        ax: Where to draw.
        choices: Actions, integers, shape (n_trials,).
        outcomes: What each action would pay, shape (n_trials, n_actions).

    Returns:
        `ax`.

    Raises:
        ValueError: If shapes do not match, or a choice is not an action.
    """
    outcomes = _trials_by_actions("outcomes", outcomes)
    if np.shape(choices) != outcomes.shape[:1]:
        _checks.fail("choices", f"shape {outcomes.shape[:1]}", f"shape {np.shape(choices)}")
    n_actions = outcomes.shape[1]
    choices = np.asarray(_checks.actions("choices", choices, n_actions))
    trial = np.arange(1, len(choices) + 1)
    paid = outcomes[np.arange(len(choices)), choices] > 0
    for action, (colour, marker) in enumerate(zip(action_colours(n_actions), cycle(MARKERS))):
        for filled in (True, False):
            here = (choices == action) & (paid == filled)
            face = colour if filled else "none"
            ax.plot(trial[here], choices[here], marker, color=colour, markerfacecolor=face)
    ax.set(xlabel="trial", ylabel="action chosen", yticks=range(n_actions), ylim=(n_actions - 0.5, -0.5))
    return ax


def plot_learning(ax: Axes, outcomes: Numbers, rates: Sequence[tuple[float, float]]) -> Axes:
    r"""The value of one action over trials, for some pairs of learning rates.

    Args:
        ax: Where to draw.
        outcomes: What the action paid on each trial, 0 or 1, shape (n_trials,).
        rates: Pairs (alpha_p, alpha_n), each in [0, 1].

    Returns:
        `ax`.

    Raises:
        ValueError: If `outcomes` has not one axis, or a learning rate is out of its range.
    """
    outcomes = np.asarray(outcomes, dtype=float)
    if outcomes.ndim != 1:
        _checks.fail("outcomes", "shape (n_trials,)", f"shape {outcomes.shape}")
    trial, chosen = np.arange(1, len(outcomes) + 1), np.ones((len(outcomes), 1), dtype=int)
    ax.plot(trial, outcomes, "|", color=GREY, label="outcome")
    for (alpha_p, alpha_n), colour, dash in zip(rates, action_colours(len(rates)), cycle(DASHES)):
        values, _ = asymmetric_rescorla_wagner_update_iterator(outcomes, chosen, alpha_p, alpha_n)
        label = rf"$\alpha_p$ = {alpha_p:g}, $\alpha_n$ = {alpha_n:g}"
        ax.plot(trial, values[:, 0], color=colour, linestyle=dash, label=label)
    ax.set(xlabel="trial", ylabel="value before the outcome", ylim=(-0.05, 1.05))
    return ax


def plot_softmax(ax: Axes, temperatures: Sequence[float]) -> Axes:
    r"""The probability of choosing the first of two actions against the difference of their values.

    Args:
        ax: Where to draw.
        temperatures: Softmax temperatures, above 0.

    Returns:
        `ax`.

    Raises:
        ValueError: If a temperature is not above 0.
    """
    difference = np.linspace(-1, 1, 201)
    values = np.stack([difference, np.zeros_like(difference)], axis=1)
    for tau, colour, dash in zip(temperatures, action_colours(len(temperatures)), cycle(DASHES)):
        p = np.asarray(softmax(values, tau))[:, 0]
        ax.plot(difference, p, color=colour, linestyle=dash, label=rf"$\tau$ = {tau:g}")
    ax.set(xlabel="$V(0) - V(1)$", ylabel="P(choose action 0)", ylim=(-0.05, 1.05))
    return ax


def plot_array_shape(
    ax: Axes, left: float, shape: Sequence[int], *, name: str, axes: Sequence[str], mapped: bool
) -> Axes:
    """An array as a grid of cells, with its axes named; filled where `jax.vmap` maps over its rows.

    Args:
        ax: Where to draw; its limits are left alone.
        left: Where the grid begins, in cells.
        shape: Rows, or rows and columns.
        name: The name of the array, written above it.
        axes: The names of the axes of the array, written below it.
        mapped: Whether the rows are mapped over, one subject each.

    Returns:
        `ax`.
    """
    n_rows, n_columns = (*shape, 1)[:2]
    colours = action_colours(n_rows) if mapped else [GREY] * n_rows
    for row in range(n_rows):
        for column in range(n_columns):
            face = (*to_rgb(colours[row]), 0.55 if mapped else 0.15)
            ax.add_patch(Rectangle((left + column, row), 0.9, 0.9, facecolor=face, edgecolor=GREY))
    ax.text(left + n_columns / 2, -0.4, name, ha="center", va="bottom")
    ax.text(left + n_columns / 2, n_rows + 0.3, f"({', '.join(axes)})", ha="center", va="top", color=GREY)
    return ax


def _trials_by_actions(name: str, x: Numbers) -> np.ndarray:
    """An array of shape (n_trials, n_actions) on the host."""
    x = np.asarray(x)
    if x.ndim != 2:
        _checks.fail(name, "shape (n_trials, n_actions)", f"shape {x.shape}")
    return x
