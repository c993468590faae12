"""Many subjects on a CPU: the subjects innermost in memory, a block of them at a time.

What a trial leaves goes straight to its place in the arrays that are returned, and one block's numbers
stay in the processor's cache from trial to trial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from ._layout import apart, subjects_first

__all__: list[str] = []

BLOCK = 5_000
"""The most subjects in a block. With five actions one trial's arrays are then half a megabyte, which a core
keeps in its cache. Much smaller blocks spend their time on starting each step."""


def play_in_blocks(
    init: Callable[[dict], Any],
    play_trial: Callable[[dict, Any, Array, Array], tuple[Any, Any]],
    key: Key[Array, ""],
    subjects: Int[Array, "n_subjects"],
    params: dict[str, Array],
    outcomes: Array,
) -> Any:
    """Run one subject's `init` and `play_trial` for all subjects and trials.

    Args:
        init: As in `Model`.
        play_trial: Function of `(params, state, outcome, uniform)` for one subject and trial that gives
            `(next_state, what to record)`.
        key: The random key of all subjects.
        subjects: The subjects' numbers, which their keys are made from.
        params: Arrays of one number per subject.
        outcomes: Shape (n_trials, n_actions), or (n_subjects, n_trials, n_actions).

    Returns:
        What `play_trial` records, with axes (n_subjects, n_trials) in front.
    """
    n_subjects, n_trials = len(subjects), outcomes.shape[-2]
    n_blocks = -(-n_subjects // BLOCK)
    size = -(-n_subjects // n_blocks)
    own = outcomes.ndim == 3

    def play_block(block, buffers):
        # The last block may begin before the one before it ends; those subjects get the same numbers twice.
        start = jnp.minimum(block * size, n_subjects - size)
        numbers, numbered = jax.tree.map(
            lambda x: jax.lax.dynamic_slice_in_dim(x, start, size), (subjects, params)
        )
        keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, numbers)
        uniforms = jax.vmap(lambda key: jax.random.uniform(key, (n_trials,)), out_axes=-1)(keys)
        paid = outcomes
        if own:
            paid = jnp.moveaxis(jax.lax.dynamic_slice_in_dim(outcomes, start, size), 0, -1)
        # Subjects on the last axis, for everything that has a trial to it.
        play = jax.vmap(play_trial, in_axes=(0, -1, -1 if own else None, -1), out_axes=-1)

        def step(carry, trial):
            state, buffers = carry
            number, outcome, uniform = trial
            state, record = jax.tree.map(apart, play(numbered, state, outcome, uniform))
            place = lambda buffer, x: _place(buffer, x, number, start)  # noqa: E731
            return (state, jax.tree.map(place, buffers, record)), None

        state = jax.vmap(init, out_axes=-1, axis_size=size)(numbered)
        trials = (jnp.arange(n_trials), paid, uniforms)
        return jax.lax.scan(step, (state, buffers), trials)[0][1]

    one = jax.tree.map(lambda x: x[0], params)
    shapes = jax.eval_shape(lambda: play_trial(one, init(one), outcomes[(0,) * (own + 1)], 0.5)[1])
    buffers = _buffers(shapes, n_trials, n_subjects)
    buffers = jax.lax.fori_loop(0, n_blocks, play_block, buffers)
    return jax.tree.map(subjects_first, buffers)


def _place(buffer: Array, x: Array, trial: Int[Array, ""], start: Int[Array, ""]) -> Array:
    """Write one trial of one block, shape (..., size), into (n_trials, ..., n_subjects)."""
    return jax.lax.dynamic_update_slice(buffer, x[None], (trial, *[0] * (x.ndim - 1), start))


def _buffers(shapes: Any, n_trials: int, n_subjects: int) -> Any:
    """Arrays to write into. Each has another number in it: of two alike, one would be a copy of the other."""
    leaves, tree = jax.tree.flatten(shapes)
    shape = lambda leaf: (n_trials, *leaf.shape, n_subjects)  # noqa: E731
    full = [jax.lax.full(shape(x), i % 2 if x.dtype == bool else i, x.dtype) for i, x in enumerate(leaves)]
    return jax.tree.unflatten(tree, full)
