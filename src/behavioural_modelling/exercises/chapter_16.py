"""Chapter 16: model criticism."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 16.1: a signature of one's own.


def _pairs(choices):
    """Which trials, from the third on, follow two choices of the same arm, and which stay with it."""
    same = choices[:, 1:-1] == choices[:, :-2]
    return same, choices[:, 2:] == choices[:, 1:-1]


def _stay_after_two_losses(choices, won):
    same, stays = _pairs(choices)
    asked = same & ~won[:, 1:-1] & ~won[:, :-2]
    return (stays & asked).sum(axis=1) / asked.sum(axis=1)


def _whichever_arm(choices, won):
    asked = ~won[:, 1:-1] & ~won[:, :-2]
    return (_pairs(choices)[1] & asked).sum(axis=1) / asked.sum(axis=1)


def _one_loss(choices, won):
    same, stays = _pairs(choices)
    asked = same & ~won[:, 1:-1]
    return (stays & asked).sum(axis=1) / asked.sum(axis=1)


def _over_all_trials(choices, won):
    same, stays = _pairs(choices)
    return (stays & same & ~won[:, 1:-1] & ~won[:, :-2]).mean(axis=1)


def _sequences():
    rng = np.random.default_rng(16)
    made = [(rng.integers(0, 2, shape), rng.uniform(size=shape) < 0.4) for shape in ((5, 60), (3, 90))]
    # Everybody wins first and then loses twice with the same arm, so that nobody is without such a trial.
    for choices, won in made:
        choices[:, :3], won[:, :3] = 1, [True, False, False]
    return made


TWO_LOSSES = Exercise(
    number="16.1",
    reference=_stay_after_two_losses,
    cases=_sequences,
    hint="Compare three slices of the choices, choices[:, 2:], [:, 1:-1] and [:, :-2], and two of the wins.",
    mistakes=(
        Mistake(
            "the two losses may be of different arms",
            _whichever_arm,
            "Both must have been with the arm that is stayed with.",
        ),
        Mistake("one loss is enough", _one_loss, "Look at both trials before."),
        Mistake(
            "this is the share of switches",
            lambda choices, won: 1 - _stay_after_two_losses(choices, won),
            "To stay is to choose what was chosen just before.",
        ),
        Mistake(
            "wins are taken for losses",
            lambda choices, won: _stay_after_two_losses(choices, ~won),
            "won is True where the trial was won.",
        ),
        Mistake(
            "the share is one of all trials",
            _over_all_trials,
            "Divide by how often the question is asked.",
        ),
        Mistake(
            "all people are thrown together",
            lambda choices, won: np.full(len(choices), _stay_after_two_losses(choices, won).mean()),
            "One share per person: sum along the trials alone.",
        ),
    ),
)

# 16.2: the difference between two models, with people as the unit.


def _by_person(elpd_one, elpd_other, person):
    return np.bincount(person, elpd_one - elpd_other)


def _error_of_sum(x):
    return np.sqrt(len(x)) * x.std(ddof=1)


def _difference(elpd_one, elpd_other, person):
    by_person = _by_person(elpd_one, elpd_other, person)
    return by_person.sum(), _error_of_sum(by_person)


def _trials_as_unit(elpd_one, elpd_other, person):
    by_trial = elpd_one - elpd_other
    return by_trial.sum(), _error_of_sum(by_trial)


def _errors_added(elpd_one, elpd_other, person):
    errors = [_error_of_sum(np.bincount(person, x)) for x in (elpd_one, elpd_other)]
    return (elpd_one - elpd_other).sum(), np.hypot(*errors)


def _of_a_mean(elpd_one, elpd_other, person):
    by_person = _by_person(elpd_one, elpd_other, person)
    return by_person.mean(), by_person.std(ddof=1) / np.sqrt(len(by_person))


def _spread_of_people(elpd_one, elpd_other, person):
    by_person = _by_person(elpd_one, elpd_other, person)
    return by_person.sum(), by_person.std(ddof=1)


def _turned_round(elpd_one, elpd_other, person):
    total, error = _difference(elpd_one, elpd_other, person)
    return -total, error


def _elpds():
    cases = []
    for seed, n_people, n_trials in ((0, 6, 30), (1, 9, 20)):
        rng = np.random.default_rng(seed)
        person = np.repeat(np.arange(n_people), n_trials)
        one = -0.6 + 0.1 * rng.normal(size=len(person))
        other = one - 0.02 + 0.05 * rng.normal(size=n_people)[person] + 0.05 * rng.normal(size=len(person))
        cases.append((one, other, person))
    return cases


PEOPLE_AS_UNIT = Exercise(
    number="16.2",
    reference=_difference,
    cases=_elpds,
    hint="np.bincount(person, x) sums x within each person; then it is the error of a sum of people.",
    mistakes=(
        Mistake("trials are the unit", _trials_as_unit, "Sum within each person before you take a spread."),
        Mistake(
            "the error is that of two independent sums",
            _errors_added,
            "Both models predict the same people: take the difference first.",
        ),
        Mistake("this is the mean over people", _of_a_mean, "The sum is asked for, and its error."),
        Mistake(
            "the error is the spread of people",
            _spread_of_people,
            "A sum of n independent numbers has the square root of n times their spread.",
        ),
        Mistake("the sign is turned round", _turned_round, "The first model less the second."),
        Mistake(
            "the spread is divided by n in place of n - 1",
            lambda *given: (
                _difference(*given)[0],
                np.sqrt(given[2].max() + 1) * _by_person(*given).std(),
            ),
            "The mean comes from the same people: ddof=1.",
        ),
    ),
)

# 16.3: of which model is a person?


def _responsibilities(log_evidence, frequencies):
    log_joint = log_evidence + np.log(frequencies)
    shares = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _evidence_alone(log_evidence, frequencies):
    return _responsibilities(log_evidence, np.ones_like(frequencies))


def _not_logged(log_evidence, frequencies):
    return _responsibilities(log_evidence, np.exp(frequencies))


def _over_people(log_evidence, frequencies):
    shares = np.exp(log_evidence + np.log(frequencies))
    return shares / shares.sum(axis=0)


def _winner_takes_all(log_evidence, frequencies):
    best = (log_evidence + np.log(frequencies)).argmax(axis=1)
    return np.eye(len(frequencies))[best]


def _evidences():
    return [
        (np.array([[-50.0, -51.0], [-60.0, -58.0], [-55.0, -55.0]]), np.array([0.8, 0.2])),
        (
            np.array([[-1.0, -2.0, -1.5], [-3.0, -2.5, -2.0], [-1.0, -1.2, -4.0], [-2.0, -2.0, -2.0]]),
            np.array([0.5, 0.3, 0.2]),
        ),
        # So small that exp gives 0: no trouble for differences.
        (np.array([[-2000.0, -2001.0], [-1800.0, -1799.5]]), np.array([0.3, 0.7])),
    ]


OF_WHICH_MODEL = Exercise(
    number="16.3",
    reference=_responsibilities,
    cases=_evidences,
    hint="Bayes' rule, by row: evidence times frequency, over the sum. Take off each row's largest first.",
    mistakes=(
        Mistake(
            "the frequencies play no part",
            _evidence_alone,
            "A model that few people are of needs more evidence.",
        ),
        Mistake(
            "frequencies are added to logarithms", _not_logged, "The evidence is on the log scale: is this?"
        ),
        Mistake(
            "columns add up to 1",
            lambda log_evidence, frequencies: _over_people(
                log_evidence - log_evidence.max(axis=1, keepdims=True), frequencies
            ),
            "Each person is of one of the models: rows add up to 1.",
        ),
        Mistake("each person is given to one model", _winner_takes_all, "Probabilities, not winners."),
        Mistake(
            "nothing makes the rows add up to 1",
            lambda log_evidence, frequencies: (
                np.exp(log_evidence - log_evidence.max(axis=1, keepdims=True)) * frequencies
            ),
            "Divide each row by its sum.",
        ),
        Mistake(
            "exp of the evidence is 0",
            lambda log_evidence, frequencies: _responsibilities(np.maximum(log_evidence, -700), frequencies),
            "Take off each row's largest value before exp.",
        ),
    ),
)

EXERCISES = (TWO_LOSSES, PEOPLE_AS_UNIT, OF_WHICH_MODEL)
