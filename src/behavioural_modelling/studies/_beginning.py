r"""What a model learns from: its state before the first trial, in words."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._play import as_seen
from ..models import Model, Trial
from ..trials import Trials
from . import _in_words as words

__all__: list[str] = []

SHARES = (0.41, 0.67)
"""Two places within the ranges of parameters, to see which of them the state depends on."""

FEW = 8
"""So many different numbers are printed, of more their ends."""


def in_words(model: Model, trials: Trials | None) -> str:
    """A sentence: what `model.init` gives, and what in it is a parameter."""
    names = [parameter.name for parameter in model.parameters]
    looks = [_params(model, share) for share in SHARES]
    found = [_leaves(model.init(params)) for params in looks]
    if not found[0]:
        return "Initial values: none, as nothing is carried from trial to trial"
    labels, said = _labels(model, trials), []
    for i, (path, first) in enumerate(found[0]):
        label = labels.get(i) or _part(path, i, len(found[0]))
        value = _value(names, looks, (first, found[1][i][1]))
        every = " for every action" if first.shape == (model.n_actions,) else ""
        said.append(f"{label} is {value}{every}")
    return f"Initial values: before the first trial {words.listed(said)}"


def _params(model: Model, share: float) -> dict[str, Any]:
    """Values within the ranges of the parameters, no two the same."""
    found = {}
    for j, one in enumerate(model.parameters):
        away = share / (1 + 0.037 * j)
        lower, upper = (x if np.isfinite(x) else None for x in (one.lower, one.upper))
        if lower is not None and upper is not None:
            found[one.name] = lower + (upper - lower) * away
        else:
            found[one.name] = upper - away if lower is None and upper is not None else (lower or 0.0) + away
    return {name: jnp.asarray(x, float) for name, x in found.items()}


def _leaves(state: Any) -> list[tuple[Any, np.ndarray]]:
    return [(path, np.asarray(x)) for path, x in jax.tree_util.tree_flatten_with_path(state)[0]]


def _part(path: Any, i: int, n: int) -> str:
    """The name that a dict or a record gives to a part of the state, or else its place."""
    last = path[-1] if path else None
    name = getattr(last, "name", getattr(last, "key", None))
    if isinstance(name, str):
        return words.code(name)
    return "the state" if n == 1 else f"part {i + 1} of the state"


def _value(names: list[str], looks: list[dict[str, Any]], leaves: tuple[np.ndarray, np.ndarray]) -> str:
    """The constant, the parameter, or that there is more to it."""
    first, second = leaves
    if np.array_equal(first, second):
        return _constant(first)
    for name in names:
        if all((x == np.asarray(params[name])).all() for params, x in zip(looks, leaves, strict=True)):
            return f"the parameter {words.code(name)}"
    return "computed from the parameters"


def _constant(x: np.ndarray) -> str:
    different = list(dict.fromkeys(x.ravel().tolist()))
    if not different:
        return "empty"
    if len(different) == 1:
        return words.plain(different[0])
    if x.size > FEW:
        return f"from {words.plain(x.min())} to {words.plain(x.max())}"
    return words.listed(map(words.plain, x.ravel()))


def _labels(model: Model, trials: Trials | None) -> dict[int, str]:
    """Under which names the model's records tell parts of its state as they were."""
    found = {}

    def look(params, state):
        trial, response, outcome = _first_trial(model, trials)
        responded = model.response.encode(response)
        seen = jax.tree.map(lambda x: as_seen(model, responded, x), outcome)
        records = model.update(params, state, trial, responded, seen)[1]
        for i, leaf in enumerate(jax.tree.leaves(state)):
            same = [words.code(name) for name, x in records.items() if x is leaf]
            if same:
                found[i] = same[0]

    params = _params(model, SHARES[0])
    try:
        jax.eval_shape(look, params, jax.tree.map(jnp.asarray, model.init(params)))
    except Exception:  # without trials inputs are not known, and the reader's functions may raise anything
        return {}
    return found


def _first_trial(model: Model, trials: Trials | None) -> tuple[Trial, Any, Any]:
    """A trial such as there are; without any, one on which all actions pay nothing."""
    if trials is None:
        shape = () if model.n_actions is None else (model.n_actions,)
        return Trial(), jnp.asarray(0), jnp.zeros(shape)
    at = lambda x: jnp.asarray(x)[0, 0]  # noqa: E731
    inputs = {name: at(x) for name, x in (trials.inputs or {}).items()}
    parts = {"choices": trials.choices} | (trials.responses or {})
    parts = {name: at(parts[name]) for name in model.response.parts}
    response = parts if len(parts) > 1 else next(iter(parts.values()))
    available = None if trials.available is None else at(trials.available)
    return Trial(inputs, available), response, jax.tree.map(at, trials.outcomes)
