r"""Tasks: what subjects are given to do.

A `Schedule` holds all that will happen as arrays; an array of outcomes is the simplest one. A `Task` reacts:
what comes next may depend on what was chosen. `simulate` takes any of them.
"""

from .bandits import bandit, contextual_bandit, gaussian_bandit, restless_bandit
from .reversals import reversal, reversal_at_criterion, volatility
from .schedule import Schedule, from_trials, schedule
from .task import Task
from .two_step import two_step

__all__ = [
    "Schedule",
    "Task",
    "bandit",
    "contextual_bandit",
    "from_trials",
    "gaussian_bandit",
    "restless_bandit",
    "reversal",
    "reversal_at_criterion",
    "schedule",
    "two_step",
    "volatility",
]
