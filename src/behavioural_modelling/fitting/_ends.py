"""Where the search ended, for all subjects: what is reported is made of it, and what is open judged by it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__: list[str] = []


class Ends(NamedTuple):
    """The best lane of each subject, and what was made of it. All arrays have the subjects last.

    Attributes:
        params: Natural values of all parameters, each on its bound where that is no worse.
        log_likelihood: The log-likelihood under them.
        log_prior: The log-density of the priors there.
        at_bound: Which free parameters are on a bound.
        at_limit: Which are at an end of the search that is no bound.
        excluded: Whose lower bound is no value that they may have.
        curvature: The second derivatives of the log-probability, in coordinates of the search.
    """

    params: dict[str, np.ndarray]
    log_likelihood: np.ndarray
    log_prior: np.ndarray
    at_bound: np.ndarray
    at_limit: np.ndarray
    excluded: np.ndarray
    curvature: np.ndarray
