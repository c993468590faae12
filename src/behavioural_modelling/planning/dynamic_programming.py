r"""Value iteration: what each state and action is worth to somebody who plans, where the world is known.

The world is `sas`, shape (n_states, n_actions, n_states): the probability of each next state, given a state
and an action. A row of zeros is an action that is impossible there. A row may add up to less than 1: the rest
is the probability that all is over. A state without any possible action is the end; its value is 0.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers
from . import _world

__all__ = ["get_state_action_values", "policy", "solve_value_iteration", "state_value_iterator"]


def get_state_action_values(
    s: Numbers, n_actions: int, sas: Numbers, reward: Numbers, discount: Numbers, values: Numbers
) -> Float[Array, "n_actions"]:
    r"""What each action is worth in one state.

    .. math:: Q(s, a) = \sum_{s'} P(s' \mid s, a) \left[ R(s') + \gamma V(s') \right]

    Args:
        s: The state, from 0.
        n_actions: How many actions there are; `sas` must have as many.
        sas: The probability of each next state, shape (n_states, n_actions, n_states).
        reward: :math:`R`, what it pays to arrive in each state, shape (n_states,).
        discount: :math:`\gamma` in [0, 1], what a reward is worth one step later.
        values: :math:`V`, the value of each state, shape (n_states,).

    Returns:
        The values of the actions, shape (n_actions,); minus infinity for one that is impossible in the state.

    Raises:
        ValueError: If shapes do not match, there is no such state, a probability is below 0, a row of them
            adds up to more than 1, the discount is outside [0, 1], or a reward or value is NaN or infinite.

    Example:
        >>> sas = [[[0.0, 1.0], [0.5, 0.5]], [[0.0, 0.0], [0.0, 0.0]]]
        >>> get_state_action_values(0, 2, sas, [0.0, 1.0], 0.5, [1.0, 0.0]).tolist()
        [1.0, 0.75]

    Source:
        Sutton & Barto (2018), Reinforcement Learning, 2nd edition, section 4.4; here a reward belongs to the
        state arrived in.
    """
    sas, reward, discount = _world.world(sas, reward, discount)
    _world.check_count("n_actions", n_actions, sas.shape[1], "sas")
    values = _world.per_state("values", values, len(sas))
    state = jnp.asarray(_checks.actions("s", s, len(sas)))
    if state.ndim:
        _checks.fail("s", "one state", f"shape {state.shape}")
    return _action_values(sas[state], reward, discount, values)


def state_value_iterator(
    values: Numbers, reward: Numbers, discount: Numbers, sas: Numbers, soft: bool = False
) -> tuple[Float[Array, "n_states"], Float[Array, ""], Float[Array, "n_states n_actions"]]:
    r"""One sweep of value iteration: every state is given the value of its best action.

    .. math::
        V(s) \leftarrow \max_a Q(s, a), \qquad
        \text{or, if soft,} \quad V(s) \leftarrow \log \sum_a e^{Q(s, a)}

    All states are updated at once, from the values before the sweep. Impossible actions take part in neither.
    The soft value is that of somebody who chooses by softmax with a temperature of 1, and to whom the variety
    of what is chosen is worth something: its entropy is added to the rewards. So the size of the rewards
    matters: where all of them are well below 1, hardly anything but variety counts.

    Args:
        values: The values before the sweep, shape (n_states,).
        reward: As in `get_state_action_values`.
        discount: As in `get_state_action_values`.
        sas: As in `get_state_action_values`.
        soft: Whether to take the log-sum-exp in place of the maximum.

    Returns:
        `(values, delta, q_values)`: the values after the sweep, shape (n_states,); the largest change of any
        of them; and the values of the actions that they were taken from, shape (n_states, n_actions), minus
        infinity where an action is impossible.

    Raises:
        ValueError: As in `get_state_action_values`.

    Example:
        >>> chain = [[[0.0, 1.0]], [[0.0, 0.0]]]
        >>> values, delta, q_values = state_value_iterator([0.0, 0.0], [0.0, 1.0], 0.5, chain)
        >>> values.tolist(), float(delta), q_values.tolist()
        ([1.0, 0.0], 1.0, [[1.0], [-inf]])

    Source:
        Sutton & Barto (2018), Reinforcement Learning, 2nd edition, section 4.4; soft: Bloem & Bambos (2014),
        doi 10.1109/CDC.2014.7040156.
    """
    sas, reward, discount = _world.world(sas, reward, discount)
    return _swept(_world.per_state("values", values, len(sas)), reward, discount, sas, bool(soft))


def solve_value_iteration(
    n_states: int,
    n_actions: int,
    reward_function: Numbers,
    max_iter: int,
    discount: Numbers,
    sas: Numbers,
    tol: Numbers,
    soft: bool = False,
) -> tuple[Float[Array, "n_states"], Float[Array, "n_states n_actions"]]:
    r"""The values of all states and actions to somebody who goes on choosing what is best.

    Sweeps of `state_value_iterator`, from values of 0 on, until no value of any state changes by more than
    `tol`. With a discount :math:`\gamma` below 1 each value is then off by less than
    :math:`\gamma / (1 - \gamma)` times that, rounding apart.

    Args:
        n_states: How many states there are; `sas` must have as many.
        n_actions: How many actions there are; `sas` must have as many.
        reward_function: What it pays to arrive in each state, shape (n_states,).
        max_iter: How many sweeps at most, at least 1.
        discount: As in `get_state_action_values`. At 1, where one can go round in circles that pay, nothing
            but `max_iter` ends the sweeps.
        sas: As in `get_state_action_values`.
        tol: The largest change, of at least 0, at which the values are taken to have settled.
        soft: As in `state_value_iterator`.

    Returns:
        `(values, q_values)`, shapes (n_states,) and (n_states, n_actions), of the last sweep.

    Raises:
        ValueError: As in `get_state_action_values`; or if `max_iter` is below 1 or `tol` below 0.

    Example:
        Five states in a row; the last is the end, and pays 1 on arrival.

        >>> chain = jnp.eye(5, k=1)[:, None]
        >>> values, _ = solve_value_iteration(5, 1, [0, 0, 0, 0, 1], 100, 0.9, chain, 1e-6)
        >>> [round(float(value), 3) for value in values]
        [0.729, 0.81, 0.9, 1.0, 0.0]

    Source:
        As in `state_value_iterator`.
    """
    sas, reward, discount = _world.world(sas, reward_function, discount, "reward_function")
    _world.check_count("n_states", n_states, sas.shape[0], "sas")
    _world.check_count("n_actions", n_actions, sas.shape[1], "sas")
    if not isinstance(max_iter, (Tracer, jax.Array)):
        max_iter = _checks.size("max_iter", max_iter, minimum=1)
    tol = _checks.real_array("tol", tol)
    _checks.in_range("tol", tol, 0)
    return _solved(reward, max_iter, discount, sas, tol, soft=bool(soft))


def policy(q_values: Numbers, temperature: Numbers | None = None) -> Float[Array, "n_states n_actions"]:
    r"""How probably each action is chosen in each state, by somebody who knows what the actions are worth.

    .. math:: P(a \mid s) \propto e^{Q(s, a) / \tau}

    Args:
        q_values: The values of the actions, shape (..., n_actions), as `solve_value_iteration` gives them;
            minus infinity where an action is impossible.
        temperature: :math:`\tau` above 0. With 1 it is the policy that the soft values are made for. None:
            the best action alone, shared evenly among those that are as good but for rounding.

    Returns:
        Probabilities, shape (..., n_actions). They add up to 1, or are all 0 in a state without any possible
        action.

    Raises:
        ValueError: If a value is NaN or plus infinity, there is no action, or the temperature is not above 0.

    Example:
        >>> policy([[1.0, 1.0, 0.5], [-jnp.inf, 2.0, 0.0]]).tolist()
        [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]
    """
    q_values = _checks.with_actions("q_values", q_values)
    known = _checks.known_values(q_values)
    if known is not None:
        _checks.every(
            "q_values", "finite numbers or minus infinity", known, ~(np.isnan(known) | (known == np.inf))
        )
    possible = q_values > -jnp.inf
    goes_on = possible.any(axis=-1, keepdims=True)
    best = jnp.where(goes_on, q_values, 0).max(axis=-1, keepdims=True)
    below = jnp.where(possible, q_values, best) - best
    if temperature is None:
        weights = (below >= -_rounding(below + best)).astype(below.dtype)
    else:
        temperature = _checks.real_array("temperature", temperature)
        _checks.in_range("temperature", temperature, 0, above=True)
        if temperature.ndim:
            _checks.fail("temperature", _checks.ONE_NUMBER, f"shape {temperature.shape}")
        weights = jnp.exp(below / temperature)
    weights = jnp.where(possible, weights, 0)
    return weights / jnp.where(goes_on, weights.sum(axis=-1, keepdims=True), 1)


def _rounding(values: Float[Array, "... n_actions"]) -> Float[Array, "... 1"]:
    """By how much values that are equal may differ after many sweeps, each of which rounds."""
    limits = jnp.finfo(values.dtype)
    return 64 * limits.eps * jnp.maximum(jnp.abs(values).max(axis=-1, keepdims=True), limits.tiny)


def _action_values(
    sas: Float[Array, "... n_actions n_states"],
    reward: Float[Array, "n_states"],
    discount: Float[Array, ""],
    values: Float[Array, "n_states"],
) -> Float[Array, "... n_actions"]:
    """What each action is worth, minus infinity where it leads nowhere."""
    # Processors other than the CPU multiply matrices in less than float32 unless they are told not to.
    worth = jnp.matmul(sas, reward + discount * values, precision=jax.lax.Precision.HIGHEST)
    return jnp.where((sas > 0).any(axis=-1), worth, -jnp.inf)


def _swept(values, reward, discount, sas, soft):
    """`state_value_iterator` on checked arguments."""
    q_values = _action_values(sas, reward, discount, values)
    goes_on = (q_values > -jnp.inf).any(axis=-1)
    # The end has no possible action. Something finite in their place keeps its slope a number.
    some = jnp.where(goes_on[:, None], q_values, 0)
    best = jax.nn.logsumexp(some, axis=-1) if soft else some.max(axis=-1)
    updated = jnp.where(goes_on, best, 0)
    return updated, jnp.abs(updated - values).max(), q_values


@partial(jax.jit, static_argnames="soft")
def _solved(reward, max_iter, discount, sas, tol, *, soft):
    """`solve_value_iteration` on checked arguments."""
    dtype = jnp.result_type(reward, discount, sas)
    nothing = jnp.zeros(sas.shape[0], dtype)
    start = (nothing, jnp.array(jnp.inf, dtype), jnp.zeros(sas.shape[:2], dtype), jnp.zeros((), jnp.int32))

    def goes_on(carry):
        _, delta, _, sweeps = carry
        return (delta > tol) & (sweeps < max_iter)

    def sweep(carry):
        return (*_swept(carry[0], reward, discount, sas, soft), carry[3] + 1)

    values, _, q_values, _ = jax.lax.while_loop(goes_on, sweep, start)
    return values, q_values
