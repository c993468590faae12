"""What a preregistration says of a power simulation, and of the analysis that was simulated."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks
from . import _in_words
from .power import Power

__all__: list[str] = []

ESTIMATORS = {
    "hierarchical": "Hierarchical Bayes (`sample`): people are normally distributed around their group.",
    "map": "The maximum a posteriori of each person apart (`fit` with these priors).",
}

METHODS = {"hierarchical": "hierarchical", "map": "two-step"}
"""With which method `power` simulates the analysis of each estimator."""


def check(power: Any, estimator: str) -> None:
    """The power is to be that of the analysis that is planned."""
    if power is None:
        return
    if not isinstance(power, Power):
        _checks.fail("power", "None, or what `power` found", type(power).__name__)
    if power.method != METHODS[estimator]:
        expected = f"one of the analysis that is planned, method {METHODS[estimator]!r}"
        _checks.fail("power", expected, repr(power.method))


def estimation(estimator: str, power: Power | None) -> str:
    """How people are estimated and, of two groups, the test."""
    text = f"{ESTIMATORS[estimator]} All people and all trials that are not excluded are used."
    return text if power is None else f"{text} {_test(power)}"


def _test(power: Power) -> str:
    """The test that `power` simulated."""
    if power.method == "two-step":
        alpha = f"{100 * (1 - power.level):.4g}%"
        return f"The two groups' estimates are compared on the line by Welch's t-test, two-sided, at {alpha}."
    return (
        f"`sample` has the group as a covariate: a difference is found where the {100 * power.level:.4g}% "
        "interval of its effect leaves out 0."
    )


def _method(power: Power) -> str:
    """How simulated studies looked for the difference."""
    if power.method == "two-step":
        return f"each person fitted apart, then Welch's t-test at {100 * (1 - power.level):.4g}%"
    return f"one hierarchical model with the group as a covariate, {100 * power.level:.4g}% interval"


def sample_size(n_subjects: int | None, n_trials: int | None, power: Power | None) -> str:
    """How many people and trials, and what for."""
    people = "[how many] people" if n_subjects is None else _in_words.count(n_subjects, "person", "people")
    trials = "[how many] trials" if n_trials is None else _in_words.count(n_trials, "trial")
    text = f"{people}{' in each of two groups' if power is not None else ''}, {trials} each. "
    if power is None:
        return text + "[why: the smallest difference of interest, and the power for it by `power`]"
    row = np.flatnonzero((power.n_subjects == n_subjects) & (power.n_trials == n_trials))
    if not len(row):
        there = [f"{n} x {t}" for n, t in zip(power.n_subjects, power.n_trials, strict=True)]
        expected = f"one with n_subjects x n_trials among its rows, {', '.join(there)}"
        _checks.fail("power", expected, f"n_subjects={n_subjects}, n_trials={n_trials}")
    return text + _in_studies(power, int(row[0]))


def _in_studies(power: Power, row: int) -> str:
    """What a row of the power simulation says."""
    first, second = map(_in_words.number, power.medians)
    name, difference = _in_words.code(power.parameter), _in_words.plain(power.difference)
    studies = _in_words.count(power.found.shape[1], "simulated study", "simulated studies")
    text = (
        f"In {studies} ({_method(power)}), a difference"
        f" of {difference} in {name} on the line (median persons at {first} and {second}) was "
        f"found in a share of {power.share[row]:.2f} (Monte-Carlo standard error {power.error[row]:.2f})"
    )
    if power.found_without is not None:
        text += f", and one where there was none in {power.found_without[row].mean():.2f}"
    return f"{text}. [what the difference and the spread between people were taken from]"
