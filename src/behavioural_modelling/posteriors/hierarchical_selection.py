r"""Several models at once: which of them made each person's choices, and the groups that each model's
people form."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from .. import _checks, _dirichlet
from .._types import Numbers
from ..fitting import _search
from ..fitting._estimates import count_trials
from ..models import Model
from ..trials import Trials
from . import _em, _laplace

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["HierarchicalSelection", "hierarchical_model_selection"]

STRENGTH, SHAPE, RATE = 1.0, 0.5, 0.01
"""The prior of a group: its mean counts like one person, its precision is Gamma(.5, .01), which says very
little."""


class HierarchicalSelection(NamedTuple):
    """What `hierarchical_model_selection` found. All arrays are NumPy's; "the line" is as in
    `EmpiricalBayes`.

    Attributes:
        names: The names of the models, which arrays follow.
        frequencies: Which share of the people each model made, shape (n_models,).
        alpha: The parameters of the Dirichlet distribution of these shares, shape (n_models,).
        responsibilities: How probable it is that each model made each person's data, shape (n_subjects,
            n_models).
            NaN for people who are left out.
        exceedance: How probable it is that each model is the most frequent, shape (n_models,).
        protected_exceedance: The same, if it may be that all are as frequent, shape (n_models,).
        omnibus_risk: How probable it is that all are as frequent.
        params: Each person's estimates under each model: by model, then by name, shape (n_subjects,).
        group: The median person of each model, natural values: by model, then by name.
        mean: The mean of each model's people on the line: by model, then by name.
        mean_errors: The errors of these means, as `mean`; of a t distribution with 1 + n_people degrees of
            freedom,
            where n_people is how many the model made.
        spread: How much each model's people differ on the line, as `mean`.
        bound: The lower bound of the log-evidence that was raised.
        n_iterations: How many turns there were.
        converged: Whether everything stood still.
        problem: What went wrong, in words. An empty string: nothing.
    """

    names: tuple[str, ...]
    frequencies: Float[np.ndarray, "n_models"]
    alpha: Float[np.ndarray, "n_models"]
    responsibilities: Float[np.ndarray, "n_subjects n_models"]
    exceedance: Float[np.ndarray, "n_models"]
    protected_exceedance: Float[np.ndarray, "n_models"]
    omnibus_risk: float
    params: dict[str, dict[str, Float[np.ndarray, "n_subjects"]]]
    group: dict[str, dict[str, float]]
    mean: dict[str, dict[str, float]]
    mean_errors: dict[str, dict[str, float]]
    spread: dict[str, dict[str, float]]
    bound: float
    n_iterations: int
    converged: bool
    problem: str

    def to_dataframe(self) -> DataFrame:
        """A row per model: frequency, alpha, exceedance and protected exceedance.

        Returns:
            A pandas table.
        """
        import pandas as pd

        columns = ("frequencies", "alpha", "exceedance", "protected_exceedance")
        return pd.DataFrame(
            {name: getattr(self, name) for name in columns}, pd.Index(self.names, name="model")
        )


class _Belief(NamedTuple):
    """What is believed of one model's group: normal means and gamma precisions, by parameter."""

    mean: np.ndarray
    strength: float
    shape: float
    rate: np.ndarray

    @property
    def group(self) -> _laplace.Group:
        return _laplace.Group(self.mean, np.diag(self.rate / self.shape))


class _State(NamedTuple):
    """Where the turns are: beliefs about each group, people under each, what is responsible for whom."""

    beliefs: list[_Belief]
    modes: list[_laplace.Modes]
    alpha: np.ndarray
    shares: np.ndarray
    bound: float
    n: int
    moved: float


def hierarchical_model_selection(
    key: Key[Array, ""],
    models: Mapping[str, Model],
    trials: Trials,
    *,
    fixed: Mapping[str, Mapping[str, Numbers]] | None = None,
    n_starts: int = 8,
    max_iterations: int = 200,
    tolerance: float = 1e-3,
    progress: bool | None = None,
) -> HierarchicalSelection:
    r"""Hierarchical Bayesian inference: all models and their groups at once, fitted to all people.

    .. math::
        \log r_{ik} = \log P(\text{data}_i \mid \text{group}_k) + E[\log \pi_k]
        + \tfrac{D_k}{2} \left(\psi(\nu_k) - \log \nu_k - \tfrac{1}{\beta_k}\right) + \text{const}_i

    A person counts in a model's group by how responsible the model is for the person, :math:`r_{ik}`. So a
    model is not judged by people whom another one made, nor with a prior that fits nobody. The first term
    is Laplace's approximation under the group's mean and expected precision; the last allows for what is
    not known of these. The turns begin with every model responsible for all. Where people say little of
    which model made them, they may end with all people under one model: look at more than one design
    before believing it. Groups are as in `empirical_bayes`, without correlations, with a weak prior around
    the middle of the line.

    Args:
        key: One random key, for the starts.
        models: A dict from names to at least two models.
        trials: What the subjects did and what came of it.
        fixed: None, or for some names parameters that are not estimated, as in `fit`.
        n_starts: From how many draws of a wide group each person's mode is looked for at first.
        max_iterations: How many turns there may be, at least 1.
        tolerance: The turns end when no responsibility moves by more than this, and no mean by more than this
            times the spread.
        progress: Whether to show a progress bar. None: after ten seconds.

    Returns:
        A `HierarchicalSelection`. People without a scored trial, or without a number under some model, are
        left out.

    Raises:
        ValueError: If `models` is no dict of at least two models, `fixed` is not for them, an option is
            not as said
            above, or as in `empirical_bayes`.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> models = {"learner": bm.models.rescorla_wagner(2), "chance": bm.models.biased_random(2)}
        >>> true, outcomes = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.1}, [[1.0, 0.0], [0.0, 1.0]] * 100
        >>> trace = bm.simulate(jax.random.key(0), models["learner"], true, outcomes)
        >>> trials = bm.Trials(trace.choices, outcomes)
        >>> found = bm.hierarchical_model_selection(jax.random.key(1), models, trials)
        >>> found.names[found.frequencies.argmax()]
        'learner'

    Source:
        Piray et al. (2019), doi 10.1371/journal.pcbi.1007043; protected exceedance: Rigoux et al. (2014),
        doi 10.1016/j.neuroimage.2013.08.065.
    """
    key = _checks.random_key("key", key)
    names = _checked_models(models, fixed)
    tasks = [_em.task_of(models[name], trials, None, (fixed or {}).get(name)) for name in names]
    n_starts = _checks.size("n_starts", n_starts, minimum=1)
    max_iterations = _checks.size("max_iterations", max_iterations, minimum=1)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 < tolerance < 1:
        _checks.fail("tolerance", "a number between 0 and 1", repr(tolerance))
    with ThreadPoolExecutor(min(map(_search.n_threads, tasks))) as threads:
        first = [_em.first_group(task) for task in tasks]
        keys = [jax.random.fold_in(key, place) for place in range(len(names))]
        starts = [
            _laplace.best_of_many(k, t, g, n_starts, threads)
            for k, t, g in zip(keys, tasks, first, strict=True)
        ]
        usable = (count_trials(tasks[0].trials)[0] > 0) & np.isfinite([x.log_evidence for x in starts]).all(
            axis=0
        )
        if usable.sum() < 2:
            expected = "at least 2 people with scored trials and numbers under each model"
            _checks.fail("trials", expected, f"{usable.sum()}")
        with _em.bar(progress, "hierarchical selection") as shown:
            run = partial(
                _until_still, tasks, starts, usable, max_iterations, tolerance, threads, shown.update
            )
            # To begin with every model is as if it were responsible for all, as in the paper's own program.
            end = run(np.repeat(usable[:, None].astype(float), len(names), axis=1))
            null = run(_equal(usable, len(names)), equal=True)
    return _described(names, tasks, usable, end, null, tolerance)


def _checked_models(models: Any, fixed: Any) -> tuple[str, ...]:
    """The names of at least two models."""
    if not isinstance(models, Mapping) or len(models) < 2:
        _checks.fail("models", "a dict from names to at least two models", type(models).__name__)
    if not isinstance(fixed if fixed is not None else {}, Mapping) or set(fixed or {}) - set(models):
        received = ", ".join(map(repr, fixed)) if isinstance(fixed, Mapping) else type(fixed).__name__
        _checks.fail("fixed", f"None, or a dict with some of {', '.join(map(repr, models))}", received)
    return tuple(models)


def _equal(usable: np.ndarray, n_models: int) -> np.ndarray:
    """All models as responsible for everybody."""
    return np.repeat(usable[:, None] / n_models, n_models, axis=1)


def _until_still(
    tasks, starts, usable, max_turns, tolerance, threads, tick, shares, *, equal=False
) -> _State:
    """Turns until nothing moves; with `equal`, all models stay as responsible for everybody."""
    prior = [_em.first_group(task).mean for task in tasks]
    modes, old, n = starts, None, 0
    while True:
        beliefs = [_believed(*each) for each in zip(prior, modes, shares.T, strict=True)]
        alpha, n = 1 + shares.sum(axis=0), n + 1
        modes = [
            _laplace.modes(task, belief.group, mode.line, threads)
            for task, belief, mode in zip(tasks, beliefs, modes, strict=True)
        ]
        new, bound = _responsible(beliefs, modes, alpha, usable, equal)
        bound -= sum(_surprise(*each) for each in zip(beliefs, prior, strict=True))
        moved = (
            np.abs(new - shares).max()
            if old is None
            else max(np.abs(new - shares).max(), _moved(old, beliefs))
        )
        tick()
        if (old is not None and moved < tolerance) or n >= max_turns:
            return _State(beliefs, modes, alpha, new, float(bound), n, float(moved))
        shares, old = new, beliefs


def _believed(prior_mean: np.ndarray, modes: _laplace.Modes, share: np.ndarray) -> _Belief:
    """What some people, each counted by its share, say of a group."""
    total = share.sum()
    counts = share / max(total, 1e-12)
    line = np.where(share[:, None] > 0, modes.line, 0)
    mean = counts @ line
    squares = counts @ np.square(line - mean) + np.einsum("s,sjj->j", counts, modes.covariance)
    strength = STRENGTH + total
    off = STRENGTH * total / strength * np.square(mean - prior_mean)
    return _Belief(
        (STRENGTH * prior_mean + total * mean) / strength,
        strength,
        SHAPE + total / 2,
        RATE + (total * squares + off) / 2,
    )


def _responsible(beliefs, modes, alpha, usable, equal) -> tuple[np.ndarray, float]:
    """How responsible each model is for each person, and the bound before what was believed beforehand is
    counted."""
    from scipy.special import digamma, logsumexp

    allowance = [len(b.mean) / 2 * (digamma(b.shape) - np.log(b.shape) - 1 / b.strength) for b in beliefs]
    told = np.stack([np.where(usable, x.log_evidence, 0) for x in modes], axis=-1) + np.array(allowance)
    if equal:
        shares = _equal(usable, len(beliefs))
        return shares, float((shares * told).sum())
    rho = told + digamma(alpha) - digamma(alpha.sum())
    total = np.asarray(logsumexp(rho, axis=1))
    bound = float(total[usable].sum() - _dirichlet_surprise(alpha))
    return usable[:, None] * np.exp(rho - total[:, None]), bound


def _surprise(belief: _Belief, prior_mean: np.ndarray) -> float:
    """The divergence of what is believed of a group from what was believed beforehand."""
    from scipy.special import digamma, gammaln

    mean, strength, shape, rate = belief
    off = STRENGTH * shape / rate * np.square(mean - prior_mean)
    of_means = (np.log(strength / STRENGTH) + STRENGTH / strength - 1 + off) / 2
    of_precisions = (shape - SHAPE) * digamma(shape) - gammaln(shape) + gammaln(SHAPE)
    of_precisions = of_precisions + SHAPE * np.log(rate / RATE) + shape * (RATE - rate) / rate
    return float((of_means + of_precisions).sum())


def _dirichlet_surprise(alpha: np.ndarray) -> float:
    """The divergence of a Dirichlet distribution from the even one."""
    from scipy.special import digamma, gammaln

    total = alpha.sum()
    logs = (alpha - 1) @ (digamma(alpha) - digamma(total))
    return float(gammaln(total) - gammaln(alpha).sum() - gammaln(len(alpha)) + logs)


def _moved(old: list[_Belief], new: list[_Belief]) -> float:
    """How far means moved, in units of the spread."""
    far = [np.abs(b.mean - a.mean) * np.sqrt(b.shape / b.rate) for a, b in zip(old, new, strict=True)]
    return float(np.concatenate(far).max())


def _described(names, tasks, usable, end: _State, null: _State, tolerance) -> HierarchicalSelection:
    """What is reported."""
    exceedance, n_models = _dirichlet.exceedance(end.alpha), len(names)
    risk = float(1 / (1 + np.exp(np.clip(end.bound - null.bound, -700, 700))))
    shares = np.where(usable[:, None], end.shares, np.nan)
    keys = [[axis.name for axis in task.space.axes] for task in tasks]
    by_model = lambda rows: {  # noqa: E731
        name: dict(zip(k, np.asarray(row, float).tolist(), strict=True))
        for name, k, row in zip(names, keys, rows, strict=True)
    }
    middles = [_laplace.natural(task, belief.mean) for task, belief in zip(tasks, end.beliefs, strict=True)]
    still = [("", end), ("with equal frequencies ", null)]
    stuck = [f"{what}not converged after {x.n} turns" for what, x in still if x.moved >= tolerance]
    left_out = [f"{np.count_nonzero(~usable)} people left out"] if not usable.all() else []
    return HierarchicalSelection(
        names,
        np.nanmean(shares, axis=0),
        end.alpha,
        shares,
        exceedance,
        (1 - risk) * exceedance + risk / n_models,
        risk,
        {
            name: _laplace.natural(task, modes.line) | task.fixed
            for name, task, modes in zip(names, tasks, end.modes, strict=True)
        },
        {name: {k: float(x) for k, x in middle.items()} for name, middle in zip(names, middles, strict=True)},
        by_model([b.mean for b in end.beliefs]),
        by_model([np.sqrt(b.rate / b.shape / b.strength) for b in end.beliefs]),
        by_model([b.group.spread for b in end.beliefs]),
        end.bound,
        end.n,
        not stuck,
        "; ".join(stuck + left_out),
    )
