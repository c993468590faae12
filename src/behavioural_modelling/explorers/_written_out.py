"""Arrays of expressions: what an array of numbers is while a function is written down as JavaScript."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__: list[str] = []


def constant(x: Any) -> np.ndarray:
    """An array of numbers as JavaScript writes them."""
    x = np.asarray(x)
    return shaped([number(entry) for entry in x.ravel().tolist()], x.shape)


def number(x: Any) -> str:
    if isinstance(x, bool):
        return "true" if x else "false"
    if isinstance(x, float) and not math.isfinite(x):
        text = "NaN" if math.isnan(x) else "Infinity"
    else:
        text = repr(abs(x))
    return f"(-{text})" if x < 0 or (x == 0 and math.copysign(1, x) < 0) else text


def counted(shape: tuple[int, ...], axis: int) -> np.ndarray:
    """Every entry is its number along an axis."""
    return constant(np.indices(shape)[axis])


def numbered(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """One variable per entry."""
    return shaped([f"{name}_{i}" for i in range(math.prod(shape))], shape)


def listed(array: str, n: int) -> list[str]:
    return [f"{array}[{i}]" for i in range(n)]


def shaped(entries: list[str], shape: tuple[int, ...]) -> np.ndarray:
    """Expressions as an array."""
    out = np.empty(len(entries), object)
    out[:] = entries
    return out.reshape(shape)
