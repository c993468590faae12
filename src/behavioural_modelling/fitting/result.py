r"""What a fit found."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from .. import _checks
from . import _space

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Fit"]


class Fit(NamedTuple):
    """What `fit` found for each subject. All arrays are NumPy's.

    Where a subject has no scored trial, or no start leads to a number, estimates are NaN.

    Attributes:
        params: The estimates: a dict from names to arrays of shape (n_subjects,), as `log_likelihood`
            takes them. Parameters that were held fixed are among them.
        log_likelihood: The log-likelihood under them, shape (n_subjects,).
        log_prob: The log-likelihood plus the log-densities of the priors, shape (n_subjects,).
        standard_errors: From the curvature of `log_prob` at its maximum, a dict like `params`. NaN for a
            parameter that was held fixed, is at a bound, or of which the data say nothing; it is held
            fixed for the errors of the others.
        covariance: The same for all pairs of parameters, shape (n_subjects, n_parameters, n_parameters).
        converged: Whether no small step gains more than .001, shape (n_subjects,).
        at_bound: Whether an estimate is at an end of its range, a dict like `params`.
        gradient_norm: The length of the slope of `log_prob` where the search ended, per unit of logits
            and logarithms and without parameters at a bound, shape (n_subjects,).
        n_agree: How many starts ended within .01 of the best `log_prob`, shape (n_subjects,).
        start_log_prob: Where each start ended, shape (n_subjects, n_starts).
        n_trials: How many decisions there were: scored trials that offered more than one action, or asked for
            a rating, shape (n_subjects,). The others say nothing, whatever the model. Two choices in a trial
            are two rows of the data, and count as two.
        n_parameters: How many parameters were estimated, the same for all, shape (n_subjects,).
        problem: What went wrong, in words, shape (n_subjects,). An empty string: nothing.
        ranges: Between which ends each parameter was looked for, a dict of arrays of shape (n_subjects, 2).
        digest: A number for each subject's trials, shape (n_subjects,): those of two fits are equal where
            the trials are.
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
    n_parameters: Int[np.ndarray, "n_subjects"]
    problem: np.ndarray
    ranges: dict[str, Float[np.ndarray, "n_subjects 2"]]
    digest: UInt64[np.ndarray, "n_subjects"]

    @property
    def aic(self) -> Float[np.ndarray, "n_subjects"]:
        """The Akaike information criterion of each subject, 2 k - 2 log L with k = `n_parameters`."""
        return 2 * self.n_parameters - 2 * self.log_likelihood

    @property
    def bic(self) -> Float[np.ndarray, "n_subjects"]:
        """The Bayesian information criterion of each subject: k log n - 2 log L, with n = `n_trials`.

        That is the number of decisions: of a two-step task twice the number of its trials.
        """
        n = np.where(self.n_trials > 0, self.n_trials, np.nan)
        return self.n_parameters * np.log(n) - 2 * self.log_likelihood

    def intervals(self, level: float = 0.95) -> dict[str, Float[np.ndarray, "n_subjects 2"]]:
        r"""Confidence intervals that stay in the range of a parameter.

        .. math:: g^{-1}\left(g(\hat\theta) \pm z\, \frac{\text{SE}}{g^{-1\prime}}\right)

        :math:`g` is the logit of a parameter with two bounds and the logarithm of one with a lower bound,
        where the log-likelihood is closer to a parabola than over the natural values.

        Args:
            level: The share of such intervals that should hold the true value, between 0 and 1.

        Returns:
            For each parameter the lower and upper ends, shape (n_subjects, 2). NaN where there is no
            standard error.

        Raises:
            ValueError: If `level` is not between 0 and 1.
        """
        if not isinstance(level, (int, float)) or not 0 < level < 1:
            _checks.fail("level", "a number between 0 and 1", repr(level))
        z = NormalDist().inv_cdf((1 + level) / 2)
        return {name: self._interval(name, z) for name in self.params}

    def _interval(self, name: str, z: float) -> Float[np.ndarray, "n_subjects 2"]:
        """The estimate, `z` standard errors down and up, each on the line of the search."""
        (lower, upper), y = self.ranges[name].T.astype(float), self.params[name].astype(float)
        place = (lower, upper, np.ones_like(y))
        kind = _space.kind(lower[0], upper[0])
        known = np.isfinite(self.standard_errors[name])
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = _space.from_natural(kind, y, *place, by=np)
            reach = z * self.standard_errors[name] / np.abs(_space.slope(kind, y, *place))
            ends = [np.asarray(_space.to_natural(kind, middle + side * reach, *place)) for side in (-1, 1)]
        return np.where(known[:, None], np.sort(np.stack(ends, axis=-1), axis=-1), np.nan)

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
