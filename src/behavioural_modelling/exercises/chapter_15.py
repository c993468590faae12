"""Chapter 15: people and the group that they come from."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 15.1: how far each person is pulled.


def _shrunk(estimate, error, mean, spread):
    weight = spread**2 / (spread**2 + error**2)
    return weight * estimate + (1 - weight) * mean


def _weights_swapped(estimate, error, mean, spread):
    return _shrunk(estimate, spread, mean, error)


def _weights_without_squares(estimate, error, mean, spread):
    weight = spread / (spread + error)
    return weight * estimate + (1 - weight) * mean


def _halfway(estimate, error, mean, spread):
    return (estimate + mean) / 2 + 0 * error


def _weight_of_the_estimate_only(estimate, error, mean, spread):
    return estimate * spread**2 / (spread**2 + error**2)


def _one_error_for_all(estimate, error, mean, spread):
    return _shrunk(estimate, np.mean(error), mean, spread)


SHRUNK = Exercise(
    number="15.1",
    reference=_shrunk,
    cases=lambda: [
        (np.array([0.4, -1.2, 2.5]), np.array([0.3, 1.1, 4.0]), 0.2, 0.8),
        (np.array([1.0, 3.0]), np.array([0.5, 0.1]), 2.2, 0.3),
    ],
    hint="Each answer lies between the estimate and the mean: what are the two weights?",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "the two weights are swapped",
            _weights_swapped,
            "Whose estimate should stay where it is: that with a small error or that with a large one?",
        ),
        Mistake(
            "the weights are made of standard deviations",
            _weights_without_squares,
            "It is variances that add up.",
        ),
        Mistake("everybody is pulled half of the way", _halfway, "How far depends on the person's error."),
        Mistake(
            "the group's mean has no weight",
            _weight_of_the_estimate_only,
            "The two weights add up to 1; this pulls everybody to 0.",
        ),
        Mistake(
            "everybody has the same error",
            _one_error_for_all,
            "Take each person's own error, not their mean.",
        ),
    ),
)

# 15.2: the group from its people.


def _group_from(means, variances):
    means, variances = np.asarray(means), np.asarray(variances)
    return [means.mean(), np.sqrt(means.var() + variances.mean())]


def _means_only(means, variances):
    return [np.mean(means), np.std(means)]


def _a_variance(means, variances):
    mean, spread = _group_from(means, variances)
    return [mean, spread**2]


def _deviations_added(means, variances):
    return [np.mean(means), np.std(means) + np.sqrt(variances).mean()]


def _variances_only(means, variances):
    return [np.mean(means), np.sqrt(np.mean(variances))]


def _precision_weighted(means, variances):
    weights = 1 / np.asarray(variances)
    return [np.average(means, weights=weights), _group_from(means, variances)[1]]


GROUP_FROM = Exercise(
    number="15.2",
    reference=_group_from,
    cases=lambda: [
        (np.array([0.1, -0.4, 0.9, 0.3]), np.array([0.2, 0.05, 0.4, 0.1])),
        (np.array([2.0, 2.5, 1.0]), np.array([0.3, 0.6, 0.9])),
    ],
    hint="Two parts make the variance of the group: how far apart people are, and how unsure we are of each.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "the spread forgets how unsure we are of each person",
            _means_only,
            "What becomes of the spread, turn by turn, without the second part of the equation?",
        ),
        Mistake("the second number is the variance", _a_variance, "The spread is its root."),
        Mistake("standard deviations are added", _deviations_added, "It is variances that add up."),
        Mistake(
            "the spread forgets how far apart people are",
            _variances_only,
            "That is how unsure we are of one person, not how much people differ.",
        ),
        Mistake(
            "people whom we know well count more for the mean",
            _precision_weighted,
            "Posterior means are pulled already: they count alike.",
        ),
        Mistake(
            "the two numbers are swapped",
            lambda means, variances: _group_from(means, variances)[::-1],
            "The mean comes first.",
        ),
    ),
)

# 15.3: a difference in learning rates.

_ENDS = [0.025, 0.975]


def _told(difference):
    return [difference.mean(), *np.quantile(difference, _ENDS)]


def _rate_difference(mean, effect):
    return _told(ndtr(mean + effect / 2) - ndtr(mean - effect / 2))


def _averaged_first(mean, effect):
    bounds = np.array([effect.mean(), *np.quantile(effect, _ENDS)])
    return ndtr(mean.mean() + bounds / 2) - ndtr(mean.mean() - bounds / 2)


def _on_the_line(mean, effect):
    return _told(effect)


def _effect_brought_back(mean, effect):
    return _told(ndtr(effect))


def _whole_effect(mean, effect):
    return _told(ndtr(mean + effect) - ndtr(mean))


def _groups_swapped(mean, effect):
    return _rate_difference(mean, -effect)


def _plus_and_minus(mean, effect):
    difference = ndtr(mean + effect / 2) - ndtr(mean - effect / 2)
    width = 1.96 * difference.std()
    return [difference.mean(), difference.mean() - width, difference.mean() + width]


def _ends_of_each_group(mean, effect):
    high, low = ndtr(mean + effect / 2), ndtr(mean - effect / 2)
    return [high.mean() - low.mean(), *(np.quantile(high, _ENDS) - np.quantile(low, _ENDS))]


def _draws():
    rng = np.random.default_rng(7)
    mean = -0.9 + 0.4 * rng.normal(size=500)
    effect = 0.7 - 0.5 * (mean + 0.9) + 0.4 * rng.normal(size=500)
    return [(mean, effect)]


RATE_DIFFERENCE = Exercise(
    number="15.3",
    reference=_rate_difference,
    cases=_draws,
    hint="One difference of learning rates for each draw; then their mean and np.quantile.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "the draws are averaged before they are brought back",
            _averaged_first,
            "Each draw has its own mean and its own effect.",
        ),
        Mistake("this is the effect on the line", _on_the_line, "The question is about learning rates."),
        Mistake(
            "the effect alone is brought back from the line",
            _effect_brought_back,
            "Where on the line do the two median people stand?",
        ),
        Mistake(
            "the groups are coded as 0 and 1",
            _whole_effect,
            "With -.5 and .5 the mean lies between the groups.",
        ),
        Mistake("the first group is taken for the second", _groups_swapped, "Which one has .5?"),
        Mistake(
            "the interval is the mean plus and minus 1.96 standard deviations",
            _plus_and_minus,
            "The draws lie askew: take the middle 95% of them.",
        ),
        Mistake(
            "the ends are those of each group, subtracted",
            _ends_of_each_group,
            "Subtract within each draw, and summarise last.",
        ),
    ),
)

EXERCISES = (SHRUNK, GROUP_FROM, RATE_DIFFERENCE)
