r"""The people whose posterior the samplers race for: learners at a two-armed bandit, drawn by NumPy.

The smallest task has the model of hBayesDM's `bandit2arm_delta` in this package's terms. Outcomes are -1 and
+1, values begin at 0, and

.. math::
    \alpha_i = \Phi(\mu_\alpha + \sigma_\alpha z_{\alpha i}), \qquad
    \beta_i = 5\, \Phi(\mu_\beta + \sigma_\beta z_{\beta i}), \qquad
    \mu \sim N(0, 1), \quad \sigma \sim N^+(0, .2), \quad z \sim N(0, 1)

A normal mean before :math:`\Phi` is a uniform prior of the median person's natural value.

Source:
    Ahn, Haines & Zhang (2017), doi 10.1162/CPSY_a_00002.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, ndtr

import behavioural_modelling as bm

REWARDED = (0.7, 0.3)
"""How often each arm pays 1; otherwise it pays -1."""
UPPER = {"inverse_temperature": 5.0}
"""Where a parameter between two bounds ends, if not at 1."""
PEOPLE = {
    "alpha": (-0.5, 0.2),
    "alpha_p": (-0.3, 0.4),
    "alpha_n": (-0.8, 0.4),
    "inverse_temperature": (-0.2, 0.3),
    "stickiness": (0.3, 0.4),
    "lapse": (-1.6, 0.3),
}
"""Mean and spread of the people that are drawn, on the line: before the normal distribution function."""


class PosteriorTask(NamedTuple):
    """What every sampler gets.

    Attributes:
        choices: Actions, int32, shape (n_subjects, n_trials).
        outcomes: What they paid, -1 or 1 in 32 bits, shape (n_subjects, n_trials).
        params: The natural values that the people were drawn with, by name, shape (n_subjects,).
    """

    choices: np.ndarray
    outcomes: np.ndarray
    params: dict[str, np.ndarray]


def make_posterior_task(n_subjects: int = 20, n_trials: int = 100, names: tuple[str, ...] = ()):
    """The data of the task whose model has the parameters `names`. Fewer subjects are the first of more."""
    names = names or ("alpha", "inverse_temperature")
    people = [np.random.default_rng([12, len(names), s]) for s in range(n_subjects)]
    line = np.array([rng.normal(*np.transpose([PEOPLE[name] for name in names])) for rng in people])
    params = {name: natural(name, x) for name, x in zip(names, line.T, strict=True)}
    uniforms = np.array([rng.uniform(size=(n_trials, 2)) for rng in people])
    return PosteriorTask(*_played(params, uniforms), params)


def natural(name: str, line: np.ndarray) -> np.ndarray:
    """The natural value of a parameter where it is on the line."""
    return line if name == "stickiness" else UPPER.get(name, 1.0) * ndtr(line)


def _played(params: dict[str, np.ndarray], uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choices and outcomes of all subjects, trial by trial; shape (n_subjects, n_trials) each."""
    gains, losses = params.get("alpha_p", params.get("alpha")), params.get("alpha_n", params.get("alpha"))
    stickiness, lapse = params.get("stickiness", 0.0), params.get("lapse", 0.0)
    n_subjects, n_trials, _ = uniforms.shape
    values, last, subject = np.zeros((n_subjects, 2)), np.zeros((n_subjects, 2)), np.arange(n_subjects)
    choices, outcomes = np.empty((n_subjects, n_trials), np.int32), np.empty((n_subjects, n_trials))
    for t in range(n_trials):
        logit = params["inverse_temperature"] * np.diff(values)[:, 0] + stickiness * np.diff(last)[:, 0]
        second = (1 - lapse) * expit(logit) + lapse / 2
        choice = (uniforms[:, t, 0] < second).astype(int)
        outcome = np.where(uniforms[:, t, 1] < np.take(REWARDED, choice), 1.0, -1.0)
        error = outcome - values[subject, choice]
        values[subject, choice] += np.where(error > 0, gains, losses) * error
        last = np.eye(2)[choice]
        choices[:, t], outcomes[:, t] = choice, outcome
    return choices, outcomes.astype(np.float32)


class Setting(NamedTuple):
    """A task of the race: how many people and trials, and the model.

    Attributes:
        n_subjects: How many people.
        n_trials: How many trials each.
        model: The package's model, whose parameters are those that the people are drawn with.
        spread: The standard deviation of the half-normal prior of each spread on the line.
    """

    n_subjects: int
    n_trials: int
    model: bm.Model
    spread: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the model's order."""
        return tuple(parameter.name for parameter in self.model.parameters)

    def task(self) -> PosteriorTask:
        """The people and what they did."""
        return make_posterior_task(self.n_subjects, self.n_trials, self.names)

    def trials(self) -> bm.Trials:
        """What they did, as the package takes it."""
        task = self.task()
        return bm.Trials(task.choices, task.outcomes)

    def priors(self) -> dict[str, Any]:
        """The priors as NumPyro's distributions: of the median person, and of the spread on the line."""
        from numpyro import distributions as dist

        median = {name: dist.Uniform(0.0, UPPER.get(name, 1.0)) for name in self.names}
        if "stickiness" in median:
            median["stickiness"] = dist.Normal(0.0, 1.0)
        return median | {f"{name}_spread": dist.HalfNormal(self.spread) for name in self.names}


_LEARNER = bm.models.rescorla_wagner(2, initial_value=0.0, inverse_temperature=True)
_ASYMMETRIC = bm.models.asymmetric_rescorla_wagner(2, initial_value=0.0, inverse_temperature=True)
_FIVE = bm.models.with_lapse(bm.models.with_stickiness(_ASYMMETRIC))

SETTINGS = {
    "bandit": Setting(20, 100, _LEARNER, 0.2),
    "asymmetric": Setting(200, 100, _ASYMMETRIC, 0.7),
    "five": Setting(40, 200, _FIVE, 0.7),
    "thousand": Setting(1000, 100, _ASYMMETRIC, 0.7),
}
"""The tasks by name; the first is the one that all opponents sample from."""
