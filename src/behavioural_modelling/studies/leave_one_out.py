r"""Leave-one-out: how well a posterior predicts a trial, or a person, that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt64

from .. import _checks
from ..fitting import _digest
from ..posteriors import Posterior
from . import _in_words as words
from . import _new_person, _pointwise, _psis

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Loo", "loo"]

UNITS = ("trial", "subject")

NOISY = 0.3
"""A Monte-Carlo error of one subject's log-probability that is worth a word. `elpd` is the mean over many
draws of the group, and its error is smaller."""

POINTS = 1000
"""So many points for each latent. With 2, 4 and 6 parameters of 20 people the sum of `elpd` was then within
.3 of what 64,000 points gave, and k at most .73 where it was .77 with these."""


class Loo(NamedTuple):
    """How well each point is predicted by a posterior that has not seen it. All arrays are NumPy's.

    Attributes:
        unit: "trial" or "subject": what is left out. The numbers of the two are not comparable.
        elpd: The log-density of each point given all others, shape (n_points,).
        p: How much lower that is than with the point: added up, an effective number of parameters.
        pareto_k: The tail of the importance weights of each point. Above `good_k`, do not rely on `elpd`.
        elpd_waic: WAIC's estimate of the same as `elpd`, shape (n_points,). (-2 times it is often printed.)
        p_waic: WAIC's effective number of parameters.
        good_k: The highest Pareto k with which the draws will do: 1 - 1 / log10(how many), at most 0.7.
        error: The Monte-Carlo error of a point's log-likelihood for a draw of the group, 0 by trial.
        subject: The subject of each point: the row of the trials, or the number of the person.
        trial: The trial of each point, -1 by subject.
        problem: What makes the numbers doubtful, in words. An empty string: nothing.
        digest: A number for each row's trials, by which those of two models are told to be the same.
    """

    unit: str
    elpd: Float[np.ndarray, "n_points"]
    p: Float[np.ndarray, "n_points"]
    pareto_k: Float[np.ndarray, "n_points"]
    elpd_waic: Float[np.ndarray, "n_points"]
    p_waic: Float[np.ndarray, "n_points"]
    good_k: float
    error: Float[np.ndarray, "n_points"]
    subject: np.ndarray
    trial: np.ndarray
    problem: str
    digest: UInt64[np.ndarray, "n_subjects"]

    @property
    def total(self) -> float:
        """The sum of `elpd`."""
        return float(self.elpd.sum())

    @property
    def standard_error(self) -> float:
        """The standard error of the sum over points."""
        return _error_of_sum(self.elpd)

    def to_dataframe(self) -> DataFrame:
        """One row per point.

        Returns:
            A pandas table with the columns subject, trial (where that is the unit), elpd, p, pareto_k,
            elpd_waic, p_waic and error.
        """
        import pandas as pd

        names = ("subject", "trial", "elpd", "p", "pareto_k", "elpd_waic", "p_waic", "error")
        kept = [name for name in names if name != "trial" or self.unit == "trial"]
        return pd.DataFrame({name: getattr(self, name) for name in kept})


def loo(
    posterior: Posterior, unit: str = "trial", *, n_draws: int = 1000, n_points: int | None = None
) -> Loo:
    r"""Leave one out, by Pareto-smoothed importance sampling, and WAIC.

    .. math::
        \text{elpd}_j = \log p(y_j \mid y_{-j}) \approx
        -\log \frac{1}{S} \sum_s \frac{1}{p(y_j \mid \theta_s)}

    with the largest weights smoothed. `pareto_k` says of each point whether the draws are enough for that. If
    not, take more `n_draws`; above 0.7 these seldom help.

    By trial, a point is one decision of a person whose other trials are known: would another choice of these
    people be predicted? The outcome of the trial that is left out is still learned from. By subject, a
    point is all that a person did, and the person is new: are other people predicted? For that the person's
    own parameters are no use, as they were learned from what is left out. They are integrated out,

    .. math:: p(y_i \mid \text{group}_s) = \int p(y_i \mid \theta)\, p(\theta \mid \text{group}_s)\, d\theta

    by importance sampling with even points from the people of all draws of the group, most of them as the
    person's responses would have them; `error` says how exactly. Where conditions change within a person, a
    person is new in all of them. The two units answer two questions, and may prefer different models.

    Args:
        posterior: What `sample` gave; for "subject" with a group.
        unit: "trial" or "subject".
        n_draws: How many draws to use at most, evenly spaced, at least 100.
        n_points: How many values of a person's parameters to look at, for "subject", at least 100. None:
            1,000 for each parameter, and each slope of a condition.

    Returns:
        A `Loo`.

    Raises:
        ValueError: If `posterior` is no `Posterior`, `unit` none of the two, a number is too small, there are
            fewer than 100 draws, or "subject" is asked of a posterior without a group.
        ModuleNotFoundError: If arviz-stats is not installed.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model, task = bm.models.rescorla_wagner(2), bm.tasks.bandit(40, [0.8, 0.2])
        >>> trace = bm.simulate(
        ...     jax.random.key(0), model, {"alpha": [0.2, 0.3, 0.4], "temperature": 0.3}, task
        ... )
        >>> posterior = bm.sample(jax.random.key(1), model, bm.Trials.from_trace(trace))
        >>> bm.loo(posterior).elpd.shape, bm.loo(posterior, "subject").elpd.shape
        ((120,), (3,))

    Source:
        Vehtari, Gelman & Gabry (2017), doi 10.1007/s11222-016-9696-4; `good_k` Vehtari, Simpson, Gelman, Yao
        & Gabry (2024), arXiv 1507.02646; by subject Merkle, Furr & Rabe-Hesketh (2019),
        doi 10.1007/s11336-019-09679-0.
    """
    n_draws = _checks.size("n_draws", n_draws, minimum=100)
    n_points = None if n_points is None else _checks.size("n_points", n_points, minimum=100)
    _check(posterior, unit)
    digest = _digest.digests(posterior.trials)
    if unit == "trial":
        found = _psis.accuracy(_pointwise.by_trial(posterior, n_draws))
        subject, trial = np.nonzero(_pointwise.decisions(posterior.model, posterior.trials))
        error = np.zeros(len(subject))
    else:
        n_points = n_points or POINTS * len(posterior.form.latents)
        log_likelihood, error = _new_person.by_person(posterior, n_draws, n_points)
        found, subject = _psis.accuracy(log_likelihood), np.arange(len(error))
        trial = np.full(len(error), -1)
    problem = _in_words(posterior, unit, found, error)
    return Loo(unit, *found, error, subject, trial, problem, digest)


def _check(posterior: Any, unit: Any) -> None:
    if not isinstance(posterior, Posterior):
        _checks.fail("posterior", "what `sample` returned", type(posterior).__name__)
    if unit not in UNITS:
        _checks.fail("unit", "'trial' or 'subject'", repr(unit))
    n = int(np.prod(posterior.log_likelihood.shape[:2]))
    if n < 100:
        _checks.fail("posterior", "at least 100 draws", n)
    if unit == "subject" and not posterior.form.hierarchical:
        _checks.fail("posterior", "one with a group, for unit='subject'", "one with hierarchical=False")


def _in_words(posterior: Posterior, unit: str, found: _psis.Accuracy, error: np.ndarray) -> str:
    """What makes the numbers doubtful."""
    high, noisy = found.pareto_k > found.good_k, error > NOISY
    reasons = [f"the posterior: {posterior.problem}"] if posterior.problem else []
    if high.any():
        worst = f"the worst {found.pareto_k.max():.2f}"
        have = "has" if high.sum() == 1 else "have"
        of = f"{high.sum():,} of {words.count(len(high), unit)}"
        reasons.append(f"{of} {have} a Pareto k above {found.good_k:.2g}, {worst}")
    if noisy.any():
        of = words.count(int(noisy.sum()), "subject")
        reasons.append(f"the log-likelihood of {of} is off by up to {error.max():.2g}: more n_points")
    return "; ".join(reasons)


def _error_of_sum(x: np.ndarray) -> float:
    """The standard error of a sum of independent numbers; NaN for one."""
    return float(np.sqrt(len(x) * x.var(ddof=1))) if len(x) > 1 else float("nan")
