r"""Held-out prediction: fit without some blocks, and see how probable they are under what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from .. import _checks, _door
from .._ready import checked_trials
from .._types import Numbers
from ..fitting import Fit, fit
from ..likelihood import log_likelihood
from ..models import Model
from ..posteriors import Posterior, sample
from ..trials import Trials
from . import _pointwise

__all__ = ["HeldOut", "held_out"]

METHODS = ("fit", "sample")

N_DRAWS = 1000
"""How many draws of a posterior predict."""


class HeldOut(NamedTuple):
    """How well blocks are predicted by a fit that has not seen them. Arrays are NumPy's.

    Attributes:
        log_likelihood: The log-probability of what each subject did in the blocks that were held out, shape
            (n_subjects,): of a fit at its estimates, of a posterior averaged over its draws. NaN without an
            estimate, 0 where nothing was held out.
        n_trials: How many decisions that were, shape (n_subjects,).
        chance: The log-probability of choosing at random from what was on offer, shape (n_subjects,); NaN
            where nothing is chosen, or something beside a choice.
        found: The fit or posterior, of the other trials.
    """

    log_likelihood: Float[np.ndarray, "n_subjects"]
    n_trials: Int[np.ndarray, "n_subjects"]
    chance: Float[np.ndarray, "n_subjects"]
    found: Fit | Posterior

    @property
    def per_trial(self) -> Float[np.ndarray, "n_subjects"]:
        """The log-probability of a held-out decision, on average; NaN where there is none."""
        return self.log_likelihood / np.where(self.n_trials > 0, self.n_trials, np.nan)


def held_out(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    held: Numbers,
    priors: Mapping[str, Any] | None = None,
    *,
    method: str = "fit",
    fixed: Mapping[str, Numbers] | None = None,
    progress: bool | None = None,
    **options: Any,
) -> HeldOut:
    r"""Fit without some blocks, then predict them.

    .. math:: \log p(y_\text{held} \mid \hat\theta(y_\text{others})) \quad \text{or} \quad
        \log \frac{1}{S} \sum_s p(y_\text{held} \mid \theta_s)

    What is held out are whole blocks: each begins where `trials.reset` says that the model starts anew, and
    ends before the next such trial. So nothing that was learned in a block that is held out is needed in
    another.

    Args:
        key: One random key, for the fit.
        model: The model.
        trials: What the subjects did and what came of it.
        held: Which trials are held out, booleans, shape (n_subjects, n_trials), or (n_trials,) for all
            subjects alike. Some trial of every subject with any is left to fit.
        priors: As in `fit` or `sample`.
        method: "fit" or "sample".
        fixed: As in `fit` or `sample`.
        progress: As in `fit` or `sample`.
        options: What else `fit` or `sample` takes, such as `n_starts` or `covariates`.

    Returns:
        A `HeldOut`.

    Raises:
        ValueError: As in `fit` or `sample`; or if `held` is not booleans of that shape, holds out nothing or
            all that a subject did, or part of a block; or `method` is none of the two.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model, outcomes = bm.models.rescorla_wagner(2), [[1.0, 0.0], [0.0, 1.0]] * 60
        >>> reset = [[t % 40 == 0 for t in range(120)]] * 2
        >>> params = {"alpha": [0.2, 0.3], "temperature": 0.3}
        >>> trace = bm.simulate(jax.random.key(0), model, params, outcomes, reset=reset)
        >>> trials = bm.Trials(trace.choices, outcomes, reset=reset)
        >>> found = bm.held_out(jax.random.key(1), model, trials, [t >= 80 for t in range(120)])
        >>> found.n_trials.tolist()
        [40, 40]
    """
    trials = checked_trials(trials, _door.checked(model))
    if method not in METHODS:
        _checks.fail("method", "'fit' or 'sample'", repr(method))
    out = _checked_held(held, trials)
    scored = _scored(trials)
    training, testing = (trials._replace(mask=scored & some) for some in (~out, out))
    options = options | {"fixed": fixed, "progress": progress}
    if method == "fit":
        found = fit(key, model, training, priors, **options)
        told = _at_estimates(model, found, testing)
    else:
        found = sample(key, model, training, priors, **options)
        told = _over_draws(found, testing)
    n_trials = _pointwise.decisions(model, testing).sum(axis=1)
    return HeldOut(np.where(n_trials > 0, told, 0.0), n_trials, _chance(model, testing), found)


def _scored(trials: Trials) -> Bool[np.ndarray, "n_subjects n_trials"]:
    return np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)


def _checked_held(held: Any, trials: Trials) -> Bool[np.ndarray, "n_subjects n_trials"]:
    """What is held out, once it is whole blocks and not all that somebody did."""
    x = np.asarray(_checks.plain_array("held", held))
    if x.dtype != bool:
        _checks.fail("held", "booleans", f"{x.dtype} values")
    if x.shape not in (trials.shape, trials.shape[1:]):
        _checks.fail("held", f"shape {trials.shape}, or {trials.shape[1:]} for all alike", f"shape {x.shape}")
    out, scored = np.broadcast_to(x, trials.shape), _scored(trials)
    if not (out & scored).any():
        _checks.fail("held", "a scored trial to hold out", "none")
    without = scored.any(axis=1) & ~(scored & ~out).any(axis=1)
    if without.any():
        _checks.fail("held", "a trial of every subject left to fit", f"all of subject {without.argmax()}")
    _check_blocks(out, scored, trials)
    return out


def _check_blocks(out: np.ndarray, scored: np.ndarray, trials: Trials) -> None:
    """Refuse a block of which some scored trials are held out and some are not."""
    starts = np.zeros(trials.shape, bool) if trials.reset is None else np.asarray(trials.reset)
    block = np.cumsum(starts | (np.arange(trials.shape[1]) == 0), axis=1)
    for i, (of, held, counts) in enumerate(zip(block, out, scored, strict=True)):
        torn = sorted(set(of[held & counts]) & set(of[~held & counts]))
        if torn:
            first = int(np.argmax(of == torn[0]))
            expected = "whole blocks, from one trial with `reset` to the next"
            _checks.fail("held", expected, f"part of the block from trial {first} of subject {i}")


def _at_estimates(model: Model, found: Fit, testing: Trials) -> np.ndarray:
    """The log-likelihood at the estimates; NaN where there are none."""
    known = np.all([np.isfinite(x) for x in found.params.values()], axis=0)
    if not known.any():
        return np.full(len(known), np.nan)
    some = {name: np.where(known, x, x[known][0]) for name, x in found.params.items()}
    return np.where(known, np.asarray(log_likelihood(model, some, testing), float), np.nan)


def _over_draws(found: Posterior, testing: Trials) -> np.ndarray:
    """The log of the likelihood's mean over draws."""
    from scipy.special import logsumexp

    params = {name: _pointwise.flat(x, N_DRAWS) for name, x in found.params.items()}
    by_draw = _pointwise.by_subject(found.model, params, testing)
    return logsumexp(by_draw, axis=0) - np.log(len(by_draw))


def _chance(model: Model, testing: Trials) -> np.ndarray:
    """The log-probability of choosing at random from what is on offer."""
    if model.response.parts != ("choices",) or model.n_actions is None:
        return np.full(testing.shape[0], np.nan)
    shape = (*testing.shape, model.n_actions)
    offered = np.ones(shape, bool) if testing.available is None else np.asarray(testing.available)
    return np.where(_scored(testing), -np.log(np.maximum(offered.sum(axis=-1), 1)), 0).sum(axis=1)
