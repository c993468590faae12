r"""Probabilistic selection: pairs of stimuli, learned with feedback and put together anew without."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Array, Key

from .. import _checks
from .._types import Numbers
from . import _parts
from ._uniforms import uniforms
from .schedule import Schedule, schedule

__all__ = ["probabilistic_selection"]

OFTEN = 20
"""How often each pair comes in a stretch of the training, within which the order is random."""


def probabilistic_selection(
    key: Key[Array, ""],
    n_trials: int = 360,
    *,
    probabilities: Numbers = ((0.8, 0.2), (0.7, 0.3), (0.6, 0.4)),
    n_tests: int = 0,
    n_subjects: int | None = None,
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Schedule:
    r"""Choices within pairs of stimuli that are rewarded with probabilities of their own; then a test.

    .. math::
        P(R_t(a) = r_1) = p(a), \qquad P(R_t(a) = r_0) = 1 - p(a)

    The stimuli are the actions: A to F are 0 to 5, and `available` says which two are on offer. In the
    training the pairs are AB, CD and EF, 20 times each in every 60 trials in random order. In the test each
    of the 15 pairs that the six can make comes `n_tests` times, without feedback.

    To choose A there has been read as learning from rewards, to avoid B as learning from their absence. Of
    learners with two rates the opposite is true: a higher rate for good surprises moves all values up
    together, and A is hardly told from the other good ones, but B is.

    `models.rescorla_wagner(6)` and `models.asymmetric_rescorla_wagner(6)` fit it as they are.

    Args:
        key: One random key. Subject i's trials depend on it and i alone.
        n_trials: How many trials the training has, at least 1.
        probabilities: :math:`p`, in [0, 1], a row per pair, shape (n_pairs, 2).
        n_tests: How often each pair comes in the test. 0: there is no test.
        n_subjects: For how many subjects, each with an order and outcomes of its own. None: all subjects
            share them.
        payoffs: :math:`(r_0, r_1)`, what an unrewarded and what a rewarded choice pays.

    Returns:
        The `Schedule`.

    Raises:
        ValueError: If the key is no key, a number is too small or not whole, `probabilities` is no table with
            two columns of probabilities, or `payoffs` is not two finite numbers.

    Example:
        >>> import jax
        >>> task = probabilistic_selection(jax.random.key(0), 60, n_tests=4)
        >>> task.outcomes.shape, int(task.feedback.sum())
        ((1, 120, 6), 60)

    Source:
        Frank et al. (2004), doi 10.1126/science.1102941.
    """
    key = _checks.random_key("key", key)
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    n_tests = _checks.size("n_tests", n_tests, minimum=0)
    n_rows = 1 if n_subjects is None else _checks.size("n_subjects", n_subjects, minimum=1)
    chances, paid = _checked_table(probabilities), np.array(_parts.checked_payoffs(payoffs))
    trained, tested = _training(n_trials, len(chances) // 2), _test(len(chances), n_tests)
    pairs, stretches = (np.concatenate(x) for x in zip(trained, tested, strict=True))
    by_trial, by_action = uniforms(key, n_rows, ((len(pairs),), (len(pairs), len(chances))))
    order = np.lexsort((by_trial, np.broadcast_to(stretches, by_trial.shape)), axis=-1)
    return schedule(
        np.where(by_action < chances, paid[1], paid[0]),
        available=(pairs[order][..., None] == np.arange(len(chances))).any(axis=-2),
        feedback=None if n_tests == 0 else np.arange(len(pairs)) < n_trials,
    )


def _training(n_trials: int, n_pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of the training, shape (n_trials, 2), and in which stretch each comes."""
    trials = np.arange(n_trials)
    first = 2 * (trials % n_pairs)
    return np.stack([first, first + 1], axis=-1), trials // (OFTEN * n_pairs)


def _test(n_stimuli: int, n_tests: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of the test, and one stretch after all those of the training."""
    pairs = np.tile(np.array(list(combinations(range(n_stimuli), 2))), (n_tests, 1))
    return pairs, np.full(len(pairs), np.iinfo(np.int64).max)


def _checked_table(probabilities: Any) -> np.ndarray:
    """The probability of each stimulus, pair after pair."""
    table = _parts.numbers("probabilities", probabilities)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] != 2:
        _checks.fail("probabilities", "shape (n_pairs, 2)", f"shape {table.shape}")
    _checks.in_range("probabilities", table, 0, 1)
    return table.ravel()
