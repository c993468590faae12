"""What callers may give where numbers are asked for; the checks make an array of it, or refuse it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

__all__: list[str] = []


class AsArray(Protocol):
    """What NumPy makes an array of: arrays and numbers of JAX and NumPy, columns and tables of pandas."""

    def __array__(self) -> np.ndarray: ...


Numbers = float | AsArray | Sequence[Any]
"""A number, an array, or a list (of lists). The text of a function says which shape and which values."""
