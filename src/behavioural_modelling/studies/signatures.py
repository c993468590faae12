r"""Signatures of behaviour: numbers that people and a model's simulations are compared by.

Each is a function of `Trials` that gives a number, or a row of numbers, per subject: shape (n_subjects,) or
(n_subjects, n_parts). NaN stands where a subject has no such case. Any function like that can stand beside
them in `posterior_predictive`.

They count a trial only where the choice was open: masked trials do not count, and where the question is
whether an action is repeated, that action and another one must be on offer. Pairs of trials are next to each
other and not parted by a reset; a missed trial parts them as well.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from .. import _checks
from .._types import Numbers
from ..trials import Trials

__all__ = [
    "histories",
    "learning_curve",
    "repeat_rate",
    "stay_after_loss",
    "stay_after_win",
    "switch_given_last",
]


class _Seen(NamedTuple):
    """What the signatures look at, (n_subjects, n_trials)."""

    choices: Int[np.ndarray, "n_subjects n_trials"]
    counts: Bool[np.ndarray, "n_subjects n_trials"]
    follows: Bool[np.ndarray, "n_subjects n_trials"]
    offered: Bool[np.ndarray, "n_subjects n_trials n_actions"] | None


def repeat_rate(trials: Trials) -> Float[np.ndarray, "n_subjects"]:
    """The share of trials on which the action of the trial before is chosen again.

    Args:
        trials: What people, or simulated people, did.

    Returns:
        Shares, shape (n_subjects,).

    Raises:
        ValueError: If `trials` is no `Trials` with choices.

    Example:
        >>> repeat_rate(Trials(choices=[[0, 0, 1, 1]], outcomes=[[1.0, 0.0, 1.0, 0.0]])).round(2).tolist()
        [0.67]
    """
    seen = _seen(trials)
    return _share(_stays(seen), _open(seen))


def stay_after_win(trials: Trials, above: float = 0.0) -> Float[np.ndarray, "n_subjects"]:
    """The share of trials after a win on which the same action is chosen again.

    A win is an outcome above a number. A choice without feedback was neither a win nor a loss.

    Args:
        trials: What people, or simulated people, did: one outcome per trial.
        above: The number.

    Returns:
        Shares, shape (n_subjects,).

    Raises:
        ValueError: If `trials` is no `Trials` with choices and one outcome, or `above` is no number.

    Example:
        >>> trials = Trials(choices=[[0, 0, 1, 1]], outcomes=[[1.0, 0.0, 1.0, 0.0]])
        >>> stay_after_win(trials).tolist(), stay_after_loss(trials).tolist()
        ([1.0], [0.0])
    """
    return _stay_after(trials, above, win=True)


def stay_after_loss(trials: Trials, above: float = 0.0) -> Float[np.ndarray, "n_subjects"]:
    """The share of trials after a loss on which the same action is chosen again.

    Args:
        trials: As in `stay_after_win`.
        above: As in `stay_after_win`: an outcome above it is no loss.

    Returns:
        Shares, shape (n_subjects,).

    Raises:
        ValueError: As in `stay_after_win`.
    """
    return _stay_after(trials, above, win=False)


def switch_given_last(
    trials: Trials, n_back: int = 2, above: float = 0.0
) -> Float[np.ndarray, "n_subjects n_histories"]:
    """How often people switch, by the outcomes of the last trials, all of them choices of the same action.

    Args:
        trials: As in `stay_after_win`.
        n_back: How many trials are looked back at.
        above: As in `stay_after_win`.

    Returns:
        Shares, shape (n_subjects, 2 ** n_back), in the order of `histories(n_back)`: LL, LW, WL, WW.

    Raises:
        ValueError: As in `stay_after_win`; or if `n_back` is no whole number of at least 1.

    Example:
        >>> trials = Trials(choices=[[0, 0, 1, 1, 1, 1]], outcomes=[[1.0, 0.0, 1.0, 1.0, 1.0, 0.0]])
        >>> switch_given_last(trials, n_back=1).tolist()
        [[1.0, 0.0]]

    Source:
        Beron, Neufeld, Linderman & Sabatini (2022), doi 10.1073/pnas.2113961119.
    """
    n_back, seen = _checks.size("n_back", n_back, minimum=1), _seen(trials)
    won, told = _won(trials, seen, above)
    same, history = _open(seen), np.zeros(seen.choices.shape, int)
    for back in range(1, n_back + 1):
        before = _shifted(seen.choices, back)
        # The trial that many back belongs here if it was told of, and all between hang together.
        linked = seen.follows if back == 1 else _shifted(seen.follows, back - 1)
        same = same & linked & _shifted(told, back) & (before == _shifted(seen.choices, 1))
        history += _shifted(won, back) * 2 ** (back - 1)
    stays = _stays(seen)
    shares = [_share(~stays, same & (history == h)) for h in range(2**n_back)]
    return np.stack(shares, axis=-1)


def histories(n_back: int) -> list[str]:
    """The names of the columns of `switch_given_last`: W for a win, L for a loss, the latest last.

    Args:
        n_back: How many trials are looked back at.

    Returns:
        2 ** n_back names.

    Raises:
        ValueError: If `n_back` is no whole number of at least 1.

    Example:
        >>> histories(2)
        ['LL', 'LW', 'WL', 'WW']
    """
    n_back = _checks.size("n_back", n_back, minimum=1)
    return ["".join(letters) for letters in product("LW", repeat=n_back)]


def learning_curve(
    trials: Trials, n_blocks: int = 5, *, best: Numbers | None = None
) -> Float[np.ndarray, "n_subjects n_blocks"]:
    """The share of choices of the best action, by part of the session.

    Each subject's trials that count are cut into parts of equal length. A trial is left out where the best
    action, or any other, was not on offer.

    Args:
        trials: What people, or simulated people, did.
        n_blocks: How many parts.
        best: Which action is best: a number, or whole numbers of shape (n_trials,) or (n_subjects, n_trials).
            For simulated people of several draws, subjects' rows are repeated draw by draw. None: the action
            with the largest mean outcome between two resets; of several such each counts as best, and where
            all are alike there is nothing to learn and nothing counts.

    Returns:
        Shares, shape (n_subjects, n_blocks).

    Raises:
        ValueError: If `trials` is no `Trials` with choices; `n_blocks` is no whole number of at least 1;
            `best` is not of such a shape or holds something that is no action, or is needed: where the chosen
            action's outcome alone is known, nothing says which action is best.

    Example:
        >>> trials = Trials(choices=[[1, 0, 0, 0]], outcomes=[[1.0, 0.0]] * 4)
        >>> learning_curve(trials, n_blocks=2).tolist()
        [[0.5, 1.0]]
    """
    n_blocks, seen = _checks.size("n_blocks", n_blocks, minimum=1), _seen(trials)
    good = _best(trials, seen) if best is None else _told_best(best, seen)
    right = np.take_along_axis(good, seen.choices[..., None], axis=-1)[..., 0]
    counts = seen.counts & ~good.all(axis=-1)
    if seen.offered is not None:
        counts = counts & (good & seen.offered).any(axis=-1) & (~good & seen.offered).any(axis=-1)
    number = np.cumsum(seen.counts, axis=1) - 1
    block = number * n_blocks // np.maximum(seen.counts.sum(axis=1, keepdims=True), 1)
    return np.stack([_share(right, counts & (block == b)) for b in range(n_blocks)], axis=-1)


def _seen(trials: Any) -> _Seen:
    """The choices and what may be compared, as NumPy arrays."""
    if not isinstance(trials, Trials) or trials.choices is None:
        received = "Trials without choices" if isinstance(trials, Trials) else type(trials).__name__
        _checks.fail("trials", "Trials with choices", received)
    counts = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    choices = np.where(counts, np.asarray(trials.choices), 0)
    follows = counts & _shifted(counts, 1)
    if trials.reset is not None:
        follows &= ~np.asarray(trials.reset)
    offered = None if trials.available is None else np.asarray(trials.available)
    return _Seen(choices, counts, follows, offered)


def _shifted(x: np.ndarray, by: int) -> np.ndarray:
    """What was so many trials before; 0 before the first."""
    before = np.zeros_like(x)
    before[:, by:] = x[:, :-by] if by < x.shape[1] else 0
    return before


def _stays(seen: _Seen) -> np.ndarray:
    return seen.choices == _shifted(seen.choices, 1)


def _open(seen: _Seen) -> np.ndarray:
    """Where an action could be chosen again, and another one as well."""
    if seen.offered is None:
        return seen.follows
    offered = np.broadcast_to(seen.offered, (*seen.choices.shape, seen.offered.shape[-1]))
    again = np.take_along_axis(offered, _shifted(seen.choices, 1)[..., None], axis=-1)[..., 0]
    return seen.follows & again & (offered.sum(axis=-1) > 1)


def _won(trials: Trials, seen: _Seen, above: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where the chosen action paid more than a number, and where that is known."""
    if isinstance(above, bool) or not isinstance(above, (int, float)) or not np.isfinite(above):
        _checks.fail("above", "a finite number", repr(above))
    if isinstance(trials.outcomes, dict):
        names = ", ".join(trials.outcomes) or "none"
        _checks.fail("trials", "one outcome, without a name", f"outcomes {names}")
    outcomes = np.asarray(trials.outcomes)
    outcomes = np.broadcast_to(outcomes, (*seen.choices.shape, outcomes.shape[-1]))
    which = seen.choices[..., None] if outcomes.shape[-1] > 1 else np.zeros_like(seen.choices)[..., None]
    paid = np.take_along_axis(outcomes, which, axis=-1)[..., 0]
    told = seen.counts if trials.feedback is None else seen.counts & np.asarray(trials.feedback)
    return told & (paid > above), told


def _stay_after(trials: Trials, above: Any, win: bool) -> np.ndarray:
    seen = _seen(trials)
    won, told = _won(trials, seen, above)
    return _share(_stays(seen), _open(seen) & _shifted(told, 1) & (_shifted(won, 1) == win))


def _share(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Per subject; NaN where there is nothing to count."""
    n = among.sum(axis=1)
    return np.where(n > 0, (of & among).sum(axis=1) / np.maximum(n, 1), np.nan)


def _best(trials: Trials, seen: _Seen) -> Bool[np.ndarray, "n_subjects n_trials n_actions"]:
    """Which actions pay the most on average, between two resets."""
    outcomes = jax.tree.leaves(trials.outcomes)
    if isinstance(trials.outcomes, dict) or outcomes[0].shape[-1] == 1:
        expected = "which action is best: trials has not what each action would have paid"
        _checks.fail("best", expected, None)
    shape = (*seen.choices.shape, outcomes[0].shape[-1])
    paid = np.where(seen.counts[..., None], np.broadcast_to(np.asarray(outcomes[0]), shape), 0.0)
    reset = np.zeros(shape[:2], int) if trials.reset is None else np.asarray(trials.reset).astype(int)
    stretch = np.cumsum(reset, axis=1) + np.arange(len(reset))[:, None] * (shape[1] + 1)
    _, which = np.unique(stretch, return_inverse=True)
    which = which.reshape(shape[:2])
    sums = np.zeros((which.max() + 1, shape[2]))
    np.add.at(sums, which, paid)
    most = sums.max(axis=1, keepdims=True)
    return np.isclose(sums, most, rtol=1e-6, atol=0)[which]


def _told_best(best: Any, seen: _Seen) -> Bool[np.ndarray, "n_subjects n_trials n_actions"]:
    """The action that was said to be the best, one-hot."""
    n_subjects, n_trials = seen.choices.shape
    best = np.asarray(best)
    if best.dtype.kind not in "iu" or (best < 0).any():
        _checks.fail("best", "actions, whole numbers from 0", f"{best.dtype} values")
    rows = len(best) if best.ndim == 2 else 1
    if best.shape not in ((), (n_trials,)) and (best.shape != (rows, n_trials) or n_subjects % rows):
        _checks.fail("best", f"shape (), ({n_trials},) or (n_subjects, {n_trials})", f"shape {best.shape}")
    full = np.tile(best, (n_subjects // rows, 1)) if best.ndim == 2 else best
    full = np.broadcast_to(full, seen.choices.shape)
    n_actions = max(int(seen.choices.max()), int(full.max())) + 1
    n_actions = n_actions if seen.offered is None else seen.offered.shape[-1]
    if full.max() >= n_actions:
        _checks.fail("best", f"actions below {n_actions}", int(full.max()))
    return np.arange(n_actions) == full[..., None]
