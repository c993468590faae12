r"""Drawing choices from probabilities, and the random keys that the draws need."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from . import _checks
from ._compute import rows
from ._types import Numbers
from .decision_rules import lapse_mixture

__all__ = [
    "choice_from_action_p",
    "choice_from_action_p_single",
    "choice_from_uniform",
    "subject_keys",
]


def choice_from_action_p(key: Key[Array, ""], probs: Numbers, lapse: Numbers = 0.0) -> Int[Array, "..."]:
    r"""Draw one action from each row of probabilities.

    .. math:: P(\text{choice} = a) = (1 - \varepsilon)\, p_a + \varepsilon / n

    The lapse is mixed into the probabilities, so one random number decides the choice. Drawing the
    lapse and the choice separately from one key would correlate them.

    Args:
        key: One random key. Each row of `probs` gets its own draw from it.
        probs: Probabilities :math:`p`, shape (..., n_actions), at least 0. They are divided by their
            sum, so they need not sum to 1.
        lapse: :math:`\varepsilon` in [0, 1], the share of choices made at random: a number, or one per
            leading entry of `probs`.

    Returns:
        Actions, int32 in [0, n_actions), shape (...). An action of probability 0 is never chosen
        while the lapse is 0.

    Raises:
        ValueError: If `key` is not one key, a probability is negative or not finite, a row sums to 0,
            or the lapse is outside [0, 1] or does not fit the leading axes.

    Example:
        >>> int(choice_from_action_p(jax.random.key(0), [0.0, 1.0, 0.0]))
        1
    """
    key = _checks.random_key("key", key)
    probs, lapse = _checks.probabilities(probs, lapse)
    uniform = jax.random.uniform(key, probs.shape[:-1])
    return choice_from_uniform(uniform, probs, lapse)


def choice_from_action_p_single(key: Key[Array, ""], probs: Numbers, lapse: Numbers = 0.0) -> Int[Array, ""]:
    """Draw one action from one row of probabilities: `choice_from_action_p` for a single choice.

    Args:
        key: As in `choice_from_action_p`.
        probs: Probabilities, shape (n_actions,).
        lapse: A number, as in `choice_from_action_p`.

    Returns:
        The action, an int32 in [0, n_actions), shape ().

    Raises:
        ValueError: As in `choice_from_action_p`; or if `probs` has more than one axis.
    """
    probs = _checks.real_array("probs", probs)
    if probs.ndim != 1:
        _checks.fail("probs", "one row of probabilities", f"shape {probs.shape}")
    return choice_from_action_p(key, probs, lapse)


def choice_from_uniform(uniform: Numbers, probs: Numbers, lapse: Numbers = 0.0) -> Int[Array, "..."]:
    r"""The action that a uniform random number picks: the inverse of the cumulative probabilities.

    Lay the probabilities end to end along a line of length 1. The action is the one whose piece the
    random number falls on. This is `choice_from_action_p` with the randomness taken out: the same
    numbers give the same choices in any program.

    Args:
        uniform: Random numbers in [0, 1), shape (...), one per row of `probs`.
        probs: As in `choice_from_action_p`.
        lapse: As in `choice_from_action_p`.

    Returns:
        Actions, int32 in [0, n_actions), shape (...).

    Raises:
        ValueError: If `uniform` is outside [0, 1] or does not fit the leading axes of `probs`; else
            as in `choice_from_action_p`.

    Example:
        >>> choice_from_uniform([0.1, 0.3, 0.9], [[0.2, 0.5, 0.3]] * 3).tolist()
        [0, 1, 2]
    """
    probs, lapse = _checks.probabilities(probs, lapse)
    uniform = _checks.real_array("uniform", uniform)
    _checks.in_range("uniform", uniform, 0, 1)
    _checks.fits_rows("uniform", uniform, "probs", probs.shape)
    probs = lapse_mixture(probs, lapse)
    uniform = jnp.minimum(uniform, 1 - jnp.finfo(uniform.dtype).epsneg)  # 1 - 1e-9 is 1 in float32
    if uniform.ndim == probs.ndim:
        uniform = uniform[..., 0]
    return rows.first_end_beyond(uniform, probs)


def subject_keys(key: Key[Array, ""], n_subjects: int) -> Key[Array, "n_subjects"]:
    """One random key per subject: key i depends on `key` and i alone, not on how many subjects there are.

    Args:
        key: One random key.
        n_subjects: How many subjects, at least 1.

    Returns:
        Keys, shape (n_subjects,); subject i's is `jax.random.fold_in(key, i)`.

    Raises:
        ValueError: If `key` is not one key or `n_subjects` is below 1.

    Example:
        >>> subject_keys(jax.random.key(0), 40).shape
        (40,)
    """
    key = _checks.random_key("key", key)
    n_subjects = _checks.size("n_subjects", n_subjects, minimum=1)
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(n_subjects))
