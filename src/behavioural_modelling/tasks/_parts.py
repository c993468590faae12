"""What several tasks are put together from: walks, payments, and checks of what they are given."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from .. import _checks
from .._types import Numbers
from ..models import Trial

__all__: list[str] = []


def nothing_shown(state: Any, t: Any) -> Trial:
    """A trial on which nothing is shown, and all actions are on offer."""
    return Trial()


def choice_in(response: Any) -> Any:
    """The choice in a response, which may come with other parts, such as its time."""
    return response["choices"] if isinstance(response, dict) else response


def paid(
    key: Key[Array, ""], probabilities: Float[Array, "n_actions"], payoffs: tuple[float, float]
) -> Float[Array, "n_actions"]:
    """What each action pays: the second of `payoffs` with its probability, else the first."""
    rewarded = jax.random.uniform(key, probabilities.shape, probabilities.dtype) < probabilities
    return jnp.where(rewarded, payoffs[1], payoffs[0]).astype(probabilities.dtype)


def anywhere(key: Key[Array, ""], shape: tuple[int, ...], bounds: tuple[float, float]) -> Float[Array, "..."]:
    """Probabilities drawn evenly from within the bounds.

    `init` gives its key to this draw unsplit. Split keys are those of `fold_in`, which may be the trials'.
    """
    return jax.random.uniform(key, shape, minval=bounds[0], maxval=bounds[1])


def walked(
    key: Key[Array, ""], probabilities: Float[Array, "..."], sd: float, bounds: tuple[float, float]
) -> Float[Array, "..."]:
    """Each probability one normal step on, reflected at the bounds."""
    return reflected(probabilities + sd * jax.random.normal(key, probabilities.shape), *bounds)


def reflected(x: Float[Array, "..."], low: float, high: float) -> Float[Array, "..."]:
    """`x` folded into the bounds, as often as it takes: a wave of triangles, twice the bounds' width long."""
    width = high - low
    inside = high - jnp.abs(jnp.mod(x - low, 2 * width) - width)
    return jnp.clip(inside, low, high)  # rounding may lead out


def numbers(name: str, x: Numbers) -> np.ndarray:
    """`x` as float64 on the host, where the settings of a task live."""
    x = np.asarray(_checks.plain_array(name, x))
    if x.dtype.kind not in "biuf":
        _checks.fail(name, "real numbers", f"{x.dtype} values")
    return x.astype(np.float64)


def row(name: str, x: Numbers) -> np.ndarray:
    """One number per action, for at least 2 actions."""
    row = numbers(name, x)
    if row.ndim != 1 or row.size < 2:
        _checks.fail(name, "one number per action, for at least 2 actions", f"shape {row.shape}")
    return row


def per_action(name: str, x: Numbers, n_actions: int, bounds: tuple[float, float]) -> tuple[float, ...]:
    """One number per action within the bounds; a single number goes for all actions."""
    row = numbers(name, x)
    if row.shape not in ((), (n_actions,)):
        _checks.fail(name, f"a number, or one per action, shape ({n_actions},)", f"shape {row.shape}")
    _checks.in_range(name, row, *bounds)
    return tuple(np.broadcast_to(row, n_actions).tolist())


def checked_probabilities(probabilities: Numbers) -> tuple[float, ...]:
    """A probability per action, for at least 2 actions."""
    x = row("probabilities", probabilities)
    _checks.in_range("probabilities", x, 0, 1)
    return tuple(x.tolist())


def checked_pair(name: str, x: Any) -> tuple[float, float]:
    """Two finite numbers."""
    pair = numbers(name, _checks.pair(name, x))
    if pair.shape != (2,):
        _checks.fail(name, "two numbers", f"shape {pair.shape}")
    _checks.finite(name, pair)
    return float(pair[0]), float(pair[1])


def checked_payoffs(payoffs: Any) -> tuple[float, float]:
    """What an unrewarded and what a rewarded action pays."""
    return checked_pair("payoffs", payoffs)


def checked_walk(sd: Any, bounds: Any) -> tuple[float, tuple[float, float]]:
    """The standard deviation of a random walk's steps, and its bounds."""
    step = numbers("sd", sd)
    if step.shape != ():
        _checks.fail("sd", "one number", f"shape {step.shape}")
    _checks.in_range("sd", step, 0)
    low, high = checked_pair("bounds", bounds)
    if not 0 <= low < high <= 1:
        _checks.fail("bounds", "two probabilities, the smaller first", (low, high))
    return float(step), (low, high)
