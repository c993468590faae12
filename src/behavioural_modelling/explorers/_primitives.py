"""What each of JAX's primitives is in JavaScript, entry by entry.

Arrays are small and their shapes known, so an array is written as NumPy's array of expressions, one per
entry. What only moves entries about, such as a transposition, is done here and leaves nothing to the page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

__all__: list[str] = []

ENTRYWISE: dict[str, str] = {
    "abs": "Math.abs({0})",
    "add": "({0} + {1})",
    "atan2": "Math.atan2({0}, {1})",
    "ceil": "Math.ceil({0})",
    "clamp": "Math.min(Math.max({1}, {0}), {2})",
    "cos": "Math.cos({0})",
    "div": "({0} / {1})",
    "eq": "({0} === {1})",
    "erf": "jaxSpecial.erf({0})",
    "erfc": "jaxSpecial.erfc({0})",
    "exp": "Math.exp({0})",
    "expm1": "Math.expm1({0})",
    "floor": "Math.floor({0})",
    "ge": "({0} >= {1})",
    "gt": "({0} > {1})",
    "is_finite": "Number.isFinite({0})",
    "le": "({0} <= {1})",
    "log": "Math.log({0})",
    "log1p": "Math.log1p({0})",
    "logistic": "(1 / (1 + Math.exp(-{0})))",
    "lt": "({0} < {1})",
    "max": "Math.max({0}, {1})",
    "min": "Math.min({0}, {1})",
    "mul": "({0} * {1})",
    "ne": "({0} !== {1})",
    "neg": "(-{0})",
    "pow": "({0} ** {1})",
    "rem": "({0} % {1})",
    "rsqrt": "(1 / Math.sqrt({0}))",
    "sign": "Math.sign({0})",
    "sin": "Math.sin({0})",
    "sqrt": "Math.sqrt({0})",
    "square": "({0} * {0})",
    "sub": "({0} - {1})",
    "tan": "Math.tan({0})",
    "tanh": "Math.tanh({0})",
    "random_fold_in": "jaxRandom.foldIn({0}, {1})",
    "random_seed": "jaxRandom.key({0})",
}
"""Primitives whose result depends, entry by entry, on one entry of each argument."""

OF_BOOLEANS = {"and": "({0} && {1})", "not": "(!{0})", "or": "({0} || {1})", "xor": "({0} !== {1})"}
OF_BITS = {
    "and": "(({0} & {1}) >>> 0)",
    "not": "((~{0}) >>> 0)",
    "or": "(({0} | {1}) >>> 0)",
    "shift_left": "(({0} << {1}) >>> 0)",
    "shift_right_logical": "({0} >>> {1})",
    "xor": "(({0} ^ {1}) >>> 0)",
}
"""The same for booleans, and for unsigned integers of 32 bits."""

UNCHANGED = {
    *("copy", "copy_p", "device_put", "layout_constraint", "optimization_barrier"),
    *("random_unwrap", "random_wrap", "sharding_constraint", "stop_gradient"),
}
"""Primitives that say something to JAX's compiler, or about derivatives, and leave the numbers alone."""

FOLDED = {
    **{"reduce_max": ENTRYWISE["max"], "reduce_min": ENTRYWISE["min"], "reduce_sum": ENTRYWISE["add"]},
    **{"reduce_prod": ENTRYWISE["mul"], "reduce_and": OF_BOOLEANS["and"], "reduce_or": OF_BOOLEANS["or"]},
}
"""Reductions, by what joins two entries."""

NOTHING = {"reduce_sum": "0", "reduce_prod": "1", "reduce_and": "true", "reduce_or": "false"}
"""What a reduction of no entries gives."""

MOVES: dict[str, Callable[..., np.ndarray]] = {
    "broadcast_in_dim": lambda p, x: _broadcast(x, p["shape"], p["broadcast_dimensions"]),
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "expand_dims": lambda p, x: np.expand_dims(x, tuple(p["dimensions"])),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]),
    "rev": lambda p, x: np.flip(x, tuple(p["dimensions"])),
    "slice": lambda p, x: x[
        tuple(map(slice, p["start_indices"], p["limit_indices"], p["strides"] or _all(x)))
    ],
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "stack": lambda p, *xs: np.stack(xs, p.get("axis", p.get("dimension", 0))),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
}
"""Primitives that only move entries about: functions of the parameters and of arrays of expressions."""


def template(name: str, params: dict[str, Any], dtypes: list[Any]) -> str | None:
    """How an entry of the result is written, `{0}` for that of the first argument; None: not entrywise."""
    if name in OF_BOOLEANS and dtypes[0] == np.bool_:
        return OF_BOOLEANS[name]
    if name in OF_BITS and dtypes[0] == np.uint32:
        return OF_BITS[name]
    if name == "select_n":
        return "({0} ? {2} : {1})" if dtypes[0] == np.bool_ and len(dtypes) == 3 else None
    if name == "integer_pow":
        return f"({{0}} ** {params['y']})"
    if name == "convert_element_type":
        return _converted(dtypes[0], np.dtype(params["new_dtype"]))
    if name == "bitcast_convert_type":
        to = np.dtype(params["new_dtype"])
        return "jaxRandom.asFloat({0})" if (dtypes[0], to) == (np.uint32, np.float32) else None
    if name in ("add", "sub", "mul") and dtypes[0] == np.uint32:
        return f"({ENTRYWISE[name]} >>> 0)" if name != "mul" else "(Math.imul({0}, {1}) >>> 0)"
    if name == "div" and np.issubdtype(dtypes[0], np.integer):
        return "Math.trunc({0} / {1})"
    return ENTRYWISE.get(name)


def _converted(old: Any, new: np.dtype) -> str:
    """A number as one of another type."""
    if old == new:
        return "{0}"
    if new == np.bool_:
        return "({0} !== 0)"
    if old == np.bool_:
        return "({0} ? 1 : 0)"
    if np.issubdtype(new, np.integer) and np.issubdtype(old, np.floating):
        return "Math.trunc({0})"
    return "Math.fround({0})" if new == np.float32 else "{0}"


def entrywise(text: str, arrays: list[np.ndarray], named: Callable[[str], str]) -> np.ndarray:
    """The template written out for every entry; a scalar argument goes with every entry of the others."""
    arrays = list(np.broadcast_arrays(*arrays))
    out = np.empty(arrays[0].shape, object)
    for place in np.ndindex(out.shape):
        out[place] = named(text.format(*(x[place] for x in arrays)))
    return out


def folded(name: str, axes: tuple[int, ...], x: np.ndarray, named: Callable[[str], str]) -> np.ndarray:
    """A reduction along axes, one entry after the other."""
    join = lambda a, b: named(FOLDED[name].format(a, b))  # noqa: E731
    return _along(x, axes, lambda entries: reduce(join, entries) if entries else NOTHING[name])


def extreme(name: str, axes: tuple[int, ...], x: np.ndarray, named: Callable[[str], str]) -> np.ndarray:
    """The number of the first largest (`argmax`) or smallest entry along an axis."""
    sign = ">" if name == "argmax" else "<"

    def first(entries):
        best, place = entries[0], "0"
        for number, entry in enumerate(entries[1:], 1):
            better = named(f"({entry} {sign} {best})")
            best = named(f"({better} ? {entry} : {best})")
            place = named(f"({better} ? {number} : {place})")
        return place

    return _along(x, axes, first)


def running_sum(axis: int, backwards: bool, x: np.ndarray, named: Callable[[str], str]) -> np.ndarray:
    """The sums of the entries up to each along an axis."""
    out = np.flip(x, axis).copy() if backwards else x.copy()
    rows = np.moveaxis(out, axis, 0)
    for i in range(1, len(rows)):
        rows[i] = entrywise("({0} + {1})", [rows[i - 1], rows[i]], named)[()]
    return np.flip(out, axis) if backwards else out


def _along(x: np.ndarray, axes: tuple[int, ...], function: Callable[[list[str]], str]) -> np.ndarray:
    """The function of the entries along axes, for every place of the others."""
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    rows = np.transpose(x, (*rest, *axes))
    out = np.empty(rows.shape[: len(rest)], object)
    for place in np.ndindex(out.shape):
        out[place] = function(rows[(*place, ...)].ravel().tolist())
    return out


def _broadcast(x: np.ndarray, shape: tuple[int, ...], dimensions: tuple[int, ...]) -> np.ndarray:
    """The array's axes put at `dimensions` of a larger array, and repeated along the others."""
    wide = [1] * len(shape)
    for axis, size in zip(dimensions, x.shape, strict=True):
        wide[axis] = size
    return np.broadcast_to(x.reshape(wide), shape)


def _all(x: np.ndarray) -> tuple[int, ...]:
    """Strides that leave nothing out."""
    return (1,) * x.ndim
