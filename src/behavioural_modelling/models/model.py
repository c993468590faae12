"""What a model is: its functions of one trial, its parameters, and what is known about them beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import _checks
from . import _pickling

__all__ = ["Model", "Parameter", "Prior", "default_priors"]


class Prior(NamedTuple):
    """A distribution of NumPyro by its name, so that a model can hold it before NumPyro is imported.

    Attributes:
        distribution: The name of a class in `numpyro.distributions`.
        arguments: Its arguments, in order.
    """

    distribution: str
    arguments: tuple[float, ...]


class Parameter(NamedTuple):
    """One parameter of a model: its name, the range of its natural values, its default prior.

    Attributes:
        name: As in the `params` dict of `simulate`.
        lower: The smallest value.
        upper: The largest value; may be infinite.
        above: Whether `lower` itself is excluded, as for a number that is divided by.
        prior: The prior that `default_priors` gives it; None where it has none.
    """

    name: str
    lower: float
    upper: float = math.inf
    above: bool = False
    prior: Prior | None = None


class Model(NamedTuple):
    """A model of behaviour, as pure functions of one subject and one trial.

    `params` is a dict of numbers, one per entry of `parameters`. `state` is whatever the model carries
    from trial to trial: an array, or a tuple or dict of arrays.

    Attributes:
        name: The name of the model.
        n_actions: How many actions there are.
        parameters: The parameters, in order.
        init: `init(params)` gives the state before the first trial.
        policy: `policy(params, state)` gives the logits of the choice, shape (n_actions,): log choice
            probabilities up to a constant.
        update: `update(params, state, chosen, outcome)` gives `(state, prediction_error)` after the
            trial. `chosen` is one-hot, `outcome` what each action pays, both of shape (n_actions,). The
            state keeps its shapes and types; the prediction errors are one number per action, or one.
        inputs: What `policy` wants to see of the trial besides, passed to it by keyword. There is one so far,
            "available": which actions are on offer, booleans of shape (n_actions,), all True where nothing
            says so. The choice is among those alone, whether the policy sees them or not.
    """

    name: str
    n_actions: int
    parameters: tuple[Parameter, ...]
    init: Callable[[dict], Any]
    policy: Callable[..., Any]
    update: Callable[[dict, Any, Any, Any], tuple[Any, Any]]
    inputs: tuple[str, ...] = ()

    def __reduce__(self):
        return _pickling.reduced(self)


def default_priors(model: Model) -> dict[str, Any]:
    """The priors that a model's parameters come with, as `fit` takes them.

    They are weak: they keep estimates off the bounds of a parameter, and say little else. Those of
    temperatures are made for outcomes between 0 and 1. Where yours are points up to 100, divide them by
    100, or give `fit` priors of your own.

    Args:
        model: The model.

    Returns:
        A dict from the names of the parameters to distributions of NumPyro.

    Raises:
        ValueError: If `model` is no `Model`, or a parameter has no default prior.

    Example:
        >>> from behavioural_modelling import models
        >>> priors = models.default_priors(models.rescorla_wagner(2))
        >>> {name: type(prior).__name__ for name, prior in priors.items()}
        {'alpha': 'Beta', 'temperature': 'Gamma'}
    """
    import numpyro.distributions as dist

    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    without = [parameter.name for parameter in model.parameters if parameter.prior is None]
    if without:
        _checks.fail("model", "a default prior for every parameter", f"none for {', '.join(without)}")
    return {
        parameter.name: getattr(dist, parameter.prior.distribution)(*parameter.prior.arguments)
        for parameter in model.parameters
    }
