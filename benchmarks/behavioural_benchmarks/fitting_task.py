"""The data that every program fits, and where it begins."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

import behavioural_modelling as bm

from .task import reward_probabilities

NAMES = ("alpha_p", "alpha_n", "temperature")
"""The parameters, in the order that the programs take them in."""


class FittingTask(NamedTuple):
    """What a program needs to fit every subject from several starts.

    Attributes:
        choices: Actions, int32, shape (n_subjects, n_trials).
        outcomes: What each action paid, 0 or 1 in 32 bits, shape (n_subjects, n_trials, n_actions).
        starts: Where to begin: learning rates and temperature, shape (n_subjects, n_starts, 3).
    """

    choices: np.ndarray
    outcomes: np.ndarray
    starts: np.ndarray


def make_fitting_task(n_subjects: int, n_trials: int = 200, n_actions: int = 5, n_starts: int = 8):
    """Simulated subjects who each have their own parameters. Fewer subjects are the first of more."""
    for_params, for_outcomes, for_starts = (np.random.default_rng([3, i]) for i in range(3))
    params = _spread_out(for_params, (n_subjects,), alpha=(0, 1), temperature=(0.1, 1))
    starts = _spread_out(for_starts, (n_subjects, n_starts), alpha=(0.05, 0.95), temperature=(0.05, 2))
    pays = for_outcomes.uniform(size=(n_subjects, n_trials, n_actions)) < reward_probabilities(n_actions)
    outcomes = pays.astype(np.float32)
    model = bm.models.asymmetric_rescorla_wagner(n_actions)
    params = dict(zip(NAMES, params.astype(np.float32).T, strict=True))
    trace = bm.simulate(jax.random.key(3), model, params, outcomes, record="choices")
    return FittingTask(np.asarray(trace.choices), outcomes, starts)


def _spread_out(rng, shape: tuple[int, ...], alpha: tuple, temperature: tuple) -> np.ndarray:
    """Learning rates spread evenly, temperatures evenly on a logarithmic scale; shape (*shape, 3)."""
    lower, upper = np.transpose([alpha, alpha, np.log(temperature)])
    drawn = rng.uniform(lower, upper, (*shape, 3))
    drawn[..., 2] = np.exp(drawn[..., 2])
    return drawn
