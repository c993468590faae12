r"""Each kind of task in its usual size, by name: where the models of the catalogue are shown and tested."""

from __future__ import annotations

from collections.abc import Callable

import jax

from .. import _checks
from .bandits import bandit, contextual_bandit, gaussian_bandit, restless_bandit
from .gain_loss_bandit import gain_loss_bandit
from .go_no_go import go_no_go
from .iowa_gambling import iowa_gambling
from .offers import delay_discounting, risky_choice
from .probabilistic_selection import probabilistic_selection
from .restless_points import restless_points
from .reversals import reversal, volatility
from .rlwm import rlwm
from .schedule import Schedule
from .task import Task
from .two_step import two_step
from .two_step_deterministic import two_step_deterministic

__all__ = ["RANGES", "STANDARD", "standard"]


STANDARD: dict[str, Callable[[], Task | Schedule]] = {
    "bandit": lambda: bandit(200, [0.2, 0.8]),
    "contextual_bandit": lambda: contextual_bandit(200, [[0.8, 0.2], [0.2, 0.8]]),
    "delay_discounting": lambda: delay_discounting(108),
    "gain_loss_bandit": lambda: gain_loss_bandit(200),
    "gaussian_bandit": lambda: gaussian_bandit(200, [40.0, 60.0], sd=8.0),
    "go_no_go": lambda: go_no_go(240),
    "iowa_gambling": lambda: iowa_gambling(200),  # a hundred say too little of some models
    "net_gain_loss_bandit": lambda: gain_loss_bandit(200, net=True),
    "probabilistic_selection": lambda: probabilistic_selection(jax.random.key(0)),
    "restless_bandit": lambda: restless_bandit(200, 2),
    "restless_points": lambda: restless_points(300),
    "reversal": lambda: reversal(200, [0.2, 0.8], at=[50, 100, 150]),
    "risky_choice": lambda: risky_choice(140),
    "risky_choice_with_probabilities": lambda: risky_choice(210, probabilities=[0.1, 0.3, 0.5, 0.7, 0.9]),
    "rlwm": lambda: rlwm(jax.random.key(0)),
    "two_step": lambda: two_step(200),
    "two_step_deterministic": lambda: two_step_deterministic(200),
    "volatility": lambda: volatility([(80, None), (80, 16)] * 2, [0.8, 0.2], show_block=True),
}
"""What makes each task, by its name."""

RANGES: dict[str, tuple[float, float]] = {
    "gaussian_bandit": (0.0, 100.0),
    "gain_loss_bandit": (-1.0, 1.0),
    "go_no_go": (-1.0, 1.0),
    "iowa_gambling": (-1150.0, 100.0),
    "net_gain_loss_bandit": (-1.0, 1.0),
    "restless_points": (0.0, 100.0),
}
"""Between which outcomes a task pays, as `default_priors` takes it, where that is not from 0 to 1."""


def standard(name: str) -> Task | Schedule:
    """A task in its usual size.

    Args:
        name: Which one, such as "reversal".

    Returns:
        The task.

    Raises:
        ValueError: If there is no task of this name.

    Example:
        >>> standard("reversal").n_trials
        200
    """
    if name not in STANDARD:
        _checks.fail("name", f"one of {', '.join(STANDARD)}", repr(name))
    return STANDARD[name]()
