"""How arrays lie in memory, told to the compiler.

There are few actions and very many subjects. Compiled for a CPU, a loop over rows of five numbers is slow;
a loop over thousands of subjects at a time is fast. So inside the drivers the subjects are on the last axis,
which lies in one piece, and what the drivers return keeps them innermost in memory, whatever its shape
says: turning the arrays round would cost as much as the whole simulation.

Before version 0.7 JAX cannot be told, and before 0.10 it turns round what it returns. There it takes
longer; the numbers are the same. Since 0.11.2 its compiler copies each array to where it is returned,
whatever it is told: that takes memory, once more as much as the largest of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps

import jax
import jax.numpy as jnp
from jaxtyping import Array

__all__: list[str] = []

if jax.__version_info__ >= (0, 7):
    from jax.experimental.layout import Layout, with_layout_constraint
else:
    Layout = tuple

    def with_layout_constraint(x, layouts):
        return x


_LAID_OUT = ContextVar("laid_out", default=False)
"""Whether what JAX traces right now has the subjects on its last axis and may be told how to lie."""


def laid_out(yes: bool, function: Callable) -> Callable:
    """`function`, in which `apart` has a say or has none: none where JAX spreads subjects over devices."""

    @wraps(function)
    def call(*arguments):
        before = _LAID_OUT.set(yes)
        try:
            return function(*arguments)
        finally:
            _LAID_OUT.reset(before)

    return call


def apart(x: Array) -> Array:
    """`x`, computed once and kept in rows along its last axis, inside the programs of the drivers.

    The compiler joins what is computed from `x` with how `x` is computed, which is mostly a gain. But
    where each of five results needs all five entries of `x`, it computes the 25. This keeps them apart.
    """
    if not _LAID_OUT.get() or _is_key(x):
        return x
    return with_layout_constraint(x, Layout(tuple(range(x.ndim))))


def subjects_first(x: Array) -> Array:
    """`x` of shape (..., n_subjects) as (n_subjects, ...), without moving it in memory."""
    x = jnp.moveaxis(x, -1, 0)
    if _is_key(x):  # which are copied, since JAX loses track of how keys lie
        data = jax.random.key_data(x)
        data = with_layout_constraint(data, Layout(tuple(range(data.ndim))))
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
    return with_layout_constraint(x, Layout((*range(1, x.ndim), 0)))


def _is_key(x: Array) -> bool:
    """Whether `x` holds random keys; a reader's own model may carry one from trial to trial."""
    return jnp.issubdtype(x.dtype, jax.dtypes.prng_key)
