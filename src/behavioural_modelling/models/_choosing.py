"""The choice of one trial, as both drivers make it: a model's logits among what is on offer."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .. import _rows
from .model import Model

__all__: list[str] = []

INPUTS = ("available",)
"""What a policy can ask to see of a trial, by its name in `Model.inputs`."""


def logits_on_offer(
    model: Model, params: dict, state: Any, available: Bool[Array, "n_actions"] | None, dtype: Any
) -> Float[Array, "n_actions"]:
    """The logits of the choice among the available actions alone, in the precision of the driver.

    A policy that asks for it sees what is on offer: all actions where `available` is None.
    """
    seen = {}
    if "available" in model.inputs:
        seen["available"] = jnp.ones(model.n_actions, bool) if available is None else available
    logits = jnp.asarray(model.policy(params, state, **seen), dtype)
    return _rows.on_offer(logits, available)
