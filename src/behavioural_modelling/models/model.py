"""What a model is: its functions of one trial, its parameters, and what is known about them beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import _checks
from . import _pickling
from .responses import Response

__all__ = ["Model", "Parameter", "Prior", "Trial", "default_priors"]


UNITS = (None, "value", "difference", "per difference")
"""What a parameter may be measured in: see `Parameter`."""


class Prior(NamedTuple):
    """A distribution of NumPyro by its name, so that a model can hold it before NumPyro is imported.

    Attributes:
        distribution: The name of a class in `numpyro.distributions`.
        arguments: Its arguments, in order.
    """

    distribution: str
    arguments: tuple[float, ...]


class Parameter(NamedTuple):
    """One parameter of a model: its name, the range of its natural values, its default prior, its unit.

    Attributes:
        name: As in the `params` dict of `simulate`.
        lower: The smallest value.
        upper: The largest value; may be infinite.
        above: Whether `lower` itself is excluded, as for a number that is divided by.
        prior: The prior that `default_priors` gives it, for outcomes from 0 to 1; None where it has none.
        unit: What it is measured in. None: a pure number, such as a learning rate. "value": a value, on the
            scale of the outcomes; where it has no bounds of its own, `fit` looks for it between the
            smallest and the largest outcome. "difference": a difference of values, such as a temperature.
            "per difference": one over that, such as an inverse temperature.
    """

    name: str
    lower: float
    upper: float = math.inf
    above: bool = False
    prior: Prior | None = None
    unit: str | None = None


class Trial(NamedTuple):
    """What a subject knows of a trial before it responds.

    Attributes:
        inputs: What is shown, by name: a stimulus, a set size, the stage of a task. Those that the model asks
            for in `Model.inputs`, each a number or an array; an empty dict where it asks for none.
        available: Which actions are on offer, booleans, shape (n_actions,). None: all of them.
    """

    inputs: dict[str, Any] = {}
    available: Any = None


class Model(NamedTuple):
    """A model of behaviour, as pure functions of one subject and one trial.

    `params` is a dict of numbers, one per entry of `parameters`. `state` is whatever the model carries
    from trial to trial: an array, or a tuple or dict of arrays, which keep their shapes and types.

    Attributes:
        name: The name of the model.
        parameters: The parameters, in order.
        response: What subjects do, such as `responses.categorical(n_actions)`.
        init: `init(params)` gives the state before the first trial.
        predict: `predict(params, state, trial)` gives what the response makes of it: the logits of a choice,
            shape (n_actions,), the mean and standard deviation of a rating. `trial` is a `Trial`. The choice
            is among what is on offer, whether `predict` looks at `trial.available` or not.
        update: `update(params, state, trial, responded, outcome)` gives `(state, records)` after the trial.
            `responded` is the encoded response: one-hot, shape (n_actions,), for a choice. `outcome` is what
            each action pays, shape (n_actions,), 0 for the others where only the chosen one's is known; one
            number where nothing is chosen; or a dict of such, where outcomes have names. `records` is a dict
            of arrays to be told in a `Trace`, such as `{"prediction_errors": ...}`; it may be empty.
        inputs: The names of the inputs that the model needs.
        needs_all_outcomes: Whether `update` learns from what the actions that were not chosen paid. Data that
            know the chosen action's outcome alone are then refused.
        levels: What values are permitted, as pairs of a name and all of its values: "outcomes", or the name
            of an input, such as `("cue", (0, 1, 2, 3))`. Data that hold another one on a trial that counts
            are refused, such as a cue counted from 1. Where outcomes have names, it is for each of them.
    """

    name: str
    parameters: tuple[Parameter, ...]
    response: Response
    init: Callable[[dict[str, Any]], Any]
    predict: Callable[[dict[str, Any], Any, Trial], Any]
    update: Callable[[dict[str, Any], Any, Trial, Any, Any], tuple[Any, dict[str, Any]]]
    inputs: tuple[str, ...] = ()
    needs_all_outcomes: bool = False
    levels: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def n_actions(self) -> int | None:
        """How many actions there are to choose from; None where nothing is chosen."""
        return self.response.n_actions

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.reduced(self)


def default_priors(model: Model, outcome_range: tuple[float, float] = (0.0, 1.0)) -> dict[str, Any]:
    """The priors that a model's parameters come with, as `fit` takes them.

    They are weak: they keep estimates off the bounds of a parameter, and say little else. The prior of a
    temperature and that of an inverse temperature make the same claim about people.

    Args:
        model: The model.
        outcome_range: The smallest and the largest outcome of the task, such as (0, 100) for points up to
            100. Temperatures and initial values are claimed in proportion to it.

    Returns:
        A dict from the names of the parameters to distributions of NumPyro.

    Raises:
        ValueError: If `model` is no `Model`, a parameter has no default prior, or `outcome_range` is not
            two finite numbers in order.

    Example:
        >>> from behavioural_modelling import models
        >>> priors = models.default_priors(models.rescorla_wagner(2))
        >>> {name: type(prior).__name__ for name, prior in priors.items()}
        {'alpha': 'Beta', 'temperature': 'LogNormal'}
    """
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    without = [parameter.name for parameter in model.parameters if parameter.prior is None]
    if without:
        _checks.fail("model", "a default prior for every parameter", f"none for {', '.join(without)}")
    low, high = (float(x) for x in _checks.pair("outcome_range", outcome_range))
    if not (math.isfinite(high - low) and low < high):
        _checks.fail("outcome_range", "two finite numbers, the smaller first", outcome_range)
    return {p.name: _distribution(p, low, high - low) for p in model.parameters}


def _distribution(parameter: Parameter, low: float, width: float) -> Any:
    """A parameter's default prior, for outcomes from `low` on over a range of `width`."""
    import numpyro.distributions as dist

    assert parameter.prior is not None  # default_priors has looked
    prior = getattr(dist, parameter.prior.distribution)(*parameter.prior.arguments)
    shift, scale = {
        "value": (low, width),
        "difference": (0.0, width),
        "per difference": (0.0, 1 / width),
    }.get(parameter.unit or "", (0.0, 1.0))
    if (shift, scale) == (0, 1):
        return prior
    return dist.TransformedDistribution(prior, dist.transforms.AffineTransform(shift, scale))
