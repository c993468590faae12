"""Posteriors that are made up, without a sampler: draws of groups and people that are known."""

import numpy as np

from behavioural_modelling import Posterior
from behavioural_modelling.posteriors import _given


def posterior(model, trials, params, group=None, spread=None, *, effects=None, correlation=None, **options):
    """A posterior with these draws: of people (n_chains, n_draws, n_rows), of groups (n_chains, n_draws).

    `options` are those of `sample`.
    """
    asked = {"priors": None, "fixed": None, "subjects": None, "covariates": None, "correlations": False}
    asked |= {"hierarchical": group is not None} | options
    asked = _given.asked(model, trials, **asked)
    n_chains, n_draws, n_rows = next(iter(params.values())).shape
    nothing = np.zeros((n_chains, n_draws, n_rows))
    return Posterior(
        model=model,
        trials=trials,
        params=params,
        group=group or {},
        spread=spread or {},
        effects=effects or {},
        correlation=correlation or {},
        log_likelihood=nothing,
        r_hat={},
        n_effective={},
        acceptance=np.ones(n_chains),
        own_acceptance=np.ones(n_rows),
        log_weights=nothing,
        n_divergent=0,
        converged=True,
        problem="",
        subjects=asked.labels,
        form=asked.target.form,
        given=asked.given,
    )
