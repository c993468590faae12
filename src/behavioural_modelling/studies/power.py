r"""Power: how many people and trials a difference between two groups takes, by simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from .. import _checks, _door
from .._types import Numbers
from ..models import Model
from ..tasks import Schedule, Task
from . import _synthetic
from ._studies_of_two import Sizes, Study

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Power", "power"]

METHODS = ("two-step", "hierarchical")


class Power(NamedTuple):
    """How often simulated studies found a difference. A row is a number of people and one of trials.

    Attributes:
        n_subjects: People in each of the two groups, shape (n_rows,).
        n_trials: Trials of each person, shape (n_rows,).
        found: Whether a simulated study found the difference, in its direction, shape (n_rows,
            n_simulations).
        estimate: The estimated difference on the line, shape (n_rows, n_simulations). NaN: no answer.
        found_without: Whether a study found a difference where there was none, like `found`. None: not asked.
        parameter: Which parameter differs.
        difference: By how much, on the line.
        medians: The natural values of the two groups' median persons.
        method: "two-step" or "hierarchical".
        level: Of the interval, or 1 less the significance level of the test.
    """

    n_subjects: Int[np.ndarray, "n_rows"]
    n_trials: Int[np.ndarray, "n_rows"]
    found: Bool[np.ndarray, "n_rows n_simulations"]
    estimate: Float[np.ndarray, "n_rows n_simulations"]
    found_without: Bool[np.ndarray, "n_rows n_simulations"] | None
    parameter: str
    difference: float
    medians: tuple[float, float]
    method: str
    level: float

    @property
    def share(self) -> Float[np.ndarray, "n_rows"]:
        """The power: the share of simulated studies that found the difference."""
        return self.found.mean(axis=1)

    @property
    def error(self) -> Float[np.ndarray, "n_rows"]:
        r"""The Monte-Carlo standard error of `share`; see `to_dataframe`."""
        return _error(self.found)

    def to_dataframe(self) -> DataFrame:
        r"""One row per number of people and of trials.

        The Monte-Carlo errors are those of a share with two successes and two failures added (Agresti & Coull
        1998), so that 0 of 20 is not taken for certain.

        Returns:
            A pandas table with the columns n_subjects (in each group), n_trials, power, error, mean_estimate
            (the mean estimated difference on the line), n_failed (studies without an answer, which count as
            not found) and, where they were asked for, false_positives and their error.
        """
        import pandas as pd

        known = np.isfinite(self.estimate)
        total = np.where(known, self.estimate, 0).sum(axis=1)
        columns = {
            "n_subjects": self.n_subjects,
            "n_trials": self.n_trials,
            "power": self.share,
            "error": self.error,
            "mean_estimate": total / np.where(known.any(axis=1), known.sum(axis=1), np.nan),
            "n_failed": (~known).sum(axis=1),
        }
        if self.found_without is not None:
            columns["false_positives"] = self.found_without.mean(axis=1)
            columns["false_positives_error"] = _error(self.found_without)
        return pd.DataFrame(columns)


def power(
    key: Key[Array, ""],
    model: Model,
    params: Mapping[str, Any],
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    *,
    difference: float,
    parameter: str,
    spread: Mapping[str, float] | None = None,
    n_subjects: Sequence[int] = (10, 20, 40),
    n_trials: Sequence[int] | None = None,
    n_simulations: int = 200,
    method: str = "two-step",
    priors: Mapping[str, Any] | None = None,
    level: float = 0.95,
    false_positives: bool = False,
    n_starts: int = 4,
    progress: bool | None = None,
) -> Power:
    r"""How often studies of two groups find a difference between them, by simulation.

    .. math:: g(\theta_i) = g(\theta) + \sigma z_i \pm \delta / 2, \qquad z_i \sim N(0, 1)

    :math:`g` is the line of `sample`: the probit of a parameter with two bounds, the logarithm of one with a
    lower bound, otherwise the parameter in the unit of the outcomes. The difference :math:`\delta` is on that
    line, as the effect of a covariate in `sample` is: of a logarithm, 0.5 is a factor of 1.65 between the
    groups. What it means in natural values is in the result's `medians`.

    "two-step" fits everybody apart, by the MAP, and compares the estimates of both groups on the line by
    Welch's t-test. The MAP is used since the maximum of the likelihood is often at a bound, where the line
    has no number; an estimate that is at an end of its range all the same is put one ten-thousandth of it
    inside.
    "hierarchical" calls `sample` with the group as a covariate, and asks whether the interval of its effect
    leaves out 0; a posterior that has not converged is no answer. That takes seconds for each study.

    A study has found the difference where the test says so and the estimate has the right sign.
    The rows share their simulated people: a study with fewer is the first of those with more, and one with
    fewer trials the beginning of the one with more.

    Args:
        key: One random key. Study s depends on `key`, s and the largest of `n_subjects`, not on
            `n_simulations`.
        model: The model that simulates and is fitted.
        params: One entry per parameter: a number, the median person's natural value; or a distribution of
            NumPyro that people are drawn from.
        outcomes: As in `simulate`, a task included. Outcomes without an axis of subjects: everybody meets the
            same ones. A task pays each person by chance.
        difference: How far the second group is above the first, on the line.
        parameter: Which parameter differs.
        spread: The standard deviation of people on the line, a dict from names to numbers of at least 0.
            What is left out has none beside what `params` says: people would be all alike.
        n_subjects: How many people in each group, several numbers of at least 2.
        n_trials: How many trials of each person, several numbers up to those of the task. None: all.
        n_simulations: How many studies.
        method: "two-step" or "hierarchical".
        priors: For the estimation, as in `fit` or in `sample`. What is left out has its default; see
            `models.default_priors`.
        level: Of the interval; the test's significance level is 1 less that.
        false_positives: Whether to simulate as many studies without a difference.
        n_starts: As in `fit`, for "two-step".
        progress: As in `fit`.

    Returns:
        A `Power`. `to_dataframe()` gives its table.

    Raises:
        ValueError: As in `simulate` and `fit`; or if `params` are not numbers or distributions, or have
            values at an end of their range; `parameter` or a name in `spread` is none of the model's;
            `outcomes` differ between people; `difference` is no finite number other than 0; or an option is
            not as said above.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model, task = bm.models.rescorla_wagner(2), bm.tasks.bandit(40, [0.8, 0.2])
        >>> median, between = {"alpha": 0.3, "temperature": 0.2}, {"alpha": 0.3, "temperature": 0.3}
        >>> asked = {"difference": 3.0, "parameter": "alpha", "spread": between}
        >>> key = jax.random.key(0)
        >>> found = bm.power(key, model, median, task, **asked, n_subjects=[20], n_simulations=20)
        >>> found.share.shape, bool(found.share[0] > 0.5)
        ((1,), True)

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, on simulating before an experiment. Welch (1947),
        doi 10.1093/biomet/34.1-2.28. Agresti & Coull (1998), doi 10.1080/00031305.1998.10480550.
    """
    key, model = _checks.random_key("key", key), _door.checked(model)
    _check_options(difference, method, level, false_positives)
    names = [one.name for one in model.parameters]
    if parameter not in names:
        _checks.fail("parameter", f"one of {', '.join(names)}", repr(parameter))
    _check_params(params)
    spread = _checked_spread(spread, names)
    task = _synthetic.task_of(outcomes, None, None, None, model)
    if isinstance(task, Schedule) and task.n_subjects is not None:
        _checks.fail(
            "outcomes", "a task, or outcomes that everybody shares", f"those of {task.n_subjects} subjects"
        )
    n_subjects = _sizes("n_subjects", n_subjects, 2, None)
    n_trials = _sizes("n_trials", [task.n_trials] if n_trials is None else n_trials, 1, task.n_trials)
    n_simulations = _checks.size("n_simulations", n_simulations, minimum=1)
    n_starts = _checks.size("n_starts", n_starts, minimum=1)
    sizes = Sizes(n_subjects, n_trials, n_simulations)
    study = Study(
        key, model, params, spread, task, parameter, sizes, method, priors, level, n_starts, progress
    )
    answers, medians = study.of(float(difference))
    without = study.of(0.0)[0].found if false_positives else None
    rows = np.array([(n, t) for t in n_trials for n in n_subjects])
    return Power(
        n_subjects=rows[:, 0],
        n_trials=rows[:, 1],
        found=answers.found & (np.sign(answers.estimate) == np.sign(difference)),
        estimate=answers.estimate,
        found_without=without,
        parameter=parameter,
        difference=float(difference),
        medians=medians,
        method=method,
        level=float(level),
    )


def _check_options(difference: Any, method: Any, level: Any, false_positives: Any) -> None:
    number = isinstance(difference, (int, float)) and not isinstance(difference, bool)
    if not number or not math.isfinite(difference) or difference == 0:
        expected = (
            "a finite number other than 0 (false_positives=True simulates studies without a difference)"
        )
        _checks.fail("difference", expected, repr(difference))
    if method not in METHODS:
        _checks.fail("method", "'two-step' or 'hierarchical'", repr(method))
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    if not isinstance(false_positives, bool):
        _checks.fail("false_positives", "True or False", repr(false_positives))


def _check_params(params: Any) -> None:
    """Numbers or distributions; how many people there are is said elsewhere. Names are checked later."""
    if not isinstance(params, Mapping):
        _checks.fail("params", "a dict of numbers or distributions", type(params).__name__)
    for name, x in params.items():
        if not hasattr(x, "sample") and np.ndim(x):
            _checks.fail(f"params[{name!r}]", "one number, or a distribution", f"shape {np.shape(x)}")


def _checked_spread(spread: Any, names: list[str]) -> dict[str, float]:
    if not isinstance(spread or {}, Mapping):
        _checks.fail("spread", f"None, or a dict with some of {', '.join(names)}", type(spread).__name__)
    for name, x in (spread or {}).items():
        if name not in names:
            _checks.fail("spread", f"some of {', '.join(names)}", f"unknown {name!r}")
        if isinstance(x, bool) or not isinstance(x, (int, float)) or not (math.isfinite(x) and x >= 0):
            _checks.fail(f"spread[{name!r}]", "a number of at least 0", repr(x))
    return dict(spread or {})


def _sizes(name: str, given: Any, least: int, most: int | None) -> tuple[int, ...]:
    """Several whole numbers."""
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, str) or not len(given):
        _checks.fail(name, "several whole numbers, such as [20, 40]", repr(given))
    found = tuple(_checks.size(name, n, minimum=least) for n in given)
    if most is not None and max(found) > most:
        _checks.fail(name, f"at most {most} trials, as the task has", max(found))
    return found


def _error(found: np.ndarray) -> np.ndarray:
    """The standard error of a share."""
    n = found.shape[1] + 4
    share = (found.sum(axis=1) + 2) / n
    return np.sqrt(share * (1 - share) / n)
