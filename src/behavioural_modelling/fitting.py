r"""Fitting: the parameters under which a subject's choices are most probable, with or without priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from . import _checks, _estimates, _search
from ._scoring import checked_trials
from .models import Model, _door
from .trials import Trials

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Fit", "fit"]


class Fit(NamedTuple):
    """What `fit` found for each subject. All arrays are NumPy's.

    Where a subject has no scored trial, or no start leads to a number, estimates are NaN.

    Attributes:
        params: The estimates: a dict from names to arrays of shape (n_subjects,), as `log_likelihood`
            takes them.
        log_likelihood: The log-likelihood under them, shape (n_subjects,).
        log_prob: The log-likelihood plus the log-densities of the priors, shape (n_subjects,).
        standard_errors: From the curvature of `log_prob` at its maximum, a dict like `params`. NaN for a
            parameter at a bound or without curvature, which are held fixed for the errors of the others.
        covariance: The same for all pairs of parameters, shape (n_subjects, n_parameters, n_parameters).
        converged: Whether one more step of the search promises less than .001, shape (n_subjects,).
        at_bound: Whether an estimate is at an end of its range, a dict like `params`. For a range without
            an end it means .0001 or 10,000.
        gradient_norm: The length of the slope of `log_prob` where the search ended, per unit of logits
            and logarithms and without parameters at a bound, shape (n_subjects,).
        n_agree: How many starts ended within .01 of the best `log_prob`, shape (n_subjects,).
        start_log_prob: Where each start ended, shape (n_subjects, n_starts).
        n_trials: How many trials were scored, shape (n_subjects,).
        problem: What went wrong, in words, shape (n_subjects,). An empty string: nothing.
    """

    params: dict[str, Float[np.ndarray, "n_subjects"]]
    log_likelihood: Float[np.ndarray, "n_subjects"]
    log_prob: Float[np.ndarray, "n_subjects"]
    standard_errors: dict[str, Float[np.ndarray, "n_subjects"]]
    covariance: Float[np.ndarray, "n_subjects n_parameters n_parameters"]
    converged: Bool[np.ndarray, "n_subjects"]
    at_bound: dict[str, Bool[np.ndarray, "n_subjects"]]
    gradient_norm: Float[np.ndarray, "n_subjects"]
    n_agree: Int[np.ndarray, "n_subjects"]
    start_log_prob: Float[np.ndarray, "n_subjects n_starts"]
    n_trials: Int[np.ndarray, "n_subjects"]
    problem: np.ndarray

    @property
    def aic(self) -> Float[np.ndarray, "n_subjects"]:
        """Akaike's information criterion of each subject, 2 k - 2 log L with k parameters. Less is better."""
        return 2 * len(self.params) - 2 * self.log_likelihood

    @property
    def bic(self) -> Float[np.ndarray, "n_subjects"]:
        """The Bayesian information criterion of each subject: k log n - 2 log L, with n scored trials."""
        n = np.where(self.n_trials > 0, self.n_trials, np.nan)
        return len(self.params) * np.log(n) - 2 * self.log_likelihood

    def to_dataframe(self, subjects: Any = None) -> DataFrame:
        """One row per subject: estimates, standard errors (`se_...`), bounds (`at_bound_...`) and the rest.

        Args:
            subjects: Labels of the subjects, for the column `subject`. None: numbers from 0.

        Returns:
            A pandas table.

        Raises:
            ValueError: If there is not one label per subject.
        """
        import pandas as pd

        n_subjects = len(self.log_likelihood)
        subjects = np.arange(n_subjects) if subjects is None else np.asarray(subjects)
        if subjects.shape != (n_subjects,):
            _checks.fail("subjects", f"{n_subjects} labels", f"shape {subjects.shape}")
        columns = dict(self.params) | {f"se_{name}": x for name, x in self.standard_errors.items()}
        columns |= {f"at_bound_{name}": x for name, x in self.at_bound.items()}
        rest = ("log_likelihood", "log_prob", "aic", "bic", "n_trials", "converged", "n_agree", "problem")
        columns |= {name: getattr(self, name) for name in rest}
        # Of 32 bits, a rounded number would be shown as -23.190001.
        columns = {name: x.astype(float) if x.dtype.kind == "f" else x for name, x in columns.items()}
        return pd.DataFrame({"subject": subjects} | columns)


def fit(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None = None,
    n_starts: int = 8,
    *,
    progress: bool | None = None,
) -> Fit:
    r"""Maximum likelihood, or the maximum a posteriori (MAP), for each subject apart.

    .. math::
        \hat\theta = \arg\max_\theta\; \log P(\text{choices} \mid \theta) + \sum_k \log p_k(\theta_k)

    The second term is there with `priors` only. The mode is that of the natural parameters, the ones that
    `log_likelihood` takes: no Jacobian of a transform is added.

    From every start Newton's method climbs to a maximum, with exact first and second derivatives, on the
    logit of a parameter with two bounds and the logarithm of one with a lower bound. The best of the
    maxima is the estimate. A parameter whose maximum is at a bound is put there.

    Args:
        key: One random key, for the starts. What is drawn for start j of subject i depends on `key`, i
            and j alone.
        model: The model, from a builder in `models` or your own.
        trials: What the subjects did and what came of it.
        priors: None for maximum likelihood. For the MAP a dict from names of parameters to distributions
            of NumPyro; a parameter that it leaves out has a flat prior. `models.default_priors` gives one.
        n_starts: How many starts per subject, at least 1. Each is the best of 16 draws: from the priors
            where there are any. Without, they are even on the logit between two bounds, from .01 to .99 of
            the way, and e^(1.5 z) above a lower bound, with z standard normal.
        progress: Whether to show a progress bar. None: after ten seconds.

    Returns:
        A `Fit`. What went wrong with a subject is in its `problem`; no subject is left out.

    Raises:
        ValueError: If the key is no key, `trials` is no `Trials` or has not the model's actions, a prior
            is for a parameter that is not there or is no distribution of one number, or `n_starts` is no
            whole number of at least 1.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true, outcomes = {"alpha": 0.3, "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 300
        >>> trace = bm.simulate(jax.random.key(0), model, true, outcomes)
        >>> found = bm.fit(jax.random.key(1), model, bm.Trials(trace.choices, outcomes))
        >>> found.converged.tolist(), found.problem.tolist()
        ([True], [''])
    """
    key = _checks.random_key("key", key)
    trials = checked_trials(trials, _door.checked(model))
    _door.check_functions(model, jnp.promote_types(jnp.result_type(trials.outcomes), jnp.float32))
    for name, x in (("key", key), ("trials", trials), ("priors", priors)):
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(x)):
            _checks.fail(name, "arrays with known values (fit compiles itself)", "a tracer")
    priors = _checked_priors(priors, model)
    n_starts = _checks.size("n_starts", n_starts, minimum=1)
    if not model.parameters:
        _checks.fail("model", "a parameter to fit", f"{model.name}, which has none")
    found = _search.from_all_starts(key, model, trials, priors, n_starts, progress)
    return Fit(**_estimates.described(model, trials, priors, found))


def _checked_priors(priors: Any, model: Model) -> dict[str, Any]:
    """Priors of parameters that the model has, each a distribution of one number."""
    if priors is None:
        return {}
    names = [parameter.name for parameter in model.parameters]
    if not isinstance(priors, Mapping):
        _checks.fail("priors", f"None, or a dict with some of {', '.join(names)}", type(priors).__name__)
    for name, prior in priors.items():
        if name not in names:
            _checks.fail("priors", f"some of {', '.join(names)}", f"unknown {name!r}")
        label = f"priors[{name!r}]"
        if isinstance(prior, type) or not all(hasattr(prior, a) for a in ("log_prob", "sample", "support")):
            received = f"the class {prior.__name__}" if isinstance(prior, type) else type(prior).__name__
            _checks.fail(label, "a distribution of NumPyro", received)
        shape = tuple(prior.batch_shape) + tuple(prior.event_shape)
        if shape or prior.is_discrete:
            received = f"shape {shape}" if shape else f"the discrete {type(prior).__name__}"
            _checks.fail(label, "a distribution of one number on a line", received)
    for (name, (lower, upper)), parameter in zip(
        _search.ranges(model, priors), model.parameters, strict=True
    ):
        if not lower < upper:
            expected = f"a distribution over some of [{parameter.lower:g}, {parameter.upper:g}]"
            _checks.fail(f"priors[{name!r}]", expected, f"one from {lower:g}")
    # Whole numbers become floating-point ones, or Beta(2, 2) would be compiled apart from Beta(1.1, 1.1).
    as_float = lambda x: np.asarray(x, jax.dtypes.canonicalize_dtype(float))  # noqa: E731
    return {name: jax.tree.map(as_float, priors[name]) for name in names if name in priors}
