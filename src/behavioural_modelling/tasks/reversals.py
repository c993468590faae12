r"""Reversals: which action is best changes, on trials laid down beforehand or once it has been learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Numbers
from ..models import Trial, _pickling
from . import _parts
from .task import Task

__all__ = ["reversal", "reversal_at_criterion", "volatility"]


def reversal(
    n_trials: int,
    probabilities: Numbers,
    *,
    at: Numbers,
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Task:
    r"""A bandit whose probabilities are reversed on given trials, whatever is chosen.

    .. math:: p_{t}(a) = \begin{cases} p(a) & \text{after an even number of reversals} \\
              p(n - 1 - a) & \text{after an odd number} \end{cases}

    With two actions they swap. A reversal holds on its own trial already. The state is the trial.

    Args:
        n_trials: How many trials, at least 1.
        probabilities: How probably each action is rewarded at first, in [0, 1], shape (n_actions,), for at
            least 2 actions; another row once its order is reversed.
        at: The trials of the reversals, counted from 0, rising, in [1, n_trials); or the one trial.
        payoffs: As in `bandit`.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, a probability outside [0, 1], probabilities
            that a reversal would leave as they are, no trial in `at` or trials that do not rise or lie
            outside the task, or `payoffs` is not two finite numbers.

    Example:
        >>> import jax
        >>> task, key = reversal(60, [1.0, 0.0], at=30), jax.random.key(0)
        >>> [task.respond(key, trial, 0)[0].tolist() for trial in (29, 30)]
        [[1.0, 0.0], [0.0, 1.0]]
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    probabilities = _checked_reversible(probabilities)
    return _reversal(n_trials, probabilities, _checked_at(at, n_trials), _parts.checked_payoffs(payoffs))


@_pickling.cached
def _reversal(n_trials: int, probabilities: tuple, at: tuple[int, ...], payoffs: tuple) -> Task:
    init, respond = _on_schedule(n_trials, probabilities, at, payoffs)
    return Task("reversal", n_trials, len(probabilities), init, _parts.nothing_shown, respond)


def volatility(
    blocks: Sequence[tuple[int, int | None]],
    probabilities: Numbers,
    *,
    payoffs: tuple[float, float] = (0.0, 1.0),
    show_block: bool = False,
) -> Task:
    r"""A bandit with stable blocks, and volatile ones in which the probabilities keep being reversed.

    Each block after the first begins with a reversal, and a volatile block has one more after every
    `reverses_every` trials. So between two reversals there are as many trials as the blocks say. The state is
    the trial, counted through all blocks.

    Args:
        blocks: For each block in order the pair `(n_trials, reverses_every)`: how many trials it has, at
            least 1, and after how many of them the probabilities are reversed, at least 1 and fewer than it
            has. `reverses_every` None: a stable block.
        probabilities: As in `reversal`.
        payoffs: As in `bandit`.
        show_block: Whether each trial shows the input "volatility", which `models.volatile_rescorla_wagner`
            reads: an int32, 1 in a volatile block and 0 in a stable one.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: As in `reversal`; or if there is no block, or one is no such pair.

    Example:
        >>> task = volatility([(120, None), (80, 20)], [0.8, 0.2], show_block=True)
        >>> task.n_trials, [int(task.show((), t).inputs["volatility"]) for t in (0, 119, 120)]
        (200, [0, 0, 1])

    Source:
        After Behrens et al. (2007), doi 10.1038/nn1954: stable for 120 trials, then reversed every 30 or 40.
    """
    probabilities = _checked_reversible(probabilities)
    return _volatility(
        _checked_blocks(blocks), probabilities, _parts.checked_payoffs(payoffs), bool(show_block)
    )


@_pickling.cached
def _volatility(blocks: tuple, probabilities: tuple, payoffs: tuple, show_block: bool) -> Task:
    lengths = [length for length, _ in blocks]
    firsts = np.cumsum([0, *lengths])
    stretches = [range(f, f + n, every or n) for f, (n, every) in zip(firsts, blocks, strict=False)]
    at = tuple(int(trial) for stretch in stretches for trial in stretch)[1:]
    volatile = np.repeat([every is not None for _, every in blocks], lengths).astype(np.int32)

    def show(state, t):
        return Trial({"volatility": jnp.asarray(volatile)[t]} if show_block else {})

    init, respond = _on_schedule(len(volatile), probabilities, at, payoffs)
    return Task("volatility", len(volatile), len(probabilities), init, show, respond)


def reversal_at_criterion(
    n_trials: int,
    probabilities: Numbers,
    *,
    n_correct: int,
    window: int | None = None,
    payoffs: tuple[float, float] = (0.0, 1.0),
) -> Task:
    r"""A bandit whose probabilities are reversed once the best action has been chosen often enough.

    A choice is correct if it is of the action with the highest probability just then. After `n_correct`
    correct choices among the last `window`, the probabilities are reversed from the next trial on, and the
    count starts anew. The state is the pair of whether they are reversed now, and which of the last choices
    were correct, shape (window,), the latest last.

    Args:
        n_trials: How many trials, at least 1.
        probabilities: As in `reversal`, one of them higher than all others.
        n_correct: How many correct choices it takes, at least 1.
        window: Among how many choices, at least `n_correct`. None: all in a row.
        payoffs: As in `bandit`; the reward is the larger one.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: As in `reversal`, `at` apart; or if two actions are best, `n_correct` is below 1, `window`
            is below `n_correct`, or the reward is not the larger payoff.

    Example:
        >>> import jax
        >>> task, key = reversal_at_criterion(100, [0.8, 0.2], n_correct=2), jax.random.key(0)
        >>> state = task.init(key)
        >>> for choice in (0, 0):
        ...     _, state = task.respond(key, state, choice)
        >>> bool(state[0])
        True
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    probabilities = _checked_reversible(probabilities)
    if probabilities.count(max(probabilities)) > 1:
        _checks.fail("probabilities", "one action better than all others", probabilities)
    n_correct = _checks.size("n_correct", n_correct, minimum=1)
    window = n_correct if window is None else _checks.size("window", window, minimum=n_correct)
    payoffs = _parts.checked_payoffs(payoffs)
    if payoffs[0] >= payoffs[1]:
        _checks.fail("payoffs", "the reward, the second, to be the larger", payoffs)
    return _reversal_at_criterion(n_trials, probabilities, n_correct, window, payoffs)


@_pickling.cached
def _reversal_at_criterion(n_trials, probabilities, n_correct, window, payoffs) -> Task:
    def init(key):
        return jnp.zeros((), bool), jnp.zeros(window, bool)

    def respond(key, state, response):
        is_reversed, recent = state
        current = _in_order(probabilities, is_reversed)
        correct = jnp.equal(_parts.choice_in(response), jnp.argmax(current))
        recent = jnp.append(recent[1:], correct)
        reached = jnp.sum(recent) >= n_correct
        return _parts.paid(key, current, payoffs), (is_reversed ^ reached, recent & ~reached)

    name = "reversal_at_criterion"
    return Task(name, n_trials, len(probabilities), init, _parts.nothing_shown, respond)


def _in_order(probabilities: tuple[float, ...], is_reversed: Any) -> Any:
    """The probabilities as they are at first, or reversed."""
    return jnp.where(is_reversed, jnp.asarray(probabilities[::-1]), jnp.asarray(probabilities))


def _on_schedule(n_trials: int, probabilities: tuple, at: tuple[int, ...], payoffs: tuple) -> tuple:
    """`init` and `respond` of a task whose state is the trial, with reversals on given trials."""
    is_reversed = np.cumsum(np.isin(np.arange(n_trials), at)) % 2 == 1

    def init(key):
        return jnp.zeros((), jnp.int32)

    def respond(key, trial, response):
        return _parts.paid(key, _in_order(probabilities, jnp.asarray(is_reversed)[trial]), payoffs), trial + 1

    return init, respond


def _checked_reversible(probabilities: Numbers) -> tuple[float, ...]:
    """A probability per action, another row once its order is reversed."""
    row = _parts.checked_probabilities(probabilities)
    if row == row[::-1]:
        _checks.fail("probabilities", "a row that a reversal changes", row)
    return row


def _checked_at(at: Any, n_trials: int) -> tuple[int, ...]:
    """The trials of the reversals, rising, within the task."""
    trials = np.atleast_1d(_checks.plain_array("at", at))
    if trials.ndim != 1 or trials.size == 0:
        _checks.fail("at", "the trials of the reversals, at least one", f"shape {trials.shape}")
    _checks.integers("at", trials)
    _checks.every("at", f"trials from 1 to {n_trials - 1}", trials, (trials >= 1) & (trials < n_trials))
    if (np.diff(trials) <= 0).any():
        _checks.fail("at", "rising trials, each once", trials.tolist())
    return tuple(trials.tolist())


def _checked_blocks(blocks: Any) -> tuple[tuple[int, int | None], ...]:
    """The blocks' lengths, and after how many trials each is reversed."""
    if not isinstance(blocks, (tuple, list)) or not blocks:
        _checks.fail("blocks", "pairs of n_trials and reverses_every, at least one", blocks)
    checked = []
    for i, block in enumerate(blocks):
        length, every = _checks.pair(f"blocks[{i}]", block)
        length = _checks.size(f"n_trials of blocks[{i}]", length, minimum=1)
        if every is not None:
            every = _checks.size(f"reverses_every of blocks[{i}]", every, minimum=1)
            if every >= length:
                _checks.fail(f"reverses_every of blocks[{i}]", f"fewer than its {length} trials", every)
        checked.append((length, every))
    return tuple(checked)
