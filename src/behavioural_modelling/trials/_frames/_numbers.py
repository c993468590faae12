"""Columns of numbers: what was paid, what was shown, what was responded beside a choice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._cells import Cells, Rows, numbers

__all__: list[str] = []


def padded(
    columns: dict[str, Cells], counts: np.ndarray, rows: Rows, read: Callable
) -> dict[str, np.ndarray]:
    """Columns by their names, each read and laid out by subject and trial."""
    return {name: rows.padded(read(cells, counts, rows)) for name, cells in columns.items()}


def outcomes(paid: list[Cells], counts: np.ndarray, rows: Rows, one: bool) -> np.ndarray:
    """What was paid: NaN where a choice had no feedback, 0 where none counts.

    Shape (n_rows,) where `one` says that there is one column, of the chosen action; else (n_rows, n_actions).
    """
    expected = "a finite number beside a response, or nothing where there was no feedback"
    expected += "" if paid[0].column is None else ", in all columns alike"
    some = np.any([cells.present for cells in paid], axis=0)
    columns = []
    for cells in paid:
        cells.refuse(expected, counts & some & ~cells.present, rows)
        number = numbers(cells._replace(present=counts & cells.present), expected, rows, booleans=True)
        cells.refuse(expected, ~np.isfinite(number), rows)
        columns.append(np.where(counts & ~some, np.nan, number))
    return columns[0] if one else np.stack(columns, axis=1)


def inputs(cells: Cells, counts: np.ndarray, rows: Rows) -> np.ndarray:
    """What was shown: integers where all are whole, 0 where nothing counts."""
    expected = "a finite number beside a response (labels such as text have to be numbered first)"
    x = _finite(cells, counts, rows, expected)
    return x.astype(np.int32) if (x == np.rint(x)).all() and (np.abs(x) < 2**31).all() else x


def responses(cells: Cells, counts: np.ndarray, rows: Rows) -> np.ndarray:
    """What was responded, 0 where nothing counts."""
    return _finite(cells, counts, rows, "a finite number on a trial that counts")


def _finite(cells: Cells, counts: np.ndarray, rows: Rows, expected: str) -> np.ndarray:
    cells.refuse(expected, counts & ~cells.present, rows)
    x = numbers(cells._replace(present=counts & cells.present), expected, rows, booleans=True)
    cells.refuse(expected, ~np.isfinite(x), rows)
    return x
