r"""Models of behaviour: what a subject holds in mind, how it chooses, how it learns.

A `Model` is a record of pure functions of one subject and one trial. The simulator and the likelihood
run the same record, so they cannot drift apart. Each builder returns the same object when it is called
with the same arguments, so JAX compiles once per model and shape.
"""

from .choice_kernel import choice_kernel, rescorla_wagner_choice_kernel
from .model import Model, Parameter, Prior, default_priors
from .rescorla_wagner import asymmetric_rescorla_wagner, rescorla_wagner
from .without_learning import biased_random, win_stay_lose_shift

__all__ = [
    "Model",
    "Parameter",
    "Prior",
    "asymmetric_rescorla_wagner",
    "biased_random",
    "choice_kernel",
    "default_priors",
    "rescorla_wagner",
    "rescorla_wagner_choice_kernel",
    "win_stay_lose_shift",
]
