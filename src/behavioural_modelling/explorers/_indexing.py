"""Entries at places that are computed on the page: how JAX reads and writes them, in JavaScript.

Arrays are NumPy's arrays of expressions, as in `_primitives`. `named` gives an expression a name, and
`packed` gives entries the name of an array that holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

__all__: list[str] = []

Named = Callable[[str], str]
Packed = Callable[[list[str]], str]

JOINED = {
    "scatter": "{1}",
    "scatter-add": "({0} + {1})",
    "scatter-mul": "({0} * {1})",
    "scatter-max": "Math.max({0}, {1})",
    "scatter-min": "Math.min({0}, {1})",
}
"""What becomes of an entry that something is written to, by the primitive's name."""


def gathered(step: Any, table: np.ndarray, starts: np.ndarray, named: Named, packed: Packed) -> np.ndarray:
    """`gather`: pieces of a table, each of which begins at a place of its own."""
    known = starts.ravel().tolist()
    if all(_is_whole(place) for place in known):
        indices = np.array([int(place) for place in known], np.int32).reshape(starts.shape)
        numbers = np.arange(table.size, dtype=np.int32).reshape(table.shape)
        return table.ravel()[np.asarray(step.primitive.bind(numbers, indices, **step.params))]
    how, sizes = step.params["dimension_numbers"], step.params["slice_sizes"]
    array = packed(table.ravel().tolist())
    within = [
        k for k in range(table.ndim) if k not in (*how.collapsed_slice_dims, *how.operand_batching_dims)
    ]
    out = np.empty(step.outvars[0].aval.shape, object)
    for place in np.ndindex(out.shape):
        batch = tuple(x for axis, x in enumerate(place) if axis not in how.offset_dims)
        fixed = dict(zip(within, (place[axis] for axis in how.offset_dims), strict=True))
        for k, axis in zip(how.operand_batching_dims, how.start_indices_batching_dims, strict=True):
            fixed[k] = batch[axis]
        moved = dict(zip(how.start_index_map, starts[batch], strict=True))
        moved = {k: _inside(x, table.shape[k] - sizes[k], named) for k, x in moved.items()}
        out[place] = named(f"({array}[{_flat(table.shape, fixed, moved)}])")
    return out


def scattered(
    step: Any, table: np.ndarray, starts: np.ndarray, updates: np.ndarray, named: Named
) -> np.ndarray:
    """`scatter` and its kin: entries written at places; those outside the table are lost, as in JAX."""
    how, text = step.params["dimension_numbers"], JOINED[step.primitive.name]
    if step.params["mode"] == jax.lax.GatherScatterMode.CLIP:
        raise NotImplementedError(f"{step.primitive.name} that clips its places has no translation")
    window = [k for k in range(table.ndim) if k not in how.inserted_window_dims]
    window = [k for k in window if k not in how.operand_batching_dims]
    out = table.copy()
    for place in np.ndindex(updates.shape):
        batch = tuple(x for axis, x in enumerate(place) if axis not in how.update_window_dims)
        offset = dict(zip(window, (place[axis] for axis in how.update_window_dims), strict=True))
        for k, axis in zip(how.operand_batching_dims, how.scatter_indices_batching_dims, strict=True):
            offset[k] = batch[axis]
        moved = dict(zip(how.scatter_dims_to_operand_dims, starts[batch], strict=True))
        _write(out, offset, moved, updates[place], text, named)
    return out


def updated(table: np.ndarray, updates: np.ndarray, starts: Sequence[np.ndarray], named: Named) -> np.ndarray:
    """`dynamic_update_slice`: a piece written over a table; as in JAX, the piece stays inside it."""
    room = np.array(table.shape) - np.array(updates.shape)
    places = [_inside(x.item(), n, named) for x, n in zip(starts, room.tolist(), strict=True)]
    out = table.copy()
    for place in np.ndindex(updates.shape):
        _write(out, dict(enumerate(place)), dict(enumerate(places)), updates[place], "{1}", named)
    return out


def _write(
    out: np.ndarray, offset: dict[int, int], moved: dict[int, str], update: Any, text: str, named: Named
) -> None:
    """Write an update to the entry at `offset`, moved along some axes: ask each entry if it is the one."""
    for index in np.ndindex(out.shape):
        if any(index[k] != x for k, x in offset.items() if k not in moved):
            continue
        wanted = [(start, index[k] - offset.get(k, 0)) for k, start in moved.items()]
        if any(_is_whole(start) and int(start) != at for start, at in wanted):
            continue
        asked = [f"{start} === {at}" for start, at in wanted if not _is_whole(start)]
        joined = text.format(out[index], update)
        out[index] = named(f"({' && '.join(asked)} ? {joined} : {out[index]})" if asked else joined)


def _inside(start: str, room: int, named: Named) -> str:
    """The start of a piece that stays inside."""
    if room == 0:
        return "0"
    if _is_whole(start):
        return f"{min(max(int(start), 0), room)}"
    return named(f"Math.min(Math.max({start}, 0), {room})")


def _flat(shape: tuple[int, ...], fixed: dict[int, int], moved: dict[int, str]) -> str:
    """The number of an entry in the flat array."""
    strides = np.cumprod([1, *shape[:0:-1]])[::-1].tolist()
    base = sum(strides[k] * x for k, x in fixed.items())
    terms = [f"{x} * {strides[k]}" if strides[k] > 1 else x for k, x in moved.items() if x != "0"]
    return " + ".join([*terms, *([str(base)] if base or not terms else [])])


def _is_whole(text: str) -> bool:
    """Whether an expression is a whole number that is known, of at least 0."""
    return text.isdigit()
