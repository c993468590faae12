"""Scoring: the log-probabilities of all responses, summed over trials, for many subjects; and the slope."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float

from ._by_trial import by_trial
from ._compute import placement
from ._compute.layout import apart, laid_out
from ._play import in_precision, play_trial
from .models import Model

__all__: list[str] = []


@partial(jax.jit, static_argnames=("model", "dtype", "plan"))
def log_probabilities(
    model: Model, dtype: Any, plan: placement.Plan, params: dict[str, Array], *arrays: Any
) -> Float[Array, "n_subjects"]:
    """What `scorer` gives, compiled; on several devices where the plan names them."""

    def score(params, *arrays):
        return scorer(model, dtype, plan.laid_out, *arrays)(params)

    return placement.over_subjects(score, plan)(params, *arrays)


def scorer(
    model: Model, dtype: Any, on_cpu: bool, *arrays: Any
) -> Callable[[dict[str, Array]], Float[Array, "n_subjects"]]:
    """The function from parameters to each subject's log-probability of its responses, summed over trials.

    The arrays are those of `arrays_for`. They are laid out once, however often the function is called: inside
    a loop the compiler would do it again on every turn. `on_cpu` says whether the compiler is told how arrays
    lie: not where it spreads them over devices.
    """
    trials, axes = by_trial(dtype, *arrays)
    n_subjects = len(jax.tree.leaves(arrays)[0])
    init = jax.vmap(model.init, out_axes=-1, axis_size=n_subjects)
    play = jax.vmap(partial(_scored, model, dtype), (0, -1, axes), out_axes=(-1, 0), axis_size=n_subjects)
    return lambda params: _score(init, play, on_cpu, params, trials)


def _scored(model, dtype, params, state, trial):
    """One trial of one subject: the state after it, and the log-probability of the response."""
    given = lambda _: trial.response, lambda _: (trial.outcomes, None)  # noqa: E731
    played = play_trial(model, params, state, trial.row, *given, dtype)
    return played.after, in_precision(model.response.log_prob(played.prediction, played.response), dtype)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _score(init, play, on_cpu, params, trials):
    """The sum over trials. `init` and `play` are the model's `init` and `_scored`, mapped over subjects."""
    return laid_out(on_cpu, partial(_summed, init, play))(params, trials)


def _summed(init, play, params, trials):
    def step(carry, trial):
        state, total, lost = carry
        next_state, term = play(params, state, trial)
        if trial.mask is not None:
            term = jnp.where(trial.mask, term, 0)
        # What rounding takes from a sum is given to the next term, so long sums stay exact.
        term = term - lost
        lost = jax.lax.stop_gradient((total + term) - total - term)
        lost = jnp.where(jnp.isfinite(lost), lost, 0)  # a sum of minus infinity stays so
        return (jax.tree.map(apart, next_state), total + term, lost), None

    first, trial = init(params), jax.tree.map(lambda x: x[0], trials)
    nothing = jnp.zeros_like(jax.eval_shape(play, params, first, trial)[1])
    return jax.lax.scan(step, (first, nothing, nothing), trials)[0][1]


@partial(_score.defjvp, symbolic_zeros=True)
def _score_and_slope(init, play, on_cpu, primals, tangents):
    """The derivative of `_score`: a subject's parameters move that subject's score alone.

    So one direction for each parameter, in which it moves by 1 for every subject, gives all slopes.
    """
    score = partial(_score.fun, init, play, on_cpu)
    params, trials = primals
    moves = {name: move for name, move in tangents[0].items() if not isinstance(move, SymbolicZero)}

    names = tuple(moves)  # the moves themselves, held by a function that JAX keeps, would be a leak

    @_as_a_whole
    def value_and_slopes(params, trials):
        some = {name: params[name] for name in names}
        one = jnp.ones_like(next(iter(some.values())))
        units = {a: jnp.stack([one * float(a == b) for b in some]) for a in some}
        along = partial(jax.jvp, lambda some: score(params | some, trials), (some,))
        return jax.vmap(lambda unit: along((unit,)), out_axes=(None, 0))(units)

    value, slope = None, 0.0
    if moves:
        value, slopes = value_and_slopes(params, trials)
        slope = sum(each * move for each, move in zip(slopes, moves.values(), strict=True))
    leaves, tree = jax.tree.flatten(trials)
    moves = {i: x for i, x in enumerate(jax.tree.leaves(tangents[1])) if not isinstance(x, SymbolicZero)}
    if moves:  # of outcomes, inputs or ratings
        with_others = lambda some: tree.unflatten([some.get(i, x) for i, x in enumerate(leaves)])  # noqa: E731
        by_data = lambda some: score(params, with_others(some))  # noqa: E731
        value, more = jax.jvp(by_data, ({i: leaves[i] for i in moves},), (moves,))
        slope += more
    return value, slope


def _as_a_whole(function):
    """`function`, into which reverse-mode differentiation does not look while it sorts out what is linear.

    In a scan it would find what stays the same from trial to trial, and store it once for every action.
    """
    whole = jax.custom_jvp(function)
    whole.defjvp(partial(jax.jvp, function))
    return whole
