"""The door of a model: what its parameters and functions must be, checked before anything is computed.

A policy that gave one logit for two actions would be certain of all that it sees, and win every comparison.
JAX tells shapes and types without computing, so each model is looked at once for each precision.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from ._choosing import INPUTS
from .model import Model, Parameter

__all__: list[str] = []


def checked(model: Any) -> Model:
    """A `Model` whose parameters can be told apart, and whose fields JAX can hash."""
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    for field, kind in (("parameters", "Parameter"), ("inputs", "names")):
        value = getattr(model, field)
        if not isinstance(value, tuple):
            expected = f"a tuple of {kind} (one that can be hashed, as a list cannot)"
            _checks.fail(f"model.{field}", expected, type(value).__name__)
    _check_parameters(model.parameters)
    odd = [name for name in model.inputs if name not in INPUTS]
    if odd:
        _checks.fail("model.inputs", f"some of {', '.join(INPUTS)}", f"unknown {', '.join(map(repr, odd))}")
    try:
        hash(model)
    except TypeError as error:
        _checks.fail("model", "fields that can be hashed, as functions and tuples can", str(error))
    return model


def _check_parameters(parameters: tuple[Parameter, ...]) -> None:
    """Refuse what is no `Parameter`, and two of one name."""
    for i, parameter in enumerate(parameters):
        if not isinstance(parameter, Parameter):
            _checks.fail(f"model.parameters[{i}]", "a Parameter", type(parameter).__name__)
    names = [parameter.name for parameter in parameters]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()
    if twice:
        _checks.fail("model.parameters", "distinct names", f"{', '.join(map(repr, sorted(twice)))} twice")


def check_functions(model: Model, dtype: Any) -> None:
    """Refuse a checked model whose functions do not fit together when all numbers are of `dtype`.

    What the reader's own functions raise passes through as it is.
    """
    # Where JAX looks for leaks, a model that holds a tracer must not be kept.
    check = _check.__wrapped__ if jax.config.jax_check_tracer_leaks else _check
    check(model, np.dtype(dtype), jax.config.jax_enable_x64)


@lru_cache(maxsize=256)
def _check(model: Model, dtype: Any, x64: bool) -> None:
    """`check_functions`, once for each model and precision."""
    n_actions = _checks.size("model.n_actions", model.n_actions, minimum=1)
    params = {parameter.name: jax.ShapeDtypeStruct((), dtype) for parameter in model.parameters}
    row = jax.ShapeDtypeStruct((n_actions,), dtype)
    first = _shapes("model.init", model.init, params)
    # A plain number in the first state takes on the type of what it becomes, as it does in a scan.
    state = _settled(first, _updated(model, params, first, row)[0])
    after, error = _updated(model, params, state, row)
    _check_same_state(state, after)
    seen = {name: jax.ShapeDtypeStruct((n_actions,), bool) for name in model.inputs}
    logits = _shapes("model.policy", lambda *args: model.policy(*args[:2], **args[2]), params, state, seen)
    _check_real("model.policy", "logits", logits, [(n_actions,)])
    _check_real("model.update", "prediction errors", error, [(n_actions,), ()])


def _updated(model: Model, params: dict, state: Any, row: Any) -> tuple[Any, Any]:
    """The shapes of the state and the prediction errors after a trial."""

    def update(*arguments):
        pair = model.update(*arguments)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            received = f"{len(pair)} things" if isinstance(pair, (tuple, list)) else type(pair).__name__
            _checks.fail("model.update", "the pair (state, prediction_error)", received)
        return tuple(pair)

    return _shapes("model.update", update, params, state, row, row)


def _shapes(name: str, function: Callable, *arguments: Any) -> Any:
    """What a function gives, as shapes and types; it must be made of arrays."""

    def call(*arguments):
        given = function(*arguments)
        for leaf in jax.tree.leaves(given):
            if not isinstance(leaf, (jax.Array, np.ndarray, np.generic, int, float, complex)):
                _checks.fail(name, "arrays, or tuples or dicts of arrays", type(leaf).__name__)
        return given

    return jax.eval_shape(call, *arguments)


def _settled(first: Any, after: Any) -> Any:
    """The state before the first trial, its plain numbers in the types that they have after it."""
    if jax.tree.structure(first) != jax.tree.structure(after):
        return first

    def settle(old, new):
        if not getattr(old, "weak_type", False) or not jnp.issubdtype(new.dtype, np.number):
            return jax.ShapeDtypeStruct(old.shape, old.dtype)
        plain = old.dtype.type(0).item()
        return jax.ShapeDtypeStruct(old.shape, jnp.result_type(plain, new.dtype))

    return jax.tree.map(settle, first, after)


def _check_same_state(state: Any, after: Any) -> None:
    """Refuse a state that has other parts, shapes or types after a trial."""
    kept, changed = (jax.tree_util.tree_flatten_with_path(tree) for tree in (state, after))
    if kept[1] != changed[1]:
        _checks.fail("model.update", f"a state as init gives it, {_tree(state)}", _tree(after))
    for (path, old), (_, new) in zip(kept[0], changed[0], strict=True):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            leaf = f"state{jax.tree_util.keystr(path)}"
            expected = f"{leaf} to stay {_described(old)}, as init gives it"
            _checks.fail("model.update", expected, _described(new))


def _check_real(name: str, what: str, given: Any, shapes: list[tuple[int, ...]]) -> None:
    """Refuse what is not one array of floating-point numbers of one of the shapes."""
    expected = f"{what}, floating-point numbers of shape {' or '.join(map(str, shapes))}"
    if not hasattr(given, "shape"):
        _checks.fail(name, expected, f"a {type(given).__name__}")
    if given.shape not in shapes or not jnp.issubdtype(given.dtype, jnp.floating):
        _checks.fail(name, expected, _described(given))


def _described(leaf: Any) -> str:
    return f"{leaf.dtype} of shape {leaf.shape}"


def _tree(tree: Any) -> str:
    """How a state is put together, with a star for each array."""
    return str(jax.tree.structure(tree)).removeprefix("PyTreeDef(").removesuffix(")")
