"""What callers may give where numbers are asked for, of which the checks make an array; and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from jaxtyping import Array

__all__: list[str] = []


class AsArray(Protocol):
    """What NumPy makes an array of: arrays and numbers of JAX and NumPy, columns and tables of pandas."""

    def __array__(self) -> np.ndarray: ...


Numbers = float | AsArray | Sequence[Any]
"""A number, an array, or a list (of lists). The text of a function says which shape and which values."""

AnyArray = Array | np.ndarray
"""An array of JAX or of NumPy."""
