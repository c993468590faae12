"""An honest stopwatch: it waits for the result, and keeps the first call apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np


class Timing(NamedTuple):
    """Seconds: of the first call, and of the later ones their median and the range they lie in."""

    first: float
    median: float
    fastest: float
    slowest: float


def stopwatch(function: Callable, *arguments: Any) -> float:
    """How long a call takes until its result is there, in seconds."""
    start = time.perf_counter()
    jax.block_until_ready(function(*arguments))
    return time.perf_counter() - start


def first_and_later(function: Callable, *arguments: Any, repeats: int = 5) -> Timing:
    """The first call apart, which compiles; then the median of the later ones."""
    first = stopwatch(function, *arguments)
    later = [stopwatch(function, *arguments) for _ in range(repeats)]
    return Timing(first, float(np.median(later)), min(later), max(later))
