"""Before the chains: the sites, the frame, and all that the programs are given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Array

from ..fitting._search import with_settings_of_here
from . import _sites, _target
from ._given import Asked

__all__: list[str] = []


def numbers(asked: Asked, key: Array, threads: ThreadPoolExecutor) -> _target.Numbers:
    """The sites, the frame, and all that the programs are given."""
    run = partial(_over_rows, threads)
    sites, frame = _sites.found(asked.target, asked.given, asked.data, asked.fixed, key, run)
    return _target.Numbers(asked.given, sites, frame, asked.data, asked.fixed)


def _over_rows(threads: ThreadPoolExecutor, function: Any, n_rows: int) -> list[np.ndarray]:
    """A function of row numbers over all rows, some at a time; rows come last in what it gives."""
    size = min(n_rows, _sites.ROWS_PER_BLOCK)
    parts = [np.arange(first, min(first + size, n_rows)) for first in range(0, n_rows, size)]

    def one(part):
        return [np.asarray(x)[..., : len(part)] for x in function(np.resize(part, size))]

    found = list(threads.map(with_settings_of_here(one), parts))
    return [np.concatenate(arrays, axis=-1) for arrays in zip(*found, strict=True)]
