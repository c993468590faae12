"""Chapter 4: all trials of one person."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from ..decision_rules import softmax_stickiness
from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from ..utils import choice_from_action_p
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

N_ACTIONS = 5
START = 0.5

# 4.1: a running mean.


def _mean_body(carry, x):
    count, mean = carry
    count = count + 1
    mean = mean + (x - mean) / count
    return (count, mean), mean


def _old_count(carry, x):
    count, mean = carry
    mean = mean + (x - mean) / count
    return (count + 1, mean), mean


def _old_mean_kept(carry, x):
    return _mean_body(carry, x)[0], carry[1]


def _count_stays(carry, x):
    (_, mean), kept = _mean_body(carry, x)
    return (carry[0], mean), kept


def _sum_kept(carry, x):
    count, total = carry
    return (count + 1, total + x), total + x


def _run_means(body, numbers):
    (count, mean), means = jax.lax.scan(body, (0.0, 0.0), jnp.array(numbers))
    return {"the means that are kept": means, "the last mean in the carry": mean, "the last count": count}


RUNNING_MEAN = Exercise(
    number="4.1",
    reference=_mean_body,
    cases=lambda: [([3.0, 5.0, 1.0, 7.0],), ([10.0, -2.0, 4.0],)],
    hint="Return two things: the new carry, which is a pair, and the new mean.",
    attempt=_run_means,
    mistakes=(
        Mistake(
            "the old count is the divisor, 0 on the first turn",
            _old_count,
            "After the first number the count is 1.",
        ),
        Mistake(
            "the mean that is kept is the one before the new number",
            _old_mean_kept,
            "What is kept and what is handed on may be the same thing.",
        ),
        Mistake("the count does not grow", _count_stays, "Which count does the new carry hold?"),
        Mistake("this is a running total", _sum_kept, "The new number moves the mean by a share only."),
    ),
)

# 4.2: learn from choices that are already made.


def _values(outcomes, choices, *, rates=(0.3, 0.1), start=START, record=lambda before, error, after: before):
    def body(value, trial):
        after, (before, error) = asymmetric_rescorla_wagner_update(value, trial, *rates)
        return after, record(before, error, after)

    return jax.lax.scan(body, jnp.full(N_ACTIONS, start), (outcomes, choices))[1]


def _values_after(outcomes, choices):
    return _values(outcomes, choices, record=lambda before, error, after: after)


def _errors(outcomes, choices):
    return _values(outcomes, choices, record=lambda before, error, after: error)


def _all_chosen(outcomes, choices):
    return _values(outcomes, jnp.ones_like(choices))


def _played(seed, n_trials):
    key_outcomes, key_choices = jax.random.split(jax.random.key(seed))
    outcomes = jax.random.bernoulli(key_outcomes, 0.5, (n_trials, N_ACTIONS)).astype(float)
    choices = jax.random.randint(key_choices, (n_trials,), 0, N_ACTIONS)
    return outcomes, jax.nn.one_hot(choices, N_ACTIONS, dtype=jnp.int16)


GIVEN_CHOICES = Exercise(
    number="4.2",
    reference=_values,
    cases=lambda: [_played(1, 30), _played(2, 12)],
    hint="The body returns the new value, and (value, prediction_error) as its record: keep the value.",
    mistakes=(
        Mistake(
            "these are the values after each outcome",
            _values_after,
            "Row t holds the values before the outcome of trial t.",
        ),
        Mistake(
            "the two learning rates are swapped",
            lambda outcomes, choices: _values(outcomes, choices, rates=(0.1, 0.3)),
            "alpha_p is 0.3.",
        ),
        Mistake("all actions learn", _all_chosen, "Only the chosen one learns: is `choices` in use?"),
        Mistake(
            "the values start at 0",
            lambda outcomes, choices: _values(outcomes, choices, start=0.0),
            "In this chapter a person starts in the middle.",
        ),
        Mistake("these are the prediction errors", _errors, "The record is a pair: which is which?"),
        Mistake(
            "these are the values after the last trial only",
            lambda outcomes, choices: _values_after(outcomes, choices)[-1],
            "scan returns the final carry, and beside it what was kept.",
        ),
    ),
)

# 4.3: a sticky person.


def _sticky(carry, outcome_key, *, stickiness=0.3, rates=(0.3, 0.1)):
    value, previous = carry
    outcome, key = outcome_key
    choice = choice_from_action_p(key, softmax_stickiness(value, 0.1, stickiness, previous))
    chosen = jax.nn.one_hot(choice, N_ACTIONS)
    value, _ = asymmetric_rescorla_wagner_update(value, (outcome, chosen), *rates)
    return (value, chosen), chosen


def _value_stays(carry, outcome_key):
    (_, chosen), kept = _sticky(carry, outcome_key)
    return (carry[0], chosen), kept


def _previous_kept(carry, outcome_key):
    return _sticky(carry, outcome_key)[0], carry[1]


N_PEOPLE, N_TRIALS = 40, 100


def _play(body, seed):
    """How forty people with this scan body behave: what does not depend on how choices are drawn."""
    key_outcomes, key_choices = jax.random.split(jax.random.key(seed))
    chances = jnp.array([0.3, 0.1, 0.3, 0.1, 0.2])
    outcomes = jax.random.bernoulli(key_outcomes, chances, (N_PEOPLE, N_TRIALS, N_ACTIONS)).astype(float)
    keys = jax.random.split(key_choices, (N_PEOPLE, N_TRIALS))
    start = _start_for(body, (outcomes[0, 0], keys[0, 0]))

    def watched(carry, x):
        after, kept = body(carry, x)
        return after, (kept, carry[0], after[0])

    one_person = partial(jax.lax.scan, watched, start)
    chosen, before, after = jax.vmap(lambda *x: one_person(x)[1])(outcomes, keys)
    if chosen.shape != outcomes.shape:
        raise ValueError(f"one trial's record has shape {chosen.shape[2:]}, expected ({N_ACTIONS},), one-hot")
    return {
        "how often a choice is repeated": (chosen[:, 1:] * chosen[:, :-1]).sum(axis=2).mean(),
        "reward per trial": (chosen * outcomes).sum(axis=2).mean(),
        "mean value": after.mean(),
        "how often the recorded arm learns": ((after != before) * chosen).sum(axis=2).mean(),
    }


def _start_for(body, x):
    """The first carry, with the previous choice in the type that the body hands on: float, int16, another."""
    start = jnp.full(N_ACTIONS, START), jnp.zeros(N_ACTIONS)
    after, _ = jax.eval_shape(body, start, x)
    if jax.tree.structure(after) != jax.tree.structure(start):
        return start
    return start[0], start[1].astype(after[1].dtype)


STICKY = Exercise(
    number="4.3",
    reference=_sticky,
    cases=lambda: [(3,)],
    hint="Hand on (updated_value, chosen), and record chosen, one-hot.",
    attempt=_play,
    # Choices may be drawn in another way than here. The standard error of each is below 0.01 over forty
    # people (found by other seeds), and that of a difference 0.014.
    tolerance=0.04,
    mistakes=(
        Mistake(
            "the previous choice makes no difference",
            lambda carry, x: _sticky(carry, x, stickiness=0.0),
            "Does the new carry hold this trial's choice, and does softmax_stickiness get the last one?",
        ),
        Mistake(
            "this person avoids the last choice",
            lambda carry, x: _sticky(carry, x, stickiness=-0.3),
            "A bonus for the last choice is above 0.",
        ),
        Mistake("the values never change", _value_stays, "Which value does the new carry hold?"),
        Mistake(
            "the two learning rates are swapped",
            lambda carry, x: _sticky(carry, x, rates=(0.1, 0.3)),
            "alpha_p is 0.3.",
        ),
        Mistake(
            "the record is the choice of the trial before", _previous_kept, "Record what was chosen just now."
        ),
    ),
)

EXERCISES = (RUNNING_MEAN, GIVEN_CHOICES, STICKY)
