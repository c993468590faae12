"""Chapter 2: one update."""

from __future__ import annotations

import jax.numpy as jnp

from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]


def _learn(value, outcome, alpha_p, alpha_n):
    error = outcome - value
    return value + jnp.where(error > 0, alpha_p, alpha_n) * error


# 2.1: Ana and Ben.


def _final_values(outcomes, *, ana=(0.4, 0.1), ben=(0.1, 0.4), rule=_learn):
    values = jnp.full(2, 0.5)
    for outcome in outcomes:
        values = jnp.stack([rule(values[0], outcome, *ana), rule(values[1], outcome, *ben)])
    return values


def _swapped(outcomes):
    return _final_values(outcomes)[::-1]


def _last_only(outcomes):
    return _final_values(outcomes[-1:])


def _before_the_last(outcomes):
    return _final_values(outcomes[:-1])


def _one_rate(outcomes):
    return _final_values(outcomes, ana=(0.4, 0.4), ben=(0.1, 0.1))


WHO_LEARNED_MORE = Exercise(
    number="2.1",
    reference=_final_values,
    cases=lambda: [([0.0, 1.0, 1.0, 0.0],), ([1.0, 1.0, 0.0],)],
    hint="The rate for good news comes first: (value, outcome, alpha_p, alpha_n).",
    mistakes=(
        Mistake(
            "Ana and Ben are swapped",
            _swapped,
            "Ana's rate for good news is the larger one, and she comes first.",
        ),
        Mistake(
            "only the last outcome is learned from",
            _last_only,
            "Each update starts from the value before it.",
        ),
        Mistake(
            "the last outcome is not learned from", _before_the_last, "There is one update for each outcome."
        ),
        Mistake(
            "good and bad news have one rate", _one_rate, "Each of them has two rates: which is used where?"
        ),
    ),
)

# 2.2: forgetting.


def _update_and_forget(value, outcome, chosen, alpha_p, alpha_n, phi):
    return jnp.where(chosen == 1, _learn(value, outcome, alpha_p, alpha_n), (1 - phi) * value)


def _forget_everything(value, outcome, chosen, alpha_p, alpha_n, phi):
    learned = jnp.where(chosen == 1, _learn(value, outcome, alpha_p, alpha_n), value)
    return (1 - phi) * learned


def _learn_everywhere(value, outcome, chosen, alpha_p, alpha_n, phi):
    return _learn(value, outcome, alpha_p, alpha_n)


def _keep_phi(value, outcome, chosen, alpha_p, alpha_n, phi):
    return _update_and_forget(value, outcome, chosen, alpha_p, alpha_n, 1 - phi)


def _no_forgetting(value, outcome, chosen, alpha_p, alpha_n, phi):
    return _update_and_forget(value, outcome, chosen, alpha_p, alpha_n, 0.0)


def _rates_swapped(value, outcome, chosen, alpha_p, alpha_n, phi):
    return _update_and_forget(value, outcome, chosen, alpha_n, alpha_p, phi)


FORGETTING = Exercise(
    number="2.2",
    reference=_update_and_forget,
    cases=lambda: [
        (jnp.array([0.6, 0.3, 0.8]), jnp.array([1.0, 1.0, 0.0]), jnp.array([1, 0, 0]), 0.4, 0.2, 0.1),
        (jnp.array([0.2, 0.9]), jnp.array([1.0, 0.0]), jnp.array([0, 1]), 0.5, 0.3, 0.25),
    ],
    hint="Compute both answers for every action; jnp.where lets each action pick its own.",
    mistakes=(
        Mistake(
            "the chosen action is forgotten too",
            _forget_everything,
            "Only actions that were not chosen fade.",
        ),
        Mistake(
            "all actions learn, and none fades",
            _learn_everywhere,
            "What does an action do that was not chosen?",
        ),
        Mistake(
            "unchosen actions keep the share that they should lose",
            _keep_phi,
            "phi is the share that is lost.",
        ),
        Mistake("unchosen actions stay as they are", _no_forgetting, "phi is not used yet."),
        Mistake("the two learning rates are swapped", _rates_swapped, "alpha_p belongs to positive errors."),
    ),
)

# 2.3: what the other one would have paid.


def _opposite(outcome, chosen):
    return -outcome


def _learn_from_both(function, outcome):
    """The values after one outcome, with what the function says of the option that was not chosen."""
    trial = (outcome, jnp.array([1, 0]))
    updated, _ = asymmetric_rescorla_wagner_update(jnp.zeros(2), trial, 0.5, 0.5, function, True)
    return updated


COUNTERFACTUAL = Exercise(
    number="2.3",
    reference=_opposite,
    cases=lambda: [(-1.0,), (1.0,)],
    hint="Outcomes are -1 and 1: what is the opposite of each?",
    attempt=_learn_from_both,
    mistakes=(
        Mistake(
            "this is the rule for outcomes of 0 and 1",
            lambda outcome, chosen: 1 - outcome,
            "For an outcome of -1 it says 2, which nobody was ever paid.",
        ),
        Mistake(
            "the other option pays the same",
            lambda outcome, chosen: outcome,
            "It would have paid the opposite.",
        ),
        Mistake(
            "the other option never pays anything",
            lambda outcome, chosen: 0 * outcome,
            "Not seen is not the same as zero: it can be inferred from the outcome.",
        ),
    ),
)

EXERCISES = (WHO_LEARNED_MORE, FORGETTING, COUNTERFACTUAL)
