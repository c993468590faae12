"""Chapter 5: many people at once."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp

from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update_choice_iterator
from ..models import asymmetric_rescorla_wagner
from ..replaying import replay
from ..simulation import simulate
from ..trials import Trials
from ..utils import subject_keys
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

N_ACTIONS = 5

# 5.1: own outcomes.


def _own(outcomes, keys, *, rates=(0.3, 0.1), part=0):
    alpha_p, alpha_n = rates

    def one(outcomes, key):
        return asymmetric_rescorla_wagner_update_choice_iterator(
            outcomes, alpha_p, alpha_n, 0.1, N_ACTIONS, key
        )

    return jax.vmap(one)(outcomes, keys)[part]


def _one_key(outcomes, keys):
    return _own(outcomes, jnp.broadcast_to(keys[0], keys.shape))


def _outcomes_of_the_first(outcomes, keys):
    return _own(jnp.broadcast_to(outcomes[0], outcomes.shape), keys)


def _some_people(seed, n_subjects, n_trials):
    key_outcomes, key_choices = jax.random.split(jax.random.key(seed))
    outcomes = jax.random.bernoulli(key_outcomes, 0.4, (n_subjects, n_trials, N_ACTIONS))
    return outcomes.astype(float), subject_keys(key_choices, n_subjects)


OWN_OUTCOMES = Exercise(
    number="5.1",
    reference=_own,
    cases=lambda: [_some_people(1, 6, 30), _some_people(2, 9, 30)],
    hint="Which arguments have a row per subject, and which part of the record holds the values?",
    mistakes=(
        Mistake("everybody has the key of the first subject", _one_key, "Keys have a row per subject."),
        Mistake(
            "everybody has the outcomes of the first subject",
            _outcomes_of_the_first,
            "Outcomes have a row per subject now.",
        ),
        Mistake(
            "the two learning rates are swapped",
            lambda outcomes, keys: _own(outcomes, keys, rates=(0.1, 0.3)),
            "In `iterator` alpha_p stands before alpha_n.",
        ),
        Mistake(
            "these are the choice probabilities",
            lambda outcomes, keys: _own(outcomes, keys, part=1),
            "The record holds values, choice_p, choices and errors, in this order.",
        ),
        Mistake(
            "these are the choices",
            lambda outcomes, keys: _own(outcomes, keys, part=2),
            "The record holds values, choice_p, choices and errors, in this order.",
        ),
    ),
)

# 5.2: which temperature earns most?

N_SUBJECTS = 1000


@cache
def _model(n_actions):
    return asymmetric_rescorla_wagner(n_actions)


def _rewards(key, temperatures, outcomes):
    """Rewards, shape (n_temperatures, n_subjects, n_trials)."""
    rows = []
    for temperature in temperatures:
        params = {"alpha_p": 0.3, "alpha_n": 0.3, "temperature": jnp.full(N_SUBJECTS, temperature)}
        choices = simulate(key, _model(N_ACTIONS), params, outcomes, record=("choices",)).choices
        rows.append((jax.nn.one_hot(choices, N_ACTIONS) * outcomes).sum(axis=-1))
    return jnp.stack(rows)


def _mean_rewards(key, temperatures, outcomes):
    return _rewards(key, temperatures, outcomes).sum(axis=2).mean(axis=1)


def _inverse(key, temperatures, outcomes):
    return _mean_rewards(key, [1 / temperature for temperature in temperatures], outcomes)


def _whatever_was_chosen(key, temperatures, outcomes):
    return jnp.full(len(temperatures), outcomes.sum())


def _another_task():
    chances = jnp.array([0.5, 0.2, 0.3, 0.1, 0.4])
    outcomes = jax.random.bernoulli(jax.random.key(5), chances, (80, N_ACTIONS)).astype(float)
    return jax.random.key(6), (0.05, 0.4, 3.0), outcomes


TEMPERATURES = Exercise(
    number="5.2",
    reference=_mean_rewards,
    cases=lambda: [_another_task()],
    hint="jnp.full(1000, temperature) makes 1,000 subjects; jax.nn.one_hot makes rows of choices.",
    # As a share. A mean of some 30 over 1,000 people has a standard error of 0.15, and a difference of two
    # that were drawn with other keys 0.2: this is five of them.
    tolerance=0.035,
    mistakes=(
        Mistake("the temperature is taken for its inverse", _inverse, "`temperature` goes in as it is."),
        Mistake(
            "this is the total over all people",
            lambda *case: _rewards(*case).sum(axis=(1, 2)),
            "Add over trials, and take the mean over people.",
        ),
        Mistake(
            "this is the reward per trial",
            lambda *case: _rewards(*case).mean(axis=(1, 2)),
            "Add over trials, and take the mean over people.",
        ),
        Mistake(
            "the mean is taken over trials, and people are left",
            lambda *case: _rewards(*case).mean(axis=2),
            "Add over trials, and take the mean over people.",
        ),
        Mistake(
            "the mean is taken over people, and trials are left",
            lambda *case: _rewards(*case).mean(axis=1),
            "After the mean over people, add over trials.",
        ),
        Mistake(
            "the outcomes of all arms are counted",
            _whatever_was_chosen,
            "Only the chosen arm pays: multiply by the one-hot choices.",
        ),
    ),
)

# 5.3: optimists and pessimists.

OPTIMIST, PESSIMIST = (0.3, 0.1), (0.1, 0.3)


def _mean_values(trials, people=(OPTIMIST, PESSIMIST), *, trial=-1, axis=0):
    rows = []
    for alpha_p, alpha_n in people:
        params = {"alpha_p": alpha_p, "alpha_n": alpha_n, "temperature": 0.2}
        rows.append(replay(_model(4), params, trials).values[:, trial].mean(axis=axis))
    return jnp.stack(rows)


def _over_trials(trials):
    rows = []
    for alpha_p, alpha_n in (OPTIMIST, PESSIMIST):
        params = {"alpha_p": alpha_p, "alpha_n": alpha_n, "temperature": 0.2}
        rows.append(replay(_model(4), params, trials).values.mean(axis=(0, 1)))
    return jnp.stack(rows)


def _invented_trials(seed, n_subjects, n_trials):
    """People with four stimuli who choose at random: any choices will do to learn from."""
    key_choices, key_outcomes = jax.random.split(jax.random.key(seed))
    choices = jax.random.randint(key_choices, (n_subjects, n_trials), 0, 4)
    chances = jnp.array([0.8, 0.6, 0.4, 0.2])[choices]
    outcomes = jax.random.bernoulli(key_outcomes, chances).astype(float)
    return Trials(choices, outcomes[..., None])


OPTIMISTS = Exercise(
    number="5.3",
    reference=_mean_values,
    cases=lambda: [(_invented_trials(1, 11, 24),), (_invented_trials(2, 8, 24),)],
    hint="values[:, -1] holds the last trial of everybody; take the mean over participants.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "the pessimists come first",
            lambda trials: _mean_values(trials, (PESSIMIST, OPTIMIST)),
            "An optimist learns more from good news: alpha_p is the larger one.",
        ),
        Mistake(
            "both rows are optimists",
            lambda trials: _mean_values(trials, (OPTIMIST, OPTIMIST)),
            "The second row has the rates swapped.",
        ),
        Mistake(
            "the mean is taken over stimuli, and participants are left",
            lambda trials: _mean_values(trials, axis=1),
            "One number per stimulus: take the mean over the other axis.",
        ),
        Mistake(
            "these are the values before the first trial",
            lambda trials: _mean_values(trials, trial=0),
            "The last trial has the index -1.",
        ),
        Mistake(
            "the mean is taken over all trials as well", _over_trials, "Take the last trial of each person."
        ),
    ),
)

EXERCISES = (OWN_OUTCOMES, TEMPERATURES, OPTIMISTS)
