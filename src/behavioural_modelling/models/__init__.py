r"""Models of behaviour: what a subject holds in mind, how it responds, how it learns.

A `Model` is a record of pure functions of one subject and one trial. The simulator, the likelihood and the
replay run the same record, so they cannot drift apart. Each builder returns the same object when it is called
with the same arguments, so JAX compiles once per model and shape. What begins with `with_` takes a model and
gives a model.
"""

from . import responses
from .choice_kernel import choice_kernel, rescorla_wagner_choice_kernel, with_choice_kernel
from .composition import with_forgetting, with_lapse, with_stickiness
from .model import Model, Parameter, Prior, Trial, default_priors
from .rescorla_wagner import asymmetric_rescorla_wagner, rescorla_wagner
from .responses import Response
from .without_learning import biased_random, win_stay_lose_shift

__all__ = [
    "Model",
    "Parameter",
    "Prior",
    "Response",
    "Trial",
    "asymmetric_rescorla_wagner",
    "biased_random",
    "choice_kernel",
    "default_priors",
    "rescorla_wagner",
    "rescorla_wagner_choice_kernel",
    "responses",
    "win_stay_lose_shift",
    "with_choice_kernel",
    "with_forgetting",
    "with_lapse",
    "with_stickiness",
]
