"""A model of the package as functions of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from .. import _checks
from ..models import Model, Trial
from ._float64 import in_float64
from .javascript import translated

__all__ = ["model_functions"]


def model_functions(
    model: Model, *, outcome: Any = None, inputs: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The functions of a model and of its response in JavaScript.

    Args:
        model: The model.
        outcome: An example of an outcome as `update` sees it. None: one number per action, or one number
            where nothing is chosen.
        inputs: Examples of the inputs that the model needs, by name.

    Returns:
        Texts of functions by name, as `javascript.translated` writes them: `init(params)`, `predict(params,
        state, trial)`, `update(params, state, trial, responded, outcome)`, `log_prob(prediction, response)`,
        `draw(prediction, uniforms)` and `encode(response)`. They take and return what those of `Model` and
        `Response` do. `predict` gives the prediction among what is on offer: `trial` is an object
        `{inputs: {}, available: [true, ...]}`, with null for `available` where nothing is chosen.

    Raises:
        ValueError: If `model` is no `Model`.
        NotImplementedError: If one of the functions takes a step that has no translation.

    Example:
        >>> import behavioural_modelling as bm
        >>> print(model_functions(bm.models.rescorla_wagner(2))["init"])
        (params) => {
        return [0.5, 0.5];
        }
    """
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    n, response = model.n_actions, model.response

    def predict(params, state, trial):
        prediction = jax.tree.map(jnp.asarray, model.predict(params, state, trial))
        on_offer = response.on_offer if trial.available is not None else None
        return prediction if on_offer is None else on_offer(prediction, trial.available)

    with in_float64():
        params = {parameter.name: jnp.array(0.5) for parameter in model.parameters}
        trial = Trial(dict(inputs or {}), None if n is None else jnp.ones(n, bool))
        outcome = jnp.zeros(() if n is None else n) if outcome is None else outcome
        state = jax.eval_shape(model.init, params)
        prediction = jax.eval_shape(predict, params, state, trial)
        uniforms = jnp.zeros(response.n_uniforms)
        answer = jax.eval_shape(response.draw, prediction, uniforms)
        responded = jax.eval_shape(response.encode, answer)
        return {
            "init": translated(model.init, params),
            "predict": translated(predict, params, state, trial),
            "update": translated(model.update, params, state, trial, responded, outcome),
            "log_prob": translated(response.log_prob, prediction, answer),
            "draw": translated(response.draw, prediction, uniforms),
            "encode": translated(response.encode, answer),
        }
