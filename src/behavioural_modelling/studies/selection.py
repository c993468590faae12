r"""Random-effects model selection: how many people are of which model, and do two groups differ in that?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from .._dirichlet import exceedance
from ._log_evidence import checked_evidence, checked_groups

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["GroupDifference", "ModelSelection", "compare_groups", "select_models"]

SMALL = 1e-9
"""A change of the Dirichlet's numbers that ends the iterations."""

TURNS = 5_000
"""The most pairs of iterations."""

POINTS = 4001
"""Points of the integral over the frequency in one group."""


class ModelSelection(NamedTuple):
    """What random-effects model selection found. Arrays are NumPy's, in the order of `names`.

    Attributes:
        names: The names of the models.
        alpha: The Dirichlet distribution of the frequencies: 1 plus the expected number of subjects of each
            model, shape (n_models,).
        frequencies: The expected share of people of each model, shape (n_models,).
        exceedance: The probability that a model is the most frequent, if frequencies differ, shape
            (n_models,).
        protected_exceedance: The same, whether or not they differ, shape (n_models,).
        omnibus_risk: The probability that all models are equally frequent (the Bayesian omnibus risk).
        responsibilities: The probability that a subject is of a model, shape (n_subjects, n_models).
        free_energy: About the log-probability of all data if frequencies differ; a lower bound.
        null_log_evidence: The log-probability of all data if all models are equally frequent.
        converged: Whether the iterations came to rest.
    """

    names: tuple[str, ...]
    alpha: Float[np.ndarray, "n_models"]
    frequencies: Float[np.ndarray, "n_models"]
    exceedance: Float[np.ndarray, "n_models"]
    protected_exceedance: Float[np.ndarray, "n_models"]
    omnibus_risk: float
    responsibilities: Float[np.ndarray, "n_subjects n_models"]
    free_energy: float
    null_log_evidence: float
    converged: bool

    def to_dataframe(self) -> DataFrame:
        """One row per model.

        Returns:
            A pandas table with the columns alpha, frequency, exceedance and protected_exceedance.
        """
        import pandas as pd

        columns = {
            "alpha": self.alpha,
            "frequency": self.frequencies,
            "exceedance": self.exceedance,
            "protected_exceedance": self.protected_exceedance,
        }
        return pd.DataFrame(columns, index=pd.Index(self.names, name="model"))


class GroupDifference(NamedTuple):
    """Whether two groups differ in how many people are of which model.

    Attributes:
        groups: The labels of the two groups, as they come first.
        p_differ: The probability that frequencies differ, if both were as likely beforehand.
        log_bayes_factor: The log of how much likelier the data are if they differ.
        higher: For each model the probability that its frequency is higher in the first group, if they
            differ, shape (n_models,).
        first: The selection in the first group.
        second: The selection in the second group.
        pooled: The selection in all subjects.
    """

    groups: tuple[Any, Any]
    p_differ: float
    log_bayes_factor: float
    higher: Float[np.ndarray, "n_models"]
    first: ModelSelection
    second: ModelSelection
    pooled: ModelSelection

    def to_dataframe(self) -> DataFrame:
        """One row per model.

        Returns:
            A pandas table with the expected frequencies in the two groups, in columns such as
            `frequency_patients`, and the column `higher`.
        """
        import pandas as pd

        found = zip(self.groups, (self.first, self.second), strict=True)
        columns = {f"frequency_{label}": selection.frequencies for label, selection in found}
        return pd.DataFrame(columns | {"higher": self.higher}, pd.Index(self.first.names, name="model"))


def select_models(log_evidence: Any, *, names: Sequence[str] | None = None) -> ModelSelection:
    r"""Random-effects model selection: every person is of one model, and people may be of different ones.

    .. math::
        r \sim \text{Dirichlet}(1, \dots, 1), \qquad P(m_i = k \mid r) = r_k, \qquad
        \log p(y_i \mid m_i = k) = \text{log\_evidence}_{ik}

    Solved by variational Bayes, :math:`\alpha_k = 1 + \sum_i g_{ik}` with
    :math:`g_{ik} \propto e^{\text{log\_evidence}_{ik} + \psi(\alpha_k)}`. Exceedance probabilities are
    integrals, not draws, so the same evidences give the same numbers.

    The protected one, :math:`(1 - \text{risk})\,\text{exceedance} + \text{risk} / n_\text{models}`, takes
    into account that the models may be equally frequent. It is no better than the evidences: where each
    subject was fitted apart, with priors that do not suit them, the wrong model can come out ahead.

    Args:
        log_evidence: The log evidence of each subject under each model: shape (n_subjects, n_models); or a
            dict from names to arrays of shape (n_subjects,), or to what `log_evidence` gave; or a pandas
            table with a column per model. At least two models.
        names: The names of the models, where `log_evidence` has none. None: numbers from 0.

    Returns:
        A `ModelSelection`.

    Raises:
        ValueError: If log evidences are not finite numbers or of fewer than two models, subjects differ in
            number, or `names` are not one per model.

    Example:
        >>> found = select_models([[0.0, -3.0]] * 7 + [[-3.0, 0.0]] * 3)
        >>> found.alpha.round(3).tolist(), found.protected_exceedance.round(3).tolist()
        ([8.157, 3.843], [0.675, 0.325])

    Source:
        Stephan et al. (2009), doi 10.1016/j.neuroimage.2009.03.025; for the protected exceedance Rigoux et
        al.
        (2014), doi 10.1016/j.neuroimage.2013.08.065.
    """
    return _selected(*checked_evidence(log_evidence, names))


def compare_groups(log_evidence: Any, groups: Any, *, names: Sequence[str] | None = None) -> GroupDifference:
    r"""Whether two groups differ in how many people are of which model.

    .. math::
        P(\text{differ}) = \frac{1}{1 + e^{F_\text{pooled} - F_\text{first} - F_\text{second}}}

    :math:`F` is the free energy of `select_models`: in all subjects together, as if there were one set of
    frequencies, against each group with its own.

    Args:
        log_evidence: As in `select_models`.
        groups: The group of each subject, one label per subject, of two in all.
        names: As in `select_models`.

    Returns:
        A `GroupDifference`.

    Raises:
        ValueError: As in `select_models`; or if `groups` is not one label per subject, of exactly two groups.

    Example:
        >>> evidence = [[0.0, -5.0]] * 10 + [[-5.0, 0.0]] * 10
        >>> found = compare_groups(evidence, ["patient"] * 10 + ["control"] * 10)
        >>> found.p_differ > 0.99, found.higher.round(2).tolist()
        (True, [1.0, 0.0])

    Source:
        Rigoux et al. (2014), doi 10.1016/j.neuroimage.2013.08.065.
    """
    evidence, models = checked_evidence(log_evidence, names)
    labels, which = checked_groups(groups, len(evidence))
    first, second, pooled = (
        _selected(evidence[some], models) for some in (which == 0, which == 1, which < 2)
    )
    gain = first.free_energy + second.free_energy - pooled.free_energy
    higher = _higher(first.alpha, second.alpha)
    return GroupDifference(labels, _share(gain), gain, higher, first, second, pooled)


def _selected(evidence: Float[np.ndarray, "n_subjects n_models"], names: tuple[str, ...]) -> ModelSelection:
    """The selection, from evidences whose largest of each subject is 0; what was taken off is put back."""
    top, n_models = evidence.max(axis=1, keepdims=True), evidence.shape[1]
    relative = evidence - top
    alpha, shares, converged = _iterated(relative)
    gain, offset = _free_energy(relative, alpha, shares), float(top.sum())
    null = float(np.logaddexp.reduce(relative, axis=1).sum() - len(evidence) * np.log(n_models))
    risk, largest = _share(null - gain), exceedance(alpha)
    protected = (1 - risk) * largest + risk / n_models
    found = alpha, alpha / alpha.sum(), largest, protected, risk, shares
    return ModelSelection(names, *found, gain + offset, null + offset, converged)


def _iterated(relative: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """The Dirichlet's numbers and each subject's probabilities, turn by turn until they stay."""
    alpha, small = np.ones(relative.shape[1]), SMALL * len(relative)
    converged, turns = False, 0
    while not converged and turns < TURNS:
        first = 1 + _shares(relative, alpha).sum(axis=0)
        second = 1 + _shares(relative, first).sum(axis=0)
        converged, turns = bool(np.abs(second - first).max() < small), turns + 1
        alpha = second if converged else _jumped(alpha, first, second)
    shares = _shares(relative, alpha)
    return 1 + shares.sum(axis=0), shares, converged


def _shares(relative: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """How probable each subject is of each model."""
    from scipy.special import digamma, softmax

    return softmax(relative + digamma(alpha), axis=1)


def _jumped(start: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where two turns seem to lead to, if each goes the same share of the way (SQUAREM).

    Where people are many and hardly tell the models apart, turns alone would take tens of thousands.
    """
    move, bend = first - start, second - 2 * first + start
    length = np.linalg.norm(move) / max(float(np.linalg.norm(bend)), 1e-300)
    jumped = start + 2 * length * move + length**2 * bend
    return jumped if length > 1 and (jumped >= 1).all() else second


def _free_energy(relative: np.ndarray, alpha: np.ndarray, shares: np.ndarray) -> float:
    """The lower bound of the log-probability of the data that the iterations climb."""
    from scipy.special import digamma, entr, gammaln

    log_r = digamma(alpha) - digamma(alpha.sum())
    expected = (shares * (relative + log_r)).sum() + gammaln(len(alpha))
    entropy = entr(shares).sum() + gammaln(alpha).sum() - gammaln(alpha.sum()) - ((alpha - 1) * log_r).sum()
    return float(expected + entropy)


def _share(log_odds: float) -> float:
    """A probability from the logarithm of its odds."""
    from scipy.special import expit

    return float(expit(log_odds))


def _higher(one: np.ndarray, other: np.ndarray) -> Float[np.ndarray, "n_models"]:
    """The probability of a higher frequency in one group: the mean of the other's distribution function."""
    from scipy.special import betainc, betaincinv

    middle = (np.arange(POINTS)[:, None] + 0.5) / POINTS
    share = betaincinv(one, one.sum() - one, middle)
    return betainc(other, other.sum() - other, share).mean(axis=0)
