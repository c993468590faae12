"""Chapter 19: a family of learners."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 19.1: forgetting.


def _forget(value, choice, outcome, alpha, forgetting, towards):
    updated = value + forgetting * (towards - value)
    updated[choice] = value[choice] + alpha * (outcome - value[choice])
    return updated


def _all_forgotten(value, choice, outcome, alpha, forgetting, towards):
    learnt = _forget(value, choice, outcome, alpha, 0.0, towards)
    return learnt + forgetting * (towards - learnt)


def _chosen_too(value, choice, outcome, alpha, forgetting, towards):
    forgotten = value + forgetting * (towards - value)
    return _forget(forgotten, choice, outcome, alpha, 0.0, towards)


def _kept(value, choice, outcome, alpha, forgetting, towards):
    return _forget(value, choice, outcome, alpha, 1 - forgetting, towards)


def _to_zero(value, choice, outcome, alpha, forgetting, towards):
    return _forget(value, choice, outcome, alpha, forgetting, 0.0)


def _away(value, choice, outcome, alpha, forgetting, towards):
    return _forget(value, choice, outcome, alpha, -forgetting, towards)


FORGETTING = Exercise(
    number="19.1",
    reference=_forget,
    cases=lambda: [
        (np.array([0.7, 0.2, 0.9]), 1, 1.0, 0.3, 0.2, 0.5),
        (np.array([0.4, 0.8]), 0, 0.0, 0.6, 0.5, 0.1),
    ],
    hint="Two rules, and each action follows one of them: which one follows which?",
    mistakes=(
        Mistake(
            "the action chosen learns and then forgets",
            _all_forgotten,
            "Which actions does forgetting leave alone?",
        ),
        Mistake(
            "the action chosen forgets and then learns",
            _chosen_too,
            "Where does its prediction error start from?",
        ),
        Mistake(
            "what is kept and what is forgotten are swapped",
            _kept,
            "With forgetting at 0, nothing is to change.",
        ),
        Mistake("values go to 0", _to_zero, "There is an argument that you have not used."),
        Mistake("values move away from where they should go", _away, "Look at a sign."),
        Mistake(
            "nothing is forgotten",
            lambda value, choice, outcome, alpha, forgetting, towards: _forget(
                value, choice, outcome, alpha, 0.0, towards
            ),
            "What happens to the actions that were not chosen?",
        ),
    ),
)

# 19.2: the probability of a switch.


def _stay(difference, temperature, stickiness):
    return 1 / (1 + np.exp(-(difference / temperature + stickiness)))


def _switch_probability(difference, temperature, stickiness, lapse):
    return (1 - lapse) * (1 - _stay(difference, temperature, stickiness)) + lapse / 2


def _stay_probability(difference, temperature, stickiness, lapse):
    return 1 - _switch_probability(difference, temperature, stickiness, lapse)


def _sticky_value(difference, temperature, stickiness, lapse):
    return _switch_probability(difference + stickiness, temperature, 0.0, lapse)


def _lapse_is_a_switch(difference, temperature, stickiness, lapse):
    return (1 - lapse) * (1 - _stay(difference, temperature, stickiness)) + lapse


def _added(difference, temperature, stickiness, lapse):
    return 1 - _stay(difference, temperature, stickiness) + lapse / 2


def _unsticky(difference, temperature, stickiness, lapse):
    return _switch_probability(difference, temperature, -stickiness, lapse)


def _multiplied(difference, temperature, stickiness, lapse):
    return _switch_probability(difference, 1 / temperature, stickiness, lapse)


SWITCH = Exercise(
    number="19.2",
    reference=_switch_probability,
    cases=lambda: [(0.3, 0.4, 0.7, 0.1), (np.array([-0.6, 0.1, 0.8]), 0.2, -0.3, 0.24)],
    hint="First the logit of a stay, then its probability, then the lapse.",
    mistakes=(
        Mistake("this is the probability of a stay", _stay_probability, "What is left of 1?"),
        Mistake(
            "the stickiness is divided by the temperature",
            _sticky_value,
            "It is in logits, so where in the sum does it stand?",
        ),
        Mistake(
            "every lapse is a switch",
            _lapse_is_a_switch,
            "How often does a coin fall on the arm of the last trial?",
        ),
        Mistake(
            "the lapse comes on top",
            _added,
            "What share of the choices is left to the softmax?",
        ),
        Mistake("stickiness makes people switch", _unsticky, "Look at its sign."),
        Mistake(
            "the temperature is used as an inverse temperature",
            _multiplied,
            "Who is hot cares less about a difference.",
        ),
    ),
)

# 19.3: where forgetting leads.


def _kernel_for(alpha, temperature, towards):
    return [alpha, temperature / (0.5 - towards)]


def _always_two(alpha, temperature, towards):
    return [alpha, 2 * temperature + 0 * towards]


def _weight(alpha, temperature, towards):
    return [alpha, (0.5 - towards) / temperature]


def _product(alpha, temperature, towards):
    return [alpha, temperature * (0.5 - towards)]


def _with_rate(alpha, temperature, towards):
    return [alpha, temperature / (alpha * (0.5 - towards))]


def _both_halves(alpha, temperature, towards):
    return [alpha, temperature / (1 - 2 * towards)]


KERNEL_FOR = Exercise(
    number="19.3",
    reference=_kernel_for,
    cases=lambda: [(0.3, 0.2, 0.1), (0.45, 0.5, -0.3)],
    hint="Write how the difference of the two values moves, and split R - towards in two.",
    mistakes=(
        Mistake("this is right for 0 alone", _always_two, "What changes if forgotten values go to .2?"),
        Mistake("this is one over the temperature", _weight, "The logit is a difference divided by what?"),
        Mistake(
            "the habit gets stronger as the aim comes closer to .5",
            _product,
            "Somebody who forgets to .5 already has no habit at all.",
        ),
        Mistake(
            "the learning rate counts twice",
            _with_rate,
            "The kernel's own rate is already in how it moves.",
        ),
        Mistake(
            "the habit is twice as strong",
            _both_halves,
            "How far is it from .5 to the aim?",
        ),
        Mistake(
            "the two numbers are swapped",
            lambda alpha, temperature, towards: _kernel_for(alpha, temperature, towards)[::-1],
            "The rate comes first.",
        ),
    ),
)

EXERCISES = (FORGETTING, SWITCH, KERNEL_FOR)
