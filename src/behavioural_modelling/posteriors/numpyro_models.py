r"""The same model of people, written down for NumPyro."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from .._types import Numbers
from ..likelihood import log_likelihood
from ..models import Model
from ..trials import Trials
from . import _given, _links, _population

__all__ = ["numpyro_model"]


def numpyro_model(
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None = None,
    hierarchical: bool = True,
    *,
    correlations: bool = False,
    covariates: Mapping[str, Numbers] | None = None,
    subjects: Any = None,
    fixed: Mapping[str, Numbers] | None = None,
) -> Callable[[], None]:
    r"""A function for `numpyro.infer.MCMC(NUTS(...))`: the posterior of `sample`, in non-centred coordinates.

    Its sites are named like the columns of `Posterior.to_dataframe`: with a group `alpha_median` and
    `alpha_spread` for each parameter, `alpha_age` for the effect of a covariate `age`, and `alpha_z` for
    people's standardised deviations; always the natural values `alpha`, shape (n_subjects,), and the
    likelihood `responses`, of which ArviZ's converter gives the log-likelihood by subject. By trial it comes
    from `replay`.

    Args:
        model: As in `sample`.
        trials: As in `sample`.
        priors: As in `sample`.
        hierarchical: As in `sample`.
        correlations: As in `sample`.
        covariates: As in `sample`.
        subjects: As in `sample`.
        fixed: As in `sample`.

    Returns:
        A function without arguments.

    Raises:
        ValueError: As in `sample`.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> from numpyro.infer import MCMC, NUTS
        >>> trials = bm.Trials([[0, 1, 0], [1, 1, 0]], [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
        >>> kernel = NUTS(numpyro_model(bm.models.rescorla_wagner(2), trials))
        >>> mcmc = MCMC(kernel, num_warmup=50, num_samples=50, progress_bar=False)
        >>> mcmc.run(jax.random.key(0))
        >>> mcmc.get_samples()["alpha"].shape
        (50, 2)
    """
    options = {"fixed": fixed, "subjects": subjects, "covariates": covariates, "correlations": correlations}
    asked = _given.asked(model, trials, priors, hierarchical, **options)
    form, given = asked.target.form, asked.given
    held = {name: jnp.asarray(x) for name, x in asked.fixed.items()}

    def written() -> None:
        import numpyro

        latents = _latents(form, given) if form.hierarchical else None
        params: dict[str, Any] = dict(held)
        for k, name in enumerate(form.names):
            if latents is None:
                with numpyro.plate(f"{name}_subjects", len(given.person)):
                    params[name] = numpyro.sample(name, given.priors[name])
            else:
                natural = _links.to_natural(form.kinds[k], latents[k], *(a[k] for a in given.places))
                params[name] = numpyro.deterministic(name, natural)
        score = log_likelihood(model, {p.name: params[p.name] for p in model.parameters}, trials)
        numpyro.sample("responses", _responses()(score), obs=jnp.zeros_like(score))

    return written


def _latents(form: _population.Form, given: _population.Given) -> list[Array]:
    """The rows' parameters on the line."""
    import numpyro

    n, n_people = len(form.latents), len(given.covariates)
    mean = [_mean(form, given, k) for k in range(n)]
    spread = [numpyro.sample(f"{name}_spread", given.priors[f"{name}_spread"]) for name in form.latents]
    for k, name in enumerate(form.latents):
        for j, covariate in enumerate(form.between):
            effect = numpyro.sample(f"{name}_{covariate}", given.priors[f"{name}_{covariate}"])
            mean[k] = mean[k] + effect * given.covariates[:, j]
    z = jnp.stack([numpyro.sample(f"{name}_z", _standard(n_people)) for name in form.latents])
    if form.correlations:
        z = numpyro.sample("correlation", given.priors["correlation"]) @ z
    people = jnp.stack([m + s * x for m, s, x in zip(mean, spread, z, strict=True)])
    return list(_population.of_rows(form, given, people[:, None])[:, 0])


def _mean(form: _population.Form, given: _population.Given, k: int) -> Any:
    """The group's mean of a latent on the line; of a parameter from the median person's natural value."""
    import numpyro

    if k >= len(form.names):
        return numpyro.sample(form.latents[k], given.priors[form.latents[k]])
    name, (lower, upper, scale) = form.names[k], (a[k] for a in given.places)
    natural = numpyro.sample(f"{name}_median", given.priors[name])
    inside = _links.inside(form.kinds[k], jnp.asarray(natural), lower, upper)
    return _links.to_line(form.kinds[k], inside, lower, upper, scale, by=jnp)


def _standard(n: int) -> Any:
    import numpyro.distributions as dist

    return dist.Normal(0.0, 1.0).expand([n])


@cache
def _responses() -> Any:
    """A distribution whose log-density is known already, so that a likelihood can be an observed site."""
    import numpyro.distributions as dist

    class Responses(dist.Distribution):
        support = dist.constraints.real  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

        def __init__(self, score: Any) -> None:
            self.score = score
            super().__init__(batch_shape=jnp.shape(score))

        def log_prob(self, value: Any, intermediates: Any = None) -> Any:
            return self.score

        def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
            return jnp.zeros((*sample_shape, *self.batch_shape))

    return Responses
