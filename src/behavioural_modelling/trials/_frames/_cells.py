"""The cells of a table: whose they are, what they hold, and which of them is wrong."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ... import _checks
from ._labels import number_and_text, plain

__all__: list[str] = []

# What pandas' infer_dtype calls columns of numbers.
WHOLE = ("integer", "floating", "mixed-integer-float")


class Rows(NamedTuple):
    """The rows of a table: their index labels, whose each is, and where its trial goes."""

    row_labels: Any
    subject_labels: np.ndarray
    subject: np.ndarray
    trial: np.ndarray

    def called(self, row: int) -> str:
        """A row by its label, or by its place where other rows may have the same label."""
        if self.row_labels.is_unique:
            return plain(self.row_labels[row])
        return f"{row} (counted from 0, as index labels come twice)"

    def padded(self, x: np.ndarray) -> np.ndarray:
        """`x` by subject and trial; 0 or False where a subject has no such trial."""
        full = np.zeros((self.subject.max() + 1, self.trial.max() + 1, *x.shape[1:]), x.dtype)
        full[self.subject, self.trial] = x
        return full


class Cells(NamedTuple):
    """A column: the argument that named it, what it holds, where there is something, and its own name.

    The name is that of one column among several of an argument, else None.
    """

    argument: str
    values: np.ndarray
    present: np.ndarray
    column: Any = None

    def refuse(self, expected: str, bad: np.ndarray, rows: Rows) -> None:
        """Raise a `ValueError` that names the first bad cell, if there is one."""
        if bad.any():
            row = int(np.argmax(bad))
            where = f"row {rows.called(row)} of subject {plain(rows.subject_labels[row])}"
            where += "" if self.column is None else f", column {self.column!r}"
            _checks.fail(self.argument, expected, f"{plain(self.values[row])} in {where}")

    def refuse_two_kinds(self, name: Any, rows: Rows) -> None:
        """Refuse a label that is a number in one row and text in another: one person would become two."""
        two = number_and_text(self.values)
        if two is not None:
            same = lambda x, label: type(x) is type(label) and x == label  # noqa: E731
            row = lambda label: next(i for i, x in enumerate(self.values) if same(x, label))  # noqa: E731
            expected = f"labels of one kind (pd.read_csv(..., dtype={{{name!r}: str}}) reads text throughout)"
            found = (f"{plain(label)} in row {rows.called(row(label))}" for label in two)
            _checks.fail(self.argument, expected, " and ".join(found))


def is_present(values: np.ndarray) -> np.ndarray:
    """Where there is a value: not NaN, None or pandas' NA."""
    return ~pd.isna(values)


def numbers(cells: Cells, expected: str, rows: Rows, booleans: bool = False) -> np.ndarray:
    """The values that are present as floating-point numbers, beside 0; text is refused, never parsed."""
    values, present = cells.values, cells.present
    kinds = (*WHOLE, "empty", *(["boolean"] if booleans else []))
    if pd.api.types.infer_dtype(values[present], skipna=False) not in kinds:
        cells.refuse(expected, present & ~np.array([_is_number(x, booleans) for x in values]), rows)
    result = np.zeros(len(values))
    result[present] = values[present].astype(float)
    return result


def _is_number(x: Any, booleans: bool) -> bool:
    if isinstance(x, (bool, np.bool_)):
        return booleans
    return isinstance(x, (int, float, np.integer, np.floating))


def yes_or_no(cells: Cells, needed: np.ndarray, rows: Rows) -> np.ndarray:
    """Booleans from booleans or from 0 and 1; False where they are missing and not needed."""
    expected = "booleans, or 0 and 1"
    cells.refuse(expected, needed & ~cells.present, rows)
    values = numbers(cells, expected, rows, booleans=True)
    cells.refuse(expected, ~np.isin(values, (0, 1)), rows)
    return values == 1
