"""People as priors have them, in a task: what prior predictive checks and calibration begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array

from ..models import Model
from ..posteriors import _crowds, _given
from ..tasks import Schedule, Task
from . import _replications

__all__: list[str] = []


class Drawn(NamedTuple):
    """What was drawn.

    Attributes:
        params: Natural values, arrays of shape (n_draws, n_rows).
        group: With a group its numbers by the names of `Posterior.variables`, arrays of shape (n_draws,).
        asked: What they were drawn from.
    """

    params: dict[str, np.ndarray]
    group: dict[str, np.ndarray]
    asked: _given.Asked


def drawn(
    key: Array,
    model: Model,
    task: Schedule | Task,
    priors: Mapping[str, Any] | None,
    hierarchical: bool,
    n_draws: int,
    n_rows: int,
) -> Drawn:
    """Groups and their people, or people without a group, as `sample` takes the priors."""
    key_pilot, key_groups, key_people = jax.random.split(key, 3)
    # Default priors and units go by the outcomes, which some task may draw: somebody has to play it.
    middle = {p.name: np.full((n_draws, n_rows), _replications.in_the_middle(p)) for p in model.parameters}
    pilot = _replications.played(key_pilot, model, middle, task).subjects(slice(n_rows))
    options = {"fixed": None, "subjects": None, "covariates": None, "correlations": False}
    asked = _given.asked(model, pilot, priors, hierarchical, **options)
    form, given = asked.target.form, asked.given
    if hierarchical:
        crowds = _crowds.beforehand(key_groups, form, given, n_draws)
        free = _crowds.drawn(key_people, form, given, crowds, _crowds.rows_of(given))
        group = _crowds.told(form, given, crowds)
    else:
        free, group = _crowds.apart(key_people, form, given, n_draws, n_rows), {}
    dtype = np.asarray(given.spread_scale).dtype
    held = {name: np.broadcast_to(np.asarray(x, dtype), (n_draws, n_rows)) for name, x in asked.fixed.items()}
    return Drawn({p.name: (free | held)[p.name] for p in model.parameters}, group, asked)
