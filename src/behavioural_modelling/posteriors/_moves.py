r"""How chains move: trajectories of Hamiltonian Monte Carlo, and steps of each person alone.

In these coordinates the posterior is close to a standard normal, for which a trajectory of length
:math:`\pi/2` ends at an independent draw; so there is no mass to learn, only the size of its steps. Its
length is jittered by 40 per cent. A step moves along the standard normal exactly, which is a rotation, and
between rotations only what the density differs from it pushes: so steps can be long (Shahbaba, Lan, Johnson &
Neal 2014, doi 10.1007/s11222-012-9373-1).

The step of each person is an independent proposal: half from a t distribution with 5 degrees of freedom
around what the sites say, half from the group. A person's likelihood is bounded, so with the second half no
draw can count without bound, however long the ridge of a person's likelihood is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .._compute.layout import apart
from . import _lanes, _population, _target
from ._population import Form
from ._target import At, Numbers, Target, Told

__all__: list[str] = []

MOST_STEPS = 64
"""The most steps of a trajectory."""

DEGREES = 5
"""Degrees of freedom of the proposal around the sites."""


class Draws(NamedTuple):
    """Random numbers for a trajectory of each chain: the momentum, the length, and for accepting."""

    normal: Array
    uniform: Array
    log_uniform: Array


class OwnDraws(NamedTuple):
    """Random numbers for own steps: where to, around the sites or from the group, and for accepting."""

    normal: Array
    which: Array
    log_uniform: Array


class End(NamedTuple):
    """The end of a trajectory."""

    at: At
    momentum: At


class Turned(NamedTuple):
    """Some chains within an iteration: the trajectory's gain, who moved how often, proposals' weights."""

    at: At
    told: Told
    gain: Array
    moved: Array
    log_weight: Array


class Machine(NamedTuple):
    """What moves chains: the posterior that they are of, and its log-density."""

    form: Form
    numbers: Numbers
    tell: Callable[[At], Told]
    dtype: Any

    def own(self, told: Told) -> Array:
        """Each person's part of the log-density."""
        return told.people + _population.to_people(self.form, self.numbers.given, told.log_likelihood)


def machine(target: Target, numbers: Numbers, n_chains: int) -> Machine:
    """For so many chains."""
    dtype = numbers.given.spread_scale.dtype
    log_likelihood = _target.likelihood_of(target, numbers.data, numbers.fixed, n_chains, dtype)
    tell = _target.target_of(target.form, numbers.given, numbers.sites, numbers.frame, log_likelihood)
    return Machine(target.form, numbers, tell, dtype)


def keys_now(keys: Array, first: Array, i: Any) -> Array:
    """The chains' keys for the `i`-th draws of an iteration: they depend on a chain's own key alone."""
    return jax.vmap(lambda key: jax.random.fold_in(key, first + i))(keys)


def draws(keys: Array, n: int, dtype: Any) -> Draws:
    """A chain's random numbers for one trajectory."""
    drawn = _between(keys, n + 2, dtype)
    uniform = (1 + drawn[:, n:].T) / 2
    return jax.tree.map(apart, Draws(_normal(drawn[:, :n]), uniform[0], jnp.log(uniform[1])))


def _between(keys: Array, n: int, dtype: Any) -> Array:
    """For each chain numbers between -1 and 1. One call for all, since each takes long to compile."""
    least = jnp.nextafter(jnp.asarray(-1, dtype), jnp.asarray(0, dtype))
    return jax.vmap(lambda key: jax.random.uniform(key, (n,), dtype, least, 1))(keys)


def _normal(between: Array) -> Array:
    """Standard normal numbers from numbers between -1 and 1, as `jax.random.normal` has them."""
    return 2**0.5 * jax.lax.erf_inv(between)


def as_at(form: Form, flat: Any, by: Any = jnp) -> At:
    """Numbers by chain, as coordinates. `by` is NumPy or JAX's NumPy."""
    n, n_group = len(form.latents), form.n_group
    people = flat[:, n_group:].reshape(len(flat), n, -1)
    return At(flat[:, :n_group], by.moveaxis(people, 1, 0))


def trajectory(made: Machine, at: At, momentum: At, step: Array, length: Array) -> End:
    """The end of a trajectory of each chain, all with as many steps."""
    slopes = jax.grad(lambda at: _target.total(made.tell(at)).sum())
    n_steps = jnp.clip(jnp.ceil(length / step), 1, MOST_STEPS)
    step = jnp.minimum(length / n_steps, step)

    def leap(_, carried):
        at, momentum = carried
        kicked = jax.tree.map(lambda x, p, slope: p + step * (slope + x), at, momentum, slopes(at))
        return _rotated(at, kicked, step)

    # Half a turn, then whole ones; the last, which is too long, is taken back by half.
    at, momentum = jax.lax.fori_loop(0, n_steps.astype(jnp.int32), leap, _rotated(at, momentum, step / 2))
    return End(*_rotated(at, momentum, -step / 2))


def _rotated(at: At, momentum: At, angle: Array) -> tuple[At, At]:
    """What a standard normal would do to a place and a momentum, exactly."""
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    place = jax.tree.map(lambda x, p: cos * x + sin * p, at, momentum)
    return place, jax.tree.map(lambda x, p: cos * p - sin * x, at, momentum)


def turn(made: Machine, keys: Callable, log_uniform: Array, momentum: At, end: End, i: Array, so_far: Turned):
    """Take what is proposed, or not: on the first turn each chain's trajectory, later each person's own step.

    The two are one piece of a program, since what takes time to compile is the likelihood in it.
    """
    n, _, n_people = so_far.at.people.shape
    group, _ = _target.group_at(made.form, made.numbers.given, made.numbers.frame, so_far.at.group)
    there = _target.conditional(made.form, made.numbers.given, made.numbers.sites, group)
    drawn = _own_draws(keys(1 + i), n, n_people, made.dtype)
    trajectory = i == 0
    own = At(so_far.at.group, _own_proposal(there, drawn))
    proposal = jax.tree.map(partial(jnp.where, trajectory), end.at, own)
    new = made.tell(proposal)
    gain = _gain(new, so_far.told) - _square(end.momentum, momentum) / 2
    gain = jnp.where(jnp.isnan(gain), -jnp.inf, gain)
    accepted = (log_uniform < gain) & trajectory
    log_weight = made.own(new) - _log_proposal(there, proposal.people)
    own_gain = log_weight - made.own(so_far.told) + _log_proposal(there, so_far.at.people)
    taken = drawn.log_uniform < jnp.where(jnp.isnan(own_gain), -jnp.inf, own_gain)
    moved = jnp.where(trajectory, accepted[:, None], taken)
    at, told = _where_moved(made, accepted, moved, (proposal, new), (so_far.at, so_far.told))
    gain = jnp.where(trajectory, gain, so_far.gain)
    return Turned(at, told, gain, so_far.moved + jnp.where(trajectory, 0, moved), log_weight)


def _own_proposal(there: _target.Conditional, drawn: OwnDraws) -> Array:
    """Each person's coordinates, drawn around the sites or from the group."""
    n = len(there.shifted)
    around = drawn.normal[:n] / jnp.sqrt(jnp.square(drawn.normal[n:]).mean(axis=0))
    from_group = _target.coordinates(there, drawn.normal[:n])
    return apart(jnp.where(drawn.which < 0.5, around, from_group))


def _where_moved(made: Machine, accepted: Array, moved: Array, new: tuple[At, Told], old: tuple[At, Told]):
    """The new or the old: of what belongs to a chain by chain, of what belongs to a person by person."""
    of_rows = moved if made.form.one_row_each else moved[:, made.numbers.given.person]
    by_row = lambda a, b: jnp.where(of_rows, a, b)  # noqa: E731
    by_chain = lambda a, b: jnp.where(accepted.reshape(-1, *[1] * (a.ndim - 1)), a, b)  # noqa: E731
    by_person = lambda a, b: jnp.where(moved, a, b)  # noqa: E731
    (at, told), (at_old, told_old) = new, old
    told = Told(
        by_chain(told.group, told_old.group),
        by_person(told.people, told_old.people),
        by_row(told.log_likelihood, told_old.log_likelihood),
        jax.tree.map(by_row, told.natural, told_old.natural),
    )
    return At(by_chain(at.group, at_old.group), by_person(at.people, at_old.people)), told


def _gain(new: Told, old: Told) -> Array:
    """The difference of log-densities, term by term: of two large sums little would be left."""
    people = (new.people - old.people).sum(axis=1) + (new.log_likelihood - old.log_likelihood).sum(axis=1)
    return new.group - old.group + people


def _square(new: At, old: At) -> Array:
    """The difference of squared lengths."""
    group, people = jax.tree.map(lambda a, b: (a - b) * (a + b), new, old)
    return group.sum(axis=1) + people.sum(axis=(0, 2))


def _own_draws(keys: Array, n: int, n_people: int, dtype: Any) -> OwnDraws:
    """The random numbers of everybody's own step; as many normal ones as latents and degrees of freedom."""
    drawn = _between(keys, (n + DEGREES + 2) * n_people, dtype).reshape(len(keys), -1, n_people)
    drawn = apart(jnp.moveaxis(drawn, 1, 0))
    which, uniform = (1 + drawn[-2:]) / 2
    return jax.tree.map(apart, OwnDraws(_normal(drawn[:-2]), which, jnp.log(uniform)))


def _log_proposal(there: _target.Conditional, people: Array) -> Array:
    """The log-density of a person's proposal, up to a constant, shape (n_chains, n_people)."""
    n = len(people)
    square = jnp.square(people).sum(axis=0)
    constant = math.lgamma((DEGREES + n) / 2) - math.lgamma(DEGREES / 2) - n / 2 * math.log(DEGREES / 2)
    heavy = constant - (DEGREES + n) / 2 * jnp.log1p(square / DEGREES)
    z = _target.deviations(there, people)
    by_group = -jnp.square(z).sum(axis=0) / 2 - _lanes.log_determinant(there.lower)
    return jnp.logaddexp(heavy, by_group)
