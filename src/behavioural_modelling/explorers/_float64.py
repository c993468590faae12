"""Float64 for a while, whatever JAX is set to."""

from __future__ import annotations

import importlib
from typing import Any

import jax

__all__: list[str] = []


def in_float64() -> Any:
    """The context in which JAX computes in float64, by its name in each version."""
    try:
        return jax.enable_x64(True)
    except AttributeError:  # JAX before 0.8
        return importlib.import_module("jax.experimental").enable_x64(True)
