"""Chapter 3: selecting actions."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..decision_rules import lapse_mixture
from ..utils import choice_from_action_p
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 3.1: how cold must it be?


def _temperature_for(p, difference):
    return difference / jnp.log(p / (1 - p))


HOW_COLD = Exercise(
    number="3.1",
    reference=_temperature_for,
    cases=lambda: [(0.75, 0.2), (0.6, 1.0), (0.95, 0.4)],
    hint="Write down P of the better arm with two arms, and solve for the temperature.",
    tolerance=0.005,
    mistakes=(
        Mistake(
            "this is the inverse temperature",
            lambda p, difference: 1 / _temperature_for(p, difference),
            "The softmax divides by the temperature.",
        ),
        Mistake(
            "the temperature has the wrong sign",
            lambda p, difference: -_temperature_for(p, difference),
            "A temperature is above 0: which way round is the ratio in the logarithm?",
        ),
        Mistake(
            "the difference is multiplied where it should be divided",
            lambda p, difference: difference * jnp.log(p / (1 - p)),
            "Values that differ more allow a higher temperature, and a p nearer to 1 asks for a lower one.",
        ),
        Mistake(
            "the other arm's probability is left out",
            lambda p, difference: difference / jnp.log(p),
            "The difference decides how many times as likely one arm is as the other.",
        ),
        Mistake(
            "this logarithm has base 10",
            lambda p, difference: difference / jnp.log10(p / (1 - p)),
            "The softmax has powers of e.",
        ),
    ),
)

# 3.2: epsilon-greedy.


def _best(value):
    return jax.nn.one_hot(jnp.argmax(value), len(value))


def _epsilon_greedy(value, epsilon):
    return lapse_mixture(_best(value), epsilon)


def _others_share(value, epsilon):
    return jnp.where(_best(value) == 1, 1 - epsilon, epsilon / (len(value) - 1))


def _does_not_add_up(value, epsilon):
    return jnp.where(_best(value) == 1, 1 - epsilon, epsilon / len(value))


EPSILON_GREEDY = Exercise(
    number="3.2",
    reference=_epsilon_greedy,
    cases=lambda: [(jnp.array([0.2, 0.9, 0.5, 0.1]), 0.2), (jnp.array([0.7, 0.3, 0.4]), 0.45)],
    hint="Of two sets of probabilities, which one is used how often?",
    mistakes=(
        Mistake(
            "the random choices leave out the best action",
            _others_share,
            "A random choice may also fall on the best action.",
        ),
        Mistake(
            "the probabilities do not add up to 1",
            _does_not_add_up,
            "A random choice may also fall on the best action: what does that add?",
        ),
        Mistake(
            "epsilon and 1 - epsilon are swapped",
            lambda value, epsilon: _epsilon_greedy(value, 1 - epsilon),
            "epsilon is the share of choices made at random.",
        ),
        Mistake(
            "the worst action is taken for the best",
            lambda value, epsilon: _epsilon_greedy(-value, epsilon),
            "The best action has the largest value.",
        ),
        Mistake(
            "values are mixed in place of probabilities",
            lapse_mixture,
            "Mix the probabilities of someone who always chooses the best.",
        ),
    ),
)

# 3.3: a fair coin for everyone.

N_KEYS = 400
FAIR = (0.5, 0.5)


def _four_tosses(key):
    return choice_from_action_p(key, jnp.tile(jnp.array(FAIR), (4, 1)))


def _one_key(key):
    return jnp.tile(choice_from_action_p(key, jnp.array(FAIR)), 4)


def _two_keys(key):
    return jnp.tile(choice_from_action_p(key, jnp.tile(jnp.array(FAIR), (2, 1))), 2)


def _toss_often(function):
    """How the tosses of 400 keys behave: what does not depend on how the keys were split."""
    keys = jax.random.split(jax.random.key(4), N_KEYS)
    try:
        tosses = jax.vmap(lambda key: jnp.asarray(function(key)))(keys)
    except jax.errors.JAXTypeError:  # such as int() of a toss, which is right outside of vmap
        tosses = jnp.stack([jnp.asarray(function(key)) for key in keys])
    if tosses.shape != (N_KEYS, 4):
        raise ValueError(f"expected four tosses, got shape {tosses.shape[1:]}")
    return {
        "how often all four agree": (tosses == tosses[:, :1]).all(axis=1).mean(),
        "how often two keys give the same four": (tosses[1:] == tosses[:-1]).all(axis=1).mean(),
        "share of ones": (tosses == 1).mean(),
        "share of zeros": (tosses == 0).mean(),
    }


FAIR_COINS = Exercise(
    number="3.3",
    reference=_four_tosses,
    cases=lambda: [()],
    hint="Each person needs a key of their own, made from `key`.",
    attempt=_toss_often,
    # 3.8 standard errors of the difference of two frequencies of 1/8, each over 400 keys.
    tolerance=0.09,
    mistakes=(
        Mistake("all four still toss with one key", _one_key, "One key for each of the four, by split."),
        Mistake(
            "the argument `key` is not used",
            lambda key: _four_tosses(jax.random.key(0)),
            "Every call gives the same tosses: split the key that comes in.",
        ),
        Mistake(
            "the first two people toss like the last two",
            _two_keys,
            "How many keys does split make, and how many are used?",
        ),
        Mistake(
            "these are numbers between 0 and 1, and no tosses",
            lambda key: jax.random.uniform(key, (4,)),
            "A toss is 0 or 1: choose one of two actions.",
        ),
    ),
)

EXERCISES = (HOW_COLD, EPSILON_GREEDY, FAIR_COINS)
