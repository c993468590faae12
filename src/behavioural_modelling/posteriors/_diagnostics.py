r"""Whether to believe the chains: r-hat, effective sample sizes, and what is wrong in words.

Draws are put in ranks and these on the normal line first, so that both numbers mean something where a
distribution has heavy tails (Vehtari et al. 2021, doi 10.1214/20-BA1221).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

__all__: list[str] = []

MOST_R_HAT = 1.01
"""The largest r-hat that counts as converged."""

LEAST_EFFECTIVE = 400
"""The smallest effective sample size that does."""

MOST_DIVERGENT = 0.001
"""The largest share of divergent trajectories. One that strays where the likelihood is no number is rejected,
as it should be; where more do, chains may leave something out."""

STICKS = 0.02
"""A person whose own steps are taken more seldom, and whose draws hang together, sticks."""


class Checked(NamedTuple):
    """r-hat and effective sample size of every quantity: by kind and name, arrays."""

    r_hat: dict[str, dict[str, np.ndarray]]
    n_effective: dict[str, dict[str, np.ndarray]]

    @property
    def worst_r_hat(self) -> float:
        """The largest; not a number where one is."""
        return float(max((np.max(x) for _, _, x in each(self.r_hat)), default=1.0))

    @property
    def fewest(self) -> float:
        """The smallest effective sample size."""
        return float(min((np.min(x) for _, _, x in each(self.n_effective)), default=np.inf))


def lacking(checked: Checked, n_effective: int) -> float:
    """How many times as many draws it takes, as far as these tell, until there are enough."""
    by_size, by_r_hat = n_effective / checked.fewest, (checked.worst_r_hat - 1) / (MOST_R_HAT - 1)
    return float(np.maximum(by_size, by_r_hat))  # not a number where one is not


def each(tables: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """What is in some tables: its kind, its name, itself."""
    return [(kind, name, x) for kind, table in tables.items() for name, x in table.items()]


def checked(draws: dict[str, dict[str, np.ndarray]]) -> Checked:
    """r-hat and bulk effective sample sizes of arrays of shape (n_chains, n_draws, ...)."""
    found = {kind: {name: _of_one(x) for name, x in table.items()} for kind, table in draws.items()}
    return Checked(
        *({k: {name: pair[i] for name, pair in t.items()} for k, t in found.items()} for i in (0, 1))
    )


def _of_one(x: Float[np.ndarray, "n_chains n_draws ..."]) -> tuple[np.ndarray, np.ndarray]:
    from numpyro.diagnostics import effective_sample_size, gelman_rubin

    halves = _in_halves(x)
    if np.isnan(halves).any() or (np.ptp(halves, axis=(0, 1)) == 0).any():
        nothing = np.full(x.shape[2:], np.nan)
        constant = np.ptp(halves, axis=(0, 1)) == 0
        return np.where(constant, 1.0, nothing), np.where(constant, np.inf, nothing)
    normal = _normal_scores(halves)
    folded = _normal_scores(np.abs(halves - np.median(halves, axis=(0, 1))))
    r_hat = np.maximum(gelman_rubin(normal), gelman_rubin(folded))
    return np.asarray(r_hat), np.asarray(effective_sample_size(normal))


def _in_halves(x: np.ndarray) -> np.ndarray:
    """Each chain's halves as chains, so that one that drifts disagrees with itself."""
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def _normal_scores(x: np.ndarray) -> np.ndarray:
    """The quantiles of a standard normal at the ranks of the draws of all chains."""
    from scipy.special import ndtri

    flat = x.reshape(x.shape[0] * x.shape[1], -1)
    order = np.argsort(flat, axis=0, kind="stable")
    ranks = np.empty(flat.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, len(flat) + 1)[:, None], axis=0)
    return ndtri((ranks - 3 / 8) / (len(flat) + 1 / 4)).reshape(x.shape)


def in_words(checked: Checked, wanted: float, divergent: float, own: np.ndarray, labels: np.ndarray) -> str:
    """What is wrong with the draws and what to do; nothing where all is well."""
    if not np.isfinite(checked.worst_r_hat):
        return "some draws are not numbers: look at the model's predictions at extreme parameters"
    reasons = []
    if checked.worst_r_hat > MOST_R_HAT:
        worst = _worst(checked.r_hat, True)
        reasons.append(
            f"not converged: r-hat of {worst} is {checked.worst_r_hat:.3f}, more than {MOST_R_HAT}"
        )
    if checked.fewest < min(wanted, LEAST_EFFECTIVE):
        worst = _worst(checked.n_effective, False)
        reasons.append(f"only {checked.fewest:.0f} effective draws of {worst}: ask for a larger max_draws")
    if divergent > MOST_DIVERGENT:
        reasons.append(f"{divergent:.1%} of the trajectories diverge: chains do not enter some corner")
    if checked.worst_r_hat > MOST_R_HAT and (own < STICKS).any():
        some = ", ".join(map(str, labels[np.argsort(own)[: min(5, int((own < STICKS).sum()))]]))
        reasons.append(f"the chains stick at person {some}")
    if reasons:
        reasons.append("more trials, tighter priors or fewer parameters help where longer chains do not")
    return "; ".join(reasons)


def _worst(tables: dict[str, dict[str, np.ndarray]], largest: bool) -> str:
    """The name of what is worst: what has the largest r-hat, or the smallest effective size."""
    sign = 1 if largest else -1
    kind, name, x = max(each(tables), key=lambda entry: np.max(sign * np.asarray(entry[2])))
    if kind == "params":
        return f"{name} of row {int(np.argmax(sign * np.asarray(x)))}"
    words = {
        "group": "the group's",
        "spread": "the spread of",
        "effects": "the effect",
        "correlation": "that of",
    }
    return f"{words[kind]} {name}"
