"""Behavioural modelling in JAX: models of learning and choice, and how to run them.

The modules, from the inside out: `decision_rules`, `utils`, `learning`, `planning`, `models`, `trials`,
`simulation`, `likelihood`, `fitting`, `studies`. `plotting` holds
the figures of the course; it needs the extra `plotting`, and is imported by name:
`from behavioural_modelling import plotting`.
"""

from . import decision_rules, learning, models, planning, tasks, testing, trials, utils
from .fitting import Fit, fit, transforms
from .likelihood import log_likelihood
from .models import Model, responses
from .posteriors import (
    Density,
    EmpiricalBayes,
    HierarchicalSelection,
    Posterior,
    empirical_bayes,
    hierarchical_model_selection,
    new_people,
    numpyro_model,
    posterior_density,
    sample,
)
from .replaying import replay
from .simulation import simulate
from .studies import (
    Calibration,
    Confusion,
    Evidence,
    GroupDifference,
    HeldOut,
    Loo,
    ModelSelection,
    Power,
    Prediction,
    Recovery,
    Report,
    compare,
    compare_groups,
    confusion,
    held_out,
    log_evidence,
    loo,
    posterior_predictive,
    power,
    preregistration,
    prior_predictive,
    recovery,
    report,
    sbc,
    select_models,
    signatures,
)
from .trials import Trace, Trials
from .versions import show_versions

__all__ = [
    "Calibration",
    "Confusion",
    "Density",
    "EmpiricalBayes",
    "Evidence",
    "Fit",
    "GroupDifference",
    "HeldOut",
    "HierarchicalSelection",
    "Loo",
    "Model",
    "ModelSelection",
    "Posterior",
    "Power",
    "Prediction",
    "Recovery",
    "Report",
    "Trace",
    "Trials",
    "compare",
    "compare_groups",
    "confusion",
    "decision_rules",
    "empirical_bayes",
    "fit",
    "held_out",
    "hierarchical_model_selection",
    "learning",
    "log_evidence",
    "log_likelihood",
    "loo",
    "models",
    "new_people",
    "numpyro_model",
    "planning",
    "posterior_density",
    "posterior_predictive",
    "power",
    "preregistration",
    "prior_predictive",
    "recovery",
    "replay",
    "report",
    "responses",
    "sample",
    "sbc",
    "select_models",
    "show_versions",
    "signatures",
    "simulate",
    "tasks",
    "testing",
    "transforms",
    "trials",
    "utils",
]
