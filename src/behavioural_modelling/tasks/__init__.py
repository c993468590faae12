r"""Tasks: what subjects are given to do.

A `Schedule` holds all that will happen as arrays; an array of outcomes is the simplest one. A `Task` reacts:
what comes next may depend on what was chosen. `simulate` takes any of them.
"""

from .bandits import bandit, contextual_bandit, gaussian_bandit, restless_bandit
from .gain_loss_bandit import gain_loss_bandit
from .go_no_go import go_no_go
from .iowa_gambling import iowa_gambling
from .offers import delay_discounting, risky_choice
from .probabilistic_selection import probabilistic_selection
from .restless_points import restless_points
from .reversals import reversal, reversal_at_criterion, volatility
from .rlwm import rlwm
from .schedule import Schedule, from_trials, schedule
from .standard import standard
from .task import Task
from .two_step import two_step
from .two_step_deterministic import two_step_deterministic

__all__ = [
    "Schedule",
    "Task",
    "bandit",
    "contextual_bandit",
    "delay_discounting",
    "from_trials",
    "gain_loss_bandit",
    "gaussian_bandit",
    "go_no_go",
    "iowa_gambling",
    "probabilistic_selection",
    "restless_bandit",
    "restless_points",
    "reversal",
    "reversal_at_criterion",
    "risky_choice",
    "rlwm",
    "schedule",
    "standard",
    "two_step",
    "two_step_deterministic",
    "volatility",
]
