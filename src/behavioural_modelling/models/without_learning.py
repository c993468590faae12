r"""Models that learn no values: a fixed bias, and a rule that looks one trial back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._compute import rows
from . import _parts, _pickling
from .composition import with_lapse
from .model import Model
from .responses import categorical

__all__ = ["biased_random", "win_stay_lose_shift"]

LEAST = 1e-18
"""A probability next to 0: one over its square still is a number in float32, as a curvature has to be."""


def biased_random(n_actions: int) -> Model:
    r"""Biased random responding: the same choice probabilities on every trial, whatever came of them.

    .. math:: P(a) = b_a \prod_{a' < a} (1 - b_{a'}), \qquad b_{n-1} = 1

    With two actions the one parameter is `bias` in [0, 1], the probability of action 0. With more there
    are `bias_0`, `bias_1` and so on, all but one: the probability of an action, given that it is none
    of those before it. There is nothing to remember. At a bias of 0 or 1, what is never chosen has a
    probability of 1e-18 and not of 0, so that slopes are numbers there.

    Args:
        n_actions: How many actions, at least 2.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: If `n_actions` is no whole number of at least 2.

    Example:
        >>> [p.name for p in biased_random(2).parameters], [p.name for p in biased_random(3).parameters]
        (['bias'], ['bias_0', 'bias_1'])

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, model 1; with two actions it is theirs.
    """
    return _biased_random(_parts.checked_size(n_actions))


@_pickling.cached
def _biased_random(n_actions: int) -> Model:
    names = ["bias"] if n_actions == 2 else [f"bias_{action}" for action in range(n_actions - 1)]

    def predict(params, state, trial):
        logits, left = [], 0.0
        for name in names:
            logits.append(left + _log(params[name]))
            left = left + _log_of_the_rest(params[name])
        return jnp.stack([*logits, left])

    def update(params, state, trial, chosen, outcome):
        return state, {}

    parameters = tuple(map(_parts.share, names))
    return Model("biased_random", parameters, categorical(n_actions), lambda params: (), predict, update)


def _log(share: Any) -> Any:
    """The logarithm of a share; that of 0 is the least one, with its slope.

    The slope of the other actions' probabilities is what this one's share gives away: a share of 0 times a
    slope without end would be no number.
    """
    return jnp.log(share + jax.lax.stop_gradient(jnp.maximum(LEAST - share, 0)))


def _log_of_the_rest(share: Any) -> Any:
    return jnp.where(share < 1, jnp.log1p(-jnp.where(share < 1, share, 0)), _log(1 - share))


def win_stay_lose_shift(n_actions: int, threshold: float = 0.0) -> Model:
    r"""Win-stay lose-shift with error: after a win the same action, after a loss another one.

    .. math:: P(a) = (1 - \varepsilon)\, g_t(a) + \varepsilon / n

    The goal :math:`g_t` is all on the last choice if it paid more than the threshold; if not, it is spread
    evenly over the other actions. Before the first trial it is even over all of them.

    Where only some actions are on offer, :math:`n` is how many those are, and :math:`g_t` is the goal
    among them: divided by its sum over them, or even where it has none of them.

    Parameter: `lapse` in [0, 1], :math:`\varepsilon`, the share of choices made at random: it is the rule
    put into `with_lapse`. All that people do otherwise than the rule has to be lapses, so by the default
    prior any share is about as probable as another.

    Args:
        n_actions: As in `biased_random`.
        threshold: A trial is a win where the chosen action paid more than this. Where outcomes are points
            that are always above 0, every trial would be a win without it.

    Returns:
        The model, the same object for the same arguments.

    Raises:
        ValueError: As in `biased_random`; or if `threshold` is not finite.

    Example:
        >>> [p.name for p in win_stay_lose_shift(2).parameters]
        ['lapse']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, model 2; with two actions it is theirs.
    """
    threshold = _parts._checked_number("threshold", threshold)
    return _win_stay_lose_shift(_parts.checked_size(n_actions), threshold)


@_pickling.cached
def _win_stay_lose_shift(n_actions: int, threshold: float) -> Model:
    model = with_lapse(_strict(n_actions, threshold))
    return model._replace(name="win_stay_lose_shift", parameters=(_parts.share("lapse"),))


@_pickling.cached
def _strict(n_actions: int, threshold: float) -> Model:
    """The rule without error."""

    def init(params):
        return jnp.full(n_actions, 1 / n_actions)

    def predict(params, goal, trial):
        # Nothing has a slope here: one of log 0 would be infinite, and meet a weight of 0.
        return jnp.where(goal > 0, jnp.log(jnp.where(goal > 0, goal, 1)), -jnp.inf)

    def update(params, goal, trial, chosen, outcome):
        won = rows.row_sum(chosen * outcome) > threshold
        chosen = chosen.astype(goal.dtype)
        return jnp.where(won, chosen, (1 - chosen) / (n_actions - 1)), {}

    return Model("win_stay_lose_shift", (), categorical(n_actions), init, predict, update)
