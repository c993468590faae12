r"""Empirical Bayes: people and the group that they come from, each fitted in the light of the other."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int, Key

from .. import _checks
from .._types import Numbers
from ..fitting import _search, _space
from ..fitting._estimates import count_trials
from ..models import Model
from ..trials import Trials
from . import _em, _laplace, _links

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["EmpiricalBayes", "empirical_bayes"]

LOOKS = 3
"""How often at most the turns are taken up again because somebody has a higher mode elsewhere."""

HIGHER = 0.01
"""A mode that is higher by so much counts as another one, in units of log-probability."""

TOLD_APART = 0.05
"""With less reliability than this, people cannot be told apart in a parameter."""


class EmpiricalBayes(NamedTuple):
    """What `empirical_bayes` found. All arrays are NumPy's.

    "The line" is where people are normally distributed: the probit of a parameter with two bounds, the
    logarithm of one with a lower bound in units of the outcomes, and a parameter without bounds itself, in
    such units.

    Attributes:
        params: Each person's estimate, the mode under the group: a dict from names to arrays of shape
            (n_subjects,), as `log_likelihood` takes them. Parameters that were held fixed are among them.
        group: The median person: natural values, a dict from the names of the free parameters to numbers.
        mean: The group's mean on the line, a dict like `group`.
        mean_errors: The standard errors of these means, the spread taken as known, a dict like `group`.
        spread: The standard deviation of people on the line, a dict like `group`.
        correlation: Of people's parameters on the line, shape (n_free, n_free); ones on the diagonal and
            zeros
            elsewhere without `correlations`.
        covariance: What is left open of each person on the line, shape (n_subjects, n_free, n_free).
        reliability: Which share of the variance between people their own data tell, a dict like `group`:
            1 less the mean of the variances that are left open over the group's. Near 0 the estimates are the
            group's, near 1 each person's own.
        log_likelihood: Of each person at the estimate, shape (n_subjects,).
        log_evidence: The log-probability of each person's data under the group, the parameters integrated out
            by Laplace's approximation, shape (n_subjects,). `select_models` takes a column of it per model.
        n_trials: How many decisions each person took, as in `Fit`, shape (n_subjects,).
        n_group: How many numbers describe the group.
        n_iterations: How many turns there were.
        converged: Whether the group stood still.
        problem: What went wrong, in words. An empty string: nothing.
        problems: What went wrong with each person, in words, shape (n_subjects,).
        ranges: Between which ends each free parameter was looked for, a dict of pairs.
        units: In which unit each free parameter is counted on the line, a dict like `group`.
    """

    params: dict[str, Float[np.ndarray, "n_subjects"]]
    group: dict[str, float]
    mean: dict[str, float]
    mean_errors: dict[str, float]
    spread: dict[str, float]
    correlation: Float[np.ndarray, "n_free n_free"]
    covariance: Float[np.ndarray, "n_subjects n_free n_free"]
    reliability: dict[str, float]
    log_likelihood: Float[np.ndarray, "n_subjects"]
    log_evidence: Float[np.ndarray, "n_subjects"]
    n_trials: Int[np.ndarray, "n_subjects"]
    n_group: int
    n_iterations: int
    converged: bool
    problem: str
    problems: np.ndarray
    ranges: dict[str, tuple[float, float]]
    units: dict[str, float]

    @property
    def integrated_bic(self) -> float:
        r"""The integrated BIC of Huys et al. (2011), lower is better.

        .. math:: -2 \sum_i \log P(\text{data}_i \mid \text{group}) + n_\text{group} \log n_\text{decisions}

        A person without a number in `log_evidence` plays no part.
        """
        known = np.isfinite(self.log_evidence)
        penalty = self.n_group * np.log(self.n_trials[known].sum())
        return float(penalty - 2 * self.log_evidence[known].sum())

    def summary(self, level: float = 0.95) -> DataFrame:
        """The group, a row per free parameter.

        Args:
            level: The share of the intervals that should hold the true median person, between 0 and 1.

        Returns:
            A pandas table: the median person with its interval, both natural; mean, its error and spread
            on the line; reliability.

        Raises:
            ValueError: If `level` is not between 0 and 1.
        """
        import pandas as pd

        if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
            _checks.fail("level", "a number between 0 and 1", repr(level))
        z = NormalDist().inv_cdf((1 + level) / 2)
        ends = {name: self._natural(name, (-z, z)) for name in self.group}
        columns = {"median_person": self.group}
        columns |= {"lower": {k: x[0] for k, x in ends.items()}, "upper": {k: x[1] for k, x in ends.items()}}
        columns |= {name: getattr(self, name) for name in ("mean", "mean_errors", "spread", "reliability")}
        return pd.DataFrame(columns, index=pd.Index(list(self.group), name="parameter"))

    def _natural(self, name: str, errors: tuple[float, ...]) -> list[float]:
        """Natural values so many standard errors from the group's mean, in order."""
        lower, upper = self.ranges[name]
        kind = _space.kind(lower, upper)
        line = [self.mean[name] + error * self.mean_errors[name] for error in errors]
        return sorted(float(_links.to_natural(kind, x, lower, upper, self.units[name])) for x in line)

    def to_dataframe(self, subjects: Any = None) -> DataFrame:
        """The people, a row for each: estimates, log-likelihood, log-evidence, decisions, problem.

        Args:
            subjects: Labels of the subjects, for the column `subject`. None: numbers from 0.

        Returns:
            A pandas table.

        Raises:
            ValueError: If there is not one label per subject.
        """
        import pandas as pd

        n_subjects = len(self.log_evidence)
        subjects = np.arange(n_subjects) if subjects is None else np.asarray(subjects)
        if subjects.shape != (n_subjects,):
            _checks.fail("subjects", f"{n_subjects} labels", f"shape {subjects.shape}")
        columns = {name: x.astype(float) for name, x in self.params.items()}
        rest = ("log_likelihood", "log_evidence", "n_trials")
        columns |= {name: getattr(self, name) for name in rest} | {"problem": self.problems}
        return pd.DataFrame({"subject": subjects} | columns)


def empirical_bayes(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    *,
    correlations: bool = False,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    fixed: Mapping[str, Numbers] | None = None,
    n_starts: int = 8,
    max_iterations: int = 100,
    tolerance: float = 1e-3,
    progress: bool | None = None,
) -> EmpiricalBayes:
    r"""People and their group by expectation maximisation, with Laplace's approximation for each person.

    .. math::
        \hat\phi_i = \arg\max_\phi\; \log P(\text{data}_i \mid \phi) + \log N(\phi; m, S), \qquad
        m = \frac1n \sum_i \hat\phi_i, \qquad
        S = \frac1n \sum_i \left(\hat\phi_i \hat\phi_i^\top + C_i\right) - m m^\top

    People's parameters are normal on the line: the probit of a parameter with two bounds, the logarithm of
    one with one bound, the parameter itself otherwise. :math:`C_i` is the inverse of the curvature at
    person i's mode. The two halves take turns until the group stands still; a turn goes on from the mean
    and the variance above to where they lead, by Fisher's scoring. Then everybody's mode is looked for
    from all over the group once more, and if one finds a higher one, the turns go on.

    The group has no prior: its mean and spread are those that make the data most probable, as far as
    Laplace's approximation goes. With few trials a person, or few people, that leaves spreads too small
    and says nothing of their uncertainty; `sample` does.

    Args:
        key: One random key, for the starts.
        model: The model, from a builder in `models` or your own.
        trials: What the subjects did and what came of it, at least two of whom have scored trials.
        correlations: Whether the parameters of people may be correlated; otherwise S is diagonal.
        ranges: None, or a dict from names to pairs of ends, within the parameter's own. A parameter with
            two ends
            goes by its probit: with `(0, 5)` for an inverse temperature people are as in hBayesDM.
        fixed: Parameters that are not estimated, as in `fit`.
        n_starts: From how many draws of the group each person's mode is looked for, at first and at the
            end; at
            least 1. Between, it is followed.
        max_iterations: How many turns there may be, at least 1.
        tolerance: The turns end when another one promises to raise the log-evidence of all by less than this.
        progress: Whether to show a progress bar. None: after ten seconds.

    Returns:
        An `EmpiricalBayes`. What went wrong is in its `problem` and, by person, in `problems`. A person
        without scored trials gets the median person's values.

    Raises:
        ValueError: If the key is no key; `trials` is no `Trials`, has not the model's actions, or fewer
            than two
            people with scored trials; `ranges` are not within those of the model's parameters; all
            parameters are fixed, or to values that they may not have; or an option is not as said above.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true, outcomes = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 100
        >>> trace = bm.simulate(jax.random.key(0), model, true, outcomes)
        >>> found = bm.empirical_bayes(jax.random.key(1), model, bm.Trials(trace.choices, outcomes))
        >>> found.converged, found.params["alpha"].shape, sorted(found.group)
        (True, (3,), ['alpha', 'temperature'])

    Source:
        Huys et al. (2011), doi 10.1371/journal.pcbi.1002028; errors of the means: Louis (1982),
        doi 10.1111/j.2517-6161.1982.tb01203.x.
    """
    key = _checks.random_key("key", key)
    task = _em.task_of(model, trials, ranges, fixed)
    if not isinstance(correlations, bool):
        _checks.fail("correlations", "True or False", repr(correlations))
    n_starts = _checks.size("n_starts", n_starts, minimum=1)
    max_iterations = _checks.size("max_iterations", max_iterations, minimum=1)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < 1:
        _checks.fail("tolerance", "a number between 0 and 1", repr(tolerance))
    counts = count_trials(task.trials)
    if (counts[0] > 0).sum() < 2:
        expected = "at least 2 people with scored trials, or there is no group"
        _checks.fail("trials", expected, f"{(counts[0] > 0).sum()}")
    with ThreadPoolExecutor(_search.n_threads(task)) as threads:
        search = _Search(key, task, counts[0] > 0, correlations, n_starts, max_iterations, tolerance, threads)
        with _em.bar(progress, "empirical Bayes") as shown:
            turns = search.until_all_agree(shown.update)
    return _described(task, turns, counts, correlations, tolerance)


class _Search(NamedTuple):
    """What the turns need."""

    key: Any
    task: _search.Task
    counted: np.ndarray
    correlations: bool
    n_starts: int
    max_iterations: int
    tolerance: float
    threads: ThreadPoolExecutor

    def until_all_agree(self, tick: Any) -> _em.Turns:
        """Turns until the group stands still and nobody has a higher mode elsewhere."""
        group = _em.first_group(self.task)
        people, n = self._all_over(group), 0
        group = _em.pooled(people, self._weights(people), self.correlations)
        looks = 0
        while True:
            turns = self._turns(group, people, self.max_iterations - n, tick)
            n, looks = n + turns.n, looks + 1
            elsewhere = self._all_over(turns.group)
            higher = elsewhere.height > turns.modes.height + HIGHER
            if looks > LOOKS or n >= self.max_iterations or not higher.any():
                return turns._replace(n=n)
            group = turns.group
            line = np.where(higher[:, None], elsewhere.line, turns.modes.line)
            people = turns.modes._replace(line=line)

    def _all_over(self, group):
        return _laplace.best_of_many(self.key, self.task, group, self.n_starts, self.threads)

    def _turns(self, group, people, max_turns, tick):
        """Turns from here, each person's mode followed from where it was."""
        line = people.line

        def follow(group):
            nonlocal line
            found = _laplace.modes(self.task, group, line, self.threads)
            line = found.line
            tick()
            return found

        def turn(group, people, share):
            weights = self._weights(people)
            new, promise = _em.stepped(group, people, weights, self.correlations, share)
            return new, promise, _em.pooled(people, weights, self.correlations)

        return _em.until_still(follow, turn, group, tolerance=self.tolerance, max_turns=max_turns)

    def _weights(self, people):
        """One for each person of whom anything is known."""
        usable = self.counted & np.isfinite(people.log_evidence)
        if usable.sum() < 2:
            expected = "numbers for the log-probabilities of at least 2 people's responses"
            _checks.fail("trials", expected, f"{usable.sum()}")
        return usable.astype(float)


def _described(task, turns, counts, correlations, tolerance) -> EmpiricalBayes:
    """What is reported of a group and its people."""
    (group, modes, *_), names = turns, [axis.name for axis in task.space.axes]
    (n_scored, n_trials), n = counts, len(names)
    named = lambda numbers: dict(zip(names, np.asarray(numbers, float).tolist(), strict=True))  # noqa: E731
    known = np.isfinite(modes.log_evidence)
    blank = lambda a: np.where(known.reshape(-1, *[1] * (a.ndim - 1)), a, np.nan)  # noqa: E731
    natural = _laplace.natural(task, modes.line)
    found = {name: blank(x) for name, x in natural.items()} | task.fixed
    usable = known & (n_scored > 0)
    told = 1 - np.einsum("sjj->sj", modes.covariance[usable]).mean(axis=0) / group.spread**2
    problems = _problems(modes, n_scored)
    return EmpiricalBayes(
        params={parameter.name: found[parameter.name] for parameter in task.model.parameters},
        group={name: float(x) for name, x in _laplace.natural(task, group.mean).items()},
        mean=named(group.mean),
        mean_errors=named(_errors(group, modes.covariance[usable])),
        spread=named(group.spread),
        correlation=group.covariance / np.outer(group.spread, group.spread),
        covariance=blank(modes.covariance),
        reliability=named(told),
        log_likelihood=modes.log_likelihood,
        log_evidence=modes.log_evidence,
        n_trials=n_trials,
        n_group=n + (n * (n + 1) // 2 if correlations else n),
        n_iterations=turns.n,
        converged=turns.promise < tolerance,
        problem=_problem(turns, tolerance, named(told), problems),
        problems=problems,
        ranges={axis.name: axis.ends for axis in task.space.axes},
        units=named(task.space.place.scale[:, 0]),
    )


def _errors(group: _laplace.Group, covariance: np.ndarray) -> np.ndarray:
    """The errors of the means: what n people would say less what is left open of them (Louis 1982)."""
    precision = np.linalg.inv(group.covariance)
    information = len(covariance) * precision - precision @ covariance.sum(axis=0) @ precision
    sizes, axes = np.linalg.eigh(information)
    sizes = np.where(sizes > 0, sizes, np.nan)
    return np.sqrt(np.einsum("jk,k,jk->j", axes, 1 / sizes, axes))


def _problems(modes: _laplace.Modes, n_scored: np.ndarray) -> np.ndarray:
    """What went wrong with each person."""
    said = [
        (n_scored == 0, "no scored trial: the median person's values"),
        (~np.isfinite(modes.log_evidence), "the log-probability is not a number"),
        (~modes.settled, "the mode was not reached"),
        (~modes.regular, "the curvature is not that of a maximum"),
    ]
    return np.array(["; ".join(words for which, words in said if which[i]) for i in range(len(n_scored))])


def _problem(turns: _em.Turns, tolerance: float, told: dict[str, float], problems: np.ndarray) -> str:
    """What went wrong with the whole."""
    moved = f"not converged: after {turns.n} turns another one promises {turns.promise:.2g} of log-evidence"
    alike = [name for name, x in told.items() if x < TOLD_APART]
    n_problems = np.count_nonzero(problems != "")
    reasons = [
        *([moved] if turns.promise >= tolerance else []),
        *([f"people cannot be told apart in {', '.join(alike)}"] if alike else []),
        *([f"{n_problems} of {len(problems)} people with problems of their own"] if n_problems else []),
    ]
    return "; ".join(reasons)
