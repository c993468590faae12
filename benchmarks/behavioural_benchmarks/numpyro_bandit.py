"""NumPyro's NUTS: on the model as a reader would write it, and on the package's likelihood.

Both place people on the line around the group's mean, with standard normal `z` of their own (not centred), as
hBayesDM does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri

import behavioural_modelling as bm

from .posterior_task import UPPER, Setting

WARM_UP = 500
"""Iterations before the draws that count; the usual 1,000 take longer and gain nothing here."""


def log_likelihood_by_scan(alpha, beta, choices, outcomes):
    """The log-likelihood of one subject, one trial after the other."""

    def trial(values, observed):
        choice, outcome = observed
        log_p = jax.nn.log_softmax(beta * values)[choice]
        return values.at[choice].add(alpha * (outcome - values[choice])), log_p

    _, log_p = jax.lax.scan(trial, jnp.zeros(2, alpha.dtype), (choices, outcomes))
    return log_p.sum()


def bandit(choices, outcomes):
    """The model of the smallest task, as a reader of NumPyro's manual would write it."""
    import numpyro
    from numpyro import distributions as dist

    n_subjects = len(choices)
    mu = numpyro.sample("mu", dist.Normal(0, 1).expand([2]).to_event(1))
    sigma = numpyro.sample("sigma", dist.HalfNormal(0.2).expand([2]).to_event(1))
    with numpyro.plate("subjects", n_subjects):
        z = numpyro.sample("z", dist.Normal(0, 1).expand([2]).to_event(1))
        line = mu + sigma * z
        alpha = numpyro.deterministic("alpha", ndtr(line[:, 0]))
        beta = numpyro.deterministic("inverse_temperature", 5 * ndtr(line[:, 1]))
        log_p = jax.vmap(log_likelihood_by_scan)(alpha, beta, choices, outcomes)
        numpyro.factor("choices", log_p)


def on_our_likelihood(setting: Setting) -> Callable[[bm.Trials], None]:
    """The model of any setting for NumPyro, with `bm.log_likelihood`."""
    import numpyro
    from numpyro import distributions as dist

    priors = setting.priors()

    def model(trials):
        params = {}
        for name in setting.names:
            median = numpyro.sample(f"{name}_median", priors[name])
            spread = numpyro.sample(f"{name}_spread", priors[f"{name}_spread"])
            with numpyro.plate("subjects", setting.n_subjects):
                z = numpyro.sample(f"{name}_z", dist.Normal(0, 1))
            params[name] = numpyro.deterministic(name, _around(name, median, spread * z))
        numpyro.factor("choices", bm.log_likelihood(setting.model, params, trials).sum())

    return model


def _around(name: str, median, away):
    """Natural values of people who are `away` from the median person on the line."""
    upper = UPPER.get(name, 1.0)
    return median + away if name == "stickiness" else upper * ndtr(ndtri(median / upper) + away)


def nuts(
    model: Callable[..., None],
    data: tuple[Any, ...],
    seed: int,
    *,
    n_draws: int,
    n_warm_up: int = WARM_UP,
    n_chains: int = 4,
) -> tuple[dict[str, np.ndarray], int]:
    """Draws by the names of `named`, shape (n_chains, n_draws, ...), and how many diverged.

    There has to be a device for each chain: `jax.config.update("jax_num_cpu_devices", 4)` before all else.
    """
    from numpyro.infer import MCMC, NUTS

    how = {"num_warmup": n_warm_up, "num_samples": n_draws, "num_chains": n_chains}
    sampler = MCMC(NUTS(model), chain_method="parallel", progress_bar=False, **how)
    sampler.run(jax.random.key(seed), *data, extra_fields=("diverging",))
    draws = jax.tree.map(np.asarray, sampler.get_samples(group_by_chain=True))
    return named(draws), int(np.asarray(sampler.get_extra_fields()["diverging"]).sum())


def named(draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The draws under the names that all entrants share, of either model.

    `alpha`: of each subject; `alpha_median`: of the median person; `alpha_spread`: on the line.
    """
    if "mu" not in draws:
        return {name: x for name, x in draws.items() if not name.endswith("_z")}
    result = {name: draws[name] for name in ("alpha", "inverse_temperature")}
    for i, name in enumerate(result.copy()):
        result[f"{name}_median"] = UPPER.get(name, 1.0) * np.asarray(ndtr(draws["mu"][..., i]))
        result[f"{name}_spread"] = draws["sigma"][..., i]
    return result
