r"""Each person's mode under a group, and the normal distribution that fits the posterior there.

.. math:: \hat\phi_i = \arg\max_\phi\; \log P(\text{data}_i \mid \phi) - \tfrac12 (\phi - m)^\top S^{-1}
(\phi - m)

All is on the real line that people are normal on, so the mode is that of the line too. The numbers of the
group are arguments of one program, which is compiled once, however often the group changes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from .._scoring import scorer
from ..fitting import _newton, _programs, _search, _space
from ..fitting._search import Task
from . import _links

__all__: list[str] = []

EDGE = 5.0
"""How far the search goes on a probit: three ten-millionths from a bound, where 32 bits can hardly tell
them apart."""

LEAST_PRECISION = 0.25
"""A person's posterior is at most twice as wide as the group. A likelihood that curves upwards at the
mode, as beside a kink, says no more than that."""

Threads = ThreadPoolExecutor


class Group(NamedTuple):
    """A normal distribution of people on the line."""

    mean: Float[np.ndarray, "n_parameters"]
    covariance: Float[np.ndarray, "n_parameters n_parameters"]

    @property
    def spread(self) -> Float[np.ndarray, "n_parameters"]:
        return np.sqrt(np.diagonal(self.covariance))


class Modes(NamedTuple):
    """People under a group, as NumPy arrays.

    Attributes:
        line: Where each person's mode is.
        covariance: Of the normal distribution at the mode.
        log_evidence: The probability of the person's data under the group, as that distribution has it.
        log_likelihood: At the mode.
        height: The log-likelihood less what the distance from the group's mean costs; the mode is where it
            is highest.
        settled: Whether the search for the mode came to an end.
        regular: Whether the curvature at the mode is that of a maximum.
    """

    line: Float[np.ndarray, "n_subjects n_parameters"]
    covariance: Float[np.ndarray, "n_subjects n_parameters n_parameters"]
    log_evidence: Float[np.ndarray, "n_subjects"]
    log_likelihood: Float[np.ndarray, "n_subjects"]
    height: Float[np.ndarray, "n_subjects"]
    settled: Bool[np.ndarray, "n_subjects"]
    regular: Bool[np.ndarray, "n_subjects"]


def natural(task: Task, line: np.ndarray) -> dict[str, np.ndarray]:
    """Natural values from the line, parameters on the last axis of `line`; all people's places are the
    same."""
    axes, place = task.space.axes, [a[:, :1] for a in task.space.place]
    x = line.reshape(-1, len(axes)).T.astype(place[0].dtype)
    blocks = list(task.blocks(np.arange(x.shape[1])))
    found = [[np.asarray(a)[: len(b)] for a in looked_up(x[:, task.filled(b)], place, axes)] for b in blocks]
    values = [np.concatenate(parts).reshape(line.shape[:-1]) for parts in zip(*found, strict=True)]
    return dict(zip((axis.name for axis in axes), values, strict=True))


@partial(jax.jit, static_argnames=("axes",))
def looked_up(x, place, axes):
    """Natural values, one array per parameter."""
    return tuple(_natural(x, axes, place).values())


def best_of_many(key: Array, task: Task, group: Group, n_starts: int, threads: Threads) -> Modes:
    """The highest mode of each person that starts all over the group lead to."""
    x, n_subjects = _starts(key, task, group, n_starts), task.trials.shape[0]
    lanes = _climbed(task, group, x, np.repeat(np.arange(n_subjects), n_starts), threads)
    best = lanes.value.reshape(n_subjects, n_starts).argmax(axis=1) + n_starts * np.arange(n_subjects)
    return _described(group, jax.tree.map(lambda a: a[..., best], lanes))


def modes(task: Task, group: Group, line: np.ndarray, threads: Threads) -> Modes:
    """Each person's mode, from where it was under another group."""
    x = line.T.astype(task.space.place.scale.dtype)
    return _described(group, _climbed(task, group, x, np.arange(len(line)), threads))


def _starts(key: Array, task: Task, group: Group, n_starts: int) -> np.ndarray:
    """Draws from the group, the first of each person its middle. They depend on the key and the person
    alone."""
    words = np.asarray(jax.random.key_data(key) if key.dtype != np.uint32 else key).ravel().tolist()
    shape = task.trials.shape[0], n_starts, len(group.mean)
    draws = np.random.default_rng(words).standard_normal(shape)
    draws[:, 0] = 0
    line = group.mean + draws @ np.linalg.cholesky(group.covariance).T
    return line.reshape(-1, shape[-1]).T.astype(task.space.place.scale.dtype)


def _climbed(task, group, x, subjects, threads) -> _newton.Climb:
    """Lanes at their tops; each belongs to one of the `subjects`."""
    edge = _edges(task.space.axes, x.dtype)
    lanes = _newton.start(np.clip(x, -edge, edge))
    numbers = group.mean.astype(x.dtype), np.linalg.inv(group.covariance).astype(x.dtype)
    climb = _search.with_settings_of_here(partial(_climb_block, task, numbers, lanes, subjects))
    for _ in range(_search.ROUNDS):
        list(threads.map(climb, task.blocks(np.flatnonzero(~lanes.done))))
    return lanes


def _climb_block(task, group, lanes, subjects, block):
    """Climb some lanes, in place. Blocks share no lane, so threads may."""
    filled = task.filled(block)
    some = jax.tree.map(lambda a: a[..., filled], lanes)
    some.done[len(block) :] = True
    numbers, made_for = task.of_subjects(subjects[filled])
    climbed = climb(some, numbers, group, **made_for, n_steps=_search.STEPS)
    for all_lanes, new in zip(lanes, climbed, strict=True):
        all_lanes[..., block] = np.asarray(new)[..., : len(block)]


@partial(jax.jit, static_argnames=(*_programs.MADE_FOR, "n_steps"))
def climb(lanes, numbers, group, model, axes, on_cpu, n_steps):
    """Some steps of Newton's method for some lanes."""
    (data, place, fixed, _), (mean, precision) = numbers, group
    score = scorer(model, lanes.x.dtype, on_cpu, *data)

    def log_prob(x):
        off = x - mean[:, None]
        pull = (off * precision[..., None] * off[:, None]).sum(axis=(0, 1))
        return score(_natural(x, axes, place) | fixed) - pull / 2

    edge = _edges(axes, lanes.x.dtype)
    return _newton.climb(log_prob, -edge, edge, lanes, n_steps)


def _natural(x, axes, place):
    """Parameters from coordinates on the line, which are on the first axis."""
    return {
        axis.name: _links.to_natural(axis.kind, x[k], *(a[k] for a in place)) for k, axis in enumerate(axes)
    }


def _edges(axes, dtype):
    """The upper ends of the search, shape (n_parameters, 1); the lower ones are as far."""
    reach = {_space.INTERVAL: EDGE, _space.LINE: _space.FAR}
    return np.array([reach.get(axis.kind, _space.EDGE) for axis in axes], dtype)[:, None]


def _described(group: Group, lanes: _newton.Climb) -> Modes:
    """Modes from the ends of the lanes, one per person.

    A lane ends where its next step promises next to nothing. That step leads to the mode itself.
    """
    x, move = lanes.x.T.astype(float), lanes.move.T.astype(float)
    known = lanes.value > _newton.nowhere(lanes.value.dtype)
    line = np.where(known[:, None], np.where(lanes.done[:, None], x + move, x), group.mean)
    root = np.linalg.cholesky(group.covariance)
    information, regular = _in_units_of(root, np.moveaxis(np.asarray(lanes.curvature), -1, 0).astype(float))
    information = np.where(known[:, None, None], information, np.eye(len(root)))
    covariance = root @ np.linalg.inv(information) @ root.T
    value = np.where(known, lanes.value, np.nan).astype(float)
    value += np.where(lanes.done, lanes.promise, 0)
    off = np.linalg.solve(root, (line - group.mean).T)
    return Modes(
        line,
        covariance,
        # The constants of the group's normal distribution and of the one at the mode cancel.
        value - np.linalg.slogdet(information)[1] / 2,
        value + np.square(off).sum(axis=0) / 2,
        value,
        np.asarray(lanes.done & known),
        regular | ~known,
    )


def _in_units_of(root: np.ndarray, curvature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How sharp the posterior is where the group has sharpness 1; whether it is so without help."""
    information = -root.T @ curvature @ root
    information = (information + np.swapaxes(information, 1, 2)) / 2
    sizes, axes = np.linalg.eigh(np.where(np.isfinite(information), information, 0))
    sharp = np.maximum(sizes, LEAST_PRECISION)
    return np.einsum("skj,sj,slj->skl", axes, sharp, axes), sizes.min(axis=1) >= LEAST_PRECISION
