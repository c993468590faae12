r"""Held-out prediction: fit without some trials, and see how probable they are under what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from .. import _checks, _door
from .._ready import checked_trials
from .._types import Numbers
from ..fitting import Fit, fit
from ..likelihood import log_likelihood
from ..models import Model
from ..posteriors import Posterior, sample
from ..replaying import replay
from ..trials import Trials
from . import _pointwise

__all__ = ["HeldOut", "held_out"]

METHODS = ("fit", "sample")

N_DRAWS = 1000
"""How many draws of a posterior predict."""


class HeldOut(NamedTuple):
    """How well trials are predicted by a fit that has not counted them. Arrays are NumPy's.

    Attributes:
        log_likelihood: The log-probability of what each subject did in the trials that were held out, shape
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
    r"""Fit without some trials, then predict them.

    .. math:: \log p(y_\text{held} \mid \hat\theta(y_\text{others})) \quad \text{or} \quad
        \log \frac{1}{S} \sum_s p(y_\text{held} \mid \theta_s)

    The fit does not count the choices of trials that are held out. Whole blocks, from one trial with
    `trials.reset` to the next, are left out of it altogether. Of other trials the model learns all the same,
    in the fit as in the prediction: what was chosen and paid there is history to later choices. So what is
    predicted is :math:`p(y_\text{held} \mid \text{all trials before}, \hat\theta)`: the learner has seen what
    came of these choices, the fit was not to make them probable. But later trials that are fitted tell of
    them, as far as they depend on what was learned; to predict people from their past alone, hold out the
    end.

    Args:
        key: One random key, for the fit.
        model: The model.
        trials: What the subjects did and what came of it.
        held: Which trials are held out, booleans, shape (n_subjects, n_trials), or (n_trials,) for all
            subjects alike. Some trial of every subject with any is left to fit. Parts of blocks only where
            the response is a choice among actions.
        priors: As in `fit` or `sample`.
        method: "fit" or "sample".
        fixed: As in `fit` or `sample`.
        progress: As in `fit` or `sample`.
        options: What else `fit` or `sample` takes, such as `n_starts` or `covariates`.

    Returns:
        A `HeldOut`.

    Raises:
        ValueError: As in `fit` or `sample`; or if `held` is not booleans of that shape, holds out nothing or
            all that a subject did, or part of a block where the response is no choice, or where the model
            learns from what was on offer; or `method` is none of the two.

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
    torn = _torn(out, trials)
    if torn.any():
        _check_response(model, torn)
    training, testing = (_counting(model, trials, some, torn) for some in (~out, out))
    options = options | {"fixed": fixed, "progress": progress}
    if method == "fit":
        found = fit(key, model, training, priors, **options)
        told = _at_estimates(model, found, testing)
    else:
        found = sample(key, model, training, priors, **options)
        told = _over_draws(found, testing)
    if torn.any():
        _check_update(model, found, trials, training)
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
    return out


def _torn(out: np.ndarray, trials: Trials) -> Bool[np.ndarray, "n_subjects n_trials"]:
    """The trials of blocks of which some scored trials are held out and some are not."""
    starts = np.zeros(trials.shape, bool) if trials.reset is None else np.asarray(trials.reset)
    block = np.cumsum(starts | (np.arange(trials.shape[1]) == 0), axis=1)
    torn = np.zeros(trials.shape, bool)
    for i, (of, held, counts) in enumerate(zip(block, out, _scored(trials), strict=True)):
        torn[i] = np.isin(of, np.intersect1d(of[held & counts], of[~held & counts]))
    return torn


def _check_response(model: Model, torn: np.ndarray) -> None:
    """Refuse parts of blocks where there is no way to learn from a response without counting it."""
    if model.response.parts == ("choices",) and model.response.on_offer is not None:
        return
    subject, trial = (int(x) for x in np.argwhere(torn)[0])
    expected = "whole blocks, from one trial with `reset` to the next, as responses are no choices alone"
    _checks.fail("held", expected, f"part of the block from trial {trial} of subject {subject}")


def _counting(model: Model, trials: Trials, some: np.ndarray, torn: np.ndarray) -> Trials:
    """The trials, of which some count. Of the others those of torn blocks are learned from.

    A choice is learned from and does not count where nothing else was on offer: its probability is 1.
    """
    scored = _scored(trials)
    kept = trials._replace(mask=jnp.asarray(scored & (some | torn)))
    alone = torn & ~some & scored
    if not alone.any() or model.n_actions is None:
        return kept
    shape = (*trials.shape, model.n_actions)
    offered = np.ones(shape, bool) if trials.available is None else np.asarray(trials.available)
    chosen = np.asarray(trials.choices)[..., None] == np.arange(model.n_actions)
    return kept._replace(available=jnp.asarray(np.where(alone[..., None], chosen, offered)))


def _check_update(model: Model, found: Fit | Posterior, trials: Trials, training: Trials) -> None:
    """Refuse a model that would have learned otherwise if it had known that nothing else was on offer."""
    params = found.params if isinstance(found, Fit) else found.mean()
    known = np.all([np.isfinite(x) for x in params.values()], axis=0)
    some = {name: np.asarray(x)[known] for name, x in params.items()}
    one, other = (
        np.asarray(replay(model, some, x.subjects(known)).records["log_prob"]) for x in (trials, training)
    )
    counts = _pointwise.decisions(model, training)[known]
    # The same numbers in another program: sums of 32 bits.
    if not np.allclose(one[counts], other[counts], atol=1e-3):
        expected = "whole blocks, as this model learns from what was on offer"
        _checks.fail("held", expected, "parts of blocks")


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
