r"""Parameter recovery: can a fit find the parameters that choices were simulated with?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from .. import _checks, _door
from .._types import Numbers
from ..fitting import Fit, fit
from ..models import Model
from ..tasks import Schedule, Task
from . import _synthetic

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Recovery", "recovery"]


class Recovery(NamedTuple):
    """The parameters of made-up subjects, and what the fit found.

    Attributes:
        true: The parameters that were simulated with: a dict from names to arrays of shape (n_subjects,).
        fit: The fit to the simulated choices.
    """

    true: dict[str, Float[np.ndarray, "n_subjects"]]
    fit: Fit

    def to_dataframe(self) -> DataFrame:
        """One row per subject and parameter.

        Returns:
            A pandas table with the columns subject, parameter, true, estimate, standard_error, at_bound,
            converged and problem.
        """
        import pandas as pd

        tables = [
            pd.DataFrame(
                {
                    "subject": np.arange(len(true)),
                    "parameter": name,
                    "true": true,
                    "estimate": self.fit.params[name],
                    "standard_error": self.fit.standard_errors[name],
                    "at_bound": self.fit.at_bound[name],
                    "converged": self.fit.converged,
                    "problem": self.fit.problem,
                }
            )
            for name, true in self.true.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def summary(self) -> DataFrame:
        """One row per parameter: how well it came back.

        Returns:
            A pandas table. Its index is the parameter; its columns are

            - n: subjects with an estimate; n_failed: subjects without;
            - r: Pearson's correlation of true values and estimates; rank_r: Spearman's, of their ranks;
            - bias: the mean of estimate minus true value; rmse: the root of its mean square;
            - coverage: the share of subjects whose true value is in the 95% interval of `Fit.intervals`, of
              those who have one; n_with_interval: how many those are;
            - n_at_bound: subjects whose estimate is at a bound.

            Extreme estimates carry r, bias and rmse of a parameter without an upper bound; rank_r does not
            mind them.
        """
        import pandas as pd

        rows = {name: self._row(name) for name in self.true}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def _row(self, name: str) -> dict[str, float]:
        true, estimate = (np.asarray(x[name], dtype=float) for x in (self.true, self.fit.params))
        lower, upper = self.fit.intervals()[name].T
        found, known = np.isfinite(estimate), np.isfinite(lower)
        off = (estimate - true)[found]
        inside = ((lower <= true) & (true <= upper))[known]
        return {
            "n": int(found.sum()),
            "n_failed": int((~found).sum()),
            "r": _correlation(true[found], estimate[found]),
            "rank_r": _correlation(_ranks(true[found]), _ranks(estimate[found])),
            "bias": _mean(off),
            "rmse": _mean(off**2) ** 0.5,
            "coverage": _mean(inside),
            "n_with_interval": int(known.sum()),
            "n_at_bound": int(self.fit.at_bound[name].sum()),
        }


def recovery(
    key: Key[Array, ""],
    model: Model,
    params: Mapping[str, Any],
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    *,
    n_subjects: int | None = None,
    available: Numbers | None = None,
    reset: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
    priors: Mapping[str, Any] | None = None,
    n_starts: int = 8,
    fixed: Mapping[str, Numbers] | None = None,
    progress: bool | None = None,
) -> Recovery:
    """Simulate subjects whose parameters are known, fit their choices, and compare.

    Args:
        key: One random key. Subject i's draws depend on `key` and i alone.
        model: The model that simulates and is fitted.
        params: One entry per parameter of the model: a number, one per subject, or a distribution of
            NumPyro to draw one per subject from. They are what recovery depends on most: take values
            that your subjects may have.
        outcomes: As in `simulate`, a task included.
        n_subjects: How many subjects, where nothing else says so.
        available: As in `simulate`.
        reset: As in `simulate`.
        inputs: As in `simulate`.
        priors: As in `fit`.
        n_starts: As in `fit`.
        fixed: As in `fit`: parameters that the fit is told.
        progress: As in `fit`.

    Returns:
        A `Recovery`. `summary()` gives its table, and `plotting.plot_recovery` its figure.

    Raises:
        ValueError: As in `simulate` and `fit`; or if numbers of subjects disagree or nothing says how
            many there are.

    Example:
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true = {"alpha": [0.1, 0.3, 0.5, 0.7], "temperature": 0.2}
        >>> outcomes = [[1.0, 0.0], [0.0, 1.0]] * 200
        >>> summary = bm.recovery(jax.random.key(0), model, true, outcomes).summary()
        >>> summary["n"].tolist(), summary["n_failed"].tolist()
        ([4, 4], [0, 0])

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, rule 5.
    """
    key, model = _checks.random_key("key", key), _door.checked(model)
    key_params, key_choices, key_starts = jax.random.split(key, 3)
    task = _synthetic.task_of(outcomes, available, reset, inputs, model)
    true = _synthetic.subjects(key_params, model, params, _synthetic.count(n_subjects, task))
    trials = _synthetic.trials(key_choices, model, true, task)
    return Recovery(true, fit(key_starts, model, trials, priors, n_starts, fixed, progress=progress))


def _mean(x: np.ndarray) -> float:
    """The mean; NaN, without a warning, where there is nothing to average."""
    return float(np.mean(x)) if len(x) else float("nan")


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation; NaN where one of the two does not vary."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(x: np.ndarray) -> np.ndarray:
    """The rank of each number; equal numbers share the mean of their ranks."""
    _, which, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[which]
