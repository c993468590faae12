"""The task that every program simulates, and whether two programs did the same."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np

from behavioural_modelling.trials import Trace
from behavioural_modelling.utils import subject_keys

REWARD_PROBABILITIES = (0.2, 0.4, 0.3, 0.1, 0.5)


class Task(NamedTuple):
    """What a program needs to simulate a bandit task, as NumPy arrays of 32 bits.

    Attributes:
        outcomes: What each action pays, 0 or 1, shape (n_trials, n_actions).
        alpha_p: Learning rates for positive prediction errors, shape (n_subjects,).
        alpha_n: Learning rates for negative prediction errors, shape (n_subjects,).
        temperature: Softmax temperatures, shape (n_subjects,).
        uniforms: One random number in [0, 1) per choice, shape (n_subjects, n_trials): those that
            `bm.simulate` draws from `choice_key()`.
    """

    outcomes: np.ndarray
    alpha_p: np.ndarray
    alpha_n: np.ndarray
    temperature: np.ndarray
    uniforms: np.ndarray

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The parameters as `bm.simulate` takes them."""
        return {name: getattr(self, name) for name in ("alpha_p", "alpha_n", "temperature")}


def choice_key() -> jax.Array:
    """The key that the choices are drawn from."""
    return jax.random.key(2)


def reward_probabilities(n_actions: int) -> np.ndarray:
    """How often each action pays."""
    return np.resize(REWARD_PROBABILITIES, n_actions)


def make_task(n_subjects: int, n_trials: int = 100, n_actions: int = 5) -> Task:
    """A bandit task, and subjects who each have their own parameters."""
    rng = np.random.default_rng(0)
    pays = reward_probabilities(n_actions)
    outcomes = (rng.uniform(size=(n_trials, n_actions)) < pays).astype(np.float32)
    alpha_p, alpha_n, u = rng.uniform(size=(3, n_subjects)).astype(np.float32)
    temperature = np.float32(0.05) + np.float32(0.45) * u
    keys = subject_keys(choice_key(), n_subjects)
    uniforms = jax.jit(jax.vmap(lambda key: jax.random.uniform(key, (n_trials,))))(keys)
    return Task(outcomes, alpha_p, alpha_n, temperature, np.asarray(uniforms))


def _four_arrays(record) -> tuple:
    """Values, choice probabilities, choices and prediction errors: of a `bm.Trace`, or as they are."""
    if not isinstance(record, Trace):
        return record
    return record.values, record.choice_p, record.choices, record.prediction_errors


def agreement(record, reference, tolerance: float = 1e-5) -> float:
    """The share of subjects with the same choices on all trials; their other numbers must agree too.

    Programs of 32 and of 64 bits put the borders between actions a few times 1e-8 apart. A random number
    that falls between flips a choice, and that subject goes another way from there: with four borders
    about once in ten million choices.

    Raises:
        AssertionError: If numbers differ by more than `tolerance` where all choices are the same, or
            choices differ in more than one subject in a hundred (or in more than one).
    """
    record, reference = ([np.asarray(x) for x in _four_arrays(it)] for it in (record, reference))
    same = (record[2] == reference[2]).all(axis=1)
    assert (~same).sum() <= max(1, len(same) // 100), f"choices differ in {(~same).sum()} subjects"
    names = ("values", "choice_p", "choices", "errors")
    for name, mine, theirs in zip(names, record, reference, strict=True):
        distance = np.abs(mine[same].astype(float) - theirs[same]).max(initial=0)
        assert distance <= tolerance, f"{name} differ by {distance:.2g}"
    return float(same.mean())
