r"""Learning which response belongs to which stimulus, in blocks of few stimuli or many."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Array, Key

from .. import _checks
from .._types import Numbers
from . import _parts
from ._uniforms import uniforms
from .schedule import Schedule, schedule

__all__ = ["rlwm"]


def rlwm(
    key: Key[Array, ""],
    *,
    set_sizes: Numbers = (2, 3, 4, 5, 6),
    n_blocks: int = 2,
    n_repetitions: int = 12,
    n_actions: int = 3,
    n_subjects: int | None = None,
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Schedule:
    r"""Blocks in which the right response to each stimulus is to be learned, with feedback that never lies.

    .. math::
        R_t(a) = \begin{cases} r_1 & a = a^*(s_t) \\ r_0 & \text{else} \end{cases}

    The blocks come in random order, and the stimuli of a block too, each `n_repetitions` times. Every
    stimulus has one right action. They are drawn so that in a block no action is right for two stimuli more
    than another.

    Shown are "stimulus", numbered from 0 within its block, and "set_size", how many stimuli the block has.
    A new block begins with a `reset`: its stimuli are new. The outcome depends on the choice, but what every
    action would pay is known beforehand, so it is a `Schedule`.

    Args:
        key: One random key. Subject i's blocks depend on it and i alone.
        set_sizes: How many stimuli a block has: whole numbers of at least 1, one per kind of block.
        n_blocks: How many blocks there are of each set size, at least 1.
        n_repetitions: How often each stimulus comes, at least 1.
        n_actions: How many actions, at least 2.
        n_subjects: For how many subjects, each with an order and right actions of its own. None: all
            subjects share one.
        payoffs: :math:`(r_0, r_1)`, what a wrong and what a right action pays.

    Returns:
        The `Schedule`.

    Raises:
        ValueError: If the key is no key, a number is too small or not whole, there is no set size, or
            `payoffs` is not two finite numbers.

    Example:
        >>> import jax
        >>> task = rlwm(jax.random.key(0), set_sizes=[2, 4], n_blocks=1, n_repetitions=3)
        >>> task.n_trials, sorted(task.inputs), int(task.reset.sum())
        (18, ['set_size', 'stimulus'], 1)

    Source:
        Collins & Frank (2012), doi 10.1111/j.1460-9568.2011.07980.x.
    """
    key = _checks.random_key("key", key)
    sizes = _checked_sizes(set_sizes) * _checks.size("n_blocks", n_blocks, minimum=1)
    n_repetitions = _checks.size("n_repetitions", n_repetitions, minimum=1)
    n_actions = _checks.size("n_actions", n_actions, minimum=2)
    n_rows = 1 if n_subjects is None else _checks.size("n_subjects", n_subjects, minimum=1)
    wrong, right = _parts.checked_payoffs(payoffs)
    block = np.repeat(np.arange(len(sizes)), [size * n_repetitions for size in sizes])
    stimulus = np.concatenate([np.tile(np.arange(size), n_repetitions) for size in sizes])
    shapes = ((len(sizes),), (len(block),), (len(sizes), max(sizes)), (len(sizes), n_actions))
    by_block, by_trial, by_stimulus, by_action = uniforms(key, n_rows, shapes)

    order = np.lexsort((by_trial, by_block[:, block]), axis=-1)
    block, stimulus = block[order], stimulus[order]
    correct = _correct(np.array(sizes), by_stimulus, by_action)
    correct = correct[np.arange(n_rows)[:, None], block, stimulus]
    begins = np.diff(block, axis=1, prepend=block[:, :1]) != 0
    return schedule(
        np.where(correct[..., None] == np.arange(n_actions), right, wrong),
        reset=begins,
        inputs={"stimulus": stimulus.astype(np.int32), "set_size": np.array(sizes, np.int32)[block]},
    )


def _correct(sizes: np.ndarray, by_stimulus: np.ndarray, by_action: np.ndarray) -> np.ndarray:
    """The right action of each stimulus of each block: the actions in turn, both in random order."""
    stimuli = np.arange(by_stimulus.shape[-1])
    # Stimuli that a block does not have come last.
    place = np.where(stimuli < sizes[:, None], by_stimulus, 1.0).argsort(-1).argsort(-1)
    return np.take_along_axis(by_action.argsort(-1), place % by_action.shape[-1], axis=-1)


def _checked_sizes(set_sizes: Any) -> tuple[int, ...]:
    """Whole numbers of at least 1, at least one of them."""
    sizes = np.asarray(_checks.integers("set_sizes", set_sizes))
    if sizes.ndim != 1 or not sizes.size:
        _checks.fail("set_sizes", "whole numbers in a row, at least one", f"shape {sizes.shape}")
    _checks.every("set_sizes", "whole numbers of at least 1", sizes, sizes >= 1)
    return tuple(sizes.tolist())
