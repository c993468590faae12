"""Many subjects on a CPU: the subjects innermost in memory, a block of them at a time.

What a trial leaves goes straight to its place in the arrays that are returned, and one block's numbers
stay in the processor's cache from trial to trial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from .layout import apart, subjects_first

__all__: list[str] = []

SUBJECTS_PER_BLOCK = 5_000
"""The most subjects in a block. With five actions one trial's arrays are then half a megabyte, which a core
keeps in its cache. Much smaller blocks spend their time on starting each step."""


class Player(NamedTuple):
    """What is played, as functions of one subject.

    Attributes:
        begin: `begin(params, key, subject)` gives what is carried into the first trial.
        play: `play(params, carry, given, uniforms)` gives `(carry, what to record)`.
        uniforms: `uniforms(key, subject)` gives the random numbers of all trials, in [0, 1), trials first.
    """

    begin: Callable[[dict, Any, Any], Any]
    play: Callable[[dict, Any, Any, Any], tuple[Any, Any]]
    uniforms: Callable[[Any, Any], Array]


def play_in_blocks(
    player: Player,
    key: Key[Array, ""],
    subjects: Int[Array, "n_subjects"],
    params: dict[str, Array],
    given: Any,
) -> Any:
    """Run one subject's trials for all subjects.

    Args:
        player: What is played.
        key: The random key of all subjects.
        subjects: The subjects' numbers, which their keys are made from.
        params: Arrays of one number per subject.
        given: What is given of all trials: arrays of shape (n_subjects or 1, n_trials, ...).

    Returns:
        What `play` records, with axes (n_subjects, n_trials) in front.
    """
    n_subjects, n_trials = len(subjects), jax.tree.leaves(given)[0].shape[1]
    n_blocks = -(-n_subjects // SUBJECTS_PER_BLOCK)
    size = -(-n_subjects // n_blocks)
    own = lambda x: len(x) == n_subjects  # noqa: E731
    axes = jax.tree.map(lambda x: -1 if own(x) else None, given)
    # A plain number in the first state takes on the type that it has after a trial.
    begin = lambda *one: _typed_as(after, player.begin(*one))  # noqa: E731
    first = key, *jax.tree.map(lambda x: x[0], (subjects, params)), jax.tree.map(lambda x: x[0, 0], given)
    after = jax.eval_shape(lambda *one: _first_trial(player, player.begin, *one)[0], *first)
    shapes = jax.eval_shape(lambda *one: _first_trial(player, begin, *one)[1], *first)

    def play_block(block, buffers):
        # The last block may begin before the one before it ends; those subjects get the same numbers twice.
        start = jnp.minimum(block * size, n_subjects - size)
        cut = lambda x: jax.lax.dynamic_slice_in_dim(x, start, size)  # noqa: E731
        numbers, numbered = jax.tree.map(cut, (subjects, params))
        uniforms = jax.vmap(player.uniforms, in_axes=(None, 0), out_axes=-1)(key, numbers)
        # Subjects on the last axis, for everything that has a trial to it.
        here = jax.tree.map(lambda x: jnp.moveaxis(cut(x), 0, -1) if own(x) else x[0], given)
        play = jax.vmap(player.play, in_axes=(0, -1, axes, -1), out_axes=-1)

        def step(carry, trial):
            carried, buffers = carry
            number, shown, uniform = trial
            carried, record = jax.tree.map(apart, play(numbered, carried, shown, uniform))
            place = lambda buffer, x: _place(buffer, x, number, start)  # noqa: E731
            return (carried, jax.tree.map(place, buffers, record)), None

        carried = jax.vmap(begin, in_axes=(0, None, 0), out_axes=-1, axis_size=size)(numbered, key, numbers)
        trials = (jnp.arange(n_trials), here, uniforms)
        return jax.lax.scan(step, (carried, buffers), trials)[0][1]

    buffers = _buffers(shapes, n_trials, n_subjects)
    buffers = jax.lax.fori_loop(0, n_blocks, play_block, buffers)
    return jax.tree.map(subjects_first, buffers)


def _first_trial(player: Player, begin: Callable, key: Any, subject: Any, params: dict, given: Any) -> Any:
    """The first subject's first trial, for its shapes."""
    return player.play(params, begin(params, key, subject), given, player.uniforms(key, subject)[0])


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
