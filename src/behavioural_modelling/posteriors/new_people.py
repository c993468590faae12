r"""People who were not in the study: drawn from the group that a posterior tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from .. import _checks
from .._types import Numbers
from . import _crowds
from .posterior import Posterior

__all__ = ["new_people"]


def new_people(
    key: Key[Array, ""],
    posterior: Posterior,
    n_people: int | None = None,
    *,
    covariates: Mapping[str, Numbers] | None = None,
    n_draws: int | None = None,
) -> dict[str, Float[np.ndarray, "n_draws n_people"]]:
    r"""Draw people from the group: for each draw of the group, people who may come next.

    .. math::
        \theta_\text{new} = \text{link}^{-1}(\mu + \beta' x + C z), \qquad z \sim N(0, I)

    They differ as people do, and as the group is uncertain.

    Args:
        key: One random key. Person i's deviation from the group depends on `key` and i alone.
        posterior: A `Posterior` with a group.
        n_people: How many people per draw of the group. None: one in the place of each in the data, with the
            same covariates, and a value for each row of the trials.
        covariates: What covariates the new people have, where the posterior knows of some: a dict of numbers,
            or arrays of shape (n_people,). With `n_people` alone.
        n_draws: How many draws of the group, picked at random. None: all of them.

    Returns:
        Natural values: a dict from names to arrays of shape (n_draws, n_people).

    Raises:
        ValueError: If the key is no key; `posterior` is no `Posterior` or has no group; covariates are
            missing, unknown or not one per person; there are not so many draws; or a parameter was held fixed
            at several values, so that it is not known which a new person has.

    Example:
        >>> import behavioural_modelling as bm
        >>> model, outcomes = bm.models.rescorla_wagner(n_actions=2), [[1.0, 0.0], [0.0, 1.0]] * 40
        >>> true = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.2}
        >>> trace = bm.simulate(jax.random.key(0), model, true, outcomes)
        >>> posterior = bm.sample(jax.random.key(1), model, bm.Trials(trace.choices, outcomes))
        >>> new_people(jax.random.key(2), posterior, 5, n_draws=100)["alpha"].shape
        (100, 5)
    """
    key = _checks.random_key("key", key)
    if not isinstance(posterior, Posterior) or not posterior.form.hierarchical:
        received = "one without" if isinstance(posterior, Posterior) else type(posterior).__name__
        _checks.fail("posterior", "a Posterior with a group (hierarchical=True)", received)
    key_draws, key_people = jax.random.split(key)
    which = _crowds.picked(key_draws, posterior, n_draws)
    rows = _rows(posterior, n_people, covariates)
    crowds = _crowds.afterwards(posterior, which)
    free = _crowds.drawn(key_people, posterior.form, posterior.given, crowds, rows)
    held = {name: _held(posterior, name, n_people) for name in posterior.params if name not in free}
    every = free | {name: np.broadcast_to(x, (len(which), len(rows.person))) for name, x in held.items()}
    return {name: every[name] for name in posterior.params}


def _rows(posterior: Posterior, n_people: Any, covariates: Any) -> _crowds.Rows:
    """Who is wanted."""
    form = posterior.form
    if n_people is None:
        if covariates is not None:
            _checks.fail("covariates", "None without n_people: people are as in the data", "some")
        return _crowds.rows_of(posterior.given)
    n, known = _checks.size("n_people", n_people, minimum=1), (*form.between, *form.within)
    given = {} if covariates is None else covariates
    if not isinstance(given, Mapping) or set(given) != set(known):
        found = ", ".join(map(repr, given)) if isinstance(given, Mapping) else type(given).__name__
        _checks.fail("covariates", f"a dict with {', '.join(known) or 'nothing'}", found or "nothing")
    columns = {name: _column(name, given[name], n) for name in known}
    table = lambda names: np.reshape([columns[c] for c in names], (len(names), n)).T  # noqa: E731
    return _crowds.Rows(np.arange(n), table(form.within), table(form.between))


def _column(name: str, x: Any, n: int) -> np.ndarray:
    """A covariate of the new people."""
    label = f"covariates[{name!r}]"
    values = np.asarray(_checks.real_array(label, x), float)
    _checks.finite(label, values)
    if values.shape not in ((), (n,)):
        _checks.fail(label, f"a number, or shape ({n},)", f"shape {values.shape}")
    return np.broadcast_to(values, n)


def _held(posterior: Posterior, name: str, n_people: int | None) -> np.ndarray:
    """The values of a parameter that was held."""
    values = posterior.params[name][0, 0]
    if n_people is None:
        return values
    if np.ptp(values):
        _checks.fail("n_people", f"None, as {name} was held fixed at several values", n_people)
    return values[:1]
