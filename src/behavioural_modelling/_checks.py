"""Checks of a public function's arguments.

Every check raises a `ValueError` that names the argument, what was expected and what came. Shapes are
known while JAX traces, so they are always checked. Values are not, so their checks pass over tracers:
inside `jit`, `vmap` and `grad` the functions simply compute.
"""

from __future__ import annotations

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

__all__: list[str] = []

ONE_NUMBER = "one number, shape () (jax.vmap runs many subjects)"


def fail(name: str, expected: str, received: Any) -> NoReturn:
    """Raise the `ValueError` that every check raises."""
    raise ValueError(f"{name}: expected {expected}, got {received}")


def setting(name: str) -> Any:
    """One of JAX's settings. Its attributes are made at run time, so no type checker knows them."""
    return getattr(jax.config, name)


def known_values(x: Any) -> np.ndarray | None:
    """The values of `x` on the host, or None while JAX is tracing it.

    Of an array that is spread over several machines, each checks the rows that it holds.
    """
    return None if isinstance(x, Tracer) else host_values(x)


def host_values(x: Any) -> np.ndarray:
    """The values, on the host, of an `x` that JAX is not tracing; see `known_values`."""
    if isinstance(x, jax.Array) and not (x.is_fully_addressable or x.is_fully_replicated):
        rows = {shard.index[0].start or 0: shard.data for shard in x.addressable_shards}
        return np.concatenate([np.asarray(rows[start]) for start in sorted(rows)])
    return np.asarray(x)


def plain_array(name: str, x: Any) -> jax.Array | np.ndarray:
    """`x` as it is if JAX holds it, else as an array on the host; rows must be of equal length."""
    if isinstance(x, jax.Array):
        return x
    traced = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(x))
    try:
        return jnp.asarray(x) if traced else np.asarray(x)
    except (TypeError, ValueError):
        fail(name, "a rectangular array of numbers", "rows of unequal length")


def real_array(name: str, x: Any) -> jax.Array:
    """`x` as a floating-point array; booleans and integers are promoted on the host."""
    if isinstance(x, (int, float)):
        return jnp.asarray(float(x))  # takes on the precision of the arrays that it meets
    x = plain_array(name, x)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return _as_it_is(x)
    if not (jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool):
        fail(name, "real numbers", f"{x.dtype} values")
    return jnp.asarray(x.astype(jnp.result_type(float)))


def _as_it_is(x: Any) -> jax.Array:
    """`x` as JAX's array, NaN and infinity included: the checks judge them, or a mask leaves them out."""
    if not (setting("jax_debug_nans") or setting("jax_debug_infs")):
        return jnp.asarray(x)
    with jax.debug_nans(False), jax.debug_infs(False):
        return jnp.asarray(x)


def with_axes(x: jax.Array, *axes: int) -> jax.Array:
    """`x` with more axes, of length 1. Where JAX has nothing but one CPU, nothing is compiled for it."""
    values = known_values(x) if jax.default_backend() == "cpu" and jax.device_count() == 1 else None
    return jnp.expand_dims(x, axes) if values is None else _as_it_is(np.expand_dims(values, axes))


def _first_bad(values: np.ndarray, good: np.ndarray) -> str:
    """Where the first bad entry stands and what it is, for the message."""
    where = tuple(int(i) for i in np.argwhere(~good)[0])
    bad = str(values[where]).removesuffix(".0")
    return f"{bad} at index {where[0] if len(where) == 1 else where}" if where else bad


def every(name: str, expected: str, values: np.ndarray, good: np.ndarray) -> None:
    """Refuse values that are not all good, and name the first that is not."""
    if not good.all():
        fail(name, expected, _first_bad(values, good))


def finite(name: str, x: jax.Array | np.ndarray) -> None:
    """Refuse NaN and infinite entries."""
    values = known_values(x)
    if values is not None and not np.isfinite(values).all():
        fail(name, "finite numbers", _first_bad(values, np.isfinite(values)))


def in_range(
    name: str,
    x: jax.Array | np.ndarray,
    lower: float,
    upper: float = np.inf,
    *,
    above: bool = False,
) -> None:
    """Refuse NaN, infinity and entries outside [lower, upper]; `above` excludes `lower` itself."""
    values = known_values(x)
    if values is None:
        return
    good = np.isfinite(values) & (values <= upper)
    # The smallest numbers of all count as 0 in compiled code.
    good &= (values >= lower + float(jnp.finfo(values.dtype).tiny)) if above else (values >= lower)
    if not good.all():
        span = f" above {lower:g}" if above else "" if np.isinf(lower) else f" of at least {lower:g}"
        expected = f"a finite number{span}" if np.isinf(upper) else f"a number in [{lower:g}, {upper:g}]"
        fail(name, expected, _first_bad(values, good))


def with_actions(name: str, x: Any) -> jax.Array:
    """A floating-point array whose last axis holds at least one action."""
    x = real_array(name, x)
    if x.ndim == 0 or x.shape[-1] == 0:
        fail(name, "an array whose last axis holds the actions", f"shape {x.shape}")
    return x


def action_values(value: Any) -> jax.Array:
    """Values of actions: finite numbers, with at least one action on the last axis."""
    value = with_actions("value", value)
    finite("value", value)
    return value


def fits_rows(name: str, x: jax.Array, of: str, shape: tuple[int, ...]) -> None:
    """Refuse an `x` that is neither a number nor one number per row of an array of `shape`."""
    rows = x.shape[:-1] if x.ndim == len(shape) and x.shape[-1] == 1 else x.shape
    if not broadcasts_to(rows, shape[:-1]):
        expected = f"a number, or an array that fits the leading axes {shape[:-1]} of {of}"
        fail(name, expected if shape[:-1] else ONE_NUMBER, f"shape {x.shape}")


def per_row(x: jax.Array, rows: jax.Array) -> jax.Array:
    """A checked number per row of `rows`, with a last axis to stand beside every action."""
    return x if x.ndim in (0, rows.ndim) else x[..., None]


def probabilities(probs: Any, lapse: Any) -> tuple[jax.Array, jax.Array]:
    """Rows of probabilities, at least 0, none without a possible action; and lapses in [0, 1]."""
    probs, lapse = with_actions("probs", probs), real_array("lapse", lapse)
    in_range("probs", probs, 0)
    in_range("lapse", lapse, 0, 1)
    fits_rows("lapse", lapse, "probs", probs.shape)
    values = known_values(probs)
    if values is not None:
        limits = jnp.finfo(values.dtype)  # with a margin: compiled code divides by multiplying
        if (values.max(axis=-1) < 8 * limits.tiny).any():
            worst = values.max(axis=-1).min()
            fail("probs", "a positive probability in every row", f"a row of entries up to {worst:g}")
        if (values.astype(float).sum(axis=-1) > limits.max / 8).any():
            fail("probs", "rows with a finite sum", f"entries up to {values.max():g}")
    return probs, lapse


def learning_rate(name: str, alpha: Any, shape: tuple[int, ...]) -> jax.Array:
    """A learning rate, a number in [0, 1], or an array of them that stands beside `shape`."""
    alpha = real_array(name, alpha)
    in_range(name, alpha, 0, 1)
    if not broadcasts_to(alpha.shape, shape):
        fail(name, f"a number, or shape {shape}" if shape else ONE_NUMBER, f"shape {alpha.shape}")
    return alpha


def temperature(tau: Any, shape: tuple[int, ...]) -> jax.Array:
    """A softmax temperature for values of `shape`: a finite number above 0, or one per row."""
    tau = real_array("temperature", tau)
    in_range("temperature", tau, 0, above=True)
    fits_rows("temperature", tau, "value", shape)
    return tau


def zeros_and_ones(name: str, x: Any, shape: tuple[int, ...]) -> jax.Array:
    """A one-hot or other 0/1 array whose shape can stand beside `shape`, action for action."""
    x = real_array(name, x)
    if x.shape[-1:] != shape[-1:] or not broadcasts_to(x.shape, shape):
        fail(name, f"one entry per action, shape {shape}", f"shape {x.shape}")
    values = known_values(x)
    if values is not None and not np.isin(values, (0, 1)).all():
        fail(name, "zeros and ones", _first_bad(values, np.isin(values, (0, 1))))
    return x


def broadcasts_to(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether an array of `shape` can be repeated to `target` without changing `target`."""
    try:
        return np.broadcast_shapes(shape, target) == tuple(target)
    except ValueError:
        return False


def integers(name: str, x: Any) -> jax.Array | np.ndarray:
    """`x` as an array of integers, where it lies; floating-point numbers are refused, never rounded."""
    x = plain_array(name, x)
    if not jnp.issubdtype(x.dtype, jnp.integer):
        fail(name, "integers", f"{x.dtype} values")
    return x


def booleans(name: str, x: Any, shape: tuple[int, ...]) -> jax.Array:
    """`x` as an array of booleans of the given shape; numbers are refused."""
    x = plain_array(name, x)
    if x.dtype != bool:
        fail(name, "booleans", f"{x.dtype} values")
    if x.shape != shape:
        fail(name, f"shape {shape}", f"shape {x.shape}")
    return jnp.asarray(x)


def booleans_by_subject(name: str, x: Any, shape: tuple[int, ...]) -> jax.Array:
    """Booleans of the given shape, or of that shape for each of at least one subject."""
    x = plain_array(name, x)
    if x.ndim != len(shape) + 1:
        return booleans(name, x, shape)
    return booleans(name, x, (max(1, len(x)), *shape))


def actions(name: str, choices: Any, n_actions: int | None, mask: Any = None) -> jax.Array:
    """Integer choices from 0, below `n_actions` when it is known, wherever `mask` (when given) is True."""
    choices = integers(name, choices)
    values, scored = known_values(choices), True if mask is None else known_values(mask)
    if values is not None and scored is not None:
        top = np.iinfo(np.int32).max if n_actions is None else n_actions - 1
        good = ((values >= 0) & (values <= top)) | ~np.asarray(scored)
        if not good.all():
            expected = "actions from 0" + (f" to {top}" if n_actions else "")
            fail(name, expected, _first_bad(values, good))
    return jnp.asarray(choices)


def pair(name: str, x: Any) -> tuple[Any, Any]:
    """Two things in a tuple or list."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        received = f"{len(x)} of them" if isinstance(x, (tuple, list)) else type(x).__name__
        fail(name, "a pair", received)
    first, second = x
    return first, second


def size(name: str, n: Any, minimum: int) -> int:
    """A whole number of things, at least `minimum`."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        fail(name, "a whole number", repr(n))
    if n < minimum:
        fail(name, f"at least {minimum}", n)
    return int(n)


def random_key(name: str, key: Any) -> jax.Array:
    """One random key: from `jax.random.key`, or an old-style `jax.random.PRNGKey` array."""
    expected = "one random key, as jax.random.key(0) makes it"
    if not isinstance(key, (jax.Array, np.ndarray)):
        fail(name, expected, repr(key))
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        if key.shape != ():
            fail(name, expected, f"an array of keys of shape {key.shape}")
        return key
    old_style = jax.eval_shape(jax.random.PRNGKey, 0)
    if key.dtype != old_style.dtype or key.shape != old_style.shape:
        fail(name, expected, f"an array of {key.dtype} with shape {key.shape}")
    return jnp.asarray(key)
