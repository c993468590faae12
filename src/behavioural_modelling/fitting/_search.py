"""The search for each subject's best parameters: many starts, climbed a block of lanes at a time.

A lane is one start of one subject. Lanes are climbed some steps at a time; those that are done leave, and
the others are put together into new blocks, so that no lane waits for a slower one. The blocks of a model
have one size whatever the number of subjects, so the program is compiled once per number of trials. They are
small enough to stay in a core's cache, and there is one thread per core.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from .. import _checks
from .._compute import placement
from .._door import Spec, spec_of
from .._ready import arrays_for
from ..models import Model
from ..trials import Trials
from . import _newton, _programs
from ._space import Space, bounds

try:
    from jax import enable_x64
except ImportError:  # JAX before 0.8
    from jax.experimental import enable_x64  # pyright: ignore[reportAttributeAccessIssue]

__all__: list[str] = []

LANES_PER_BLOCK, LANES_OF_LARGE = 128, 32
"""Lanes per block on a CPU; and of models with much to carry, which leave the cache and whose last lanes, in
a block that is mostly empty, take long."""

LARGE = 250
"""From how many numbers on a lane is large: the state, with its slopes and curvatures."""

LANES_ELSEWHERE = 16_384
"""Lanes per block on a GPU, which is slow to start and quick to run."""

DRAWS = 16
"""A start is the best of so many draws, which costs little and misses fewer maxima."""

STEPS, ROUNDS = 8, 16
"""Steps between two sortings of the lanes, and how many sortings at most."""


class Task(NamedTuple):
    """What is to be maximised, and for whom; all blocks share it.

    Attributes:
        model: The model.
        trials: What the subjects did, as NumPy arrays.
        space: Where the free parameters are looked for.
        priors: Distributions of some of the free parameters.
        fixed: The values of the other parameters, one per subject.
    """

    model: Model
    trials: Trials
    space: Space
    priors: dict[str, Any]
    fixed: dict[str, np.ndarray]

    def of_subjects(self, subjects: np.ndarray) -> tuple[tuple, dict[str, Any]]:
        """The numbers of some subjects, and what a program of `_programs` is made for."""
        several = self.trials.shape[0] > 1
        own = lambda x: x if len(x) == 1 and several else x[subjects]  # noqa: E731
        data = jax.tree.map(own, arrays_for(self.model, self.trials))
        place = jax.tree.map(lambda x: x[:, subjects], self.space.place)
        numbers = data, place, {name: x[subjects] for name, x in self.fixed.items()}, self.priors
        return numbers, {"model": self.model, "axes": self.space.axes, "on_cpu": placement.has_one_cpu()}

    def blocks(self, lanes: np.ndarray) -> Iterator[np.ndarray]:
        """The lanes, cut up."""
        size = _block_size(self.model, len(self.space.axes))
        for first in range(0, len(lanes), size):
            yield lanes[first : first + size]

    def filled(self, block: np.ndarray) -> np.ndarray:
        """A block of full size; what it is filled up with is computed and not kept."""
        return np.resize(block, _block_size(self.model, len(self.space.axes)))

    def spec(self) -> Spec:
        """What a trial tells the model."""
        inputs = {name: (self.trials.inputs or {})[name] for name in self.model.inputs}
        return spec_of(self.trials.outcomes, self.trials.available, inputs, self.space.place.scale.dtype)


class Found(NamedTuple):
    """The end of each lane, as NumPy arrays: where, how high, its derivatives, and what a step promises."""

    x: Float[np.ndarray, "n_parameters n_subjects n_starts"]
    value: Float[np.ndarray, "n_subjects n_starts"]
    slope: Float[np.ndarray, "n_parameters n_subjects n_starts"]
    curvature: Float[np.ndarray, "n_parameters n_parameters n_subjects n_starts"]
    promise: Float[np.ndarray, "n_subjects n_starts"]
    at_kink: Bool[np.ndarray, "n_subjects n_starts"]


class Search(NamedTuple):
    """A task, its lanes, and the threads that climb them."""

    task: Task
    lanes: _newton.Climb
    n_starts: int
    threads: ThreadPoolExecutor

    def climb(self, lanes: np.ndarray) -> Iterator[int]:
        """Climb some lanes, in place; gives how many of each block are done."""
        return self.threads.map(with_settings_of_here(partial(_climb_block, self)), self.task.blocks(lanes))

    def best(self) -> np.ndarray:
        """The number of each subject's best lane."""
        value = self.lanes.value.reshape(-1, self.n_starts)
        return np.arange(len(value)) * self.n_starts + value.argmax(axis=1)

    def values(self, x: np.ndarray, subjects: np.ndarray) -> np.ndarray:
        """The log-probability at coordinates of the given subjects, one per column of `x`."""
        points = list(self.task.blocks(np.arange(len(subjects))))
        found = self.threads.map(with_settings_of_here(partial(_value_block, self.task, x, subjects)), points)
        return np.concatenate(list(found))


def begin(key: Array, task: Task, n_starts: int, threads: ThreadPoolExecutor) -> Search:
    """Lanes where they start."""
    (n, n_subjects), dtype = task.space.place.scale.shape, task.space.place.scale.dtype
    search = Search(task, _newton.start(np.zeros((n, n_subjects * n_starts), dtype)), n_starts, threads)
    draws = _draws(key, (n_subjects, DRAWS, n), n_starts, dtype)
    # The longest to compile is compiled beside the rest: lanes that are done are not climbed.
    idle = with_settings_of_here(partial(_idle, search))
    compiled = threads.submit(idle, np.zeros(1, int))
    start = with_settings_of_here(partial(_begin_block, search, draws))
    list(threads.map(start, task.blocks(np.arange(n_subjects * n_starts))))
    compiled.result()
    return search


def to_the_top(search: Search, progress: bool | None) -> None:
    """Climb until all lanes are done, or for as many rounds as there are."""
    with _bar(search.lanes.done.size, progress) as bar:
        for _ in range(ROUNDS):
            for newly_done in search.climb(np.flatnonzero(~search.lanes.done)):
                bar.update(newly_done)
        bar.update(np.count_nonzero(~search.lanes.done))


def n_threads(task: Task) -> int:
    """One thread per core; one alone for a model that calls a library: such calls could block each other."""
    alone = _programs.calls_a_library(task.model, task.spec(), _checks.setting("jax_enable_x64"))
    return 1 if alone else os.cpu_count() or 1


@lru_cache
def _block_size(model: Model, n_free: int) -> int:
    """How many lanes a block has, whatever the number of subjects."""
    if jax.default_backend() != "cpu":
        return LANES_ELSEWHERE
    state = jax.eval_shape(model.init, {parameter.name: np.float32(0.5) for parameter in model.parameters})
    n_carried = sum(leaf.size for leaf in jax.tree.leaves(state)) * (1 + n_free) ** 2
    return LANES_OF_LARGE if n_carried >= LARGE else LANES_PER_BLOCK


def _draws(key: Array, shape: tuple[int, ...], n_starts: int, dtype: Any) -> np.ndarray:
    """Random numbers in [0, 1), starts first. Those of a start come subject by subject: more add to them."""
    words = np.asarray(jax.random.key_data(key) if key.dtype != np.uint32 else key).ravel().tolist()
    each = [np.random.default_rng([start, *words]).random(shape, np.float32) for start in range(n_starts)]
    return np.stack(each).astype(dtype)


def with_settings_of_here(function: Callable) -> Callable:
    """`function` for other threads, under the precision and the device that a `with` has set in this one."""
    precision, device = _checks.setting("jax_enable_x64"), _checks.setting("jax_default_device")

    def call(argument):
        with enable_x64(precision), jax.default_device(device):
            return function(argument)

    return call


def _begin_block(search, draws, block):
    """Put some lanes, in place, where they start. Blocks share no lane, so threads may."""
    subjects, starts = np.divmod(search.task.filled(block), search.n_starts)
    numbers, made_for = search.task.of_subjects(subjects)
    uniforms = np.moveaxis(draws[starts, subjects], 0, -1)
    search.lanes.x[:, block] = np.asarray(_programs.starts(uniforms, numbers, **made_for))[:, : len(block)]


def _climb_block(search, block):
    """Climb some lanes, in place, and say how many of them are done."""
    some = jax.tree.map(lambda a: a[..., search.task.filled(block)], search.lanes)
    some.done[len(block) :] = True
    for all_lanes, new in zip(search.lanes, _climbed(search, block, some), strict=True):
        all_lanes[..., block] = np.asarray(new)[..., : len(block)]
    return int(search.lanes.done[block].sum())


def _idle(search, block):
    """Have the program of `_climb_block` compiled."""
    some = jax.tree.map(lambda a: a[..., search.task.filled(block)], search.lanes)
    some.done[:] = True
    _climbed(search, block, some)


def _climbed(search, block, some):
    numbers, made_for = search.task.of_subjects(search.task.filled(block) // search.n_starts)
    return _programs.climb(some, numbers, **made_for, n_steps=STEPS)


def _value_block(task, x, subjects, block):
    """The values at some of the points."""
    filled = task.filled(block)
    numbers, made_for = task.of_subjects(subjects[filled])
    return np.asarray(_programs.values(x[:, filled], numbers, **made_for))[: len(block)]


def found(search: Search, at_kink: np.ndarray) -> Found:
    """The ends of the lanes, by subject and start."""
    shape = lambda a: a.reshape(*a.shape[:-1], -1, search.n_starts)  # noqa: E731
    return Found(*(shape(getattr(search.lanes, name)) for name in Found._fields[:-1]), at_kink=shape(at_kink))


def search_bounds(search: Search) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the search in its coordinates."""
    return bounds(search.task.space.axes, search.lanes.x.dtype)


def _bar(n_lanes: int, progress: bool | None) -> Any:
    """A progress bar over lanes; unless asked for, it shows after some seconds."""
    from tqdm import tqdm

    delay = 10 if progress is None else 0
    return tqdm(
        total=n_lanes, desc="fit", unit=" starts", delay=delay, disable=progress is False, leave=False
    )
