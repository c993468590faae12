"""Whether several programs maximise the same likelihood, and whether what they find is the maximum.

All are held to the loop in NumPy, in 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import behavioural_modelling as bm

from .fitting_task import NAMES, FittingTask
from .numba_parallel import why_no_numba
from .scipy_fits import numba_log_likelihood, numpy_log_likelihood
from .textbook_jax import textbook_log_likelihood


def compare_likelihoods(task: FittingTask) -> None:
    """The same numbers at the first start of every subject, to the rounding of 32 or 64 bits.

    Raises:
        AssertionError: If one differs from the loop.
    """
    # Numbers that both 32 and 64 bits can hold. A term is right to some roundings over the temperature, .05.
    params = dict(zip(NAMES, task.starts[:, 0].astype(np.float32).T, strict=True))
    model = bm.models.asymmetric_rescorla_wagner(task.outcomes.shape[-1])
    loop = by_the_loop(params, task)
    others = {
        "bm.log_likelihood": (bm.log_likelihood(model, params, bm.Trials(*task[:2])), 1e-5),
        "textbook JAX": (textbook_log_likelihood(params, *task[:2]), 1e-5),
    }
    if not why_no_numba():
        others["Numba"] = (by_the_loop(params, task, numba_log_likelihood()), 1e-12)
    for name, (other, tolerance) in others.items():
        distance = np.abs(other / loop - 1).max()
        assert distance < tolerance, f"the log-likelihood of {name} differs from the loop's by {distance:.2g}"


def compare_fits(fits: dict[str, tuple], ours: str, task: FittingTask) -> dict[str, float]:
    """The share of subjects for whom each program comes within 0.01 of the best that any has found.

    Args:
        fits: The name of each program, and the parameters and maximised log-likelihoods that it gave.
        ours: Which of them may not be worse than any other by more than 0.001.
        task: What they fitted.

    Raises:
        AssertionError: If a program does not reach the log-likelihoods that it reports, or ours is worse
            than another for any subject.
    """
    reached = {name: by_the_loop(params, task) for name, (params, _) in fits.items()}
    for name, (params, reported) in fits.items():
        # 32 bits: 200 terms add up to some 300, where a rounding is 1.5e-5, and their random sum 2e-4.
        # Values near .5 are off by up to ten roundings or so; the temperature divides them.
        tolerance = 1e-3 + 1e-6 / np.asarray(params["temperature"], float)
        distance = np.abs(reached[name] - reported)
        far = (distance - tolerance).argmax()
        message = f"{name} reports a log-likelihood of subject {far} that is off by {distance[far]:.2g}"
        assert distance[far] < tolerance[far], message
    best = np.max(list(reached.values()), axis=0)
    behind = best - reached[ours]
    message = f"{ours} misses the maximum of subject {behind.argmax()} by {behind.max():.2g}"
    assert behind.max() < 1e-3, message
    return {name: float((best - found < 0.01).mean()) for name, found in reached.items()}


def by_the_loop(params: dict, task: FittingTask, one_subject: Callable = numpy_log_likelihood) -> np.ndarray:
    """The log-likelihood of every subject, one after the other, in 64 bits."""
    rows = np.stack([np.asarray(params[name], float) for name in NAMES], axis=-1)
    data = zip(rows, task.choices, task.outcomes.astype(float), strict=True)
    return np.array([one_subject(*arrays) for arrays in data])
