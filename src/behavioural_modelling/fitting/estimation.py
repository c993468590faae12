r"""The call: what a fit is given, checked, and the search for it begun."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Key

from .. import _checks, _door
from .._ready import checked_trials
from .._types import Numbers
from ..models import Model
from ..trials import Trials
from . import _digest, _estimates, _kinks, _search, _space
from ._given import checked_fixed, checked_priors
from .result import Fit

__all__ = ["fit"]


def fit(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None = None,
    n_starts: int = 8,
    fixed: Mapping[str, Numbers] | None = None,
    *,
    progress: bool | None = None,
) -> Fit:
    r"""Maximum likelihood, or the maximum a posteriori (MAP), for each subject apart.

    .. math::
        \hat\theta = \arg\max_\theta\; \log P(\text{choices} \mid \theta) + \sum_k \log p_k(\theta_k)

    The second term is there with `priors` only. The mode is that of the natural parameters, the ones that
    `log_likelihood` takes: no Jacobian of a transform is added.

    From every start Newton's method climbs to a maximum, with exact first and second derivatives, on the
    logit of a parameter with two bounds and the logarithm of one with a lower bound. The best of the
    maxima is the estimate. A parameter whose maximum is at a bound is put there.

    The unit of the outcomes is the range of those that the subject's trials hold. Temperatures are counted
    in it: the search goes from .0001 to 10,000 units, and of what has two bounds to .0001 from each.

    Args:
        key: One random key, for the starts. What is drawn for start j of subject i depends on `key`, i
            and j alone.
        model: The model, from a builder in `models` or your own.
        trials: What the subjects did and what came of it.
        priors: None for maximum likelihood. For the MAP a dict from names of parameters to distributions
            of NumPyro; a parameter that it leaves out has a flat prior, and one with a `Delta` is held
            fixed. `models.default_priors` gives one.
        n_starts: How many starts per subject, at least 1. Each is the best of 16 draws: from the priors
            where there are any. Without, they are even on the logit between two bounds, from .01 to .99 of
            the way, and e^(1.5 z) units above a lower bound, with z standard normal.
        fixed: Parameters that are not estimated, a dict from names to values: a number, or one per
            subject, shape (n_subjects,). A prior of such a parameter plays no part.
        progress: Whether to show a progress bar. None: after ten seconds.

    Returns:
        A `Fit`. What went wrong with a subject is in its `problem`; no subject is left out.

    Raises:
        ValueError: If the key is no key; `trials` is no `Trials` or has not the model's actions; a prior
            is for a parameter that is not there, is no distribution of one number, or has an infinite
            density at an end of its range; a fixed value is not one that the parameter may have, or all
            parameters are fixed; or `n_starts` is no whole number of at least 1.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true, outcomes = {"alpha": 0.3, "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 300
        >>> trace = bm.simulate(jax.random.key(0), model, true, outcomes)
        >>> found = bm.fit(jax.random.key(1), model, bm.Trials(trace.choices, outcomes))
        >>> found.converged.tolist(), found.problem.tolist()
        ([True], [''])
    """
    key = _checks.random_key("key", key)
    trials = checked_trials(trials, _door.checked(model))
    if model.n_actions is not None:
        _checks.actions("trials.choices", trials.choices, model.n_actions, trials.mask)
    if not model.parameters:
        _checks.fail("model", "a parameter to fit", f"{model.name}, which has none")
    for name, x in (("key", key), ("trials", trials), ("priors", priors), ("fixed", fixed)):
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(x)):
            _checks.fail(name, "arrays with known values (fit compiles itself)", "a tracer")
    n_starts = _checks.size("n_starts", n_starts, minimum=1)
    priors, points = checked_priors(priors, model)
    fixed = checked_fixed(fixed, points, model, trials)
    priors = {name: prior for name, prior in priors.items() if name not in fixed}
    trials = jax.tree.map(np.asarray, trials)
    task = _search.Task(model, trials, _space.space(model, trials, priors, fixed), priors, fixed)
    _door.check(model, task.spec(), task.space.place.scale.dtype)
    with ThreadPoolExecutor(_search.n_threads(task)) as threads:
        search = _search.begin(key, task, n_starts, threads)
        _search.to_the_top(search, progress)
        at_kink = _kinks.settle(search)
    found = _search.found(search, at_kink)
    return Fit(**_estimates.described(task, found), digest=_digest.digests(trials))
