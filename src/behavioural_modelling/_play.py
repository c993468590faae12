"""One trial of one subject: the function that the simulator, the likelihood and the replay all run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from .models import Model, Trial

__all__: list[str] = []


class Row(NamedTuple):
    """What is given of a trial, beside the response and its outcome.

    Attributes:
        trial: What the subject knows before it responds.
        reset: Whether the model starts anew before the trial; None: it does not.
        learns: Whether something is learned from the trial; None: it is.
    """

    trial: Trial
    reset: Bool[Array, ""] | None
    learns: Bool[Array, ""] | None


class Played(NamedTuple):
    """What came of a trial.

    Attributes:
        before: The state that the prediction came from.
        prediction: What the model predicted of the response, among what was on offer.
        response: The response.
        outcome: What came of it.
        after: The model's state after the trial.
        task: The task's state after the trial.
        records: What the model's `update` records.
    """

    before: Any
    prediction: Any
    response: Any
    outcome: Any
    after: Any
    task: Any
    records: dict[str, Any]


def play_trial(
    model: Model,
    params: dict[str, Any],
    state: Any,
    row: Row,
    respond: Callable[[Any], Any],
    pay: Callable[[Any], tuple[Any, Any]],
    dtype: Any,
) -> Played:
    """One trial of one subject.

    `respond` gives the response to a prediction, drawn or known; `pay` gives the outcome of a response and
    the task's state after it. Floating-point numbers are of type `dtype`.
    """
    if row.reset is not None:
        state = jax.tree.map(partial(jnp.where, row.reset), model.init(params), state)
    prediction = in_precision(model.predict(params, state, row.trial), dtype)
    if row.trial.available is not None and model.response.on_offer is not None:
        prediction = model.response.on_offer(prediction, row.trial.available)
    response = respond(prediction)
    responded = in_precision(model.response.encode(response), dtype)
    outcome, task = pay(response)
    seen = jax.tree.map(partial(as_seen, model, responded), outcome)
    after, records = model.update(params, state, row.trial, responded, seen)
    if row.learns is not None:
        after = jax.tree.map(partial(jnp.where, row.learns), after, state)
    return Played(state, prediction, response, outcome, after, task, records)


def in_precision(tree: Any, dtype: Any) -> Any:
    """Numbers in the precision of the driver; integers and booleans stay what they are."""

    def cast(x):
        x = jnp.asarray(x)
        return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return jax.tree.map(cast, tree)


def as_seen(model: Model, responded: Any, outcome: Array) -> Array:
    """An outcome as `update` sees it: one number per action, or one where nothing is chosen."""
    if model.n_actions is None:
        return outcome.reshape(())
    if outcome.ndim and (outcome.shape[-1] > 1 or model.n_actions == 1):
        return outcome
    return outcome * (responded["choices"] if isinstance(responded, dict) else responded)
