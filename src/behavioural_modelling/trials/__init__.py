r"""Data: the trials that people played, the trace that a driver leaves, and data sets of other packages."""

from .autora import load_restless_bandit
from .bundled import load_bandit
from .hbayesdm import (
    load_delay_discounting,
    load_go_no_go,
    load_iowa_gambling,
    load_probabilistic_selection,
    load_risky_choice,
    load_two_step_example,
)
from .hbayesdm_bandits import (
    load_gains_and_losses,
    load_restless_points,
    load_reversal,
    load_reversal_blocks,
    load_two_armed_bandit,
)
from .record import Trials
from .trace import Trace
from .two_step_data import load_two_step_adults, load_two_step_app

__all__ = [
    "Trace",
    "Trials",
    "load_bandit",
    "load_delay_discounting",
    "load_gains_and_losses",
    "load_go_no_go",
    "load_iowa_gambling",
    "load_probabilistic_selection",
    "load_restless_bandit",
    "load_restless_points",
    "load_reversal",
    "load_reversal_blocks",
    "load_risky_choice",
    "load_two_armed_bandit",
    "load_two_step_adults",
    "load_two_step_app",
    "load_two_step_example",
]
