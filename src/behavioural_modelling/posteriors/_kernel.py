r"""The chains: what an iteration is, and how the size of its steps is tuned. `_moves` says how they move."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._compute.compiling import quick_jit
from .._compute.layout import laid_out
from .._types import AnyArray
from . import _moves, _target
from ._moves import Machine
from ._population import Form, Given
from ._target import At, Told

__all__: list[str] = []

LENGTH, JITTER = math.pi / 2, 0.4
"""How long a trajectory is, and by which share it varies."""

WANTED = 0.9
"""The acceptance that the size of the steps is tuned for."""

MOST_OWN, MOVES = 8, 0.5
"""The most own steps after a trajectory, and the chance to move that they are to give everybody."""

DIVERGED = 1000.0
"""A trajectory whose energy is off by more is divergent."""


class Tuning(NamedTuple):
    """The size of the steps, by dual averaging: Hoffman & Gelman (2014), section 3.2."""

    log_step: Array
    average: Array
    lag: Array
    n_steps: Array


class State(NamedTuple):
    """Some chains between two iterations."""

    at: At
    told: Told
    tuning: Tuning
    iteration: Int[Array, ""]


class Record(NamedTuple):
    """What an iteration leaves; in a run all have the iterations in front.

    Attributes:
        group: The group's coordinates, shape (n_chains, n_group), those of `_population.group_of`.
        natural: Natural values, a dict of arrays of shape (n_chains, n_rows).
        log_likelihood: Shape (n_chains, n_rows).
        acceptance: Of the trajectory, shape (n_chains,).
        divergent: Whether its energy ran away, shape (n_chains,).
        moved: Which share of a person's own steps was taken, shape (n_chains, n_people).
        log_weight: Of the last of them how much more probable the posterior finds it than what proposed it.
    """

    group: Float[AnyArray, "n_chains n_group"]
    natural: dict[str, AnyArray]
    log_likelihood: Float[AnyArray, "n_chains n_rows"]
    acceptance: Float[AnyArray, "n_chains"]
    divergent: AnyArray
    moved: AnyArray
    log_weight: AnyArray


class Options(NamedTuple):
    """What may differ between runs of one program.

    Attributes:
        n_iterations: How many iterations.
        n_own: How many own steps people take after each trajectory.
        adapt: Whether the size of the steps is tuned.
    """

    n_iterations: int
    n_own: int
    adapt: bool


def start(keys: Array, given: Given, form: Form) -> State:
    """Chains at draws of the surrogate. Nothing is told of them, so that the first trajectory is accepted.

    All by NumPy: it happens once, and JAX would compile for longer than a hundred trajectories take.
    """
    n, n_people, n_rows = len(form.latents), len(given.covariates), len(given.person)
    n_dimensions, dtype = form.n_group + n * n_people, given.spread_scale.dtype
    words = np.asarray(jax.random.key_data(keys)).reshape(len(keys), -1)
    begun = np.stack([np.random.default_rng(own).normal(size=n_dimensions) for own in words]).astype(dtype)
    zeros: Any = partial(np.zeros, dtype=dtype)
    nothing = zeros((len(keys), n_rows))
    natural: dict[str, Any] = dict.fromkeys(form.names, nothing)
    told = Told(zeros(len(keys)) - np.inf, zeros((len(keys), n_people)), nothing, natural)
    first: Any = np.asarray(math.log(first_step(n_dimensions)), dtype)
    tuning = Tuning(first, first, zeros(()), zeros(()))
    return State(_moves.as_at(form, begun, by=np), told, tuning, zeros((), dtype=np.int32))


def first_step(n_dimensions: int) -> float:
    """A guess of the size of steps, for a standard normal of so many dimensions."""
    return 1.2 * n_dimensions**-0.25


@partial(quick_jit, static_argnames=("target", "most"))
def run(state, keys, numbers, options, target, most):
    """Some iterations of some chains, `options.n_iterations` of them and at most `most`."""
    return laid_out(target.on_cpu, partial(_run, target, most))(state, keys, numbers, options)


def _run(target, most, state, keys, numbers, options):
    made = _moves.machine(target, numbers, len(keys))
    iterate = partial(_iterate, made, keys, options)
    shapes = jax.eval_shape(lambda state: iterate(state)[1], state)
    records = jax.tree.map(lambda x: jnp.zeros((most, *x.shape), x.dtype), shapes)

    def step(i, carried):
        state, records = carried
        state, record = iterate(state)
        return state, jax.tree.map(lambda all_, one: all_.at[i].set(one), records, record)

    return jax.lax.fori_loop(0, options.n_iterations, step, (state, records))


def _iterate(made: Machine, keys: Array, options: Options, state: State) -> tuple[State, Record]:
    """One trajectory of all coordinates, then people's own steps."""
    n_dimensions = state.at.group.shape[1] + state.at.people[:, 0].size
    step = jnp.exp(jnp.where(options.adapt, state.tuning.log_step, state.tuning.average))
    now = partial(_moves.keys_now, keys, state.iteration * (2 + MOST_OWN))
    draws = _moves.draws(now(0), n_dimensions, made.dtype)
    length = LENGTH * (1 + JITTER * (2 * draws.uniform[0] - 1))
    momentum = _moves.as_at(made.form, draws.normal)
    end = _moves.trajectory(made, state.at, momentum, step, length)
    turn = partial(_moves.turn, made, now, draws.log_uniform, momentum, end)
    nothing = jnp.zeros((len(keys), state.at.people.shape[2]), made.dtype)
    begun = _moves.Turned(state.at, state.told, jnp.zeros(len(keys), made.dtype), nothing, nothing)
    after = jax.lax.fori_loop(0, 1 + options.n_own, turn, begun)
    acceptance = jnp.exp(jnp.minimum(after.gain, 0))
    tuned = _tuned(state.tuning, acceptance.mean(), first_step(n_dimensions))
    tuning = jax.tree.map(partial(jnp.where, options.adapt), tuned, state.tuning)
    told, base = after.told, _target.base(made.numbers.frame, after.at.group)
    moved = after.moved / jnp.maximum(options.n_own, 1)
    record = Record(
        base, told.natural, told.log_likelihood, acceptance, after.gain < -DIVERGED, moved, after.log_weight
    )
    return State(after.at, told, tuning, state.iteration + 1), record


def rescaled(state: State, scale: AnyArray) -> State:
    """The same places where the axes of the group's frame are `scale` times as long."""
    return state._replace(at=state.at._replace(group=state.at.group / scale))


def n_own_steps(moved: Any) -> int:
    """How many own steps give everybody a good chance to move, from how often they were taken."""
    least = float(np.clip(np.min(moved, initial=MOVES), 1e-3, MOVES))
    return min(MOST_OWN, math.ceil(math.log(1 - MOVES) / math.log1p(-least)))


def _tuned(tuning: Tuning, acceptance: Array, first: float) -> Tuning:
    """One step of dual averaging towards the wanted acceptance."""
    count = tuning.n_steps + 1
    lag = tuning.lag + (WANTED - acceptance - tuning.lag) / (count + 10)
    log_step = math.log(first) - jnp.sqrt(count) * lag / 0.1
    weight = count**-0.75
    average = weight * log_step + (1 - weight) * tuning.average
    return Tuning(log_step, average, lag, count)
