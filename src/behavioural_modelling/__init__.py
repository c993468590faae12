"""Behavioural modelling in JAX: models of learning and choice, and how to run them.

The modules, from the inside out: `decision_rules`, `utils`, `learning`, `models`, `trials`,
`simulation`, `likelihood`. `plotting` holds the figures of the course; it needs the extra `plotting`,
and is imported by name: `from behavioural_modelling import plotting`.
"""

from . import decision_rules, learning, models, trials, utils
from .likelihood import log_likelihood
from .models import Model
from .simulation import simulate
from .trials import Trace, Trials

__all__ = [
    "Model",
    "Trace",
    "Trials",
    "decision_rules",
    "learning",
    "log_likelihood",
    "models",
    "simulate",
    "trials",
    "utils",
]
