r"""The posterior as a plain log density, for any sampler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from .. import _checks
from .._types import Numbers
from ..models import Model
from ..trials import Trials
from . import _given, _links, _population, _preparing, _target
from ._target import At

__all__ = ["Density", "posterior_density"]


class Density(NamedTuple):
    """A posterior in coordinates in which it is close to a standard normal.

    Attributes:
        log_prob: The log-density up to a constant, a function of one point, shape (n_dimensions,), that can
            be differentiated, compiled and mapped.
        natural: What a point means: a function that gives a dict with `"alpha"` of shape (n_subjects,) for
            each parameter, and with a group `"alpha_median"` and `"alpha_spread"`.
        start: `start(key, n_chains)` draws points to begin from, shape (n_chains, n_dimensions).
        n_dimensions: How many coordinates there are.
    """

    log_prob: Callable[[Float[Array, "n_dimensions"]], Float[Array, ""]]
    natural: Callable[[Float[Array, "n_dimensions"]], dict[str, Array]]
    start: Callable[[Key[Array, ""], int], Float[Array, "n_chains n_dimensions"]]
    n_dimensions: int


def posterior_density(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None = None,
    hierarchical: bool = True,
    *,
    correlations: bool = False,
    covariates: Mapping[str, Numbers] | None = None,
    subjects: Any = None,
    fixed: Mapping[str, Numbers] | None = None,
) -> Density:
    r"""The target of `sample`, as any sampler takes it: BlackJAX, or NumPyro's `NUTS(potential_fn=...)`.

    Each person's likelihood has a normal stand-in with precision :math:`\Lambda_i` and shift :math:`\eta_i`,
    and with
    :math:`I + C'\Lambda_i C = L L'` the person's coordinates u are those of

    .. math:: \theta_i = \mu_i + C L'^{-1} \left( L^{-1} C'(\eta_i - \Lambda_i \mu_i) + u_i \right)

    That is the non-centred way of writing a hierarchy where the data say nothing, the centred one where they
    say much, and exact for any stand-in: the change of coordinates is in the density.

    Args:
        key: One random key, for the draws that the stand-ins are found with.
        model: As in `sample`.
        trials: As in `sample`.
        priors: As in `sample`.
        hierarchical: As in `sample`.
        correlations: As in `sample`.
        covariates: As in `sample`.
        subjects: As in `sample`.
        fixed: As in `sample`.

    Returns:
        A `Density`.

    Raises:
        ValueError: As in `sample`.

    Example:
        >>> import behavioural_modelling as bm
        >>> trials = bm.Trials([[0, 1, 0], [1, 1, 0]], [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
        >>> density = posterior_density(jax.random.key(0), bm.models.rescorla_wagner(2), trials)
        >>> density.n_dimensions, density.start(jax.random.key(1), 4).shape
        (8, (4, 8))
    """
    key = _checks.random_key("key", key)
    options = {"fixed": fixed, "subjects": subjects, "covariates": covariates, "correlations": correlations}
    asked = _given.asked(model, trials, priors, hierarchical, **options)
    with ThreadPoolExecutor(1) as threads:
        numbers = jax.tree.map(jnp.asarray, _preparing.numbers(asked, key, threads))
    form, given = asked.target.form, numbers.given
    dtype, n_people = given.spread_scale.dtype, len(given.covariates)
    log_likelihood = _target.likelihood_of(asked.target, numbers.data, numbers.fixed, 1, dtype)
    tell = _target.target_of(form, given, numbers.sites, numbers.frame, log_likelihood)
    n_dimensions = form.n_group + len(form.latents) * n_people

    def at(x):
        return At(x[None, : form.n_group], x[form.n_group :].reshape(-1, 1, n_people))

    def log_prob(x):
        return _target.total(tell(at(x)))[0]

    def natural(x):
        group, _ = _target.group_at(form, given, numbers.frame, at(x).group)
        return {name: y[0] for name, y in tell(at(x)).natural.items()} | _of_group(form, given, group)

    def start(key, n_chains):
        n_chains = _checks.size("n_chains", n_chains, minimum=1)
        return jax.random.normal(_checks.random_key("key", key), (n_chains, n_dimensions), dtype)

    return Density(log_prob, natural, start, n_dimensions)


def _of_group(form: _population.Form, given: _population.Given, group: _population.Group) -> dict[str, Array]:
    """Median people and spreads of one point."""
    if not form.hierarchical:
        return {}
    medians = {
        f"{name}_median": _links.to_natural(form.kinds[k], group.mean[k, 0], *(a[k] for a in given.places))
        for k, name in enumerate(form.names)
    }
    return medians | {f"{name}_spread": group.spread[k, 0] for k, name in enumerate(form.latents)}
