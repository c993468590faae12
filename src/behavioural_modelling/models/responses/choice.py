r"""A choice among actions: the response that most models of learning are about."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ... import _checks
from ..._compute import layout, rows
from .. import _pickling
from .response import Response

__all__ = ["categorical"]


def categorical(n_actions: int) -> Response:
    r"""A choice among actions. The prediction is the logits: log choice probabilities up to a constant.

    .. math:: P(a) = \frac{e^{\ell_a}}{\sum_b e^{\ell_b}}

    `update` sees the choice one-hot, shape (n_actions,). A `Trace` tells `choices` and `choice_p`.

    Args:
        n_actions: How many actions, at least 1.

    Returns:
        The response, the same object for the same number.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 1.

    Example:
        >>> response = categorical(2)
        >>> print(f"{response.log_prob(jnp.zeros(2), 1):.4f}")
        -0.6931
    """
    return _categorical(_checks.size("n_actions", n_actions, minimum=1))


@_pickling.cached
def _categorical(n_actions: int) -> Response:
    return Response(
        log_prob=_log_probability,
        draw=_drawn,
        n_uniforms=1,
        encode=lambda choice: jax.nn.one_hot(choice, n_actions),
        parts=("choices",),
        n_actions=n_actions,
        on_offer=rows.on_offer,
        report=lambda logits: {"choice_p": rows.softmax(logits)},
    )


def _drawn(logits: Float[Array, "n_actions"], uniforms: Float[Array, "1"]) -> Int[Array, ""]:
    """The action that a random number in [0, 1) picks."""
    return layout.apart(rows.first_end_beyond(uniforms[0], rows.softmax(logits)))


@jax.custom_jvp
def _log_probability(logits: Float[Array, "n_actions"], choice: Int[Array, ""]) -> Float[Array, ""]:
    """The log-probability of a choice."""
    return _log_probability_and_weights(logits, choice)[0]


@_log_probability.defjvp
def _log_probability_and_slope(primals, tangents):
    """The derivative by the logits: what was chosen minus how probable it was."""
    log_probability, weights, chosen = _log_probability_and_weights(*primals)
    surprise = layout.apart(chosen - weights / rows.row_sum(weights))
    return log_probability, rows.row_sum(surprise * tangents[0])[0]


def _log_probability_and_weights(logits, choice):
    """The log-probability, the probabilities before they are divided by their sum, and the choice one-hot."""
    chosen = jax.nn.one_hot(choice, logits.shape[-1], dtype=logits.dtype)
    logits = logits - jax.lax.stop_gradient(rows.row_max(logits))
    weights = jnp.exp(logits)
    logit = layout.apart(rows.row_sum(jnp.where(chosen != 0, logits, 0))[0])
    return logit - jnp.log(rows.row_sum(weights)[0]), weights, chosen
