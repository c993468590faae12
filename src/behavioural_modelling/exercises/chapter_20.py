"""Chapter 20: uncertainty and volatility."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 20.1: one trial of a Kalman filter.


def _kalman_trial(mean, s, choice, outcome, drift):
    new_mean, new_s = np.array(mean, float), np.array(s, float)
    gain = s[choice] / (s[choice] + 1)
    new_mean[choice] = mean[choice] + gain * (outcome - mean[choice])
    new_s[choice] = (1 - gain) * s[choice]
    return [new_mean, new_s + drift**2]


def _chosen_drifts(mean, s, choice, outcome, drift):
    new_mean, new_s = _kalman_trial(mean, s, choice, outcome, 0.0)
    new_s[choice] = new_s[choice] + drift**2
    return [new_mean, new_s]


def _others_drift(mean, s, choice, outcome, drift):
    new_mean, new_s = _kalman_trial(mean, s, choice, outcome, drift)
    new_s[choice] = new_s[choice] - drift**2
    return [new_mean, new_s]


def _no_square(mean, s, choice, outcome, drift):
    new_mean, new_s = _kalman_trial(mean, s, choice, outcome, 0.0)
    return [new_mean, new_s + drift]


def _drift_first(mean, s, choice, outcome, drift):
    return _kalman_trial(mean, np.asarray(s) + drift**2, choice, outcome, 0.0)


def _no_certainty(mean, s, choice, outcome, drift):
    new_mean, _ = _kalman_trial(mean, s, choice, outcome, drift)
    return [new_mean, np.asarray(s) + drift**2]


def _all_more_certain(mean, s, choice, outcome, drift):
    new_mean, _ = _kalman_trial(mean, s, choice, outcome, drift)
    return [new_mean, np.asarray(s) / (np.asarray(s) + 1) + drift**2]


KALMAN = Exercise(
    number="20.1",
    reference=_kalman_trial,
    cases=lambda: [
        (np.array([0.2, 0.6, 0.4]), np.array([0.5, 2.0, 1.0]), 1, 1.0, 0.3),
        (np.array([0.7, 0.1]), np.array([1.5, 0.4]), 0, 0.0, 0.6),
    ],
    hint="First the arm chosen, its gain, its mean, its s; then one line for all arms.",
    mistakes=(
        Mistake("only the arm chosen drifts", _chosen_drifts, "Does the other arm wait until it is chosen?"),
        Mistake("the arm chosen does not drift", _others_drift, "The world moves on under that one, too."),
        Mistake("the drift is not squared", _no_square, "s is a variance, and the drift?"),
        Mistake("the drift comes before the outcome", _drift_first, "In which order does the text say it?"),
        Mistake("nobody becomes more certain", _no_certainty, "What does an outcome do to s?"),
        Mistake(
            "an arm that was not chosen becomes more certain",
            _all_more_certain,
            "Which arm was there an outcome of?",
        ),
    ),
)

# 20.2: the learning rates of Pearce and Hall.


def _pearce_hall(
    outcomes, kappa, eta, value, associability, *, signed=False, late=False, most=1.0, speed=1.0
):
    rates = []
    for outcome in outcomes:
        error = outcome - value
        surprise = error if signed else abs(error)
        updated = eta * surprise + (1 - eta) * associability
        rate = min(kappa * (updated if late else associability), most)
        value = value + speed * rate * error
        associability = updated
        rates.append(rate)
    return np.array(rates)


def _swapped(outcomes, kappa, eta, value, associability):
    return _pearce_hall(outcomes, kappa, 1 - eta, value, associability)


def _without_kappa(outcomes, kappa, eta, value, associability):
    return _pearce_hall(outcomes, 1.0, eta, value, associability)


def _fixed_value(outcomes, kappa, eta, value, associability):
    return _pearce_hall(outcomes, kappa, eta, value, associability, speed=0.0)


PEARCE_HALL = Exercise(
    number="20.2",
    reference=_pearce_hall,
    cases=lambda: [
        (np.array([1.0, 1.0, 0.0, 1.0, 0.0]), 0.7, 0.4, 0.3, 0.9),
        (np.array([0.0, 1.0, 0.0, 0.0]), 1.6, 0.2, 0.4, 0.8),
    ],
    hint="In each turn: the rate from the old associability, the error, the value, the new associability.",
    mistakes=(
        Mistake(
            "the surprise has a sign",
            lambda *given: _pearce_hall(*given, signed=True),
            "A loss where a win was expected is a surprise, too: how large is it?",
        ),
        Mistake(
            "a surprise counts for the trial that brought it",
            lambda *given: _pearce_hall(*given, late=True),
            "Which associability is the rate made from, that before the outcome or that after?",
        ),
        Mistake(
            "a learning rate is above 1",
            lambda *given: _pearce_hall(*given, most=np.inf),
            "Where is it held?",
        ),
        Mistake("eta and 1 - eta are swapped", _swapped, "With eta at 0 the associability never moves."),
        Mistake("kappa is missing", _without_kappa, "This is the associability; the rate is a multiple."),
        Mistake("the value is not learnt", _fixed_value, "The next error starts from the new value."),
    ),
)

# 20.3: the gain in the long run.


def _long_run_gain(drift_sd, observation_sd):
    d = drift_sd / observation_sd
    return (d * np.sqrt(d**2 + 4) - d**2) / 2


def _inverted(drift_sd, observation_sd):
    return _long_run_gain(observation_sd, drift_sd)


def _no_noise(drift_sd, observation_sd):
    return _long_run_gain(drift_sd, np.ones_like(np.asarray(observation_sd, float)))


def _variance_share(drift_sd, observation_sd):
    return drift_sd**2 / (drift_sd**2 + observation_sd**2)


def _other_root(drift_sd, observation_sd):
    d = drift_sd / observation_sd
    return (-d * np.sqrt(d**2 + 4) - d**2) / 2


def _no_half(drift_sd, observation_sd):
    return 2 * _long_run_gain(drift_sd, observation_sd)


LONG_RUN = Exercise(
    number="20.3",
    reference=_long_run_gain,
    cases=lambda: [(2.8, 4.0), (np.array([0.1, 0.5, 1.2]), np.array([1.0, 0.7, 0.4]))],
    hint="Multiply by 1 - k: it is a quadratic equation in k.",
    mistakes=(
        Mistake("noise makes people faster", _inverted, "What does an outcome tell that is mostly noise?"),
        Mistake("the noise is left out", _no_noise, "The drift of the text is a ratio."),
        Mistake(
            "this is the share of the drift in the variance of one step",
            _variance_share,
            "Uncertainty adds up over many steps; use the equation.",
        ),
        Mistake("a gain is below 0", _other_root, "There is another solution."),
        Mistake("it is twice too large", _no_half, "What is the quadratic formula divided by?"),
    ),
)

EXERCISES = (KALMAN, PEARCE_HALL, LONG_RUN)
