"""Chapter 22: choices between offers."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 22.1: the amount that is worth as much.


def _indifference_point(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later * (1 + discount_rate * delay_sooner) / (1 + discount_rate * delay_later)


def _worth_now(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later / (1 + discount_rate * delay_later)


def _by_difference(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later / (1 + discount_rate * (delay_later - delay_sooner))


def _exponential(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later * np.exp(-discount_rate * (delay_later - delay_sooner))


def _upside_down(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later * (1 + discount_rate * delay_later) / (1 + discount_rate * delay_sooner)


def _discounted_twice(discount_rate, delay_sooner, amount_later, delay_later):
    return amount_later / ((1 + discount_rate * delay_later) * (1 + discount_rate * delay_sooner))


INDIFFERENCE = Exercise(
    number="22.1",
    reference=_indifference_point,
    cases=lambda: [
        (0.02, 0.0, 30.0, 60.0),
        (0.1, 14.0, 25.0, 45.0),
        (0.05, 7.0, np.array([18.0, 40.0]), np.array([21.0, 90.0])),
    ],
    hint="Write down what either offer is worth now, set the two equal, and solve for the sooner amount.",
    mistakes=(
        Mistake(
            "the sooner delay is left out",
            _worth_now,
            "That is what the later offer is worth now; the amount you look for has to be waited for, too.",
        ),
        Mistake(
            "only the days between the two count",
            _by_difference,
            "For which of the two rules is it enough to know the days between?",
        ),
        Mistake("this person is exponential", _exponential, "How much does a hyperbola leave after a delay?"),
        Mistake("it is upside down", _upside_down, "Would she ask for more than `amount_later`, and sooner?"),
        Mistake(
            "the sooner delay counts the wrong way",
            _discounted_twice,
            "The longer she has to wait for the sooner amount, the larger it must be.",
        ),
    ),
)

# 22.2: prospect theory in pence.


def _in_pence(curvature, loss_aversion, temperature):
    return [curvature, loss_aversion, temperature * 100**curvature]


PENCE = Exercise(
    number="22.2",
    reference=_in_pence,
    cases=lambda: [(0.7, 1.8, 0.4), (1.0, 0.9, 2.0), (0.55, 1.2, 0.03)],
    hint="Which parameters are pure numbers? The third is a difference of utilities: look at u(x).",
    mistakes=(
        Mistake(
            "the temperature is multiplied by 100 for everybody",
            lambda curvature, loss_aversion, temperature: [curvature, loss_aversion, temperature * 100],
            "A temperature is a difference of utilities, and those are no amounts of money.",
        ),
        Mistake(
            "the temperature stays as it is",
            lambda curvature, loss_aversion, temperature: [curvature, loss_aversion, temperature],
            "In pence utilities are larger; what must the temperature do for the choices to stay the same?",
        ),
        Mistake(
            "the temperature goes the wrong way",
            lambda curvature, loss_aversion, temperature: [
                curvature,
                loss_aversion,
                temperature / 100**curvature,
            ],
            "Is a utility in pence larger or smaller than in pounds?",
        ),
        Mistake(
            "loss aversion is scaled as well",
            lambda curvature, loss_aversion, temperature: [
                curvature,
                loss_aversion * 100**curvature,
                temperature * 100**curvature,
            ],
            "Loss aversion says how many times as much a loss counts: does that have a unit?",
        ),
        Mistake(
            "the power stands in the wrong place",
            lambda curvature, loss_aversion, temperature: [
                curvature,
                loss_aversion,
                (100 * temperature) ** curvature,
            ],
            "It is amounts that are raised to the curvature.",
        ),
    ),
)

# 22.3: the gain that makes up for a loss.


def _break_even_gain(curvature, loss_aversion, loss):
    return loss * loss_aversion ** (1 / curvature)


BREAK_EVEN = Exercise(
    number="22.3",
    reference=_break_even_gain,
    cases=lambda: [(0.7, 1.8, 12.0), (0.9, 0.8, np.array([5.0, 20.0])), (1.1, 1.5, 8.0)],
    hint="In half of the cases means that both actions are worth the same: what is the coin worth then?",
    mistakes=(
        Mistake(
            "it is loss aversion times the loss",
            lambda curvature, loss_aversion, loss: loss_aversion * loss,
            "Losses count that much more in utility: by how much more money is that made up for?",
        ),
        Mistake(
            "the power is upside down",
            lambda curvature, loss_aversion, loss: loss * loss_aversion**curvature,
            "Which power brings you from a utility back to an amount?",
        ),
        Mistake(
            "this is the utility of the gain",
            lambda curvature, loss_aversion, loss: loss_aversion * loss**curvature,
            "You are asked for an amount of money.",
        ),
        Mistake(
            "the gain is doubled",
            lambda curvature, loss_aversion, loss: 2 * loss * loss_aversion ** (1 / curvature),
            "Each side of the coin counts one half, the loss as well.",
        ),
        Mistake(
            "the gain is too small by what it should be too large",
            lambda curvature, loss_aversion, loss: loss / loss_aversion ** (1 / curvature),
            "Does somebody with a loss aversion above 1 want more than the loss, or less?",
        ),
    ),
)

EXERCISES = (INDIFFERENCE, PENCE, BREAK_EVEN)
