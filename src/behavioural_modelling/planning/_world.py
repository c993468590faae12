"""Checks of a world that is known: its probabilities, its rewards, its discount."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from .. import _checks

__all__: list[str] = []


def world(sas: Any, reward: Any, discount: Any, name: str = "reward") -> tuple[Array, Array, Array]:
    """Probabilities, rewards and discount, which belong together."""
    sas = _checks.real_array("sas", sas)
    if sas.ndim != 3 or sas.shape[0] != sas.shape[2] or 0 in sas.shape:
        _checks.fail("sas", "shape (n_states, n_actions, n_states)", f"shape {sas.shape}")
    _checks.in_range("sas", sas, 0, 1)
    known = _checks.known_values(sas)
    if known is not None:
        total = known.sum(axis=-1, dtype=float)
        room = 4 * len(sas) * float(jnp.finfo(known.dtype).eps)  # for rounding
        _checks.every("sas", "rows that add up to 1 or less", total, total <= 1 + room)
    discount = _checks.real_array("discount", discount)
    _checks.in_range("discount", discount, 0, 1)
    if discount.ndim:
        _checks.fail("discount", _checks.ONE_NUMBER, f"shape {discount.shape}")
    return sas, per_state(name, reward, len(sas)), discount


def per_state(name: str, x: Any, n_states: int) -> Float[Array, "n_states"]:
    """One finite number per state."""
    x = _checks.real_array(name, x)
    if x.shape != (n_states,):
        _checks.fail(name, f"one number per state, shape ({n_states},)", f"shape {x.shape}")
    _checks.finite(name, x)
    return x


def check_count(name: str, n: Any, expected: int, of: str) -> None:
    """Hold a size against the shape that has it; `jit` may trace it, and then it says nothing."""
    if isinstance(n, Tracer):
        return
    n = n.item() if isinstance(n, jax.Array) and n.ndim == 0 else n
    if _checks.size(name, n, minimum=1) != expected:
        _checks.fail(name, f"{expected}, as in {of}", n)
