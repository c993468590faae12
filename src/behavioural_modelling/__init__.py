"""Behavioural modelling in JAX: models of learning and choice, and how to run them.

The modules, from the inside out: `decision_rules`, `utils`, `learning`, `models`, `trials`,
`simulation`, `likelihood`, `fitting`, `studies`. `plotting` holds
the figures of the course; it needs the extra `plotting`, and is imported by name:
`from behavioural_modelling import plotting`.
"""

from . import decision_rules, learning, models, tasks, testing, trials, utils
from .fitting import Fit, fit, transforms
from .likelihood import log_likelihood
from .models import Model, responses
from .replaying import replay
from .simulation import simulate
from .studies import Confusion, Recovery, compare, confusion, recovery
from .trials import Trace, Trials
from .versions import show_versions

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
    "replay",
    "responses",
    "show_versions",
    "simulate",
    "tasks",
    "testing",
    "transforms",
    "trials",
    "utils",
]
