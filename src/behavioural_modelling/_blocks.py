"""Many subjects on a CPU: the subjects innermost in memory, a block of them at a time.

What a trial leaves goes straight to its place in the arrays that are returned, and one block's numbers
stay in the processor's cache from trial to trial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from ._layout import apart, subjects_first

__all__: list[str] = []

BLOCK = 5_000
"""The most subjects in a block. With five actions one trial's arrays are then half a megabyte, which a core
keeps in its cache. Much smaller blocks spend their time on starting each step."""


class Task(NamedTuple):
    """What the subjects are given to do: all trials, with or without an axis of subjects in front, or one.

    Attributes:
        outcomes: What each action would pay.
        available: Which actions are on offer; None: all.
        reset: Whether the model starts anew before the trial; None: never.
    """

    outcomes: Float[Array, "... n_actions"]
    available: Bool[Array, "... n_actions"] | None
    reset: Bool[Array, "..."] | None


def play_in_blocks(
    init: Callable[[dict], Any],
    play_trial: Callable[[dict, Any, Task, Array], tuple[Any, Any]],
    own: tuple[bool, bool, bool],
    key: Key[Array, ""],
    subjects: Int[Array, "n_subjects"],
    params: dict[str, Array],
    task: Task,
) -> Any:
    """Run one subject's `init` and `play_trial` for all subjects and trials.

    Args:
        init: As in `Model`.
        play_trial: Function of `(params, state, task, uniform)` for one subject and trial that gives
            `(next_state, what to record)`.
        own: Which fields of the task have an axis of subjects.
        key: The random key of all subjects.
        subjects: The subjects' numbers, which their keys are made from.
        params: Arrays of one number per subject.
        task: All trials.

    Returns:
        What `play_trial` records, with axes (n_subjects, n_trials) in front.
    """
    n_subjects, n_trials = len(subjects), task.outcomes.shape[-2]
    n_blocks = -(-n_subjects // BLOCK)
    size = -(-n_subjects // n_blocks)
    axes = Task(*(-1 if mine else None for mine in own))

    def play_block(block, buffers):
        # The last block may begin before the one before it ends; those subjects get the same numbers twice.
        start = jnp.minimum(block * size, n_subjects - size)
        cut = lambda x: jax.lax.dynamic_slice_in_dim(x, start, size)  # noqa: E731
        numbers, numbered = jax.tree.map(cut, (subjects, params))
        keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, numbers)
        uniforms = jax.vmap(lambda key: jax.random.uniform(key, (n_trials,)), out_axes=-1)(keys)
        # Subjects on the last axis, for everything that has a trial to it.
        pairs = zip(task, own, strict=True)
        given = Task(*(jnp.moveaxis(cut(x), 0, -1) if mine else x for x, mine in pairs))
        play = jax.vmap(play_trial, in_axes=(0, -1, axes, -1), out_axes=-1)

        def step(carry, trial):
            state, buffers = carry
            number, given, uniform = trial
            state, record = jax.tree.map(apart, play(numbered, state, given, uniform))
            place = lambda buffer, x: _place(buffer, x, number, start)  # noqa: E731
            return (state, jax.tree.map(place, buffers, record)), None

        state = jax.vmap(begin, out_axes=-1, axis_size=size)(numbered)
        trials = (jnp.arange(n_trials), given, uniforms)
        return jax.lax.scan(step, (state, buffers), trials)[0][1]

    one = jax.tree.map(lambda x: x[0], params)
    first = Task(*(None if x is None else x[(0,) * (mine + 1)] for x, mine in zip(task, own, strict=True)))
    # A plain number in the first state takes on the type that it has after a trial.
    begin = lambda params: _typed_as(after, init(params))  # noqa: E731
    after = jax.eval_shape(lambda: play_trial(one, init(one), first, 0.5)[0])
    shapes = jax.eval_shape(lambda: play_trial(one, begin(one), first, 0.5)[1])
    buffers = _buffers(shapes, n_trials, n_subjects)
    buffers = jax.lax.fori_loop(0, n_blocks, play_block, buffers)
    return jax.tree.map(subjects_first, buffers)


def _typed_as(like: Any, state: Any) -> Any:
    """The state, each of its arrays in the type that it has in `like`."""
    typed = lambda x, to: x if to.dtype == jnp.result_type(x) else jnp.asarray(x, to.dtype)  # noqa: E731
    return jax.tree.map(typed, state, like)


def _place(buffer: Array, x: Array, trial: Int[Array, ""], start: Int[Array, ""]) -> Array:
    """Write one trial of one block, shape (..., size), into (n_trials, ..., n_subjects)."""
    return jax.lax.dynamic_update_slice(buffer, x[None], (trial, *[0] * (x.ndim - 1), start))


def _buffers(shapes: Any, n_trials: int, n_subjects: int) -> Any:
    """Arrays to write into. Each has another number in it: of two alike, one would be a copy of the other."""
    leaves, tree = jax.tree.flatten(shapes)
    shape = lambda leaf: (n_trials, *leaf.shape, n_subjects)  # noqa: E731
    full = [jax.lax.full(shape(x), i % 2 if x.dtype == bool else i, x.dtype) for i, x in enumerate(leaves)]
    return jax.tree.unflatten(tree, full)
