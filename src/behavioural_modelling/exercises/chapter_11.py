"""Chapter 11: model comparison."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 11.1: BIC by hand.


def _bic(log_likelihood, n_parameters, mask):
    return n_parameters * np.log(mask.sum(axis=1)) - 2 * log_likelihood


def _with_all_trials(log_likelihood, n_parameters, mask):
    return n_parameters * np.log(mask.shape[1]) - 2 * log_likelihood


def _over_people(log_likelihood, n_parameters, mask):
    return n_parameters * np.log(mask.sum(axis=0)) - 2 * log_likelihood


def _with_the_trials_of_all(log_likelihood, n_parameters, mask):
    return n_parameters * np.log(mask.sum()) - 2 * log_likelihood


def _bic_cases():
    # As many people as trials: a mean over the wrong axis has the right shape.
    last = np.array([7, 5, 6, 3, 7, 4, 7])
    mask = np.arange(7) < last[:, None]
    mask[4, 2] = False
    return [(np.array([-4.0, -3.2, -2.9, -1.1, -3.9, -2.0, -4.4]), 3, mask), (np.full(7, -2.0), 1, mask)]


BIC = Exercise(
    number="11.1",
    reference=_bic,
    cases=_bic_cases,
    hint="Each person's number of scored trials is in the mask; BIC is k log n minus 2 log L.",
    mistakes=(
        Mistake(
            "missed trials are counted", _with_all_trials, "n is the number of trials that the mask keeps."
        ),
        Mistake("the mask is summed over people", _over_people, "Trials are the second axis."),
        Mistake(
            "everybody has the trials of all people",
            _with_the_trials_of_all,
            "The parameters are hers, and so are the trials.",
        ),
        Mistake(
            "this is AIC",
            lambda log_likelihood, n_parameters, mask: 2 * n_parameters - 2 * log_likelihood,
            "The penalty of BIC grows with the number of trials.",
        ),
        Mistake(
            "the sign is turned round",
            lambda *given: -_bic(*given),
            "Less is better: the log-likelihood is subtracted.",
        ),
        Mistake(
            "the log-likelihood counts only once",
            lambda log_likelihood, n_parameters, mask: _bic(log_likelihood / 2, n_parameters, mask),
            "Look at its factor in the formula.",
        ),
    ),
)

# 11.2: turn it round.


def _in_rows(counts):
    return counts / counts.sum(axis=1, keepdims=True)


def _inverted(counts):
    confusion = _in_rows(counts)
    return confusion / confusion.sum(axis=0)


INVERTED = Exercise(
    number="11.2",
    reference=_inverted,
    cases=lambda: [
        (np.array([[40, 8, 2], [30, 60, 10], [3, 5, 12]]),),
        (np.array([[5, 15], [20, 180]]),),
    ],
    hint="There are two divisions: each row by its sum, then each column by its sum.",
    mistakes=(
        Mistake("this is P(chosen | simulated)", _in_rows, "The columns must add up to 1, not the rows."),
        Mistake(
            "the counts of the column are divided as they are",
            lambda counts: counts / counts.sum(axis=0),
            "A model that was simulated more often must not weigh more: make each row shares first.",
        ),
        Mistake(
            "this is the transpose of the confusion matrix",
            lambda counts: _in_rows(counts).T,
            "Turning the table round says nothing new.",
        ),
        Mistake(
            "rows and columns of the answer are swapped",
            lambda counts: _inverted(counts).T,
            "As before, a row is a model that simulated.",
        ),
        Mistake(
            "columns are divided first, then rows",
            lambda counts: _in_rows(counts / counts.sum(axis=0)),
            "What you do last adds up to 1: which should it be?",
        ),
    ),
)

# 11.3: the best against the worst.


def _best_over_worst(choices, shown):
    both = shown[..., 0] & shown[..., 3]
    return (choices[both] == 0).mean()


def _best_over_any(choices, shown):
    return (choices[shown[..., 0]] == 0).mean()


def _on_all_trials(choices, shown):
    return (choices == 0).mean()


def _share_of_all(choices, shown):
    both = shown[..., 0] & shown[..., 3]
    return (both & (choices == 0)).mean()


def _either(choices, shown):
    either = shown[..., 0] | shown[..., 3]
    return (choices[either] == 0).mean()


def _pair_cases():
    rng = np.random.default_rng(5)
    pairs = np.array([[0, 3], [0, 1], [0, 2], [1, 3], [2, 3], [1, 2]])
    cases = []
    for n_people, n_trials in ((6, 30), (9, 24)):
        offered = pairs[rng.integers(0, 6, (n_people, n_trials))]
        choices = np.where(rng.uniform(size=(n_people, n_trials)) < 0.7, offered[..., 0], offered[..., 1])
        cases.append((choices, (offered[..., None] == np.arange(4)).any(axis=-2)))
    return cases


BEST_OVER_WORST = Exercise(
    number="11.3",
    reference=_best_over_worst,
    cases=_pair_cases,
    hint="Say first on which trials both were shown; then take the mean over these.",
    mistakes=(
        Mistake(
            "trials on which the best was shown with another one count as well",
            _best_over_any,
            "Take those on which the worst was shown too.",
        ),
        Mistake("all trials count", _on_all_trials, "Use what was shown."),
        Mistake(
            "the share is one of all trials",
            _share_of_all,
            "Divide by the number of trials on which both were shown.",
        ),
        Mistake(
            "trials with only one of the two count as well",
            _either,
            "And is &, or is |: which is meant?",
        ),
        Mistake(
            "this is the share of the worst",
            lambda choices, shown: 1 - _best_over_worst(choices, shown),
            "Which number has the best stimulus?",
        ),
    ),
)

EXERCISES = (BIC, INVERTED, BEST_OVER_WORST)
