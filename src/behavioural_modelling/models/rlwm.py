r"""Reinforcement learning beside a working memory, in learning which response belongs to which stimulus."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from .._compute import rows
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from ..learning.rlwm import working_memory_update
from . import _parts, _pickling
from .model import Model, Parameter, Prior
from .responses import categorical

__all__ = ["rlwm"]

INVERSE_TEMPERATURE = 50.0
"""That of both policies where it is not free: all but greedy on outcomes of 0 and 1."""

# Where both policies are as sharp as this, people who need ten trials for a stimulus of a large set learn at
# a few hundredths, and at a tenth one reward all but settles it: then nothing tells memory from learning.
ALPHA = _parts.share("alpha")._replace(prior=Prior("Beta", (1.1, 30.0)))
DECAY = _parts.share("decay")._replace(prior=Prior("Beta", (1.1, 5.0)))
WEIGHT = _parts.share("weight")._replace(prior=Prior("Beta", (3.0, 1.1)))


def rlwm(
    n_actions: int = 3,
    max_set_size: int = 6,
    initial_value: float | None = None,
    inverse_temperature: float | str = INVERSE_TEMPERATURE,
    neglect: bool = False,
) -> Model:
    r"""Slow reinforcement learning beside a fast working memory that holds few stimuli and forgets.

    .. math::
        P(a) = w\, \pi_W(a) + (1 - w)\, \pi_Q(a), \qquad w = \rho\, \min(1, K / n_S)

        \pi_Q(a) \propto e^{\beta Q(s_t, a)}, \quad \pi_W(a) \propto e^{\beta W(s_t, a)}

    .. math::
        Q(s_t, a_t) \leftarrow Q(s_t, a_t) + \alpha\, (R - Q(s_t, a_t))

    .. math::
        W \leftarrow W + \phi\, (W_0 - W) \ \text{for all}, \qquad \text{then} \quad W(s_t, a_t) \leftarrow R

    Inputs: "stimulus", :math:`s_t`, numbered from 0 within its block; "set_size", :math:`n_S`, how many
    stimuli the block has. A new block begins with a `reset` of the trials: without it the numbers would stand
    for the old stimuli.

    Parameters: `alpha` in [0, 1]; `decay` in [0, 1], :math:`\phi`; `capacity` in [0, `max_set_size`],
    :math:`K`; `weight` in [0, 1], :math:`\rho`. `lapse`, the undirected noise of the papers, comes with
    `with_lapse`. With a weight of 0 it is reinforcement learning alone, with a weight of 1, no decay and a
    capacity of at least the set size a perfect memory.

    The capacity is a continuous number, so that it has a slope: a whole one would have to be searched apart.
    The likelihood has a corner where it equals a set size, and maxima may sit there, which `fit` knows. A
    capacity below the smallest set size is known by its product with the weight alone; one above the
    largest makes no difference. From 480 trials capacity and weight are recovered weakly, with rank
    correlations of .2 to .5.

    A `Trace` tells `values` and `working_memory`, both of the stimulus that was shown, and
    `prediction_errors`.

    Args:
        n_actions: How many actions, at least 2.
        max_set_size: How many stimuli the largest block has, at least 1.
        initial_value: What :math:`Q` and :math:`W` start at, and :math:`W_0`. None: one over the number of
            actions, which is for outcomes of 0 and 1. Other outcomes need their own: 33 for points up to 100.
        inverse_temperature: :math:`\beta`, per unit of outcome, at least 0: a number, or "free" for one more
            parameter, `inverse_temperature`, after the others. For points up to 100, 0.5 is as sharp
            as 50 for outcomes of 0 and 1. Both policies have the same, so that neither can imitate the
            other by it.
        neglect: Whether outcomes that are worse than expected are learned from less: one more parameter,
            `neglect` in [0, 1], last. Both learning rates, :math:`\alpha` and the memory's 1, are then
            multiplied by one minus it.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2 or `max_set_size` none of at least 1,
            `initial_value` is not finite, or `inverse_temperature` is neither a finite number of at least 0
            nor "free". Trials with a stimulus or a set size beyond the largest are refused where they are
            read.

    Example:
        >>> model = rlwm(neglect=True)
        >>> [p.name for p in model.parameters], model.inputs
        (['alpha', 'decay', 'capacity', 'weight', 'neglect'], ('stimulus', 'set_size'))

    Source:
        Collins & Frank (2012), doi 10.1111/j.1460-9568.2011.07980.x; neglect and the capacity's weight:
        Collins et al. (2014), doi 10.1523/JNEUROSCI.0989-14.2014.
    """
    n_actions = _parts.checked_size(n_actions)
    max_set_size = _checks.size("max_set_size", max_set_size, minimum=1)
    start = 1 / n_actions if initial_value is None else _parts._checked_number("initial_value", initial_value)
    return _rlwm(n_actions, max_set_size, start, _checked_scale(inverse_temperature), bool(neglect))


@_pickling.cached
def _rlwm(
    n_actions: int, n_stimuli: int, start: float, inverse_temperature: float | str, neglect: bool
) -> Model:
    free = (_parts.softmax_scale(True)[0],) if inverse_temperature == _parts.FREE else ()
    ignored = (_parts.share("neglect"),) if neglect else ()

    def init(params):
        table = jnp.full((n_stimuli, n_actions), start, jnp.result_type(float, *params.values()))
        return table, table

    def predict(params, state, trial):
        beta = params[free[0].name] if free else inverse_temperature
        seen = _seen(trial, n_stimuli)
        log_q, log_w = (_log_policy(_row(seen, table), beta, trial.available) for table in state)
        capacity, n_shown = params["capacity"], trial.inputs["set_size"]
        return _log_mixture(log_w, log_q, params["weight"] * jnp.minimum(1.0, capacity / n_shown))

    def update(params, state, trial, chosen, outcome):
        value, memory = state
        seen, left = _seen(trial, n_stimuli), 1 - params["neglect"] if neglect else 1.0
        rates = (params["alpha"], params["alpha"] * left)
        learned, (known, error) = asymmetric_rescorla_wagner_update(
            _row(seen, value), (outcome, chosen), *rates
        )
        kept, _ = working_memory_update(memory, seen, (outcome, chosen), params["decay"], start, 1 - left)
        told = {"values": known, "working_memory": _row(seen, memory), "prediction_errors": error}
        return (jnp.where(seen[:, None] != 0, learned, value), kept), told

    parameters = (ALPHA, DECAY, _capacity(n_stimuli), WEIGHT)
    permitted = (("stimulus", tuple(range(n_stimuli))), ("set_size", tuple(range(1, n_stimuli + 1))))
    return Model(
        "rlwm",
        (*parameters, *free, *ignored),
        categorical(n_actions),
        init,
        predict,
        update,
        inputs=("stimulus", "set_size"),
        levels=permitted,
    )


def _capacity(largest: int) -> Parameter:
    """The capacity: half of all people below .46 of the largest set size, and next to nobody beyond it."""
    return Parameter("capacity", 0, largest, prior=Prior("Weibull", (largest / 2, 4.0)))


def _seen(trial: Any, n_stimuli: int) -> Any:
    """Which stimulus was shown, one-hot: to look it up in a table would be slower on a CPU."""
    return (trial.inputs["stimulus"] == jnp.arange(n_stimuli)).astype(float)


def _row(seen: Any, table: Any) -> Any:
    """The row of the stimulus that was shown."""
    return jnp.sum(jnp.where(seen[:, None] != 0, table, 0), axis=0)


def _log_policy(value: Any, beta: Any, available: Any) -> Any:
    """Log-probabilities of a softmax among what is on offer."""
    return rows.log_softmax(rows.on_offer(beta * value, available))


@jax.custom_jvp
def _log_mixture(log_p, log_q, weight):
    """The logarithm of two policies, mixed; minus infinity where neither has a chance."""
    return jnp.logaddexp(jnp.log(weight) + log_p, jnp.log1p(-weight) + log_q)


@_log_mixture.defjvp
def _log_mixture_and_slope(primals, tangents):
    """The derivative: each policy's share of the mixture, which is a number at weights of 0 and 1 as well."""
    log_p, log_q, weight = primals
    mixed = _log_mixture(*primals)
    possible = ~jnp.isneginf(mixed)
    most = 0.45 * jnp.log(jnp.finfo(mixed.dtype).max)  # its square, a curvature, is still a number
    below = jnp.where(possible, mixed, 0)
    ratios = [jnp.where(possible, jnp.exp(jnp.minimum(x - below, most)), 0) for x in (log_p, log_q)]
    shares = (weight * ratios[0], (1 - weight) * ratios[1])
    moves = [jnp.where(share > 0, share * move, 0) for share, move in zip(shares, tangents[:2], strict=True)]
    return mixed, sum(moves) + (ratios[0] - ratios[1]) * tangents[2]


def _checked_scale(x: Any) -> float | str:
    """A number of at least 0, or "free"."""
    if isinstance(x, str):
        if x != _parts.FREE:
            _checks.fail("inverse_temperature", f"one number, or {_parts.FREE!r}", repr(x))
        return x
    number = _parts._checked_number("inverse_temperature", x)
    if number < 0:
        _checks.fail("inverse_temperature", "a number of at least 0", x)
    return number
