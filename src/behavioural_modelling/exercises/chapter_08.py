"""Chapter 8: the likelihood of guesses, a mask, and a learning rate from a grid."""

from __future__ import annotations

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood import log_likelihood
from ..models import rescorla_wagner
from ..trials import load_bandit
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 8.1: guessing.


def _guessing(n_trials, n_on_offer):
    return -n_trials * np.log(n_on_offer)


GUESSING = Exercise(
    number="8.1",
    reference=_guessing,
    cases=lambda: [(30, 3), (12, 4), (250, 2)],
    hint="What is the probability of one choice, and what its log?",
    mistakes=(
        Mistake(
            "this is the likelihood, not its logarithm",
            lambda n_trials, n_on_offer: (1 / n_on_offer) ** n_trials,
            "The log of a product is a sum.",
        ),
        Mistake(
            "the sign is wrong",
            lambda n_trials, n_on_offer: -_guessing(n_trials, n_on_offer),
            "The log of a probability is never above 0.",
        ),
        Mistake(
            "this is the log-probability of one choice",
            lambda n_trials, n_on_offer: _guessing(1, n_on_offer),
            "How many choices were made?",
        ),
        Mistake(
            "probabilities are summed, not their logs",
            lambda n_trials, n_on_offer: n_trials / n_on_offer,
            "Take the log of each probability first.",
        ),
        Mistake(
            "this is a logarithm to the base 2",
            lambda n_trials, n_on_offer: -n_trials * np.log2(n_on_offer),
            "log stands for the natural logarithm here.",
        ),
    ),
)

# 8.2: a trial that may not count.


def _one_trial(value, choice, outcome, alpha, temperature):
    log_p = jax.nn.log_softmax(value / temperature)[choice]
    return value.at[choice].add(alpha * (outcome - value[choice])), log_p


def _masked_trial(value, trial, alpha, temperature, *, learns=True, scores=True):
    """The trial with its mask; each of the two things that the mask stops can be let through."""
    choice, outcome, counts = trial
    new_value, log_p = _one_trial(value, choice, outcome, alpha, temperature)
    return jnp.where(counts | (not learns), new_value, value), jnp.where(counts | (not scores), log_p, 0.0)


def _other_trials(value, trial, alpha, temperature):
    choice, outcome, counts = trial
    return _masked_trial(value, (choice, outcome, ~counts), alpha, temperature)


def _probability(value, trial, alpha, temperature):
    value, log_p = _masked_trial(value, trial, alpha, temperature)
    return value, jnp.where(trial[2], jnp.exp(log_p), 0.0)


def _impossible(value, trial, alpha, temperature):
    value, log_p = _masked_trial(value, trial, alpha, temperature)
    return value, jnp.where(trial[2], log_p, -jnp.inf)


def _forgets(value, trial, alpha, temperature):
    new_value, log_p = _masked_trial(value, trial, alpha, temperature)
    return jnp.where(trial[2], new_value, 0.0), log_p


def _learns_first(value, trial, alpha, temperature):
    choice, outcome, counts = trial
    new_value, _ = _one_trial(value, choice, outcome, alpha, temperature)
    log_p = jax.nn.log_softmax(new_value / temperature)[choice]
    return jnp.where(counts, new_value, value), jnp.where(counts, log_p, 0.0)


def _scan(masked_trial, choices, outcomes, counts, alpha, temperature):
    body = partial(masked_trial, alpha=alpha, temperature=temperature)
    value, log_p = jax.lax.scan(body, jnp.full(2, 0.5), (choices, outcomes, counts))
    return {"values at the end": value, "log-probabilities": log_p}


MASKED = Exercise(
    number="8.2",
    reference=_masked_trial,
    cases=lambda: [
        (
            jnp.array([1, -1, 1, 0, -1, 0]),
            jnp.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0]),
            jnp.array([True, False, True, True, False, True]),
            0.3,
            0.2,
        ),
        (jnp.array([-1, 0, 0]), jnp.array([1.0, 0.0, 1.0]), jnp.array([False, True, True]), 0.6, 0.5),
    ],
    hint="Call one_trial, then keep or drop both things that it returns.",
    attempt=_scan,
    mistakes=(
        Mistake(
            "a missed trial is still learned from",
            partial(_masked_trial, learns=False),
            "The mask concerns the value as well as the log-probability.",
        ),
        Mistake(
            "a missed trial is still scored",
            partial(_masked_trial, scores=False),
            "The mask concerns the log-probability as well as the value.",
        ),
        Mistake(
            "the mask is not used",
            partial(_masked_trial, learns=False, scores=False),
            "What is to happen where `counts` is false?",
        ),
        Mistake(
            "the mask is the wrong way round",
            _other_trials,
            "jnp.where(counts, x, y) is x where the trial counts.",
        ),
        Mistake(
            "these are probabilities, not their logs", _probability, "one_trial returns a log-probability."
        ),
        Mistake(
            "a missed trial is scored as impossible",
            _impossible,
            "Which number, added to a sum, leaves it as it is?",
        ),
        Mistake(
            "a missed trial wipes out the values",
            _forgets,
            "Where the trial does not count, the value stays.",
        ),
        Mistake(
            "the choice is scored with the value after its outcome",
            _learns_first,
            "Score first, then learn.",
        ),
    ),
)

# 8.3: a profile on a grid.

ALPHAS = np.linspace(0.02, 0.8, 40)
BY_HAND = 0.2


@cache
def _bandit():
    return load_bandit(), rescorla_wagner(n_actions=4)


def _heights(person, temperature):
    """The log-likelihood of a participant at each learning rate of the chapter's grid."""
    trials, model = _bandit()
    params = {"alpha": ALPHAS, "temperature": temperature}
    return log_likelihood(model, params, trials.subjects([person] * len(ALPHAS)))


def _best_alpha(person, temperature):
    return ALPHAS[_heights(person, temperature).argmax()]


def _which_one(person, temperature):
    return _heights(person, temperature).argmax()


def _how_high(person, temperature):
    return _heights(person, temperature).max()


def _worst_alpha(person, temperature):
    return ALPHAS[_heights(person, temperature).argmin()]


def _best_by_hand(person, temperature):
    return _best_alpha(person, BY_HAND)


def _best_of_page(person, temperature):
    return _best_alpha(person, 0.15)


def _same_person(person, temperature):
    return _best_alpha(163, temperature)


BEST_ALPHA = Exercise(
    number="8.3",
    reference=_best_alpha,
    cases=lambda: [(20, 0.3), (104, 0.1), (6, 0.25)],
    hint="Repeat the trials as in surface_of, once for each learning rate, and look for the highest.",
    tolerance=0.005,
    mistakes=(
        Mistake(
            "this is a place in the grid",
            _which_one,
            "Which learning rate stands at that place?",
        ),
        Mistake(
            "this is a log-likelihood",
            _how_high,
            "The learning rate was asked for: argmax says where the highest is.",
        ),
        Mistake(
            "this learning rate makes the choices least probable",
            _worst_alpha,
            "The higher the log-likelihood, the more probable are the choices.",
        ),
        Mistake(
            "the temperature of the last section is used, not the one that is given",
            _best_of_page,
            "`temperature` is an argument.",
        ),
        Mistake(
            "the temperature that was picked by hand is used, not the one that is given",
            _best_by_hand,
            "`temperature` is an argument.",
        ),
        Mistake("the answer is always that of participant 163", _same_person, "`person` is an argument."),
    ),
)

EXERCISES = (GUESSING, MASKED, BEST_ALPHA)
