r"""What was drawn from a posterior."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from .. import _checks
from ..models import Model
from ..trials import Trials
from ._pareto import pareto_k
from ._population import Form, Given

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Posterior"]


class Posterior(NamedTuple):
    """Draws from the posterior of people's parameters, and of the group's. All arrays are NumPy's.

    Attributes:
        model: The model.
        trials: What the subjects did.
        params: Natural values by row of the trials: a dict from names to arrays of shape (n_chains, n_draws,
            n_subjects). Parameters that were held fixed are among them.
        group: The natural value of the median person, with all covariates at 0: a dict of arrays of shape
            (n_chains, n_draws). Empty without a group.
        spread: The standard deviation between people on the line, a dict like `group`. A condition's slopes
            have spreads of their own, such as `alpha_drug`.
        effects: For each covariate how far one unit of it moves the parameters, on the line: a dict of
            dicts like `group`. What a covariate between people does to a condition's slope goes by
            `alpha_drug`.
        correlation: Between the latents of a person, a dict like `group` with names such as "alpha,
            temperature".
        log_likelihood: Of each row's responses under its parameters, shape (n_chains, n_draws, n_subjects).
        r_hat: Of each quantity, a dict from kinds ("params", "group", "spread", "effects" with names such as
            `alpha_age`, "correlation") to dicts. About 1, or chains disagree.
        n_effective: How many independent draws the draws are worth, a dict like `r_hat`.
        acceptance: The share of trajectories that each chain accepted, shape (n_chains,).
        own_acceptance: How often each person's own step was taken, shape (n_people,).
        log_weights: How much more probable the posterior finds what was proposed to each person than the
            proposal does, shape (n_chains, n_draws, n_people): see `pareto_k`.
        n_divergent: How many trajectories lost their way, of one per chain and draw.
        converged: Whether every r-hat is at most 1.01, every effective size at least 400 (or what was asked
            for, if less), and at most one trajectory in a thousand lost its way.
        problem: What is wrong and what to do, in words. An empty string: nothing.
        subjects: Who the people are, shape (n_people,).
        form: What is normal on the line, and what it depends on.
        given: Where parameters lie, their priors, and the covariates.
    """

    model: Model
    trials: Trials
    params: dict[str, Float[np.ndarray, "n_chains n_draws n_subjects"]]
    group: dict[str, Float[np.ndarray, "n_chains n_draws"]]
    spread: dict[str, Float[np.ndarray, "n_chains n_draws"]]
    effects: dict[str, dict[str, Float[np.ndarray, "n_chains n_draws"]]]
    correlation: dict[str, Float[np.ndarray, "n_chains n_draws"]]
    log_likelihood: Float[np.ndarray, "n_chains n_draws n_subjects"]
    r_hat: dict[str, dict[str, np.ndarray]]
    n_effective: dict[str, dict[str, np.ndarray]]
    acceptance: Float[np.ndarray, "n_chains"]
    own_acceptance: Float[np.ndarray, "n_people"]
    log_weights: Float[np.ndarray, "n_chains n_draws n_people"]
    n_divergent: int
    converged: bool
    problem: str
    subjects: Any
    form: Form
    given: Given

    @property
    def free(self) -> tuple[str, ...]:
        """The parameters that were learned about."""
        return self.form.names

    def mean(self) -> dict[str, Float[np.ndarray, "n_subjects"]]:
        """The posterior mean of each row's parameters, as `simulate` and `log_likelihood` take them."""
        return {name: x.mean(axis=(0, 1)) for name, x in self.params.items()}

    def interval(self, level: float = 0.95) -> dict[str, Float[np.ndarray, "n_subjects 2"]]:
        """The middle of each row's draws.

        Args:
            level: Which share of the draws is inside, between 0 and 1.

        Returns:
            For each parameter the lower and upper ends, shape (n_subjects, 2).

        Raises:
            ValueError: If `level` is not between 0 and 1.
        """
        ends = _ends(level)
        return {name: np.quantile(x, ends, axis=(0, 1)).T for name, x in self.params.items()}

    def pareto_k(self) -> Float[np.ndarray, "n_people"]:
        """How well each person's own proposals cover the posterior: the shape of the tail of their weights.

        Under .7 they cover it (Vehtari et al. 2024, arXiv 1507.02646). Above, a person's own
        steps may miss something, and only the trajectories find it.

        Returns:
            Shape (n_people,). Minus infinity where all weights are the same.

        Raises:
            ModuleNotFoundError: If arviz-stats is not installed.
        """
        return pareto_k(self.log_weights.reshape(-1, self.log_weights.shape[2]))

    def summary(self, level: float = 0.95, *, people: bool = False) -> DataFrame:
        """One row per quantity.

        Args:
            level: Which share of the draws is between the columns `lower` and `upper`.
            people: Whether to have a row for each parameter of each subject as well. Without a group they are
                always there.

        Returns:
            A pandas table with the columns kind, parameter, subject (empty for the group), mean, sd, lower,
            upper, r_hat and n_effective. Kinds are "median person", "spread", "effect of age" and the like,
            "correlation" and "person".

        Raises:
            ValueError: If `level` is not between 0 and 1.
        """
        import pandas as pd

        ends, rows = _ends(level), []
        for kind, label, table in self._tables(people or not self.form.hierarchical):
            for name, (parameter, x) in table.items():
                found = [self.r_hat[kind][name], self.n_effective[kind][name]]
                rows += _rows(label, parameter, x, ends, found, kind == "params")
        columns = ["kind", "parameter", "subject", "mean", "sd", "lower", "upper", "r_hat", "n_effective"]
        return pd.DataFrame(rows, columns=columns)

    def _tables(self, people: bool) -> list[tuple[str, str, dict[str, tuple[str, np.ndarray]]]]:
        """The draws of each kind by name, each with its parameter; and what the summary calls the kind."""
        plain = lambda table: {name: (name, x) for name, x in table.items()}  # noqa: E731
        tables = [("group", "median person", plain(self.group)), ("spread", "spread", plain(self.spread))]
        for covariate, table in self.effects.items():
            named = {f"{name}_{covariate}": (name, x) for name, x in table.items()}
            tables.append(("effects", f"effect of {covariate}", named))
        tables.append(("correlation", "correlation", plain(self.correlation)))
        learned = {name: self.params[name] for name in self.free}
        return tables + ([("params", "person", plain(learned))] if people else [])

    def to_dataframe(self, *, people: bool = True) -> DataFrame:
        """One row per draw.

        Args:
            people: Whether to have a column for each parameter of each subject, such as `alpha[3]`.

        Returns:
            A pandas table with the columns chain and draw, and one for each quantity: `alpha_median`,
            `alpha_spread`, `alpha_age`, correlations such as `correlation[alpha, temperature]`.
        """
        import pandas as pd

        n_chains, n_draws = self.log_likelihood.shape[:2]
        columns: dict[str, Any] = {"chain": np.repeat(np.arange(n_chains), n_draws)}
        columns["draw"] = np.tile(np.arange(n_draws), n_chains)
        columns |= {name: x.reshape(-1) for name, x in self.variables().items() if x.ndim == 2}
        for name in self.free if people else ():
            flat = self.params[name].reshape(n_chains * n_draws, -1)
            columns |= {f"{name}[{i}]": x for i, x in enumerate(flat.T)}
        return pd.DataFrame(columns)

    def variables(self) -> dict[str, np.ndarray]:
        """All draws in one dict: `alpha` of each row, `alpha_median`, `alpha_spread`, `alpha_age`."""
        found = {name: self.params[name] for name in self.free}
        found |= {f"{name}_median": x for name, x in self.group.items()}
        found |= {f"{name}_spread": x for name, x in self.spread.items()}
        for covariate, table in self.effects.items():
            found |= {f"{name}_{covariate}": x for name, x in table.items()}
        return found | {f"correlation[{pair}]": x for pair, x in self.correlation.items()}

    def to_arviz(self) -> Any:
        """For ArviZ, by its own converter.

        Returns:
            With ArviZ 1 (or arviz-base alone) an xarray `DataTree`, before that an `InferenceData`, with the
            groups posterior, log_likelihood (by subject; `loo` has it by trial) and sample_stats.

        Raises:
            ModuleNotFoundError: If neither arviz nor arviz-base is installed.
        """
        n_subjects = self.log_likelihood.shape[2]
        dims = {name: ["subject"] for name in (*self.free, "responses")}
        groups = {"posterior": self.variables(), "log_likelihood": {"responses": self.log_likelihood}}
        return _to_arviz(groups, {"subject": np.arange(n_subjects)}, dims)


def _to_arviz(groups: dict[str, dict], coords: dict, dims: dict) -> Any:
    """ArviZ 1 takes the groups as one dict, ArviZ 0 by their names."""
    version, from_dict = _converter()
    options = {"coords": coords, "dims": dims}
    return from_dict(**groups, **options) if version == 0 else from_dict(groups, **options)


def _converter() -> tuple[int, Any]:
    """The `from_dict` of the ArviZ that is there, and its major version; from 1 on arviz-base will do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # ArviZ 0 says that ArviZ 1 is coming
        try:
            import arviz

            return int(arviz.__version__.split(".")[0]), arviz.from_dict
        except ModuleNotFoundError:
            pass
    try:
        from arviz_base import from_dict
    except ModuleNotFoundError:
        raise ModuleNotFoundError("to_arviz needs ArviZ: pip install arviz") from None
    return 1, from_dict


def _ends(level: Any) -> list[float]:
    """Below which share of the draws an interval begins and ends."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    return [(1 - level) / 2, (1 + level) / 2]


def _rows(
    label: str, name: str, x: np.ndarray, ends: list[float], found: list, by_person: bool
) -> list[tuple]:
    """The rows of one quantity in a summary."""
    x = x if by_person else x[..., None]
    numbers = x.mean(axis=(0, 1)), x.std(axis=(0, 1)), *np.quantile(x, ends, axis=(0, 1)), *found
    table = np.broadcast_arrays(*(np.atleast_1d(np.asarray(n, float)) for n in numbers))
    who = range(x.shape[2]) if by_person else [""]
    return [(label, name, i, *(float(column[k]) for column in table)) for k, i in enumerate(who)]
