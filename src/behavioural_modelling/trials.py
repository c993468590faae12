r"""Data: the trials that people played, the trace that a simulation leaves, and the bundled data set."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from . import _checks

__all__ = ["Trace", "Trials", "load_bandit"]


class Trace(NamedTuple):
    """What a simulation recorded, trial by trial. Fields that were not asked for are None.

    `values` and `choice_p` are those before the trial's outcome: the ones that the choice came from.

    Attributes:
        values: The model's state before the outcome; for the Rescorla-Wagner models the values of the
            actions, shape (n_subjects, n_trials, n_actions).
        choice_p: Choice probabilities, shape (n_subjects, n_trials, n_actions).
        choices: Actions, int32 in [0, n_actions), shape (n_subjects, n_trials).
        prediction_errors: Prediction errors, 0 for actions that did not learn, shape (n_subjects,
            n_trials, n_actions).
    """

    values: Float[Array, "n_subjects n_trials n_actions"] | None = None
    choice_p: Float[Array, "n_subjects n_trials n_actions"] | None = None
    choices: Int[Array, "n_subjects n_trials"] | None = None
    prediction_errors: Float[Array, "n_subjects n_trials n_actions"] | None = None


class _TrialsFields(NamedTuple):
    choices: Int[Array, "n_subjects n_trials"]
    outcomes: Float[Array, "..."]
    available: Bool[Array, "n_subjects n_trials n_actions"] | None
    mask: Bool[Array, "n_subjects n_trials"] | None


class Trials(_TrialsFields):
    """Choices and outcomes of many subjects, checked when they are put together.

    Args:
        choices: Actions, integers from 0, shape (n_subjects, n_trials).
        outcomes: What each action paid, shape (n_subjects, n_trials, n_actions), or (n_trials,
            n_actions) shared by all subjects; or what the chosen action paid, shape (n_subjects,
            n_trials), where only that is known. Two axes that fit both readings, (n_trials, n_actions)
            and (n_subjects, n_trials), are read as (n_subjects, n_trials).
        available: Which actions were on offer, booleans, shape (n_subjects, n_trials, n_actions).
            None: all of them.
        mask: Which trials count, booleans, shape (n_subjects, n_trials). A trial that is False, missed
            or padded, is neither scored nor learned from, and its choice and outcome are not looked
            at. None: all of them.

    Raises:
        ValueError: If shapes do not match, there is no subject or no trial, choices are not integers
            or not actions or were not on offer, outcomes are NaN or infinite, or `available` or `mask`
            are not booleans. Trials that `mask` leaves out may hold anything.

    Example:
        >>> Trials(choices=[[0, 1, 1]], outcomes=[[1.0, 0.0, 1.0]]).choices.shape
        (1, 3)
    """

    __slots__ = ()

    def __new__(cls, choices: Any, outcomes: Any, available: Any = None, mask: Any = None) -> Trials:
        choices = _checks.integers("choices", choices)
        if choices.ndim != 2 or 0 in choices.shape:
            expected = "shape (n_subjects, n_trials), at least one of each"
            _checks.fail("choices", expected, f"shape {choices.shape}")
        if mask is not None:
            mask = _checks.booleans("mask", mask, choices.shape)
        outcomes = _trial_outcomes(outcomes, choices.shape, mask)
        n_actions = None if outcomes.shape == choices.shape else outcomes.shape[-1]
        if available is not None:
            available = _checks.plain_array("available", available)
            n_actions = n_actions or (available.shape or (1,))[-1]
            available = _checks.booleans("available", available, (*choices.shape, n_actions))
        choices = _checks.actions("choices", choices, n_actions, mask)
        _check_on_offer(choices, available, mask)
        return super().__new__(cls, choices, outcomes, available, mask)


# JAX rebuilds a record from its leaves, which may be tracers or one subject's rows: it must not check them.
jax.tree_util.register_pytree_node(
    Trials, lambda trials: (tuple(trials), None), lambda _, leaves: tuple.__new__(Trials, leaves)
)


def _trial_outcomes(outcomes: Any, shape: tuple[int, int], mask: Array | None) -> Float[Array, "..."]:
    """Outcomes checked against the shape of the choices; finite wherever a trial counts."""
    outcomes = _checks.real_array("outcomes", outcomes)
    own_trials = outcomes.ndim in (2, 3) and outcomes.shape[:2] == shape
    shared = outcomes.ndim == 2 and outcomes.shape[0] == shape[1]
    if not (own_trials or shared) or 0 in outcomes.shape:
        n_subjects, n_trials = shape
        expected = f"shape ({n_subjects}, {n_trials}, n_actions), ({n_trials}, n_actions) or {shape}"
        _checks.fail("outcomes", expected, f"shape {outcomes.shape}")
    values, counts = _checks.known_values(outcomes), mask if mask is None else _checks.known_values(mask)
    if values is not None and (mask is None or counts is not None):
        if mask is not None:  # a shared outcome counts where any subject's trial does
            counts = counts if own_trials else counts.any(axis=0)
            values = np.where(counts.reshape(counts.shape + (1,) * (values.ndim - counts.ndim)), values, 0)
        _checks.finite("outcomes", values)
    return outcomes


def _check_on_offer(choices: Array, available: Array | None, mask: Array | None) -> None:
    """Refuse a choice that was not on offer, on trials that count."""
    arrays = [_checks.known_values(x) for x in (choices, available, mask) if x is not None]
    if available is None or any(x is None for x in arrays):
        return
    chosen, offered = arrays[0], arrays[1]
    counts = np.ones(chosen.shape, bool) if mask is None else arrays[2]
    chosen = np.where(counts, chosen, 0)
    on_offer = np.take_along_axis(offered, chosen[..., None], axis=-1)[..., 0]
    if not (on_offer | ~counts).all():
        subject, trial = (int(i) for i in np.argwhere(~on_offer & counts)[0])
        received = f"action {chosen[subject, trial]} of subject {subject} on trial {trial}"
        _checks.fail("choices", "actions that were on offer", received)


def load_bandit() -> Trials:
    """The bandit data that the cpm-toolbox package bundles: 200 participants, 72 trials.

    On each trial a participant saw two of four stimuli, chose one, and saw whether it paid 1 or 0. The
    stimuli paid with probabilities .8, .6, .4 and .2. The first participant's first trial is not in
    the file; here it is masked, with nothing on offer. The file is read from the installed package,
    which is not imported.

    Returns:
        `Trials` with choices and mask of shape (200, 72), outcomes of the chosen stimulus (200, 72),
        and which stimuli were shown, (200, 72, 4). Stimulus 1 of the file is action 0.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed.
        ValueError: If the file is not the one described here.

    Source:
        cpm-toolbox, bandit_small.csv.
    """
    table = np.genfromtxt(_bandit_file(), delimiter=",", names=True)
    # Read as numbers with a decimal point: genfromtxt turns "1.0" into the integer -1.
    columns = {name: table[name].astype(int) for name in table.dtype.names}
    subject, trial = columns["ppt"] - 1, columns["trial"]
    n_subjects, n_trials = subject.max() + 1, trial.max() + 1
    if (n_subjects, n_trials, len(subject)) != (200, 72, 14_399):
        received = f"{len(subject)} rows of {n_subjects} participants and {n_trials} trials"
        _checks.fail("bandit_small.csv", "14399 rows of 200 participants and 72 trials", received)
    shown = np.stack([columns["arm_left"], columns["arm_right"]], axis=1) - 1
    chosen = np.take_along_axis(shown, columns["response"][:, None], axis=1)[:, 0]

    choices = np.zeros((n_subjects, n_trials), dtype=np.int32)
    outcomes = np.zeros((n_subjects, n_trials), dtype=np.float32)
    mask = np.zeros((n_subjects, n_trials), dtype=bool)
    available = np.zeros((n_subjects, n_trials, 4), dtype=bool)
    choices[subject, trial] = chosen
    outcomes[subject, trial] = columns["feedback"]
    mask[subject, trial] = True
    available[subject[:, None], trial[:, None], shown] = True
    return Trials(choices, outcomes, available, mask)


def _bandit_file() -> Path:
    """Where the installed cpm-toolbox keeps the data."""
    package = importlib.util.find_spec("cpm")
    file = package and Path(package.origin).parent / "datasets" / "data" / "bandit_small.csv"
    if not file or not file.exists():
        raise ModuleNotFoundError("load_bandit reads a file of cpm-toolbox: pip install cpm-toolbox")
    return file
