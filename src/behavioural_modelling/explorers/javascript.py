r"""From functions of JAX to functions of a page: JavaScript that computes the same numbers.

JAX traces a function to a list of simple steps, its jaxpr. Each step is written down as JavaScript, one line
per entry of its result, in the page's numbers of 64 bits. So the page computes what the package computes, and
no equation is written twice. A step that is not known stops the translation, by its name.
"""

from __future__ import annotations

import inspect
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from .. import _checks
from . import _indexing, _primitives
from . import _written_out as written
from ._float64 import in_float64

__all__ = ["translated"]

_ATOM = re.compile(r"[\w.\[\]]+")
"""An expression that needs no name: a number, a name, an entry of an array."""

WRITTEN_OUT = 16
"""The longest array that is written out entry by entry; a longer one is computed in a loop of the page."""

NAME = re.compile(r"\bv\d+\b")

WHOLE = re.compile(r"\d+|\(-\d+\)|true|false")
"""A whole number or a truth value, as it is written."""


def translated(function: Callable[..., Any], *examples: Any) -> str:
    """A function of JAX as the text of a function in JavaScript.

    The page's function takes what the function takes, by position, and returns what it returns: dicts and
    NamedTuples are objects, lists, tuples and arrays are arrays, numbers are numbers. Its arithmetic is that
    of float64, as the function is traced. Random numbers are those of JAX, drawn by `jaxRandom`, which the
    course's `explorers.js` defines.

    Args:
        function: A function of arrays, as `jax.jit` takes it. Loops are `jax.lax.scan`.
        examples: An example of each argument: numbers, arrays, or structures of them. Shapes and types
            matter, values do not; floats count as float64.

    Returns:
        An arrow function, as text.

    Raises:
        NotImplementedError: If the function takes a step that has no translation; the message names it.
        ValueError: If `function` is no function.

    Example:
        >>> print(translated(lambda x: 2 * x + 1, 0.5))
        (x) => {
        const v1 = (2.0 * x);
        const v2 = (v1 + 1.0);
        return v2;
        }
    """
    if not callable(function):
        _checks.fail("function", "a function", type(function).__name__)
    with in_float64():
        examples = jax.tree.map(_example, examples)
        traced, result = jax.make_jaxpr(function, return_shape=True)(*examples)
        names = _argument_names(function, len(examples))
        given = [x for name, example in zip(names, examples, strict=True) for x in _entries(name, example)]
        code = _Code()
        entries = iter(_run(code, traced.jaxpr, traced.consts, given))
        text = _written(result, entries, code)
    lines = _needed(code.lines, text)
    return "\n".join([f"({', '.join(names)}) => {{", *lines, f"return {text};", "}"])


class _Code:
    """Lines of JavaScript, and the names of what they compute. Nothing is computed twice."""

    def __init__(self, outer: _Code | None = None):
        self.lines: list[tuple[str, str]] = []
        self.known: dict[str, str] = dict(outer.known) if outer else {}
        self.lengths: dict[str, int] = outer.lengths if outer else {}
        self.numbers_of: dict[str, str] = outer.numbers_of if outer else {}
        self.numbers: Iterator[int] = outer.numbers if outer else itertools.count(1)

    def fresh(self) -> str:
        """A name that nothing has."""
        return f"v{next(self.numbers)}"

    def named(self, expression: str) -> str:
        """The name of what an expression gives."""
        if _ATOM.fullmatch(expression):
            return expression
        if expression not in self.known:
            name = self.known[expression] = self.fresh()
            self.lines.append((name, f"const {name} = {expression};"))
        return self.known[expression]

    def known_number(self, entry: str) -> str:
        """The whole number or truth value that an entry is, where that is known; else the entry."""
        return self.numbers_of.get(entry, entry)

    def array_of(self, entries: list[str]) -> str | None:
        """The array that has these entries already, where there is one."""
        array = entries[0].split("[")[0] if entries else ""
        whole = self.lengths.get(array) == len(entries) and entries == written.listed(array, len(entries))
        return array if whole else None

    def packed(self, entries: list[str]) -> str:
        """The name of an array of these entries."""
        if array := self.array_of(entries):
            return array
        name = self.named(f"[{', '.join(entries)}]")
        self.lengths[name] = len(entries)
        return name


def _run(code: _Code, jaxpr: Any, consts: Any, given: list[np.ndarray]) -> list[np.ndarray]:
    """Write down the steps of a jaxpr, and return the entries of its results."""
    known = dict(zip(jaxpr.invars, given, strict=True))
    known |= {var: written.constant(x) for var, x in zip(jaxpr.constvars, consts, strict=True)}
    look_up = lambda var: written.constant(var.val) if hasattr(var, "val") else known[var]  # noqa: E731
    for step in jaxpr.eqns:
        results = _step(code, step, [look_up(var) for var in step.invars])
        known |= dict(zip(step.outvars, results, strict=True))
    return [look_up(var) for var in jaxpr.outvars]


def _step(code: _Code, step: Any, given: list[np.ndarray]) -> list[np.ndarray]:
    """Write down one step."""
    name, params = step.primitive.name, step.params
    inner = next((params[x] for x in ("jaxpr", "call_jaxpr", "fun_jaxpr") if x in params), None)
    if name == "scan":
        return _loop(code, params, given)
    if inner is not None and name in INLINED:
        return _run(code, getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), given)
    if name in _primitives.UNCHANGED:
        return given
    if name in _primitives.MOVES:
        return [_primitives.MOVES[name](params, *given)]
    if name in SPECIAL:
        return [SPECIAL[name](code, step, given)]
    text = _primitives.template(name, params, [var.aval.dtype for var in step.invars])
    if text is None:
        raise NotImplementedError(f"the primitive {name} has no translation to JavaScript: {step}")
    result = _entrywise(code, text, list(np.broadcast_arrays(*given)))
    _remember(code, step, given, result)
    return [result]


INLINED = {
    *("call", "closed_call", "core_call", "custom_jvp_call", "custom_lin", "custom_vjp_call"),
    *("custom_vjp_call_jaxpr", "jit", "pjit", "remat", "checkpoint"),
}
"""Primitives that run a jaxpr of their own, once."""

SPECIAL: dict[str, Callable[[_Code, Any, list[np.ndarray]], np.ndarray]] = {
    **{
        name: lambda code, step, x: _primitives.folded(
            step.primitive.name, step.params["axes"], x[0], code.named
        )
        for name in _primitives.FOLDED
    },
    **{
        name: lambda code, step, x: _primitives.extreme(
            step.primitive.name, step.params["axes"], x[0], code.named
        )
        for name in ("argmax", "argmin")
    },
    "cumsum": lambda code, step, x: _primitives.running_sum(
        step.params["axis"], step.params["reverse"], x[0], code.named
    ),
    "gather": lambda code, step, x: _indexing.gathered(
        step, x[0], _places(code, x[1]), code.named, code.packed
    ),
    "dynamic_update_slice": lambda code, step, x: _indexing.updated(
        x[0], x[1], [_places(code, start) for start in x[2:]], code.named
    ),
    **{
        name: lambda code, step, x: _indexing.scattered(step, x[0], _places(code, x[1]), x[2], code.named)
        for name in _indexing.JOINED
    },
    "dynamic_slice": lambda code, step, x: _looked_up(code, step, x),
    "iota": lambda code, step, x: written.counted(step.params["shape"], step.params["dimension"]),
    "random_bits": lambda code, step, x: _bits(code, step, x[0]),
}
"""Primitives that have a function of their own."""


def _entrywise(code: _Code, text: str, given: list[np.ndarray]) -> np.ndarray:
    """The template written out for every entry; for a long array, once, for all of its entries."""
    shape, size = given[0].shape, given[0].size
    if text == "{0}":
        return given[0]
    if size <= WRITTEN_OUT:
        return _primitives.entrywise(text, given, code.named)
    columns = [x.ravel().tolist() for x in given]
    entries = [x[0] if len(set(x)) == 1 else f"{code.packed(x)}[$i]" for x in columns]
    array = code.named(f"Array.from({{length: {size}}}, (_, $i) => {text.format(*entries)})")
    code.lengths[array] = size
    return written.shaped(written.listed(array, size), shape)


def _remember(code: _Code, step: Any, given: list[np.ndarray], result: np.ndarray) -> None:
    """Keep the numbers of a step on whole numbers or truth values that are known, as an index often is."""
    kinds = {getattr(var.aval.dtype, "kind", None) for var in (*step.invars, *step.outvars)}
    if not kinds <= {"i", "b"}:
        return
    texts = [[code.known_number(entry) for entry in x.flat] for x in given]
    if not all(map(WHOLE.fullmatch, itertools.chain.from_iterable(texts))):
        return
    numbers = [
        np.array([json.loads(text.strip("()")) for text in row]).reshape(x.shape).astype(var.aval.dtype)
        for row, x, var in zip(texts, given, step.invars, strict=True)
    ]
    found = written.constant(step.primitive.bind(*numbers, **step.params))
    code.numbers_of |= dict(zip(result.flat, found.flat, strict=True))


def _places(code: _Code, x: np.ndarray) -> np.ndarray:
    """Indices, as numbers where these are known."""
    return written.shaped([code.known_number(entry) for entry in x.flat], x.shape)


def _loop(code: _Code, params: dict[str, Any], given: list[np.ndarray]) -> list[np.ndarray]:
    """A scan: a loop. Its carry is one variable per entry; rows are read from and put into arrays."""
    n_consts, n_carry, length = params["num_consts"], params["num_carry"], params["length"]
    consts, carry, rows = given[:n_consts], given[n_consts : n_consts + n_carry], given[n_consts + n_carry :]
    index, body = code.fresh(), _Code(code)
    held = [written.numbered(code.fresh(), x.shape) for x in carry]
    seen = [_row(code.packed(x.ravel().tolist()), index, x.shape[1:], body) for x in rows]
    closed = params["jaxpr"]
    results = _run(body, closed.jaxpr, closed.consts, [*consts, *held, *seen])
    after, kept = results[:n_carry], [(code.fresh(), x) for x in results[n_carry:]]

    of = lambda arrays: [entry for x in arrays for entry in x.ravel().tolist()]  # noqa: E731
    puts = [
        f"{name}[{index} * {x.size} + {i}] = {entry};" for name, x in kept for i, entry in enumerate(of([x]))
    ]
    moves = f"[{', '.join(of(held))}] = [{', '.join(of(after))}];" if of(held) else ""
    start, stop = ("0", f"{index} < {length}; {index}++")
    if params["reverse"]:
        start, stop = (str(length - 1), f"{index} >= 0; {index}--")
    text = [f"let {name} = {first};" for name, first in zip(of(held), of(carry), strict=True)]
    text += [f"const {name} = [];" for name, _ in kept]
    text += [f"for (let {index} = {start}; {stop}) {{", *_needed(body.lines, " ".join([*puts, moves]))]
    code.lines.append(("", "\n".join([*text, *puts, moves, "}"])))
    for name, x in kept:
        code.lengths[name] = length * x.size
    stacked = [written.shaped(written.listed(name, length * x.size), (length, *x.shape)) for name, x in kept]
    return [*held, *stacked]


def _row(array: str, index: str, shape: tuple[int, ...], body: _Code) -> np.ndarray:
    """The entries of row `index` of an array whose rows have this shape."""
    size = math.prod(shape)
    entries = [body.named(f"({array}[{index} * {size} + {i}])") for i in range(size)]
    return written.shaped(entries, shape)


def _looked_up(code: _Code, step: Any, given: list[np.ndarray]) -> np.ndarray:
    """A piece of an array that begins at an index; as in JAX, the piece stays inside the array."""
    table, *starts = given
    sizes = step.params["slice_sizes"]
    array = code.packed(table.ravel().tolist())
    offset, stride = "0", 1
    for n, size, start in reversed(list(zip(table.shape, sizes, starts, strict=True))):
        within = code.named(f"Math.min(Math.max({start.item()}, 0), {n - size})")
        offset = code.named(f"({offset} + {within} * {stride})")
        stride *= n
    places = np.arange(table.size).reshape(table.shape)[tuple(map(slice, sizes))]
    entries = [code.named(f"({array}[{offset} + {place}])") for place in places.ravel()]
    return written.shaped(entries, tuple(sizes))


def _bits(code: _Code, step: Any, keys: np.ndarray) -> np.ndarray:
    """Random bits from each key, 32 at a time."""
    shape = tuple(step.params["shape"])
    if step.params["bit_width"] != 32:
        raise NotImplementedError(f"random_bits of width {step.params['bit_width']}: ask for float32")
    n = math.prod(shape)
    drawn = [code.named(f"jaxRandom.bits({key}, {n})") for key in keys.ravel()]
    code.lengths |= dict.fromkeys(drawn, n)
    return written.shaped(
        [entry for name in drawn for entry in written.listed(name, n)], (*keys.shape, *shape)
    )


def _needed(lines: list[tuple[str, str]], result: str) -> list[str]:
    """The lines that the result depends on, in order."""
    used, kept = set(NAME.findall(result)), []
    for name, text in reversed(lines):
        if not name or name in used:
            used.update(NAME.findall(text))
            kept.append(text)
    return kept[::-1]


def _written(result: Any, entries: Iterator[np.ndarray], code: _Code) -> str:
    """The result as JavaScript writes it; its leaves are taken from `entries` in the order of JAX."""
    if result is None:
        return "null"
    if hasattr(result, "_fields"):
        result = dict(zip(result._fields, result, strict=True))
        return _object({name: _written(x, entries, code) for name, x in result.items()})
    if isinstance(result, dict):
        return _object({name: _written(result[name], entries, code) for name in sorted(result)})
    if isinstance(result, (list, tuple)):
        return f"[{', '.join(_written(x, entries, code) for x in result)}]"
    return _nested(next(entries), code)


def _object(items: dict[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {x}' for name, x in items.items())}}}"


def _nested(x: np.ndarray, code: _Code) -> str:
    """An array of entries as arrays in arrays."""
    if x.ndim == 0:
        return x.item()
    entries, n = x.ravel().tolist(), x.shape[-1]
    if array := code.array_of(entries):
        if x.ndim == 1:
            return array
        if x.ndim == 2:
            row = f"{array}.slice($i * {n}, ($i + 1) * {n})"
            return f"Array.from({{length: {len(x)}}}, (_, $i) => {row})"
    if x.ndim == 1:
        return f"[{', '.join(entries)}]"
    return f"[{', '.join(_nested(row, code) for row in x)}]"


def _entries(name: str, example: Any) -> list[np.ndarray]:
    """How the page writes each entry of an argument."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(example)
    arrays = []
    for path, leaf in leaves:
        place = name + "".join(map(_access, path))
        out = np.empty(leaf.shape, object)
        for index in np.ndindex(leaf.shape):
            out[index] = place + "".join(f"[{i}]" for i in index)
        arrays.append(out)
    return arrays


def _access(key: Any) -> str:
    """How the page gets at a part of a structure."""
    if isinstance(key, jax.tree_util.SequenceKey):
        return f"[{key.idx}]"
    return f".{key.name if isinstance(key, jax.tree_util.GetAttrKey) else key.key}"


def _argument_names(function: Callable[..., Any], n: int) -> list[str]:
    names = list(inspect.signature(function).parameters)
    return names if len(names) == n else [f"a{i}" for i in range(n)]


def _example(x: Any) -> Any:
    """The shape and type of an argument."""
    x = np.asarray(x) if not hasattr(x, "dtype") else x
    dtype = np.float64 if np.issubdtype(x.dtype, np.floating) else x.dtype
    return jax.ShapeDtypeStruct(x.shape, dtype)
