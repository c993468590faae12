"""Chapter 18: from fits to a paper."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 18.1: what a difference on the line is in learning rates.


def _medians(median, difference):
    middle = ndtri(median)
    return [ndtr(middle - difference / 2), ndtr(middle + difference / 2)]


def _whole_to_one(median, difference):
    return [median, ndtr(ndtri(median) + difference)]


def _on_natural_values(median, difference):
    return [median - difference / 2, median + difference / 2]


def _with_logits(median, difference):
    return [expit(logit(median) - difference / 2), expit(logit(median) + difference / 2)]


def _left_on_the_line(median, difference):
    return [ndtri(median) - difference / 2, ndtri(median) + difference / 2]


def _not_taken_there(median, difference):
    return [ndtr(median - difference / 2), ndtr(median + difference / 2)]


def _whole_to_both(median, difference):
    return _medians(median, 2 * difference)


MEDIANS = Exercise(
    number="18.1",
    reference=_medians,
    cases=lambda: [(0.4, 0.9), (0.07, 0.5), (0.8, 1.4)],
    hint="Three steps: to the line, half of the difference each way, and back.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "the second group has all of the difference",
            _whole_to_one,
            "The median is that between the groups: each has half.",
        ),
        Mistake(
            "the difference is added to the learning rate",
            _on_natural_values,
            "Can that leave the range from 0 to 1?",
        ),
        Mistake("this line is the logit", _with_logits, "The package takes the probit: ndtri and ndtr."),
        Mistake("the answer is still on the line", _left_on_the_line, "Bring both back by ndtr."),
        Mistake("the median was not taken to the line", _not_taken_there, "Where on the line is the median?"),
        Mistake(
            "the groups are two differences apart", _whole_to_both, "From one to the other is one difference."
        ),
        Mistake(
            "the two groups are swapped",
            lambda median, difference: _medians(median, difference)[::-1],
            "The lower one comes first.",
        ),
    ),
)

# 18.2: how far a simulated power is known.


def _error(found):
    n = found.shape[1] + 4
    share = (found.sum(axis=1) + 2) / n
    return np.sqrt(share * (1 - share) / n)


def _plain_error(found):
    share = found.mean(axis=1)
    return np.sqrt(share * (1 - share) / found.shape[1])


def _successes_only(found):
    n = found.shape[1] + 2
    share = (found.sum(axis=1) + 2) / n
    return np.sqrt(share * (1 - share) / n)


def _of_each_column(found):
    return _error(found.T)


def _of_all_rows(found):
    return _error(found.reshape(1, -1))


def _of_one_study(found):
    n = found.shape[1] + 4
    share = (found.sum(axis=1) + 2) / n
    return np.sqrt(share * (1 - share))


def _found_cases():
    rng = np.random.default_rng(18)
    # As many rows as columns: an answer over the wrong axis has the right shape.
    square = rng.uniform(size=(6, 6)) < np.linspace(0.0, 1.0, 6)[:, None]
    return [(square,), (rng.uniform(size=(3, 40)) < [[0.3], [0.9], [0.0]],)]


ERROR = Exercise(
    number="18.2",
    reference=_error,
    cases=_found_cases,
    hint="Add four studies to each row, two of which found it. Then it is the error of any share.",
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "nothing is added",
            _plain_error,
            "What does it say of 0 out of 20 studies? Add two that found it and two that did not.",
        ),
        Mistake(
            "the two that did not find it are left out", _successes_only, "How many studies are there now?"
        ),
        Mistake("the axis is that of the rows", _of_each_column, "Simulated studies are the second axis."),
        Mistake("all rows are put together", _of_all_rows, "Each row has its own error."),
        Mistake(
            "this is the spread of single studies",
            _of_one_study,
            "The share of many studies is known better than one study: divide by their number.",
        ),
        Mistake("this is a variance", lambda found: _error(found) ** 2, "The error is its root."),
    ),
)

# 18.3: how much those who found something overstate it.


def _exaggeration(estimate, found, difference):
    return np.array([x[y].mean() for x, y in zip(estimate, found, strict=True)]) / difference


def _of_all_studies(estimate, found, difference):
    return estimate.mean(axis=1) / difference


def _divided_by_all(estimate, found, difference):
    return (estimate * found).mean(axis=1) / difference


def _against_all_studies(estimate, found, difference):
    return _exaggeration(estimate, found, difference) * difference / estimate.mean(axis=1)


def _rows_together(estimate, found, difference):
    return np.full(len(estimate), estimate[found].mean() / difference)


def _estimates():
    rng = np.random.default_rng(81)
    cases = []
    for difference, error in ((0.7, [0.6, 0.4, 0.2]), (1.5, [1.0, 0.3])):
        error = np.array(error)[:, None]
        estimate = 0.8 * difference + error * rng.normal(size=(len(error), 60))
        cases.append((estimate, estimate > 1.96 * error, difference))
    return cases


EXAGGERATION = Exercise(
    number="18.3",
    reference=_exaggeration,
    cases=_estimates,
    hint="Row by row: keep the estimates where found is true, take their mean, and divide.",
    tolerance=1e-4,
    mistakes=(
        Mistake("all studies are averaged", _of_all_studies, "Only those that found it are published."),
        Mistake(
            "the sum is divided by the number of all studies",
            _divided_by_all,
            "A study that was not published counts as 0 here. Leave it out instead.",
        ),
        Mistake(
            "the comparison is with the mean of all studies",
            _against_all_studies,
            "Divide by the true difference.",
        ),
        Mistake("all rows are put together", _rows_together, "One number per row."),
        Mistake(
            "this is a difference",
            lambda estimate, found, difference: difference * (_exaggeration(estimate, found, difference) - 1),
            "How many times: divide.",
        ),
        Mistake("the ratio is upside down", lambda *given: 1 / _exaggeration(*given), "The truth is below."),
    ),
)

EXERCISES = (MEDIANS, ERROR, EXAGGERATION)
