"""Small systems of equations for many lanes, written out: a library would be called for each lane.

Matrices have the lanes on their last axes. XLA's own calls to LAPACK can wait for each other for ever where
several programs run.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

__all__: list[str] = []

Triangle = list[list[Any]]


def cholesky(matrix: Triangle) -> Triangle:
    """The lower triangle L with `L L'` the matrix, of which only the lower triangle is read."""
    lower: Triangle = []
    for i, row in enumerate(matrix):
        found: list[Array] = []
        for j in range(i + 1):
            left = row[j] - sum(
                (found[k] * (lower[j][k] if j < i else found[k]) for k in range(j)), start=0.0
            )
            found.append(jnp.sqrt(left) if j == i else left / lower[j][j])
        lower.append(found)
    return lower


def solve_lower(lower: Triangle, right: list[Array]) -> list[Array]:
    """x with `L x` the right-hand side."""
    x: list[Array] = []
    for i, row in enumerate(lower):
        x.append((right[i] - sum((row[k] * x[k] for k in range(i)), start=0.0)) / row[i])
    return x


def solve_upper(lower: Triangle, right: list[Array]) -> list[Array]:
    """x with `L' x` the right-hand side."""
    n, x = len(lower), list(right)
    for i in reversed(range(n)):
        x[i] = (right[i] - sum((lower[k][i] * x[k] for k in range(i + 1, n)), start=0.0)) / lower[i][i]
    return x


def transposed_times(lower: Triangle, x: list[Array]) -> list[Array]:
    """`L' x`."""
    n = len(lower)
    return [sum((lower[k][i] * x[k] for k in range(i, n)), start=jnp.zeros(())) for i in range(n)]
