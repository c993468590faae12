"""Figures of planning: what the cells of a grid are worth, and where one goes from each."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .. import _checks
from .._types import Numbers
from ..planning import GridWorld
from .colours import GREY

__all__ = ["plot_grid_world"]

MAP = "cividis"
# To the right and upwards, as arrows are drawn; the rows of a grid are counted downwards.
DIRECTIONS = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}
LONGEST, SEEN = 0.36, 0.02
"""How long the arrow of a certain action is, in cells, and the least probability that is drawn."""


def plot_grid_world(
    ax: Axes,
    world: GridWorld,
    values: Numbers,
    policy: Numbers | None = None,
    *,
    limits: tuple[float, float] | None = None,
) -> Axes:
    """The values of the cells of a grid world, and arrows for what is chosen in each.

    Each cell has the colour of its value, and the value written in it. An arrow is as long as its action is
    probable. Walls are hatched, and S is the start. Goals, G, and pits, X, where all is over, have no colour:
    written in them is what they pay.

    Args:
        ax: Where to draw.
        world: What `grid_world` returned.
        values: The value of each state, shape (n_states,).
        policy: The probability of each action in each state, shape (n_states, 4), as `planning.policy` gives
            it. None: no arrows.
        limits: The values of the darkest and of the lightest colour, to compare several grids. None: the
            smallest and the largest value of a cell that one can walk in.

    Returns:
        `ax`.

    Raises:
        ValueError: If `world` is no `GridWorld`, shapes do not match, or `limits` are not two numbers in
            order.
    """
    if not isinstance(world, GridWorld):
        _checks.fail("world", "what `grid_world` returned", type(world).__name__)
    values = _of_states("values", values, (len(world.kinds),))
    free = np.array(world.kinds) == "."
    low, high = _checked_limits(limits, values[free])
    shares = np.where(free, np.clip((values - low) / ((high - low) or 1), 0, 1), np.nan)
    _draw_cells(ax, world, shares)
    inks = _inks(shares)
    _write_in_cells(ax, world, values, inks)
    if policy is not None:
        _draw_arrows(ax, world, _of_states("policy", policy, world.sas.shape[:2]), inks)
    return ax


def _draw_cells(ax: Axes, world: GridWorld, shares: np.ndarray) -> None:
    """The ground: a colour for each state, hatching for walls."""
    n_rows, n_columns = world.shape
    ground = np.full(world.shape, np.nan)
    ground[tuple(world.positions.T)] = shares
    ax.imshow(ground, vmin=0, vmax=1, cmap=MAP)
    walls = np.ones(world.shape, bool)
    walls[tuple(world.positions.T)] = False
    for row, column in np.argwhere(walls):
        corner = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=GREY, hatch="///", linewidth=0))
    lines = {"colors": GREY, "linewidth": 0.5}
    ax.vlines(np.arange(1, n_columns) - 0.5, -0.5, n_rows - 0.5, **lines)
    ax.hlines(np.arange(1, n_rows) - 0.5, -0.5, n_columns - 0.5, **lines)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=GREY, linewidth=0.5)


def _write_in_cells(ax: Axes, world: GridWorld, values: np.ndarray, inks: list[str]) -> None:
    """The value of each cell, or what it is and pays where all is over there; and the start."""
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    rewards = np.asarray(world.reward)
    for state, (row, column) in enumerate(world.positions):
        over = world.kinds[state] != "."
        told = f"{rewards[state]:+.3g}" if over else f"{values[state]:.2f}"
        ax.text(column, row + 0.36, told, color=inks[state], fontsize="small", **middle)
        if over:
            ax.text(column, row - 0.08, world.kinds[state], color=inks[state], **middle)
    if world.start is not None:
        row, column = world.positions[world.start]
        ax.text(column - 0.36, row - 0.34, "S", color=inks[world.start], **middle)


def _draw_arrows(ax: Axes, world: GridWorld, policy: np.ndarray, inks: list[str]) -> None:
    """One arrow for each action that is chosen at times, from the middle of its cell."""
    states, actions = np.nonzero(policy >= SEEN)
    steps = np.array([DIRECTIONS[name] for name in world.actions])[actions]
    along = LONGEST * policy[states, actions][:, None] * steps
    rows, columns = world.positions[states].T
    drawn: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.009, "minlength": 0}
    ax.quiver(columns, rows - 0.08, *along.T, color=[inks[state] for state in states], **drawn)


def _inks(shares: np.ndarray) -> list[str]:
    """Black on the light colours, and where there is none, and white on the dark ones."""
    light = plt.get_cmap(MAP)(shares)[:, :3] @ [0.299, 0.587, 0.114] > 0.45
    return ["black" if is_light else "white" for is_light in light | np.isnan(shares)]


def _of_states(name: str, x: Numbers, shape: tuple[int, ...]) -> np.ndarray:
    """Finite numbers of the given shape, on the host."""
    x = np.asarray(x, dtype=float)
    if x.shape != shape:
        _checks.fail(name, f"shape {shape}", f"shape {x.shape}")
    _checks.finite(name, x)
    return x


def _checked_limits(limits: tuple[float, float] | None, values: np.ndarray) -> tuple[float, float]:
    """The ends of the colours."""
    low, high = (values.min(), values.max()) if limits is None else _checks.pair("limits", limits)
    if limits is not None and not low < high:
        _checks.fail("limits", "two numbers, the smaller first", limits)
    return float(low), float(high)
