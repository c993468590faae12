r"""A world drawn in letters: a grid to walk in, with walls, goals and pits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .. import _checks

__all__ = ["GridWorld", "grid_world"]

ACTIONS = ("up", "right", "down", "left")
STEPS = np.array([[-1, 0], [0, 1], [1, 0], [0, -1]])
"""What each action adds to the row and the column."""

FREE, WALL, GOAL, PIT, START = ".#GXS"


class GridWorld(NamedTuple):
    """A grid as a world to plan in. The states are the cells without a wall, row by row.

    Attributes:
        sas: The probability of each next state, shape (n_states, 4, n_states).
        reward: What it pays to arrive in each state, shape (n_states,).
        positions: The row and the column of each state, from 0 at the top left, shape (n_states, 2).
        kinds: What each state is: ".", "G" for a goal, "X" for a pit.
        start: The state of the start; None where there is none.
        shape: How many rows and columns the grid has.
        actions: The names of the actions, in order: up, right, down, left.
    """

    sas: Float[Array, "n_states n_actions n_states"]
    reward: Float[Array, "n_states"]
    positions: np.ndarray
    kinds: tuple[str, ...]
    start: int | None
    shape: tuple[int, int]
    actions: tuple[str, ...] = ACTIONS


def grid_world(
    rows: Sequence[str],
    *,
    slip: float = 0.0,
    goal_reward: float = 1.0,
    pit_reward: float = -1.0,
    step_reward: float = 0.0,
) -> GridWorld:
    r"""A grid world from one string per row.

    Letters: `.` a free cell, `#` a wall, `G` a goal, `X` a pit, `S` the start, which is a free cell as well.
    Four actions lead up, right, down and left. Who walks into a wall or out of the grid stays where they are.
    Goals and pits are the end: they pay on arrival, and no action is possible there.

    Args:
        rows: The rows from top to bottom, all of one length.
        slip: The probability in [0, 1] of slipping to a side, half of it to either, whichever way one goes.
        goal_reward: What it pays to arrive at a goal.
        pit_reward: What it pays to arrive in a pit.
        step_reward: What it pays to arrive in any other cell, or to stay there.

    Returns:
        The world. Its `sas` and `reward` are what `solve_value_iteration` takes.

    Raises:
        ValueError: If there is no row, rows differ in length or have another letter, no cell is free, there
            are two starts, `slip` is outside [0, 1], or a reward is not finite.

    Example:
        >>> world = grid_world(["S.G", ".#X"])
        >>> world.sas.shape, world.start, world.kinds
        ((5, 4, 5), 0, ('.', '.', 'G', '.', 'X'))

    Source:
        The slip: Russell & Norvig (2021), Artificial Intelligence, 4th edition, section 16.1.
    """
    cells = _checked_cells(rows)
    slip = _one_number("slip", slip, 0, 1)
    rewards = {
        GOAL: _one_number("goal_reward", goal_reward),
        PIT: _one_number("pit_reward", pit_reward),
        FREE: _one_number("step_reward", step_reward),
    }
    positions = np.argwhere(cells != WALL)
    kinds = tuple(str(cells[tuple(p)]).replace(START, FREE) for p in positions)
    starts = np.flatnonzero(cells[cells != WALL] == START)
    return GridWorld(
        sas=jnp.asarray(_probabilities(cells, positions, kinds, slip), float),
        reward=jnp.asarray([rewards[kind] for kind in kinds], float),
        positions=positions,
        kinds=kinds,
        start=int(starts[0]) if starts.size else None,
        shape=(cells.shape[0], cells.shape[1]),
    )


def _probabilities(
    cells: np.ndarray, positions: np.ndarray, kinds: tuple[str, ...], slip: float
) -> np.ndarray:
    """The probability of each next state, in float64."""
    n_states, n_actions = len(positions), len(STEPS)
    sas = np.zeros((n_states, n_actions, n_states))
    for state in (s for s in range(n_states) if kinds[s] == FREE):
        arrived = [_arrived(cells, positions, state, step) for step in STEPS]
        for action in range(n_actions):
            sas[state, action, arrived[action]] += 1 - slip
            for side in (-1, 1):
                sas[state, action, arrived[(action + side) % n_actions]] += slip / 2
    return sas


def _arrived(cells: np.ndarray, positions: np.ndarray, state: int, step: np.ndarray) -> int:
    """The state that a step leads to: the same one where there is a wall or the grid ends."""
    row, column = positions[state] + step
    inside = 0 <= row < cells.shape[0] and 0 <= column < cells.shape[1]
    if not inside or cells[row, column] == WALL:
        return state
    return int(np.flatnonzero((positions == (row, column)).all(axis=1))[0])


def _checked_cells(rows: Any) -> np.ndarray:
    """The letters of the grid, shape (n_rows, n_columns)."""
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, str) for row in rows):
        _checks.fail("rows", "a list of strings, one per row", repr(rows))
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1 or lengths == [0]:
        _checks.fail("rows", "at least one row and column, all rows of one length", f"lengths {lengths}")
    cells = np.array([list(row) for row in rows])
    odd = sorted(set(cells.ravel().tolist()) - {FREE, WALL, GOAL, PIT, START})
    if odd:
        _checks.fail("rows", f"the letters {FREE} {WALL} {GOAL} {PIT} {START}", ", ".join(map(repr, odd)))
    if not np.isin(cells, (FREE, START)).any():
        _checks.fail("rows", "a cell to walk in", "none")
    if (cells == START).sum() > 1:
        _checks.fail("rows", "one start at most", f"{(cells == START).sum()}")
    return cells


def _one_number(name: str, x: Any, lower: float = -np.inf, upper: float = np.inf) -> float:
    """One finite number in its range."""
    value = _checks.plain_array(name, x)
    if value.shape != () or value.dtype.kind not in "biuf":
        _checks.fail(name, "one number", f"{value.dtype} values of shape {value.shape}")
    value = np.asarray(value, float)
    _checks.in_range(name, value, lower, upper)
    return float(value)
