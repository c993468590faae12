r"""Models of behaviour: what a subject holds in mind, how it responds, how it learns.

A `Model` is a record of pure functions of one subject and one trial. The simulator, the likelihood and the
replay run the same record, so they cannot drift apart. Each builder returns the same object when it is called
with the same arguments, so JAX compiles once per model and shape. What begins with `with_` takes a model and
gives a model.
"""

from . import responses
from .binary_hgf import binary_hgf, binary_hgf_rating
from .catalogue import Entry, Listing, list_models
from .choice_kernel import choice_kernel, rescorla_wagner_choice_kernel, with_choice_kernel
from .composition import with_forgetting, with_lapse, with_stickiness
from .counterfactual import (
    asymmetric_counterfactual_rescorla_wagner,
    confirmation_bias,
    counterfactual_rescorla_wagner,
)
from .discounting import exponential_discounting, hyperbolic_discounting
from .go_no_go import go_no_go
from .iowa_gambling import orl, pvl_decay, pvl_delta, vpp
from .kalman_filter import kalman_filter
from .leaky_beta import leaky_beta
from .model import Model, Parameter, Prior, Trial, default_priors
from .pearce_hall import pearce_hall
from .prospect_theory import prospect_theory
from .rescorla_wagner import asymmetric_rescorla_wagner, rescorla_wagner
from .responses import Response
from .rlwm import rlwm
from .sensitivities import gain_loss_sensitivities, rescorla_wagner_sensitivities
from .two_step import two_step_hybrid, two_step_model_based, two_step_model_free
from .two_step_deterministic import two_step_deterministic_hybrid
from .volatile import volatile_rescorla_wagner
from .without_learning import biased_random, win_stay_lose_shift

__all__ = [
    "Entry",
    "Listing",
    "Model",
    "Parameter",
    "Prior",
    "Response",
    "Trial",
    "asymmetric_counterfactual_rescorla_wagner",
    "asymmetric_rescorla_wagner",
    "biased_random",
    "binary_hgf",
    "binary_hgf_rating",
    "choice_kernel",
    "confirmation_bias",
    "counterfactual_rescorla_wagner",
    "default_priors",
    "exponential_discounting",
    "gain_loss_sensitivities",
    "go_no_go",
    "hyperbolic_discounting",
    "kalman_filter",
    "leaky_beta",
    "list_models",
    "orl",
    "pearce_hall",
    "prospect_theory",
    "pvl_decay",
    "pvl_delta",
    "rescorla_wagner",
    "rescorla_wagner_choice_kernel",
    "rescorla_wagner_sensitivities",
    "responses",
    "rlwm",
    "two_step_deterministic_hybrid",
    "two_step_hybrid",
    "two_step_model_based",
    "two_step_model_free",
    "volatile_rescorla_wagner",
    "vpp",
    "win_stay_lose_shift",
    "with_choice_kernel",
    "with_forgetting",
    "with_lapse",
    "with_stickiness",
]
