"""What draws say of each parameter, how well they say it, and whether two programs say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

FARTHEST, WIDEST = 5.0, 1.6
"""What z-scores of correct programs stay below: the farthest of some thousand, and their root mean square."""


def summary(draws: np.ndarray) -> dict[str, np.ndarray]:
    """Mean, standard deviation, the errors of both, and split r-hat, each of the shape of the parameter.

    Args:
        draws: Of one parameter, shape (n_chains, n_draws, ...).
    """
    from numpyro.diagnostics import split_gelman_rubin

    mean, sd = draws.mean((0, 1)), draws.std((0, 1), ddof=1)
    # The variance is the mean of the squares of what is away from the mean; sd = sqrt(variance).
    squares = np.square(draws - mean)
    result = {"mean": mean, "sd": sd, "mean_error": error_of_mean(draws)}
    return result | {"sd_error": error_of_mean(squares) / (2 * sd), "r_hat": split_gelman_rubin(draws)}


def error_of_mean(draws: np.ndarray) -> np.ndarray:
    """The Monte-Carlo standard error of the mean of draws, shape (n_chains, n_draws, ...)."""
    from numpyro.diagnostics import effective_sample_size

    return draws.std((0, 1), ddof=1) / np.sqrt(effective_sample_size(draws))


def bulk(draws: np.ndarray) -> tuple[float, float]:
    """The smallest bulk effective sample size and the largest split r-hat of a parameter, both of ranks.

    Vehtari et al. (2021), doi 10.1214/20-BA1221: each half of a chain counts as a chain, and normal scores
    stand for the draws.
    """
    from numpyro.diagnostics import effective_sample_size, gelman_rubin

    half = draws.shape[1] // 2
    halves = np.concatenate([draws[:, :half], draws[:, -half:]]).astype(float)
    ranks = rankdata(halves.reshape(2 * len(draws) * half, -1), axis=0)
    scores = ndtri((ranks - 0.375) / (len(ranks) + 0.25)).reshape(2 * len(draws), half, -1)
    return float(effective_sample_size(scores).min()), float(gelman_rubin(scores).max())


def diagnosed(draws: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The smallest effective sample size and the largest r-hat of all parameters; means and their errors."""
    ess, r_hat = np.transpose([bulk(x) for x in draws.values()])
    flat = {name: x.reshape(*x.shape[:2], -1).astype(float) for name, x in draws.items()}
    means = {name: x.mean((0, 1)).tolist() for name, x in flat.items()}
    errors = {name: error_of_mean(x).tolist() for name, x in flat.items()}
    return {"ess": float(ess.min()), "r_hat": float(r_hat.max()), "means": means, "errors": errors}


def pooled(rows: list[dict[str, Any]]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Means and their errors of the same program's independent runs, put together."""
    names = rows[0]["means"]
    means = {name: np.mean([row["means"][name] for row in rows], axis=0) for name in names}
    squares = {name: np.square([row["errors"][name] for row in rows]) for name in names}
    return means, {name: np.sqrt(x.sum(axis=0)) / len(rows) for name, x in squares.items()}


def z_scores(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> np.ndarray:
    """How far all posterior means of two programs are apart, in Monte-Carlo standard errors."""
    (means, errors), (other_means, other_errors) = pooled(ours), pooled(theirs)
    if set(means) != set(other_means):
        raise AssertionError(f"the programs name {sorted(means)} and {sorted(other_means)}")
    apart = [(means[k] - other_means[k]) / np.hypot(errors[k], other_errors[k]) for k in means]
    return np.concatenate(apart)


def check_same_posterior(results: Mapping[str, list[dict[str, Any]]]) -> dict[str, float]:
    """The root mean square of each program's z-scores against the last one; raises where they differ."""
    *others, last = results
    spreads = {}
    for name in others:
        z = z_scores(results[name], results[last])
        spreads[name] = float(np.sqrt(np.mean(np.square(z))))
        if not (np.abs(z).max() < FARTHEST and spreads[name] < WIDEST):
            far = f"up to {np.abs(z).max():.1f} errors, root mean square {spreads[name]:.2f}"
            raise AssertionError(f"{name} and {last} have different posterior means: {far}")
    return spreads
