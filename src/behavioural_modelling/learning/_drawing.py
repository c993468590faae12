"""A choice made within one trial, as the functions of `rescorla_wagner` tell it: one-hot."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..utils import choice_from_uniform

__all__: list[str] = []


def drawn(uniform: Float[Array, ""], choice_p: Float[Array, "n_actions"]) -> Int[Array, "n_actions"]:
    """The choice that a random number in [0, 1) picks."""
    return jax.nn.one_hot(choice_from_uniform(uniform, choice_p), choice_p.shape[-1], dtype=jnp.int16)
