"""The log-likelihood of each trial, or of each person as a new one, at draws of a posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from ..likelihood import log_likelihood
from ..models import Model
from ..posteriors import Posterior
from ..replaying import replay
from ..trials import Trials

__all__: list[str] = []

CELLS = 2**21
"""How many trials are looked at in one go: that bounds the memory."""


def flat(x: np.ndarray, n_draws: int) -> np.ndarray:
    """Draws of all chains on one axis: about `n_draws` of them, evenly spaced."""
    x = x.reshape(-1, *x.shape[2:])
    return x[np.unique(np.linspace(0, len(x) - 1, min(n_draws, len(x))).round().astype(int))]


def decisions(model: Model, trials: Trials) -> Bool[np.ndarray, "n_subjects n_trials"]:
    """Which trials say something: those that are scored and offer more than one action."""
    scored = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    if trials.available is None or model.n_actions is None:
        return scored
    return scored & (np.asarray(trials.available).sum(axis=-1) > 1)


def in_blocks(
    call: Callable[[dict[str, np.ndarray], Trials], Any],
    params: dict[str, Float[np.ndarray, "n_draws n_subjects"]],
    trials: Trials,
) -> Iterator[np.ndarray]:
    """What `call` says of all subjects under some draws of their parameters, and then the next ones.

    Every block has as many draws, so that the program is compiled once; what is there twice is cut off.
    """
    n_draws, n_subjects = next(iter(params.values())).shape
    some = min(max(1, CELLS // (n_subjects * trials.shape[1])), n_draws)
    repeated = trials.subjects(np.tile(np.arange(n_subjects), some))
    for start in range(0, n_draws, some):
        draws = np.minimum(np.arange(start, start + some), n_draws - 1)
        told = np.asarray(call({name: x[draws].reshape(-1) for name, x in params.items()}, repeated))
        yield told.reshape(some, n_subjects, *told.shape[1:])[: n_draws - start]


def by_trial(posterior: Posterior, n_draws: int) -> Float[np.ndarray, "n_draws n_decisions"]:
    """The log-probability of each decision under the person's own draws, decisions in the order of NumPy."""
    params = {name: flat(x, n_draws) for name, x in posterior.params.items()}
    kept = decisions(posterior.model, posterior.trials)
    call = lambda params, trials: replay(posterior.model, params, trials).records["log_prob"]  # noqa: E731
    return np.concatenate([told[:, kept] for told in in_blocks(call, params, posterior.trials)])


def by_subject(
    model: Model, params: dict[str, Float[np.ndarray, "n_draws n_subjects"]], trials: Trials
) -> Float[np.ndarray, "n_draws n_subjects"]:
    """The log-likelihood of each subject under each draw; minus infinity where it is no number."""
    told = np.concatenate(list(in_blocks(partial(log_likelihood, model), params, trials))).astype(float)
    return np.nan_to_num(told, nan=-np.inf, neginf=-np.inf)


def rows_of(posterior: Posterior, people: Int[np.ndarray, "n_some"]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of some people, and which of them each row is of."""
    person = np.asarray(posterior.given.person)
    rows = np.flatnonzero(np.isin(person, people))
    return rows, np.searchsorted(people, person[rows])
