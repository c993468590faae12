"""Shapes and types of what a reader's functions take and give, known without computing anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import _checks

__all__: list[str] = []


def shapes(name: str, function: Callable, *arguments: Any) -> Any:
    """What a function gives, as shapes and types; it must be made of arrays."""

    def call(*arguments):
        given = function(*arguments)
        for leaf in jax.tree.leaves(given):
            if not isinstance(leaf, (jax.Array, np.ndarray, np.generic, int, float, complex)):
                _checks.fail(name, "arrays, or tuples or dicts of arrays", type(leaf).__name__)
        return given

    return jax.eval_shape(call, *arguments)


def settled(first: Any, after: Any) -> Any:
    """The state before the first trial, its plain numbers in the types that they have after it."""
    if jax.tree.structure(first) != jax.tree.structure(after):
        return first

    def settle(old, new):
        if not getattr(old, "weak_type", False) or not jnp.issubdtype(new.dtype, np.number):
            return jax.ShapeDtypeStruct(old.shape, old.dtype)
        plain = old.dtype.type(0).item()
        return jax.ShapeDtypeStruct(old.shape, jnp.result_type(plain, new.dtype))

    return jax.tree.map(settle, first, after)


def check_same_state(state: Any, after: Any, name: str = "model.update") -> None:
    """Refuse a state that has other parts, shapes or types after a trial."""
    kept, changed = (jax.tree_util.tree_flatten_with_path(tree) for tree in (state, after))
    if kept[1] != changed[1]:
        _checks.fail(name, f"a state as init gives it, {_tree(state)}", _tree(after))
    for (path, old), (_, new) in zip(kept[0], changed[0], strict=True):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            leaf = f"state{jax.tree_util.keystr(path)}"
            expected = f"{leaf} to stay {described(old)}, as init gives it"
            _checks.fail(name, expected, described(new))


def check_real(name: str, what: str, given: Any, shapes: list[tuple[int, ...]]) -> None:
    """Refuse what is not one array of floating-point numbers of one of the shapes."""
    expected = f"{what}, floating-point numbers of shape {' or '.join(map(str, shapes))}"
    if not hasattr(given, "shape"):
        _checks.fail(name, expected, f"a {type(given).__name__}")
    if given.shape not in shapes or not jnp.issubdtype(given.dtype, jnp.floating):
        _checks.fail(name, expected, described(given))


def described(leaf: Any) -> str:
    return f"{leaf.dtype} of shape {leaf.shape}"


def _tree(tree: Any) -> str:
    """How a state is put together, with a star for each array."""
    return str(jax.tree.structure(tree)).removeprefix("PyTreeDef(").removesuffix(")")
