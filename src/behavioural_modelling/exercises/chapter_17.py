"""Chapter 17: is the inference right?"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 17.1: ranks.


def _ranks_of(draws, true):
    return (np.asarray(draws) < np.asarray(true)).sum(axis=(0, 1))


def _above(draws, true):
    return (np.asarray(draws) > np.asarray(true)).sum(axis=(0, 1))


def _of_first_chain(draws, true):
    return (np.asarray(draws)[0] < np.asarray(true)).sum(axis=0)


def _by_chain(draws, true):
    return (np.asarray(draws) < np.asarray(true)).sum(axis=1)


def _shares(draws, true):
    return (np.asarray(draws) < np.asarray(true)).mean(axis=(0, 1))


def _counted_from_one(draws, true):
    return _ranks_of(draws, true) + 1


def _over_people(draws, true):
    return (np.asarray(draws) < np.asarray(true)).sum(axis=-1)


def _drawn():
    rng = np.random.default_rng(0)
    return [
        (rng.normal(size=(3, 20, 5)), np.array([-0.8, -0.2, 0.3, 0.9, 2.5])),
        (rng.uniform(size=(2, 15, 2)), np.array([0.1, 0.7])),
    ]


RANKS = Exercise(
    number="17.1",
    reference=_ranks_of,
    cases=_drawn,
    hint="Compare all draws with the truth at once; then sum over two of the three axes.",
    mistakes=(
        Mistake("draws above the truth are counted", _above, "The rank is the number of draws below it."),
        Mistake("only the first chain is counted", _of_first_chain, "Draws of all chains count alike."),
        Mistake("each chain has ranks of its own", _by_chain, "One number per person: sum over chains too."),
        Mistake("this is a share", _shares, "A rank is a number of draws, a whole number."),
        Mistake("ranks begin at 1", _counted_from_one, "If no draw is below the truth, what is the number?"),
        Mistake("it is summed over people", _over_people, "Which of the three axes is to be left?"),
    ),
)

# 17.2: calibration.


def _calibration(prior, simulate, sample, n):
    ranks = []
    for i in range(n):
        true = prior(i)
        ranks.append((np.asarray(sample(i, simulate(i, true))) < true).sum())
    return np.array(ranks)


def _one_truth(prior, simulate, sample, n):
    true = prior(0)
    return np.array([(sample(i, simulate(i, true)) < true).sum() for i in range(n)])


def _same_data(prior, simulate, sample, n):
    data = simulate(0, prior(0))
    return np.array([(sample(i, data) < prior(i)).sum() for i in range(n)])


def _another_truth(prior, simulate, sample, n):
    return np.array([(sample(i, simulate(i, prior(i))) < prior(i + 1)).sum() for i in range(n)])


def _one_person(prior, simulate, sample, n):
    return np.array([(sample(0, simulate(0, prior(0))) < prior(0)).sum() for _ in range(n)])


def _draws_above(prior, simulate, sample, n):
    truths = [prior(i) for i in range(n)]
    return np.array([(sample(i, simulate(i, x)) > x).sum() for i, x in enumerate(truths)])


def _shares_below(prior, simulate, sample, n):
    truths = [prior(i) for i in range(n)]
    return np.array([np.mean(sample(i, simulate(i, x)) < x) for i, x in enumerate(truths)])


def _from_one(prior, simulate, sample, n):
    truths = {i: prior(i) for i in range(1, n + 1)}
    return np.array([(sample(i, simulate(i, x)) < x).sum() for i, x in truths.items()])


def _normal_people(seed, n_draws):
    """Normal people and data with known variances, and the posterior, which is normal as well."""

    def prior(i):
        return np.random.default_rng([seed, i, 0]).normal()

    def simulate(i, true):
        return true + np.random.default_rng([seed, i, 1]).normal(size=4)

    def sample(i, data):
        mean, sd = np.sum(data) / 5, 5**-0.5  # precision 1 of the prior, and 1 of each of 4 numbers
        return np.random.default_rng([seed, i, 2]).normal(mean, sd, n_draws)

    return prior, simulate, sample


CALIBRATION = Exercise(
    number="17.2",
    reference=_calibration,
    cases=lambda: [(*_normal_people(1, 30), 12), (*_normal_people(2, 19), 7)],
    hint="A loop over i: the true value, data from it, draws from these, and how many are below the truth.",
    mistakes=(
        Mistake("the true value is the same in all replications", _one_truth, "Each draws its own."),
        Mistake("the data are the same in all replications", _same_data, "Whose choices does sample see?"),
        Mistake(
            "draws are compared with the truth of another replication",
            _another_truth,
            "The data have to come from the value that is ranked.",
        ),
        Mistake("all replications are the first one", _one_person, "Who gets the number i?"),
        Mistake("draws above the truth are counted", _draws_above, "The rank is the number below it."),
        Mistake("these are shares", _shares_below, "A rank is a number of draws."),
        Mistake("replications are counted from 1", _from_one, "They are 0 to n - 1."),
    ),
)

# 17.3: the first tenth.

TENTH = 0.1


def _share_in_first_tenth(s):
    return ndtr(np.asarray(s) * ndtri(TENTH))


SHARE = Exercise(
    number="17.3",
    reference=_share_in_first_tenth,
    cases=lambda: [(0.7,), (np.array([0.25, 0.9, 1.6, 3.0]),)],
    hint="For which z is the truth below that point? m and sigma drop out.",
    mistakes=(
        Mistake(
            "the posterior is too wide where s is small",
            lambda s: ndtr(ndtri(TENTH) / np.asarray(s)),
            "Does s stand at the draws or at the truth?",
        ),
        Mistake(
            "the tenth itself is multiplied",
            lambda s: np.asarray(s) * TENTH,
            "s stretches the draws on their axis, not a share of them.",
        ),
        Mistake(
            "the tenth itself is divided",
            lambda s: TENTH / np.asarray(s),
            "s stretches the draws on their axis, not a share of them.",
        ),
        Mistake(
            "this is the point, not the share",
            lambda s: np.asarray(s) * ndtri(TENTH),
            "With which probability is a standard normal variable below it?",
        ),
        Mistake(
            "this is the share above the point",
            lambda s: ndtr(-np.asarray(s) * ndtri(TENTH)),
            "Which side of the point is the truth on?",
        ),
        Mistake(
            "both ends are counted",
            lambda s: 2 * ndtr(np.asarray(s) * ndtri(TENTH)),
            "Only the lowest tenth is asked for.",
        ),
    ),
)

EXERCISES = (RANKS, CALIBRATION, SHARE)
