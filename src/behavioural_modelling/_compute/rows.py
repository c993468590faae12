"""Arithmetic along the last axis, which holds the actions.

A row of actions is short, five numbers or so, and there are very many rows. Reductions such as `sum` and
`cumsum` are made for long rows: compiled for a CPU they lay the short rows out one after the other and
cannot be joined with the arithmetic around them. Written out action by action, the same sums are plain
arithmetic on columns as long as there are subjects, and the compiler joins them all into one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from itertools import accumulate

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

__all__: list[str] = []

WRITTEN_OUT = 16
"""The longest row that is written out; a longer one is reduced, to keep the program short."""


def _columns(x: Array) -> list[Array]:
    """One array per action."""
    return [x[..., action] for action in range(x.shape[-1])]


def _reduce(combine: Callable, reduction: Callable, x: Array) -> Array:
    """Combine the entries of each row, and keep the axis."""
    if x.shape[-1] > WRITTEN_OUT:
        return reduction(x, axis=-1, keepdims=True)
    return reduce(combine, _columns(x))[..., None]


@partial(jax.jit, inline=True)
def row_max(x: Float[Array, "... n_actions"]) -> Float[Array, "... 1"]:
    """The largest entry of each row."""
    return _reduce(jnp.maximum, jnp.max, x)


@partial(jax.jit, inline=True)
def row_sum(x: Float[Array, "... n_actions"]) -> Float[Array, "... 1"]:
    """The sum of each row."""
    return _reduce(jnp.add, jnp.sum, x)


def softmax(logits: Float[Array, "... n_actions"]) -> Float[Array, "... n_actions"]:
    """Probabilities from logits, none for one that is minus infinity; nothing is checked."""
    weights = jnp.exp(logits - jax.lax.stop_gradient(row_max(logits)))
    return weights / row_sum(weights)


def log_softmax(logits: Float[Array, "... n_actions"]) -> Float[Array, "... n_actions"]:
    """Log-probabilities from logits; one that is minus infinity stays so."""
    logits = logits - jax.lax.stop_gradient(row_max(logits))
    return logits - jnp.log(row_sum(jnp.exp(logits)))


@partial(jax.jit, inline=True)
def first_end_beyond(share: Float[Array, "..."], pieces: Float[Array, "... n_actions"]) -> Int[Array, "..."]:
    """Lay the pieces of a row end to end; which one lies at `share`, in [0, 1), of their length?

    A piece of length 0 is never the one: added one by one, its end is exactly the end before it. Only the
    blockwise `cumsum` of a long row may move it by rounding, so there its end is put at 0.
    """
    if pieces.shape[-1] > WRITTEN_OUT:
        ends = jnp.where(pieces > 0, jnp.cumsum(pieces, axis=-1), 0)
        return jnp.argmax((share * ends.max(axis=-1))[..., None] < ends, axis=-1).astype(jnp.int32)
    ends = list(accumulate(_columns(pieces)))
    point = share * ends[-1]
    return _first_true([point < end for end in ends])


def _first_true(hits: list[Bool[Array, "..."]]) -> Int[Array, "..."]:
    """The number of the first array that is true, entry by entry."""
    first = jnp.zeros(hits[0].shape, dtype=jnp.int32)
    for action in reversed(range(len(hits))):
        first = jnp.where(hits[action], action, first)
    return first


def on_offer(
    logits: Float[Array, "... n_actions"], available: Bool[Array, "... n_actions"] | None
) -> Float[Array, "... n_actions"]:
    """The logits of a choice among the available actions alone; None means all.

    Where a model gives none of those a chance, the choice among them is even: it has to be made.
    """
    if available is None:
        return logits
    logits = jnp.where(available, logits, -jnp.inf)
    return jnp.where(available & jnp.isneginf(row_max(logits)), 0, logits)
