"""The rows of a table: whose each is, which trial, and whether they are in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from . import _columns
from ._cells import Cells, Rows, numbers

__all__: list[str] = []


def in_order(table: Any, subject: Any, block: Any, trial: Any) -> tuple[Rows, np.ndarray | None]:
    """The rows by subject and trial, and where blocks begin; refused where they are out of order."""
    rows = rows_of(table, subject)
    starts = None if block is None else block_starts(_columns.column(table, "block", block), block, rows)
    if trial is not None:
        check_order(_columns.column(table, "trial", trial), starts, rows)
    return rows, starts


def rows_of(table: Any, name: Any) -> Rows:
    """The rows by subject, in order of appearance, and by trial."""
    subject = _columns.column(table, "subject", name)
    codes = pd.factorize(subject.values)[0]
    rows = Rows(table.index, subject.values, codes, np.arange(len(codes)))
    subject.refuse("a label in every row", codes < 0, rows)
    subject.refuse_two_kinds(name, rows)
    # Subjects are numbered as they appear: a lower number is one whose rows had ended.
    sort = f"frame.sort_values({name!r}, kind='stable')"
    expected = f"the rows of each subject one after the other ({sort} sorts them)"
    subject.refuse(expected, np.diff(codes, prepend=0) < 0, rows)
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    return rows._replace(trial=rows.trial - first[codes])


def block_starts(block: Cells, name: Any, rows: Rows) -> np.ndarray:
    """Where a subject's second and later blocks begin."""
    codes = pd.factorize(block.values)[0]
    block.refuse("a label in every row", codes < 0, rows)
    block.refuse_two_kinds(name, rows)
    codes = pd.factorize(rows.subject * (codes.max() + 1) + codes)[0]
    step = np.diff(codes, prepend=0)
    expected = "the rows of each block one after the other (sort them, or number blocks that come twice)"
    block.refuse(expected, step < 0, rows)
    return (step > 0) & (rows.trial > 0)


def check_order(trial: Cells, starts: np.ndarray | None, rows: Rows) -> None:
    """Refuse trials that are not numbered upwards within a subject and block, or are there twice."""
    expected = "numbers that grow from row to row within a subject and block"
    trial.refuse(expected, ~trial.present, rows)
    number = numbers(trial, expected, rows)
    begins = (rows.trial == 0) | (False if starts is None else starts)
    trial.refuse(expected, (np.diff(number, prepend=number[0]) <= 0) & ~begins, rows)
