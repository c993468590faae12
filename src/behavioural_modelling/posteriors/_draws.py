"""From what the chains left to what is reported: draws by name, and the `Posterior`."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from .._compute.compiling import quickest_jit
from .._types import AnyArray
from ..models import Model
from ..trials import Trials
from . import _diagnostics, _population
from ._given import Asked
from ._kernel import Record
from .posterior import Posterior

__all__: list[str] = []


def named(asked: Asked, records: list[Record]) -> dict[str, dict[str, np.ndarray]]:
    """Draws by kind and name, each of shape (n_chains, n_draws, ...)."""
    natural = {name: _together([r.natural[name] for r in records]) for name in asked.target.form.names}
    return {"params": natural} | (_group(asked, records) if asked.target.form.hierarchical else {})


def _together(parts: list[AnyArray]) -> np.ndarray:
    """Iterations one after the other, and behind the chains."""
    return np.swapaxes(np.concatenate(parts), 0, 1)


def _group(asked: Asked, records: list[Record]) -> dict[str, dict[str, np.ndarray]]:
    """The group's draws: median people, spreads, effects and correlations."""
    form, given = asked.target.form, asked.given
    # Record by record: they are of one size, and all of them together would be compiled for anew each time.
    parts = [_group_of(r.group.reshape(-1, form.n_group), given, form) for r in records]
    shape = records[0].group.shape[:2]
    by_draw = lambda x: np.asarray(x).reshape(*x.shape[:-1], *shape)  # noqa: E731
    together = jax.tree.map(lambda *xs: np.concatenate([by_draw(x) for x in xs], axis=-2), *parts)
    group, medians = jax.tree.map(lambda x: np.swapaxes(x, -1, -2), together)
    n = len(form.names)
    found = {"group": medians, "spread": dict(zip(form.latents, group.spread, strict=True))}
    effects = dict(zip(form.latents[n:], group.mean[n:], strict=True))
    for j, covariate in enumerate(form.between):
        effects |= {f"{name}_{covariate}": x for name, x in zip(form.latents, group.effects[j], strict=True)}
    found["effects"] = effects
    if form.correlations:
        found["correlation"] = _pairs(form, np.einsum("ab...,cb...->ac...", group.factor, group.factor))
    return found


def _by_covariate(form: _population.Form, effects: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """The effects of each covariate, by parameter."""
    moved = {**dict.fromkeys(form.within, form.names), **dict.fromkeys(form.between, form.latents)}
    return {c: {name: effects[f"{name}_{c}"] for name in names} for c, names in moved.items()}


def _pairs(form: _population.Form, matrix: np.ndarray) -> dict[str, np.ndarray]:
    """The correlations below the diagonal, by the names of both."""
    names = form.latents
    return {f"{names[j]}, {names[i]}": matrix[i, j] for i in range(len(names)) for j in range(i)}


@partial(quickest_jit, static_argnames="form")
def _group_of(x, given, form):
    """The group at its coordinates, and the median person's natural values."""
    group = _population.group_of(form, given, x)
    return group, _population.natural_of(form, given.places, group.mean)


def posterior(
    model: Model, trials: Trials, asked: Asked, records: list[Record], checked: Any, n_effective: int
) -> Posterior:
    """What is reported."""
    form, draws = asked.target.form, named(asked, records)
    n_chains, n_draws = next(iter(draws["params"].values())).shape[:2]
    held = {name: np.broadcast_to(x, (n_chains, n_draws, len(x))) for name, x in asked.fixed.items()}
    every = draws["params"] | held
    moved = np.concatenate([r.moved for r in records]).mean(axis=(0, 1))
    divergent = np.concatenate([r.divergent for r in records])
    problem = _diagnostics.in_words(checked, n_effective, float(divergent.mean()), moved, asked.labels)
    return Posterior(
        model=model,
        trials=trials,
        params={parameter.name: every[parameter.name] for parameter in model.parameters},
        group=draws.get("group", {}),
        spread=draws.get("spread", {}),
        effects=_by_covariate(form, draws.get("effects", {})),
        correlation=draws.get("correlation", {}),
        log_likelihood=_together([r.log_likelihood for r in records]),
        r_hat=checked.r_hat,
        n_effective=checked.n_effective,
        acceptance=np.concatenate([r.acceptance for r in records]).mean(axis=0),
        own_acceptance=moved,
        log_weights=_together([r.log_weight for r in records]),
        n_divergent=int(divergent.sum()),
        converged=problem == "",
        problem=problem,
        subjects=asked.labels,
        form=form,
        given=asked.given,
    )
