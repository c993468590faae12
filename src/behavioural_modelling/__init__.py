"""Behavioural modelling in JAX: models of learning and choice, and how to run them.

The modules, from the inside out: `decision_rules`, `utils`, `learning`, `models`, `trials`,
`simulation`, `likelihood`, `transforms`, `fitting`, `parameter_recovery`, `comparison`. `plotting` holds
the figures of the course; it needs the extra `plotting`, and is imported by name:
`from behavioural_modelling import plotting`.
"""

from . import decision_rules, learning, models, transforms, trials, utils
from .comparison import Confusion, compare, confusion
from .fitting import Fit, fit
from .likelihood import log_likelihood
from .models import Model
from .parameter_recovery import Recovery, recovery
from .simulation import simulate
from .trials import Trace, Trials

__all__ = [
    "Confusion",
    "Fit",
    "Model",
    "Recovery",
    "Trace",
    "Trials",
    "compare",
    "confusion",
    "decision_rules",
    "fit",
    "learning",
    "log_likelihood",
    "models",
    "recovery",
    "simulate",
    "transforms",
    "trials",
    "utils",
]
