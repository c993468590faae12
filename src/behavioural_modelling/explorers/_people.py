"""What a page computes of one person: the trials of a learner, as `simulate` plays them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._play import Row, play_trial
from ..models import Model, Trial

__all__: list[str] = []


def played(
    model: Model, params: dict[str, Any], outcomes: np.ndarray, seed: Any
) -> tuple[Any, dict[str, Any]]:
    """The first subject of `simulate(jax.random.key(seed), model, params, outcomes)`, trial by trial.

    Its random numbers are those of float32, also where JAX computes in float64.

    Returns:
        The responses, and what the model records.
    """
    n_uniforms = model.response.n_uniforms
    key = jax.random.fold_in(jax.random.key(seed), 0)
    uniforms = jax.random.uniform(key, (len(outcomes), n_uniforms), jnp.float32).astype(float)

    def step(state, given):
        outcome, uniform = given
        draw = lambda prediction: model.response.draw(prediction, uniform)  # noqa: E731
        pay = lambda response: (outcome, None)  # noqa: E731
        one = play_trial(model, params, state, Row(Trial(), None, None), draw, pay, uniform.dtype)
        return one.after, (one.response, one.records)

    return jax.lax.scan(step, model.init(params), (jnp.asarray(outcomes, float), uniforms))[1]
