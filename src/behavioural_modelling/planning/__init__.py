r"""Planning: what states and actions are worth to somebody who knows how the world goes on."""

from . import dynamic_programming
from .dynamic_programming import get_state_action_values, policy, solve_value_iteration, state_value_iterator
from .grid_world import GridWorld, grid_world

__all__ = [
    "GridWorld",
    "dynamic_programming",
    "get_state_action_values",
    "grid_world",
    "policy",
    "solve_value_iteration",
    "state_value_iterator",
]
