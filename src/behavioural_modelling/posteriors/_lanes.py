"""Small systems of equations for many lanes, written out: a library would be called for each lane.

Matrices are on the first two axes and vectors on the first; the lanes come last. XLA's own calls to LAPACK
can wait for each other for ever where several programs run. A step takes a whole column, so that programs
stay short.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

__all__: list[str] = []

Matrix = Float[Array, "n n *lanes"]
Vector = Float[Array, "n *lanes"]


def cholesky(matrix: Matrix) -> Matrix:
    """The lower triangle L with `L L'` the matrix."""
    columns = []
    for j in range(len(matrix)):
        below = (jnp.arange(len(matrix)) >= j).reshape(-1, *[1] * (matrix.ndim - 2))
        column = jnp.where(below, matrix[:, j] / jnp.sqrt(matrix[j, j]), 0)
        matrix = matrix - column[:, None] * column
        columns.append(column)
    return jnp.stack(columns, axis=1)


def solve_lower(lower: Matrix, right: Vector) -> Vector:
    """x with `L x` the right-hand side."""
    x = []
    for j in range(len(lower)):
        x.append(right[j] / lower[j, j])
        right = right - lower[:, j] * x[j]
    return jnp.stack(x)


def solve_upper(lower: Matrix, right: Vector) -> Vector:
    """x with `L' x` the right-hand side."""
    x = []
    for j in reversed(range(len(lower))):
        x.insert(0, right[j] / lower[j, j])
        right = right - lower[j] * x[0]
    return jnp.stack(x)


def times(matrix: Matrix, x: Vector) -> Vector:
    """The product of a matrix and a vector."""
    return (matrix * x).sum(axis=1)


def transposed_times(matrix: Matrix, x: Vector) -> Vector:
    """The product of a transposed matrix and a vector."""
    return (matrix * x[:, None]).sum(axis=0)


def log_determinant(lower: Matrix) -> Float[Array, "*lanes"]:
    """The logarithm of the determinant of a triangle."""
    return jnp.log(jnp.stack([lower[k, k] for k in range(len(lower))])).sum(axis=0)
