"""The search for each subject's best parameters: many starts, climbed a block of lanes at a time.

A lane is one start of one subject. Lanes are climbed some steps at a time; those that are done leave, and
the others are put together into new blocks, so that no lane waits for a slower one. A block has the same
size whatever the number of subjects, so the program is compiled once per model and number of trials. It is
small enough to stay in a core's cache, and there is one thread per core.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from . import _layout, _newton, _placement, transforms
from ._scoring import by_trial, is_shared, scorer
from .models import Model
from .trials import Trials

try:
    from jax import enable_x64
except ImportError:  # JAX before 0.8
    from jax.experimental import enable_x64

__all__: list[str] = []

BLOCK = 128
"""Lanes per block on a CPU."""

BLOCK_ELSEWHERE = 16_384
"""Lanes per block on a GPU, which is slow to start and quick to run."""

DRAWS = 16
"""A start is the best of so many draws, which costs little and misses fewer maxima."""

STEPS, ROUNDS = 8, 16
"""Steps between two sortings of the lanes, and how many sortings at most."""

EDGE = 9.21
"""How far the search goes on the real line: with a logit to one ten-thousandth from a bound. Smaller learning
rates change values by less than the rounding of 32 bits lets one see."""

FAR = 1e4
"""How far it goes for a parameter that has no bound."""

Ranges = tuple[tuple[str, tuple[float, float]], ...]
"""The name of each parameter, and the lower and upper end of where it is looked for."""


class Found(NamedTuple):
    """The end of each lane, as NumPy arrays, and whether it came to an end."""

    x: Float[np.ndarray, "n_parameters n_subjects n_starts"]
    value: Float[np.ndarray, "n_subjects n_starts"]
    slope: Float[np.ndarray, "n_parameters n_subjects n_starts"]
    curvature: Float[np.ndarray, "n_parameters n_parameters n_subjects n_starts"]
    promise: Float[np.ndarray, "n_subjects n_starts"]


def ranges(model: Model, priors: dict[str, Any]) -> Ranges:
    """Where each parameter is looked for: in its own range, and that of its prior."""

    def ends(parameter):
        lower, upper = _support(priors.get(parameter.name))
        return max(float(parameter.lower), lower), min(float(parameter.upper), upper)

    return tuple((parameter.name, ends(parameter)) for parameter in model.parameters)


def _support(prior: Any) -> tuple[float, float]:
    """The ends of a distribution's support. NumPyro's densities go on beyond them."""
    if hasattr(prior, "transforms"):  # such as 1 plus an exponential
        ends = _support(prior.base_dist)
        for transform in prior.transforms:
            ends = sorted(float(transform(end)) for end in ends)
        return tuple(ends)
    lower, upper = (
        getattr(getattr(prior, "support", None), f"{end}_bound", None) for end in ("lower", "upper")
    )
    return -np.inf if lower is None else float(lower), np.inf if upper is None else float(upper)


def from_all_starts(
    key: Array, model: Model, trials: Trials, priors: dict[str, Any], n_starts: int, progress: bool | None
) -> Found:
    """Climb from `n_starts` starts for each subject; `priors` may leave out parameters."""
    trials = jax.tree.map(np.asarray, trials)
    dtype = jnp.promote_types(jnp.result_type(trials.outcomes), jnp.float32)
    n_subjects, where = len(trials.choices), ranges(model, priors)
    lanes = jax.tree.map(np.array, _newton.start(jnp.zeros((len(where), n_subjects * n_starts), dtype)))
    search = _Search(model, where, priors, trials, n_starts)
    begin = _with_settings_of_here(partial(_begin_block, search, key, lanes))
    climb = _with_settings_of_here(partial(_climb_block, search, lanes))
    with _bar(lanes.done.size, progress) as bar, ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(begin, _blocks(np.arange(lanes.done.size))))
        for _ in range(ROUNDS):
            for newly_done in threads.map(climb, _blocks(np.flatnonzero(~lanes.done))):
                bar.update(newly_done)
        bar.update(np.count_nonzero(~lanes.done))
    shaped = jax.tree.map(lambda a: a.reshape(*a.shape[:-1], n_subjects, n_starts), lanes)
    return Found(*(getattr(shaped, name) for name in Found._fields))


def search_bounds(where: Ranges, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the search on the real line, each of shape (n_parameters, 1)."""
    ends = [FAR if np.isinf(ends).all() else EDGE for _, ends in where]
    upper = np.array(ends, dtype)[:, None]
    return -upper, upper


def natural(x: Any, where: Ranges) -> dict[str, Array]:
    """Parameters from coordinates of the search, which are on the first axis."""
    return {name: transforms.between(*ends).to_range(x[k]) for k, (name, ends) in enumerate(where)}


def _quantiles(prior, ends, dtype):
    """The function from shares in [0, 1) to one parameter's starts, on the real line of the search."""
    if prior is None and np.isfinite(ends).all():
        # Evenly on the logit, from .01 to .99 of the way: many a maximum lies near one of the ends.
        return lambda u: EDGE * (u - 0.5)
    if prior is None:
        return lambda u: 1.5 * jnp.clip(jax.scipy.special.ndtri(u), -3, 3)
    # A prior has its density here too, the Jacobian included. Summed up on a grid it gives the quantiles; to
    # draw from it would take a program of its own for each distribution, which takes seconds to compile.
    transform = transforms.between(*ends)
    limit = np.arcsinh(FAR if np.isinf(ends).all() else EDGE)
    steps = jnp.linspace(-limit, limit, 1001, dtype=dtype)
    grid = jnp.sinh(steps)
    density = prior.log_prob(transform.to_range(grid)) + transform.log_jacobian(grid)
    density = density + jnp.log(jnp.cosh(steps))  # where the grid is coarse, a point stands for more
    below = jnp.cumsum(jax.nn.softmax(jnp.where(jnp.isnan(density), -jnp.inf, density)))
    return lambda u: jnp.interp(u, below, grid).astype(dtype)


def _block_size() -> int:
    return BLOCK if jax.default_backend() == "cpu" else BLOCK_ELSEWHERE


def _blocks(lanes: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(lanes), _block_size()):
        yield lanes[first : first + _block_size()]


def _with_settings_of_here(function: Callable) -> Callable:
    """`function` for other threads, under the precision and the device that a `with` has set in this one."""
    precision, device = jax.config.jax_enable_x64, jax.config.jax_default_device

    def call(argument):
        with enable_x64(precision), jax.default_device(device):
            return function(argument)

    return call


class _Search(NamedTuple):
    """What all blocks share."""

    model: Model
    where: Ranges
    priors: dict[str, Any]
    trials: Trials
    n_starts: int

    def of_lanes(self, lanes: np.ndarray) -> tuple[Any, dict[str, Any]]:
        """The trials of some lanes' subjects, and how a program is to read and score them."""
        trials, subjects = self.trials, lanes // self.n_starts
        shared = is_shared(trials.outcomes, trials.choices)
        own = lambda x: None if x is None else x[subjects]  # noqa: E731
        outcomes = trials.outcomes if shared else own(trials.outcomes)
        keep = _layout.apart if _placement.has_one_cpu() else _layout.joined
        static = {"model": self.model, "where": self.where, "shared": shared, "keep": keep}
        return (own(trials.choices), outcomes, *map(own, trials[2:])), static


def _begin_block(search, key, lanes, block):
    """Put some lanes, in place, where they start. Blocks share no lane, so threads may."""
    filled = np.resize(block, _block_size())  # the last block is filled up with lanes that are not kept
    data, static = search.of_lanes(filled)
    shape, dtype = (DRAWS, len(search.where)), lanes.x.dtype
    uniforms = _uniforms(key, filled // search.n_starts, filled % search.n_starts, shape, dtype)
    x = _starts(uniforms, data, search.priors, **static)
    lanes.x[:, block] = np.asarray(x)[:, : len(block)]


def _climb_block(search, lanes, block):
    """Climb some lanes, in place, and say how many of them are done."""
    filled = np.resize(block, _block_size())
    some = jax.tree.map(lambda a: a[..., filled], lanes)
    some.done[len(block) :] = True
    data, static = search.of_lanes(filled)
    some = _climb(some, data, search.priors, **static, n_steps=STEPS)
    for all_lanes, new in zip(lanes, some, strict=True):
        all_lanes[..., block] = np.asarray(new)[..., : len(block)]
    return int(lanes.done[block].sum())


@partial(jax.jit, static_argnames=("shape", "dtype"))
def _uniforms(key, subjects, starts, shape, dtype):
    """Random numbers in [0, 1), lanes last. Each start of each subject has a key of its own."""

    def of_lane(subject, start):
        key_start = jax.random.fold_in(jax.random.fold_in(key, subject), start)
        return jax.random.uniform(key_start, shape, dtype)

    return jax.vmap(of_lane, out_axes=-1)(subjects, starts)


@partial(jax.jit, static_argnames=("model", "where", "shared", "keep"))
def _starts(uniforms, data, priors, model, where, shared, keep):
    """Where some lanes start, shape (n_parameters, n_lanes): the best of a few draws."""
    n_lanes, dtype = uniforms.shape[-1], uniforms.dtype
    quantiles = [_quantiles(priors.get(name), ends, dtype) for name, ends in where]
    log_prob = _log_prob(data, priors, model, where, shared, keep, dtype)

    def look(best, uniform):
        x = jnp.stack([quantile(u) for quantile, u in zip(quantiles, uniform, strict=True)])
        value = log_prob(x)
        better = value > best[1]  # which nothing is to a NaN, and a NaN is to nothing
        return jax.tree.map(lambda new, old: jnp.where(better, new, old), (x, value), best), None

    # Zero is the middle of a logit and of a logarithm, for lanes of which no draw gives a number.
    nowhere = jnp.zeros((len(where), n_lanes), dtype), jnp.full(n_lanes, -jnp.inf, dtype)
    return jax.lax.scan(look, nowhere, uniforms)[0][0]


@partial(jax.jit, static_argnames=("model", "where", "shared", "keep", "n_steps"))
def _climb(lanes, data, priors, model, where, shared, keep, n_steps):
    """Some steps of Newton's method for one block of lanes."""
    log_prob = _log_prob(data, priors, model, where, shared, keep, lanes.x.dtype)
    return _newton.climb(log_prob, *search_bounds(where, lanes.x.dtype), lanes, n_steps)


def _log_prob(data, priors, model, where, shared, keep, dtype):
    """The function of coordinates, shape (n_parameters, n_lanes), that is to be as high as can be."""
    choices, outcomes, *rest = data
    trials = by_trial(shared, choices, outcomes.astype(dtype), *rest)
    score = scorer(model, keep, shared)

    def log_prob(x):
        params = natural(x, where)
        return score(params, trials) + log_prior(priors, params).astype(dtype)

    return log_prob


def log_prior(priors: dict[str, Any], params: dict[str, Array]) -> Array:
    """The sum of the log-densities of the parameters that have a prior."""
    terms = [prior.log_prob(params[name]) for name, prior in priors.items()]
    return sum(terms, start=jnp.zeros(()))


def _bar(n_lanes: int, progress: bool | None) -> Any:
    """A progress bar over lanes; unless asked for, it shows after some seconds."""
    from tqdm import tqdm

    delay = 10 if progress is None else 0
    return tqdm(
        total=n_lanes, desc="fit", unit=" starts", delay=delay, disable=progress is False, leave=False
    )
