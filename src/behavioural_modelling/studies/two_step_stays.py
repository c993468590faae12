r"""Signatures of habit and planning: after what people choose the same again in the two-step tasks.

Both are functions of `Trials` like those in `signatures`, and go beside them into `posterior_predictive`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from .. import _checks
from ..trials import Trials
from .signatures import _open, _Seen, _seen, _share, _shifted, _stays, _won

__all__ = ["two_step_deterministic_stays", "two_step_stays"]


def two_step_stays(trials: Trials, above: float = 0.0) -> Float[np.ndarray, "n_subjects 4"]:
    """How often the first choice of the two-step task is repeated, by what came of it.

    A habit repeats what was rewarded, however the planet was reached: columns 0 and 1 are high, 2 and 3 low.
    A planner knows that after a rare transition the other action leads back to where the reward was: columns
    0 and 3 are high, 1 and 2 low.

    A trial counts where both choices were made and the outcome is known, the next first choice was made
    as well, and no reset parts the two.

    Args:
        trials: What people, or simulated people, did: rows as `tasks.two_step` has them, two a trial, with
            the inputs "stage" and "planet". The common transition is from action 0 to planet 1 and from
            action 1 to planet 2.
        above: An outcome above this number is a reward.

    Returns:
        Shares, shape (n_subjects, 4): after a common transition and a reward; a rare one and a reward; a
        common one without reward; a rare one without. NaN where there was no such trial.

    Raises:
        ValueError: If `trials` is no `Trials` with choices and one outcome, has not these inputs or rows, or
            `above` is no number.

    Example:
        >>> inputs = {"stage": [0, 1, 0, 1], "planet": [0, 2, 0, 1]}
        >>> trials = Trials([[0, 0, 0, 1]], [[0.0, 1.0, 0.0, 1.0]], inputs=inputs)
        >>> two_step_stays(trials).tolist()
        [[nan, 1.0, nan, nan]]

    Source:
        Daw et al. (2011), doi 10.1016/j.neuron.2011.02.027.
    """
    seen = _seen(trials)
    stage, planet = _input(trials, "stage", seen), _input(trials, "planet", seen)
    turns = np.arange(seen.choices.shape[1]) % 2
    if seen.choices.shape[1] % 2 or (seen.counts & (stage != turns)).any():
        _checks.fail("trials", "rows of stage 0 and of stage 1 in turn", f"stages {stage[0][:6]} ...")
    won, told = _won(trials, seen, above)
    first, second = (slice(None), slice(0, None, 2)), (slice(None), slice(1, None, 2))
    choice, made = seen.choices[first], seen.counts[first]
    whole = made & told[second] & ~_anew(trials, seen)[second]
    again = made & ~_anew(trials, seen)[first]
    if seen.offered is not None:
        again = again & np.broadcast_to(seen.offered.all(axis=-1), seen.choices.shape)[first]
    stays, among = choice == _shifted(choice, 1), again & _shifted(whole, 1)
    common = planet[second] == choice + 1
    return _by_case(stays, among, _shifted(won[second], 1), _shifted(common, 1))


def two_step_deterministic_stays(trials: Trials, above: float = 0.5) -> Float[np.ndarray, "n_subjects 4"]:
    """How often people fly to the same planet again in the deterministic two-step task, by what came of it.

    A planner learns about planets, and carries on what was learned to a trial that starts elsewhere. A habit
    belongs to the place where it was formed: what a planet paid makes a difference from the same start alone.

    A trial counts as in `signatures.repeat_rate`, where the outcome of the one before is known.

    Args:
        trials: What people, or simulated people, did: with the input "start", and actions that lead to the
            same planet from either start.
        above: An outcome above this number is a good one.

    Returns:
        Shares, shape (n_subjects, 4): after a good outcome, from the same start and from the other; after
        another outcome, from the same start and from the other. NaN where there was no such trial.

    Raises:
        ValueError: If `trials` is no `Trials` with choices and one outcome, has no input "start", or `above`
            is no number.

    Example:
        >>> trials = Trials([[0, 0, 1]], [[1.0, 0.0, 1.0]], inputs={"start": [0, 1, 1]})
        >>> two_step_deterministic_stays(trials).tolist()
        [[nan, 1.0, 0.0, nan]]

    Source:
        Kool, Cushman & Gershman (2016), doi 10.1371/journal.pcbi.1005090.
    """
    seen = _seen(trials)
    start = _input(trials, "start", seen)
    won, told = _won(trials, seen, above)
    among = _open(seen) & _shifted(told, 1)
    return _by_case(_stays(seen), among, _shifted(won, 1), start == _shifted(start, 1))


def _input(trials: Trials, name: str, seen: _Seen) -> np.ndarray:
    """An input, (n_subjects, n_trials)."""
    inputs = trials.inputs or {}
    if name not in inputs:
        _checks.fail("trials", f"Trials with the input {name!r}", f"inputs {', '.join(inputs) or 'none'}")
    return np.broadcast_to(np.asarray(inputs[name]), seen.choices.shape)


def _anew(trials: Trials, seen: _Seen) -> Bool[np.ndarray, "n_subjects n_trials"]:
    """Before which rows subjects start anew."""
    return np.zeros(seen.choices.shape, bool) if trials.reset is None else np.asarray(trials.reset)


def _by_case(stays: np.ndarray, among: np.ndarray, won: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Shares of stays in the four cases of a win and of what was the same."""
    cases = [(won == w) & (same == s) for w in (True, False) for s in (True, False)]
    return np.stack([_share(stays, among & case) for case in cases], axis=-1)
