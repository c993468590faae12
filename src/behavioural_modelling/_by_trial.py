"""The trials of many subjects, as a scan takes them: trials first, subjects last."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from ._play import Row, in_precision
from .models import Trial

__all__: list[str] = []


class ByTrial(NamedTuple):
    """What happened on each trial. Arrays have shape (n_trials, ..., n_subjects), or without the last axis
    where all subjects share them.

    Attributes:
        response: What was responded: an array, or a dict of arrays.
        outcomes: What came of it: an array of what each action paid, or what the chosen one did; or a dict.
        row: What was shown and on offer, where the model starts anew, and what is learned from.
        mask: Which trials are scored; None: all.
    """

    response: Any
    outcomes: Any
    row: Row
    mask: Bool[Array, "n_trials n_subjects"] | None


def by_trial(
    dtype: Any, responses, outcomes, available, mask, reset, feedback, inputs
) -> tuple[ByTrial, ByTrial]:
    """The arrays of `arrays_for`, trials first, and for each the axis that its subjects are on or None.

    What does not count must stay out of the arithmetic, as it may be NaN. An input that is a number stays:
    the stimulus of a missed trial was seen.
    """
    n_subjects = len(jax.tree.leaves(responses)[0])
    learns = feedback if mask is None else mask if feedback is None else mask & feedback
    responses = {part: _blank(mask, int(part != "choices"), x) for part, x in responses.items()}
    outcomes = jax.tree.map(partial(_blank, learns, 0), outcomes)
    inputs = jax.tree.map(partial(_finite, mask), inputs)
    if mask is not None and available is not None:
        available = available | ~mask[..., None]
    response = responses if len(responses) > 1 else next(iter(responses.values()))
    row = Row(Trial(inputs, available), reset, learns)
    trials = in_precision(ByTrial(response, outcomes, row, mask), dtype)
    own = lambda x: len(x) == n_subjects  # noqa: E731
    moved = jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1) if own(x) else x[0], trials)
    return moved, jax.tree.map(lambda x: -1 if own(x) else None, trials)


def _blank(counts: Array | None, value: float, x: Array) -> Array:
    """`x`, with `value` where a trial does not count; where all share `x`, where it counts for nobody."""
    if counts is None:
        return x
    if len(x) < len(counts):
        counts = counts.any(axis=0, keepdims=True)
    return jnp.where(counts.reshape(counts.shape + (1,) * (x.ndim - 2)), x, jnp.asarray(value, x.dtype))


def _finite(counts: Array | None, x: Array) -> Array:
    """`x`, with 0 where a trial does not count and it is no number."""
    floating = jnp.issubdtype(x.dtype, jnp.floating)
    return jnp.where(jnp.isfinite(x), x, _blank(counts, 0, x)) if floating else x
