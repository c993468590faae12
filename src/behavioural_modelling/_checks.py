"""Checks of a public function's arguments.

Every check raises a `ValueError` that names the argument, what was expected and what came. Shapes are
known while JAX traces, so they are always checked. Values are not, so their checks pass over tracers:
inside `jit`, `vmap` and `grad` the functions simply compute.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__: list[str] = []


def fail(name: str, expected: str, received: Any) -> None:
    """Raise the `ValueError` that every check raises."""
    raise ValueError(f"{name}: expected {expected}, got {received}")


def known_values(x: Any) -> np.ndarray | None:
    """The values of `x` on the host, or None while JAX is tracing it."""
    return None if isinstance(x, jax.core.Tracer) else np.asarray(x)


def real_array(name: str, x: Any) -> jax.Array:
    """`x` as a floating-point array; booleans and integers are promoted."""
    if not isinstance(x, jax.Array):
        try:
            x = np.asarray(x)
        except ValueError:
            fail(name, "a rectangular array of numbers", "rows of unequal length")
        if x.dtype.kind not in "biuf":
            fail(name, "numbers", f"{x.dtype} values")
    elif not jnp.issubdtype(x.dtype, jnp.number) and x.dtype != bool:
        fail(name, "numbers", f"{x.dtype} values")
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))


def _first_bad(values: np.ndarray, good: np.ndarray) -> str:
    """Where the first bad entry stands and what it is, for the message."""
    if values.ndim == 0:
        return f"{values.item():.6g}"
    where = tuple(int(i) for i in np.argwhere(~good)[0])
    return f"{values[where]:.6g} at index {where if len(where) > 1 else where[0]}"


def finite(name: str, x: jax.Array) -> None:
    """Refuse NaN and infinite entries."""
    values = known_values(x)
    if values is not None and not np.isfinite(values).all():
        fail(name, "finite numbers", _first_bad(values, np.isfinite(values)))


def in_range(
    name: str,
    x: jax.Array,
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
    good &= (values > lower) if above else (values >= lower)
    if not good.all():
        span = f"a number above {lower:g}" if above else f"a number of at least {lower:g}"
        expected = span if np.isinf(upper) else f"a number in [{lower:g}, {upper:g}]"
        fail(name, expected, _first_bad(values, good))


def with_actions(name: str, x: Any) -> jax.Array:
    """A floating-point array whose last axis holds at least one action."""
    x = real_array(name, x)
    if x.ndim == 0 or x.shape[-1] == 0:
        fail(name, "an array whose last axis holds the actions", f"shape {x.shape}")
    return x


def per_row(name: str, x: jax.Array, of: str, rows: jax.Array) -> jax.Array:
    """Give a number per row of `rows` a last axis, so that it stands beside every action."""
    if x.ndim == rows.ndim and x.shape[-1] == 1:
        x = x[..., 0]
    if not broadcasts_to(x.shape, rows.shape[:-1]):
        expected = f"a number, or an array that fits the leading axes {rows.shape[:-1]} of {of}"
        fail(name, expected, f"shape {x.shape}")
    return x[..., None]


def learning_rate(name: str, alpha: Any) -> jax.Array:
    """A learning rate: a number in [0, 1]."""
    alpha = real_array(name, alpha)
    in_range(name, alpha, 0, 1)
    return alpha


def temperature(name: str, tau: Any) -> jax.Array:
    """A softmax temperature: a finite number above 0."""
    tau = real_array(name, tau)
    in_range(name, tau, 0, above=True)
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


def integers(name: str, x: Any) -> jax.Array:
    """`x` as an integer array; floating-point numbers are refused, never rounded."""
    x = x if isinstance(x, jax.Array) else np.asarray(x)
    if not np.issubdtype(x.dtype, np.integer):
        fail(name, "integers", f"{x.dtype} values")
    return jnp.asarray(x)


def actions(name: str, choices: Any, n_actions: int | None, mask: Any = None) -> jax.Array:
    """Integer choices from 0, below `n_actions` when it is known, wherever `mask` (when given) is True."""
    choices = integers(name, choices)
    values, scored = known_values(choices), None if mask is None else known_values(mask)
    if values is None or (mask is not None and scored is None):
        return choices
    good = (values >= 0) & (True if n_actions is None else values < n_actions)
    good |= False if scored is None else ~scored
    if not good.all():
        expected = "actions from 0" + (f" to {n_actions - 1}" if n_actions else "")
        fail(name, expected, _first_bad(values, good))
    return choices


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
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        if key.shape != ():
            fail(name, expected, f"an array of keys of shape {key.shape}")
        return key
    old_style = jax.eval_shape(jax.random.PRNGKey, 0)
    if key.dtype != old_style.dtype or key.shape != old_style.shape:
        fail(name, expected, f"an array of {key.dtype} with shape {key.shape}")
    return jnp.asarray(key)


def trial_outcome(outcome: Any, value: jax.Array) -> jax.Array:
    """One trial's outcome checked: finite, one number or one entry per action."""
    outcome = real_array("outcome", outcome)
    finite("outcome", outcome)
    if not broadcasts_to(outcome.shape, value.shape):
        fail("outcome", f"a number, or shape {value.shape}", f"shape {outcome.shape}")
    return outcome


def all_outcomes(outcomes: Any) -> jax.Array:
    """All trials' outcomes checked: finite, at least one trial."""
    outcomes = real_array("outcomes", outcomes)
    if outcomes.ndim not in (1, 2):
        expected = "shape (n_trials, n_actions) or (n_trials,)"
        fail("outcomes", expected, f"shape {outcomes.shape}")
    if 0 in outcomes.shape:
        fail("outcomes", "at least one trial and one action", f"shape {outcomes.shape}")
    finite("outcomes", outcomes)
    return outcomes


def one_hot_choices(choices: Any, outcomes: jax.Array) -> jax.Array:
    """Choices checked and turned to one-hot rows, one per trial of `outcomes`."""
    shape = np.shape(choices)
    if len(shape) not in (1, 2) or shape[0] != outcomes.shape[0]:
        expected = f"shape ({outcomes.shape[0]}, n_actions) or ({outcomes.shape[0]},)"
        fail("choices", expected, f"shape {shape}")
    if len(shape) == 2:
        columns = outcomes.shape[1] if outcomes.ndim == 2 else shape[1]
        chosen = zeros_and_ones("choices", choices, (shape[0], columns))
        values = known_values(chosen)
        if values is not None and (values.sum(axis=1) > 1).any():
            fail("choices", "at most one chosen action per trial", "rows with more than one 1")
        return chosen
    if outcomes.ndim == 1:
        expected = "one-hot rows, since one-dimensional outcomes do not say how many actions there are"
        fail("choices", expected, f"shape {shape}")
    choices = actions("choices", choices, outcomes.shape[1])
    return jax.nn.one_hot(choices, outcomes.shape[1], dtype=jnp.int16)


def n_actions_match(n_actions: int, name: str, shape: tuple[int, ...]) -> None:
    """Hold `n_actions` against the last axis of an array; `jit` may trace it, and then it says nothing."""
    if isinstance(n_actions, jax.core.Tracer):
        return
    if isinstance(n_actions, jax.Array) and n_actions.ndim == 0:
        n_actions = n_actions.item()
    n_actions = size("n_actions", n_actions, minimum=1)
    if shape[-1:] != (n_actions,):
        fail(name, f"a last axis of n_actions = {n_actions}", f"shape {shape}")


def one_number(name: str, x: jax.Array) -> jax.Array:
    """Refuse an array where one subject has one number; many subjects are `vmap`'s job."""
    if x.ndim:
        fail(name, "one number (jax.vmap runs many subjects)", f"shape {x.shape}")
    return x
