"""Made-up people of two groups that differ in one parameter, and whether an estimate tells that they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from .. import _checks
from ..fitting import _space, fit
from ..models import Model
from ..posteriors import _given, _links, sample
from ..trials import Trials
from . import _synthetic

__all__: list[str] = []

GROUP = "difference"
"""The covariate that is -0.5 in the first group and 0.5 in the second."""

NEAR_END = 1e-4
"""Estimates at an end of their range are put so far inside, as `fit` itself looks no further."""


class Line(NamedTuple):
    """Where a parameter lies, to put it on the line and back."""

    kind: str
    lower: float
    upper: float
    unit: float

    def of(self, natural: Any) -> np.ndarray:
        return _links.to_line(self.kind, np.asarray(natural, float), self.lower, self.upper, self.unit)

    def natural(self, line: Any) -> np.ndarray:
        return np.asarray(_links.to_natural(self.kind, line, self.lower, self.upper, self.unit))

    def inside(self, natural: np.ndarray) -> np.ndarray:
        """Values at an end moved off it: at an end the line has no number."""
        margin = NEAR_END * (self.upper - self.lower if self.kind == _space.INTERVAL else self.unit)
        return np.clip(natural, self.lower + margin, self.upper - margin)


class Answers(NamedTuple):
    """What each simulation says.

    Attributes:
        estimate: The difference on the line, shape (n_simulations,); NaN where there is none.
        found: Whether it is told from 0, shape (n_simulations,).
    """

    estimate: Float[np.ndarray, "n_simulations"]
    found: Bool[np.ndarray, "n_simulations"]


def lines(model: Model, priors: Mapping[str, Any], unit: float) -> dict[str, Line]:
    """The line of each parameter, within the ends of its prior."""
    found = {}
    for parameter in model.parameters:
        ends = _space.ends(parameter, dict(priors))
        found[parameter.name] = Line(_space.kind(*ends), *ends, _given._unit(parameter, unit))
    return found


def people(
    key: Key[Array, ""], model: Model, params: Mapping[str, Any], spread: Mapping[str, float], n: int
) -> dict[str, np.ndarray]:
    """Natural values of so many people and, by names with `_z`, how far each is from the median person.

    What is drawn of person i depends on `key` and i alone.
    """
    key_params, key_spread = jax.random.split(key)
    drawn = _synthetic.subjects(key_params, model, params, n)
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key_spread, np.arange(n))
    z = np.asarray(jax.vmap(lambda k: jax.random.normal(k, (len(model.parameters),)))(keys))
    far = {p.name: z[:, j] * spread.get(p.name, 0.0) for j, p in enumerate(model.parameters)}
    return dict(drawn) | {f"{name}_z": x for name, x in far.items()}


def moved(
    lines: Mapping[str, Line], drawn: Mapping[str, np.ndarray], parameter: str, shift: np.ndarray
) -> dict[str, np.ndarray]:
    """Everybody's natural values, `parameter` moved along its line by `shift`."""
    found = {}
    for name, line in lines.items():
        off = drawn[f"{name}_z"] + (shift if name == parameter else 0.0)
        if not off.any():
            found[name] = drawn[name]
            continue
        start = line.of(drawn[name])
        _checks.every(
            f"params[{name!r}]", "values inside the parameter's range", drawn[name], np.isfinite(start)
        )
        found[name] = line.natural((start + off).astype(np.float32))
    return found


def first_trials(trials: Trials, n: int) -> Trials:
    """The first n trials of everybody. A model learns forwards: they are those of a shorter task."""
    return jax.tree.map(lambda x: x[:, :n], trials)


def welch(first: np.ndarray, second: np.ndarray, level: float) -> Answers:
    """Welch's t-test in each row; NaN is left out. Fewer than two in a group: no answer."""
    from scipy.special import stdtr

    n = np.array([np.isfinite(x).sum(axis=1) for x in (first, second)])
    there = np.asarray((n >= 2).all(axis=0))
    # Rows without an answer are set to numbers that give no warning, and blanked at the end.
    usable = [np.where(there[:, None], x, np.arange(x.shape[1])) for x in (first, second)]
    n = np.where(there, n, [[x.shape[1]] for x in usable])
    means = np.array([np.nanmean(x, axis=1) for x in usable])
    errors = np.array([np.nanvar(x, axis=1, ddof=1) for x in usable]) / n
    difference, total = means[1] - means[0], errors.sum(axis=0)
    varies = np.asarray(total > 0)
    total = np.where(varies, total, 1.0)
    freedom = total**2 / np.where(varies, (errors**2 / (n - 1)).sum(axis=0), 1.0)
    p = 2 * stdtr(freedom, -np.abs(difference) / np.sqrt(total))
    return Answers(np.where(there, difference, np.nan), there & varies & (p < 1 - level))


class Two(NamedTuple):
    """How two-step analyses are made: everybody is fitted apart, then the groups are compared on the line."""

    model: Model
    priors: Mapping[str, Any]
    line: Line
    parameter: str
    level: float
    n_starts: int
    progress: bool | None

    def estimates(self, key: Key[Array, ""], trials: Trials) -> np.ndarray:
        """Everybody's estimate on the line; all people of all simulations are one call."""
        found = fit(key, self.model, trials, self.priors, self.n_starts, progress=self.progress)
        return self.line.of(self.line.inside(found.params[self.parameter].astype(float)))


def one_posterior(key: Key[Array, ""], two: Two, trials: Trials, n: int) -> tuple[float, bool]:
    """The group's difference by a hierarchical posterior, and whether its interval is off 0."""
    covariates = {GROUP: np.repeat([-0.5, 0.5], n)}
    found = sample(key, two.model, trials, two.priors, covariates=covariates, n_effective=400, progress=False)
    if not found.converged:
        return np.nan, False
    draws = found.effects[GROUP][two.parameter]
    lower, upper = np.quantile(draws, [(1 - two.level) / 2, (1 + two.level) / 2])
    return float(draws.mean()), bool(lower > 0 or upper < 0)
