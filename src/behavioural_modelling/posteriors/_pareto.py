"""The tail of importance weights, by arviz-stats."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

__all__: list[str] = []


def pareto_k(log_weights: Float[np.ndarray, "n_draws n_points"]) -> Float[np.ndarray, "n_points"]:
    """How heavy the tail of each point's weights is; minus infinity where all are the same."""
    varies = np.ptp(log_weights, axis=0) > 0
    k = np.full(len(varies), -np.inf)
    if varies.any():
        k[varies] = array_stats().psislw(-log_weights[:, varies].T.astype(float), axis=-1)[1]
    return k


def array_stats() -> Any:
    """The functions of arrays in arviz-stats."""
    try:
        from arviz_stats.base.array import array_stats
    except ModuleNotFoundError:
        message = "this needs arviz-stats: pip install 'behavioural-modelling[loo]'"
        raise ModuleNotFoundError(message) from None
    return array_stats
