r"""The asymmetric Rescorla-Wagner rule: for one trial, for one trial with a choice, for all trials.

The single-trial functions take `(value, what happened on the trial)` and return `(updated value, what
to record)`: the form that `jax.lax.scan` asks of its body. Bind the parameters with `functools.partial`.
"""

from .choice import asymmetric_rescorla_wagner_update_choice, asymmetric_rescorla_wagner_update_choice_sticky
from .iterators import INITIAL_VALUE as INITIAL_VALUE
from .iterators import (
    asymmetric_rescorla_wagner_update_choice_iterator,
    asymmetric_rescorla_wagner_update_iterator,
)
from .update import asymmetric_rescorla_wagner_update, complement_counterfactual
from .volatile import (
    asymmetric_volatile_dynamic_rescorla_wagner_update_choice,
    asymmetric_volatile_rescorla_wagner_single_value_update_choice,
    asymmetric_volatile_rescorla_wagner_update,
)

__all__ = [
    "asymmetric_rescorla_wagner_update",
    "asymmetric_rescorla_wagner_update_choice",
    "asymmetric_rescorla_wagner_update_choice_iterator",
    "asymmetric_rescorla_wagner_update_choice_sticky",
    "asymmetric_rescorla_wagner_update_iterator",
    "asymmetric_volatile_dynamic_rescorla_wagner_update_choice",
    "asymmetric_volatile_rescorla_wagner_single_value_update_choice",
    "asymmetric_volatile_rescorla_wagner_update",
    "complement_counterfactual",
]
