"""A table read: rows checked, labels turned into numbers, columns into arrays by subject and trial."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import _checks
from ._labels import is_list, labels_in_order

__all__: list[str] = []

# What pandas' infer_dtype calls columns of numbers.
WHOLE = ("integer", "floating", "mixed-integer-float")
NUMBERS = (*WHOLE, "boolean")


class _Rows(NamedTuple):
    """The rows of a table: their index labels, whose each is, and where its trial goes."""

    row_labels: Any
    subject_labels: np.ndarray
    subject: np.ndarray
    trial: np.ndarray

    def refuse(self, name: str, expected: str, bad: np.ndarray, values: np.ndarray) -> None:
        """Raise a `ValueError` that names the first bad row, if there is one."""
        if bad.any():
            row = int(np.argmax(bad))
            value, where, label = map(_plain, (values[row], self.row_labels[row], self.subject_labels[row]))
            _checks.fail(name, expected, f"{value} in row {where} of subject {label}")

    def padded(self, x: np.ndarray) -> np.ndarray:
        """`x` by subject and trial; 0 or False where a subject has no such trial."""
        full = np.zeros((self.subject.max() + 1, self.trial.max() + 1, *x.shape[1:]), x.dtype)
        full[self.subject, self.trial] = x
        return full


class _Labels(NamedTuple):
    """A column of labels of actions: the argument that named it, and where there is a label."""

    name: str
    labels: np.ndarray
    present: np.ndarray


def read(
    frame: Any,
    *,
    subject: Any,
    choice: Any,
    outcome: Any,
    block: Any,
    trial: Any,
    available: Any,
    shown: Any,
    actions: Any,
    missed: Any,
    reset_blocks: bool,
) -> tuple[np.ndarray | None, ...]:
    """The arrays of `Trials.from_dataframe`: choices, outcomes, available, mask and reset."""
    table = _table(frame)
    rows = _rows(table, subject)
    reset = None if block is None else _block_starts(_column(table, "block", block), rows)
    if trial is not None:
        _check_order(_column(table, "trial", trial), reset, rows)
    chosen = _column(table, "choice", choice)
    paid = (_columns if is_list(outcome) else _column)(table, "outcome", outcome)
    offered = None if available is None else _columns(table, "available", available)
    on_show = _columns_shown(table, shown, available)
    actions = None if actions is None else labels_in_order("actions", actions)
    n_actions = _count_actions(outcome=paid if paid.ndim == 2 else None, available=offered, actions=actions)

    columns = [_Labels("choice", chosen, _responded(chosen, missed, actions))]
    columns += [_Labels("shown", labels, _present(labels)) for labels in on_show.T]
    codes, counts = _coded(columns, actions, n_actions, rows), columns[0].present
    offered = _on_offer(offered, codes, n_actions, counts, rows)
    _check_on_offer(columns[0], codes[:, 0], offered, rows)
    choices = np.where(counts, codes[:, 0], 0).astype(np.int32)
    arrays = (choices, _outcomes(paid, counts, rows), offered, counts, reset if reset_blocks else None)
    choices, outcomes, offered, mask, reset = (None if x is None else rows.padded(x) for x in arrays)
    return choices, outcomes, offered, None if mask.all() else mask, reset


def _table(frame: Any) -> Any:
    """`frame` as a pandas data frame with at least one row."""
    table = frame.to_pandas() if hasattr(frame, "to_pandas") else frame  # polars, pyarrow
    if not isinstance(table, pd.DataFrame):
        _checks.fail("frame", "a pandas DataFrame", type(frame).__name__)
    if table.empty:
        _checks.fail("frame", "at least one row", f"shape {table.shape}")
    return table


def _column(table: Any, argument: str, name: Any) -> np.ndarray:
    """One column as Python objects, so that labels of every kind are compared in one way."""
    columns = list(table.columns)
    if columns.count(name) != 1:
        _checks.fail(argument, f"one of the columns {columns}", repr(name))
    return table[name].astype(object).to_numpy()


def _columns(table: Any, argument: str, names: Any) -> np.ndarray:
    """Several columns as Python objects, shape (n_rows, n_columns)."""
    if not is_list(names) or len(names) == 0:
        _checks.fail(argument, "a list of columns", repr(names))
    columns = [_column(table, argument, name) for name in names]
    if len(set(names)) < len(names):
        _checks.fail(argument, "each column once", list(names))
    return np.stack(columns, axis=1)


def _columns_shown(table: Any, shown: Any, available: Any) -> np.ndarray:
    """The columns of the actions shown; none of them where `available` or nothing says what was on offer."""
    if shown is None:
        return np.empty((len(table), 0), object)
    if available is not None:
        _checks.fail("shown", "None where available says what was on offer", repr(shown))
    return _columns(table, "shown", shown)


def _present(values: np.ndarray) -> np.ndarray:
    """Where there is a value: not NaN, None or pandas' NA."""
    return ~pd.isna(values)


def _rows(table: Any, subject: Any) -> _Rows:
    """The rows by subject, in order of appearance, and by trial."""
    labels = _column(table, "subject", subject)
    codes = pd.factorize(labels)[0]
    rows = _Rows(table.index, labels, codes, np.arange(len(codes)))
    rows.refuse("subject", "a label in every row", codes < 0, labels)
    # Subjects are numbered as they appear: a lower number is one whose rows had ended.
    sort = f"frame.sort_values({subject!r}, kind='stable')"
    expected = f"the rows of each subject one after the other ({sort} sorts them)"
    rows.refuse("subject", expected, np.diff(codes, prepend=0) < 0, labels)
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    return rows._replace(trial=rows.trial - first[codes])


def _block_starts(labels: np.ndarray, rows: _Rows) -> np.ndarray:
    """Where a subject's second and later blocks begin."""
    blocks = pd.factorize(labels)[0]
    rows.refuse("block", "a label in every row", blocks < 0, labels)
    blocks = pd.factorize(rows.subject * (blocks.max() + 1) + blocks)[0]
    step = np.diff(blocks, prepend=0)
    expected = "the rows of each block one after the other (sort them, or number blocks that come twice)"
    rows.refuse("block", expected, step < 0, labels)
    return (step > 0) & (rows.trial > 0)


def _check_order(labels: np.ndarray, block_starts: np.ndarray | None, rows: _Rows) -> None:
    """Refuse trials that are not numbered upwards within a subject and block, or are there twice."""
    expected = "numbers that grow from row to row within a subject and block"
    rows.refuse("trial", expected, ~_present(labels), labels)
    numbers = _numbers("trial", labels, _present(labels), WHOLE, expected)
    begins = (rows.trial == 0) | (False if block_starts is None else block_starts)
    rows.refuse("trial", expected, (np.diff(numbers, prepend=numbers[0]) <= 0) & ~begins, labels)


def _count_actions(**by_action: Any) -> int | None:
    """How many actions there are, where anything says so; what says so must agree."""
    sizes = {name: np.shape(x)[-1] for name, x in by_action.items() if x is not None}
    first = next(iter(sizes), None)
    for name, size in sizes.items():
        if size != sizes[first]:
            _checks.fail(name, f"{sizes[first]} actions, as in {first}", size)
    return sizes.get(first)


def _responded(chosen: np.ndarray, missed: Any, actions: Any) -> np.ndarray:
    """Where there is a response: no missing value, and none that stands for a missed response."""
    if missed is None:
        return _present(chosen)
    missed = list(missed) if pd.api.types.is_list_like(missed) else [missed]
    if actions is not None and actions.isin(missed).any():
        _checks.fail("missed", f"none of the actions {actions.tolist()}", missed)
    return _present(chosen) & ~pd.Series(chosen, dtype=object).isin(missed).to_numpy()


def _coded(columns: list[_Labels], actions: Any, n_actions: int | None, rows: _Rows) -> np.ndarray:
    """Labels as actions from 0, shape (n_rows, n_columns); -1 where there is no label."""
    if actions is not None:
        return np.stack([_looked_up(column, actions, rows) for column in columns], axis=1)
    top = np.iinfo(np.int32).max if n_actions is None else n_actions - 1
    expected = "whole numbers from 0" + (f" to {top}" if n_actions else "")
    expected += " (actions=[...] says which label is which action, missed=... which is no response)"
    codes = np.stack([_whole_numbers(column, expected, rows) for column in columns], axis=1)
    _check_first_action(codes)
    for column, code in zip(columns, codes.T, strict=True):
        rows.refuse(column.name, expected, code > top, column.labels)
    return codes.astype(np.int64)


def _looked_up(column: _Labels, actions: Any, rows: _Rows) -> np.ndarray:
    """Where each label stands among those of the actions; -1 where there is no label."""
    index = pd.Index(actions.tolist(), dtype=object)
    codes = index.get_indexer(pd.Index(column.labels, dtype=object))
    expected = f"one of the actions {index.tolist()}"
    rows.refuse(column.name, expected, column.present & (codes < 0), column.labels)
    return np.where(column.present, codes, -1)


def _whole_numbers(column: _Labels, expected: str, rows: _Rows) -> np.ndarray:
    """Labels that are actions already; -1 where there is no label."""
    numbers = _numbers(*column, WHOLE, expected)
    rows.refuse(column.name, expected, (numbers < 0) | (np.floor(numbers) != numbers), column.labels)
    return np.where(column.present, numbers, -1)


def _check_first_action(codes: np.ndarray) -> None:
    """Refuse a table in which action 0 never occurs: its labels may well count from 1."""
    lowest = codes.min(where=codes >= 0, initial=np.inf)
    if np.isfinite(lowest) and lowest > 0:
        expected = "actions that count from 0; actions=[1, 2, ...] says which label is which action where"
        expected += " they count from 1, actions=[0, 1, ...] where the first action just never occurs"
        _checks.fail("choice", expected, f"labels from {lowest:g} to {codes.max():g}")


def _numbers(
    name: str, values: np.ndarray, present: np.ndarray, kinds: tuple[str, ...], expected: str
) -> np.ndarray:
    """The values that are present as floating-point numbers, beside 0; text is refused, never parsed."""
    kind = pd.api.types.infer_dtype(values[present], skipna=False)
    if kind not in (*kinds, "empty"):
        _checks.fail(name, expected, f"{kind} values")
    numbers = np.zeros(len(values))
    numbers[present] = values[present].astype(float)
    return numbers


def _outcomes(paid: np.ndarray, counts: np.ndarray, rows: _Rows) -> np.ndarray:
    """What was paid, finite on every trial that counts and 0 on the others."""
    columns, expected = [], "a finite number beside every response"
    for column in paid.reshape(len(paid), -1).T:
        rows.refuse("outcome", expected, counts & ~_present(column), column)
        columns.append(_numbers("outcome", column, counts, NUMBERS, expected))
        rows.refuse("outcome", expected, ~np.isfinite(columns[-1]), column)
    return np.stack(columns, axis=1).reshape(paid.shape)


def _on_offer(
    offered: np.ndarray | None, codes: np.ndarray, n_actions: int | None, counts: np.ndarray, rows: _Rows
) -> np.ndarray | None:
    """Which actions were on offer, shape (n_rows, n_actions): as the columns of each say, or those shown."""
    if offered is not None:
        return np.stack([_yes_or_no(column, counts, rows) for column in offered.T], axis=1)
    if codes.shape[1] == 1:  # of the choices alone
        return None
    offered = np.zeros((len(codes), (n_actions or codes.max(initial=0) + 1) + 1), bool)
    np.put_along_axis(offered, codes[:, 1:], True, axis=1)  # -1, nothing shown, is the last: it is cut off
    return offered[:, :-1]


def _yes_or_no(values: np.ndarray, counts: np.ndarray, rows: _Rows) -> np.ndarray:
    """Booleans from booleans or from 0 and 1; False where they are missing beside no response."""
    present, expected = _present(values), "booleans, or 0 and 1"
    rows.refuse("available", expected, counts & ~present, values)
    numbers = _numbers("available", values, present, NUMBERS, expected)
    rows.refuse("available", expected, ~np.isin(numbers, (0, 1)), values)
    return numbers == 1


def _check_on_offer(column: _Labels, codes: np.ndarray, offered: np.ndarray | None, rows: _Rows) -> None:
    """Refuse a choice that was not on offer; `Trials` would, but cannot name the row."""
    if offered is not None:
        was_offered = np.take_along_axis(offered, codes[:, None], axis=1)[:, 0]
        rows.refuse("choice", "an action that was on offer", column.present & ~was_offered, column.labels)


def _plain(label: Any) -> str:
    """A label as one writes it in Python: not np.int64(1) but 1."""
    return repr(label.item() if isinstance(label, np.generic) else label)
