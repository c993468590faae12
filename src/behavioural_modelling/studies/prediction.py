r"""Predictive checks: what people would do if the model were true, beside what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Key

from .. import _checks, _door, _parameters
from .._types import Numbers
from ..fitting import Fit
from ..models import Model
from ..posteriors import Posterior, _crowds, new_people
from ..tasks import Schedule, Task, from_trials
from ..trials import Trials
from . import _beforehand, _replications, _synthetic

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Prediction", "posterior_predictive", "prior_predictive"]

POINTS = (
    "made from point estimates: what they leave open is not in the predictions, whose spread is too small"
)


class Prediction(NamedTuple):
    """Statistics of what people did, and of what simulated people did.

    Attributes:
        observed: Of the data: a dict from the names of the statistics to arrays of shape (n_subjects,) or
            (n_subjects, n_parts). Empty where there are no data.
        replicated: Of the simulated people of each draw: a dict of arrays of shape (n_draws, n_subjects) or
            (n_draws, n_subjects, n_parts).
        note: What to bear in mind, in words. An empty string: nothing.
    """

    observed: dict[str, np.ndarray]
    replicated: dict[str, np.ndarray]
    note: str

    def p_values(self, by: str = "group") -> dict[str, np.ndarray]:
        """How seldom simulated people are as far out as the data: posterior predictive p-values, two-sided.

        The smaller of the shares of draws that are at most and at least what was observed, doubled. They are
        no p-values of a test: where the model is true they are closer to the middle than evenly spread.

        Args:
            by: "group": of the mean over subjects. "subject": of each subject.

        Returns:
            A dict from names to arrays: with "group" one number per part of the statistic, with "subject" of
            the shape of the observed. NaN where nothing can be compared.

        Raises:
            ValueError: If `by` is neither.
        """
        if by not in ("group", "subject"):
            _checks.fail("by", "'group' or 'subject'", repr(by))
        level = _replications.over_people if by == "group" else lambda x, axis: x
        return {
            name: _two_sided(level(x, 0), level(self.replicated[name], 1))
            for name, x in self.observed.items()
        }

    def summary(self, level: float = 0.95) -> DataFrame:
        """One row per part of each statistic: the mean over subjects.

        Args:
            level: Which share of the draws is between the columns `lower` and `upper`.

        Returns:
            A pandas table with the columns statistic, part, observed, median, lower, upper and p.

        Raises:
            ValueError: If `level` is not between 0 and 1.
        """
        import pandas as pd

        if not isinstance(level, (int, float)) or not 0 < level < 1:
            _checks.fail("level", "a number between 0 and 1", repr(level))
        rows, p_values = [], self.p_values()
        for name, x in self.replicated.items():
            by_draw = np.reshape(_replications.over_people(x, 1), (len(x), -1))
            nothing = np.full(by_draw.shape[1], np.nan)
            seen = np.ravel(_replications.over_people(self.observed[name], 0)) if self.observed else nothing
            p = np.ravel(p_values[name]) if self.observed else nothing
            ends = _replications.quantiles(by_draw, [0.5, (1 - level) / 2, (1 + level) / 2])
            rows += [(name, k, seen[k], *ends[:, k], p[k]) for k in range(len(seen))]
        return pd.DataFrame(rows, columns=["statistic", "part", "observed", "median", "lower", "upper", "p"])

    def to_dataframe(self) -> DataFrame:
        """One row per draw, subject and part of a statistic.

        Returns:
            A pandas table with the columns source ("observed" or "replicated"), draw (-1 for the observed),
            subject, statistic, part and value.
        """
        import pandas as pd

        tables = [_tidy("observed", name, x[None], -1) for name, x in self.observed.items()]
        tables += [_tidy("replicated", name, x, 0) for name, x in self.replicated.items()]
        return pd.concat([pd.DataFrame(table) for table in tables], ignore_index=True)


def posterior_predictive(
    key: Key[Array, ""],
    posterior: Posterior | Fit | Mapping[str, Numbers],
    statistics: Mapping[str, Callable[[Trials], Any]],
    *,
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task | None = None,
    n_draws: int = 100,
    people: str = "same",
    model: Model | None = None,
    trials: Trials | None = None,
) -> Prediction:
    r"""Let the people of a posterior do the task anew, and compare statistics of it with those of the data.

    .. math::
        y^\text{rep} \sim p(y \mid \theta), \qquad \theta \sim p(\theta \mid y)

    For each of `n_draws` draws every subject plays the subject's own trials: the same outcomes, offers,
    missed trials, resets and inputs. A model may fit better than others and still not do what people do; here
    it shows.

    Args:
        key: One random key. All simulated people have random numbers of their own.
        posterior: A `Posterior`. Or point estimates, a `Fit` or a dict as `simulate` takes it; these ignore
            how uncertain they are, and the result says so.
        statistics: What to compare, a dict from names to functions. Each takes `Trials` and gives numbers by
            subject, shape (n_subjects,) or (n_subjects, n_parts): those in `signatures`, or the reader's own.
            The subjects of all draws come in one call, draw by draw.
        outcomes: What is played: outcomes of each action as in `simulate`, with the offers and so on of the
            data; a `Schedule`; or a `Task` that reacts. None: the outcomes of the data, where each action's
            is known.
        n_draws: How many draws of the posterior, picked at random; of point estimates how many replications.
        people: "same": the people of the data. "new": people from the group who are new, with the same
            covariates; they show whether the group is described.
        model: The model, where `posterior` is no `Posterior`.
        trials: What people did, likewise.

    Returns:
        A `Prediction`. `plotting.plot_predictive` draws it.

    Raises:
        ValueError: If the key is no key; `statistics` is no dict of functions, or one gives no numbers by
            subject; outcomes are needed or do not fit; `people` is neither, or there is no group for new
            ones; there are not so many draws; or `model` and `trials` are missing, or there twice.

    Example:
        >>> import behavioural_modelling as bm
        >>> model, outcomes = bm.models.rescorla_wagner(n_actions=2), [[1.0, 0.0], [0.0, 1.0]] * 40
        >>> params = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.2}
        >>> trace = bm.simulate(jax.random.key(0), model, params, outcomes)
        >>> data, statistics = bm.Trials(trace.choices, outcomes), {"repeat": bm.signatures.repeat_rate}
        >>> check = posterior_predictive(jax.random.key(1), params, statistics, model=model, trials=data)
        >>> check.replicated["repeat"].shape
        (100, 3)

    Source:
        Gelman, Meng & Stern (1996), Statistica Sinica 6, 733-807.
        Palminteri, Wyart & Koechlin (2017), doi 10.1016/j.tics.2017.03.011.
    """
    key, statistics = _checks.random_key("key", key), _replications.checked(statistics)
    n_draws = _checks.size("n_draws", n_draws, minimum=1)
    if people not in ("same", "new"):
        _checks.fail("people", "'same' or 'new'", repr(people))
    model, trials = _whose(posterior, model, trials)
    key_draws, key_play = jax.random.split(key)
    params = _params(key_draws, posterior, people, n_draws, model, trials)
    task = _task(outcomes, trials)
    observed = {name: _replications.computed(name, f, trials) for name, f in statistics.items()}
    found = _replications.replicated(key_play, model, params, task, statistics)
    for name, x in found.items():
        if x.shape[1:] != observed[name].shape:
            received = f"shapes {observed[name].shape} and {x.shape[1:]}"
            _checks.fail(f"statistics[{name!r}]", "the same shape for data and simulations", received)
    return Prediction(observed, found, "" if isinstance(posterior, Posterior) else POINTS)


def prior_predictive(
    key: Key[Array, ""],
    model: Model,
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    statistics: Mapping[str, Callable[[Trials], Any]],
    *,
    priors: Mapping[str, Any] | None = None,
    hierarchical: bool = True,
    n_draws: int = 100,
    n_subjects: int | None = None,
    available: Numbers | None = None,
    reset: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
) -> Prediction:
    r"""What priors say about behaviour: people drawn from them, at work in a task.

    Learning rates and temperatures are hard to have an opinion on; how often people repeat a choice is not.
    If the priors hold people possible whom nobody has met, or hold none possible whom everybody has, change
    them.

    Args:
        key: One random key.
        model: The model.
        outcomes: As in `simulate`, a task included.
        statistics: As in `posterior_predictive`.
        priors: As in `sample`, defaults included.
        hierarchical: As in `sample`: each draw is a group and its people; or each person is a draw of the
            priors.
        n_draws: How many draws.
        n_subjects: How many people each has. None: as many as the task is made for, else 20.
        available: As in `simulate`.
        reset: As in `simulate`.
        inputs: As in `simulate`.

    Returns:
        A `Prediction` without observed statistics.

    Raises:
        ValueError: As in `simulate`, for priors as in `sample`, for statistics as in `posterior_predictive`.

    Example:
        >>> import behavioural_modelling as bm
        >>> model, outcomes = bm.models.rescorla_wagner(n_actions=2), [[1.0, 0.0], [0.0, 1.0]] * 40
        >>> statistics = {"repeat": bm.signatures.repeat_rate}
        >>> prior_predictive(jax.random.key(0), model, outcomes, statistics).replicated["repeat"].shape
        (100, 20)

    Source:
        Gabry et al. (2019), doi 10.1111/rssa.12378.
    """
    key, model = _checks.random_key("key", key), _door.checked(model)
    statistics, n_draws = _replications.checked(statistics), _checks.size("n_draws", n_draws, minimum=1)
    task = _synthetic.task_of(outcomes, available, reset, inputs, model)
    n_subjects = _synthetic.count(n_subjects, task) or 20
    n_subjects = _checks.size("n_subjects", n_subjects, minimum=1)
    key_people, key_play = jax.random.split(key)
    drawn = _beforehand.drawn(key_people, model, task, priors, hierarchical, n_draws, n_subjects)
    return Prediction({}, _replications.replicated(key_play, model, drawn.params, task, statistics), "")


def _whose(posterior: Any, model: Any, trials: Any) -> tuple[Model, Trials]:
    """The model, and what people did."""
    if isinstance(posterior, Posterior):
        for name, x in (("model", model), ("trials", trials)):
            if x is not None:
                _checks.fail(name, "None, as the posterior has it", type(x).__name__)
        return posterior.model, posterior.trials
    if not isinstance(posterior, (Fit, Mapping)):
        _checks.fail("posterior", "a Posterior, a Fit, or a dict of parameters", type(posterior).__name__)
    if not isinstance(trials, Trials):
        expected = "Trials, as point estimates do not hold them"
        _checks.fail("trials", expected, type(trials).__name__)
    return _door.checked(model), trials


def _params(
    key: Array, posterior: Any, people: str, n_draws: int, model: Model, trials: Trials
) -> dict[str, np.ndarray]:
    """The parameters of everybody in each draw, arrays of shape (n_draws, n_subjects)."""
    shape = n_draws, trials.shape[0]
    if people == "new":
        return new_people(key, posterior, n_draws=n_draws)
    if isinstance(posterior, Posterior):
        which = _crowds.picked(key, posterior, n_draws)
        return {name: x.reshape(-1, shape[1])[which] for name, x in posterior.params.items()}
    points = _parameters.checked(posterior.params if isinstance(posterior, Fit) else posterior, model)
    points, _ = _parameters.per_subject(points, {"trials": shape[1]}, trials.outcomes)
    return {name: np.broadcast_to(np.asarray(x), shape) for name, x in points.items()}


def _task(outcomes: Any, trials: Trials) -> Schedule | Task:
    """What is played."""
    if isinstance(outcomes, Schedule) and (outcomes.n_subjects or 1) not in (1, trials.shape[0]):
        _checks.fail("outcomes", f"a Schedule for {trials.shape[0]} subjects", f"{outcomes.n_subjects}")
    return outcomes if isinstance(outcomes, (Schedule, Task)) else from_trials(trials, outcomes)


def _two_sided(observed: np.ndarray, replicated: np.ndarray) -> np.ndarray:
    """How seldom draws, on the first axis, are as far out."""
    known, near = np.isfinite(replicated), np.isclose(replicated, observed, rtol=1e-9, atol=1e-12)
    n = known.sum(axis=0)
    below = ((replicated < observed) | near).sum(axis=0)
    above = ((replicated > observed) | near).sum(axis=0)
    share = np.minimum(1, 2 * np.minimum(below, above) / np.maximum(n, 1))
    return np.where((n > 0) & np.isfinite(observed), share, np.nan)


def _tidy(source: str, name: str, x: np.ndarray, first: int) -> dict[str, Any]:
    """The columns of the tidy table for one statistic, draws on the first axis."""
    x = x[..., None] if x.ndim == 2 else x
    draw, subject, part = (index.ravel() for index in np.indices(x.shape))
    columns = {"source": source, "draw": draw + first, "subject": subject, "statistic": name}
    return columns | {"part": part, "value": x.ravel()}
