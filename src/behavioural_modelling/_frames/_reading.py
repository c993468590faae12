"""A table read: rows checked, labels turned into numbers, columns into arrays by subject and trial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .. import _checks
from . import _columns
from ._cells import WHOLE, Cells, Rows, numbers, yes_or_no
from ._labels import labels_in_order, meaning, plain

__all__: list[str] = []


def read(
    frame: Any,
    *,
    subject: Any,
    choice: Any,
    outcome: Any,
    outcome_by_action: Any,
    block: Any,
    trial: Any,
    available: Any,
    shown: Any,
    actions: Any,
    missed: Any,
    reset_blocks: bool,
) -> tuple[np.ndarray | None, ...]:
    """The arrays of `Trials.from_dataframe`: choices, outcomes, available, mask and reset."""
    table = _columns.as_table(frame)
    rows = _rows(table, subject)
    reset = None if block is None else _block_starts(_columns.column(table, "block", block), block, rows)
    if trial is not None:
        _check_order(_columns.column(table, "trial", trial), reset, rows)
    chosen = _columns.column(table, "choice", choice)
    chosen.refuse_two_kinds(choice, rows)
    paid = _columns.outcomes(table, outcome, outcome_by_action)
    offered = None if available is None else _columns.several(table, "available", available)
    on_show = _columns.shown(table, shown, available)
    actions = None if actions is None else labels_in_order("actions", actions)
    by_action = None if outcome_by_action is None else paid
    n_actions = _count_actions(outcome_by_action=by_action, available=offered, actions=actions)

    counts = chosen.present & ~_missed(table, choice, chosen.values, missed, actions, rows)
    chosen = chosen._replace(present=counts)
    codes = _coded([chosen, *on_show], actions, n_actions, rows)
    offered = _on_offer(offered, codes, n_actions, counts, rows)
    _check_on_offer(chosen, codes[:, 0], offered, rows)
    choices = np.where(counts, codes[:, 0], 0).astype(np.int32)
    paid = _outcomes(paid, counts, rows)
    arrays = (choices, paid if by_action else paid[:, 0], offered, counts, reset if reset_blocks else None)
    choices, outcomes, offered, mask, reset = (None if x is None else rows.padded(x) for x in arrays)
    return choices, outcomes, offered, None if mask.all() else mask, reset


def _rows(table: Any, name: Any) -> Rows:
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


def _block_starts(block: Cells, name: Any, rows: Rows) -> np.ndarray:
    """Where a subject's second and later blocks begin."""
    codes = pd.factorize(block.values)[0]
    block.refuse("a label in every row", codes < 0, rows)
    block.refuse_two_kinds(name, rows)
    codes = pd.factorize(rows.subject * (codes.max() + 1) + codes)[0]
    step = np.diff(codes, prepend=0)
    expected = "the rows of each block one after the other (sort them, or number blocks that come twice)"
    block.refuse(expected, step < 0, rows)
    return (step > 0) & (rows.trial > 0)


def _check_order(trial: Cells, block_starts: np.ndarray | None, rows: Rows) -> None:
    """Refuse trials that are not numbered upwards within a subject and block, or are there twice."""
    expected = "numbers that grow from row to row within a subject and block"
    trial.refuse(expected, ~trial.present, rows)
    number = numbers(trial, expected, rows)
    begins = (rows.trial == 0) | (False if block_starts is None else block_starts)
    trial.refuse(expected, (np.diff(number, prepend=number[0]) <= 0) & ~begins, rows)


def _count_actions(**by_action: Any) -> int | None:
    """How many actions there are, where anything says so; what says so must agree."""
    sizes = {name: len(x) for name, x in by_action.items() if x is not None}
    first = next(iter(sizes), None)
    for name, size in sizes.items():
        if size != sizes[first]:
            _checks.fail(name, f"{sizes[first]} actions, as in {first}", size)
    return sizes.get(first)


def _missed(table: Any, choice: Any, chosen: np.ndarray, missed: Any, actions: Any, rows: Rows) -> np.ndarray:
    """Where a value of the choice, or a column of flags, says that the response was missed."""
    alone = isinstance(missed, tuple) and missed in list(table.columns)
    alone = alone or not pd.api.types.is_list_like(missed)
    items = [] if missed is None else [missed] if alone else list(missed)
    labels = pd.Series(pd.unique(chosen), dtype=object)
    labels = labels if actions is None else pd.concat([labels, actions.astype(object)])
    flags = [item for item in items if _is_flag(item, table, choice, labels)]
    values = [item for item in items if item not in flags]
    _check_missed(values, labels, actions)
    found = pd.Series(chosen, dtype=object).isin(values).to_numpy()
    for name in flags:
        cells = _columns.column(table, "missed", name)._replace(column=name)
        found = found | yes_or_no(cells, np.ones(len(table), bool), rows)
    return found


def _check_missed(values: list[Any], labels: Any, actions: Any) -> None:
    """Refuse values that are actions, or numbers that a label is as text, or the reverse."""
    if actions is not None and actions.isin(values).any():
        _checks.fail("missed", f"none of the actions {actions.tolist()}", values)
    as_held = {(meaning(label), isinstance(label, str)): label for label in labels}
    for value in values:
        other = as_held.get((meaning(value), not isinstance(value, str)))
        if other is not None:
            _checks.fail("missed", f"{plain(other)}, as the column or actions hold it", plain(value))


def _is_flag(item: Any, table: Any, choice: Any, labels: Any) -> bool:
    """Whether what stands for a missed response is a column of flags; refused where it may be a label too."""
    if not isinstance(item, (str, tuple)):
        return False
    is_column, is_label = item in list(table.columns) and item != choice, labels.isin([item]).any()
    if is_column and is_label:
        _checks.fail("missed", "a column of flags, or a value of the choice", f"{item!r}, which is both")
    numeric = pd.api.types.infer_dtype(labels, skipna=True) in WHOLE
    if not is_column and not is_label and (numeric or item == choice):
        flags = [name for name in table.columns if name != choice]
        _checks.fail("missed", f"a value of the choice, or one of the columns {flags}", repr(item))
    return is_column


def _coded(columns: list[Cells], actions: Any, n_actions: int | None, rows: Rows) -> np.ndarray:
    """Labels as actions from 0, shape (n_rows, n_columns); -1 where there is no label."""
    if actions is not None:
        return np.stack([_looked_up(column, actions, rows) for column in columns], axis=1)
    top = np.iinfo(np.int32).max if n_actions is None else n_actions - 1
    expected = "whole numbers from 0" + (f" to {top}" if n_actions else "")
    expected += " (actions=[...] says which label is which action, missed=... which is no response)"
    codes = np.stack([_whole_numbers(column, expected, rows) for column in columns], axis=1)
    _check_first_action(codes)
    for column, code in zip(columns, codes.T, strict=True):
        column.refuse(expected, code > top, rows)
    return codes.astype(np.int64)


def _looked_up(column: Cells, actions: Any, rows: Rows) -> np.ndarray:
    """Where each label stands among those of the actions; -1 where there is no label."""
    index = pd.Index(actions.tolist(), dtype=object)
    codes = index.get_indexer(pd.Index(column.values, dtype=object))
    expected = f"one of the actions {index.tolist()}"
    column.refuse(expected, column.present & (codes < 0), rows)
    return np.where(column.present, codes, -1)


def _whole_numbers(column: Cells, expected: str, rows: Rows) -> np.ndarray:
    """Labels that are actions already; -1 where there is no label."""
    number = numbers(column, expected, rows)
    column.refuse(expected, (number < 0) | (np.floor(number) != number), rows)
    return np.where(column.present, number, -1)


def _check_first_action(codes: np.ndarray) -> None:
    """Refuse a table in which action 0 never occurs: its labels may well count from 1."""
    lowest = codes.min(where=codes >= 0, initial=np.inf)
    if np.isfinite(lowest) and lowest > 0:
        expected = "actions that count from 0; actions=[1, 2, ...] says which label is which action where"
        expected += " they count from 1, actions=[0, 1, ...] where the first action just never occurs"
        _checks.fail("choice", expected, f"labels from {lowest:g} to {codes.max():g}")


def _outcomes(paid: list[Cells], counts: np.ndarray, rows: Rows) -> np.ndarray:
    """What was paid, shape (n_rows, n_columns): NaN where a choice had no feedback, 0 where none counts."""
    expected = "a finite number beside a response, or nothing where there was no feedback"
    expected += "" if paid[0].column is None else ", in all columns alike"
    some = np.any([cells.present for cells in paid], axis=0)
    columns = []
    for cells in paid:
        cells.refuse(expected, counts & some & ~cells.present, rows)
        number = numbers(cells._replace(present=counts & cells.present), expected, rows, booleans=True)
        cells.refuse(expected, ~np.isfinite(number), rows)
        columns.append(np.where(counts & ~some, np.nan, number))
    return np.stack(columns, axis=1)


def _on_offer(
    offered: list[Cells] | None, codes: np.ndarray, n_actions: int | None, counts: np.ndarray, rows: Rows
) -> np.ndarray | None:
    """Which actions were on offer, shape (n_rows, n_actions): as the columns of each say, or those shown."""
    if offered is not None:
        return np.stack([yes_or_no(cells, counts, rows) for cells in offered], axis=1)
    if codes.shape[1] == 1:  # of the choices alone
        return None
    shown = np.zeros((len(codes), (n_actions or codes.max(initial=0) + 1) + 1), bool)
    np.put_along_axis(shown, codes[:, 1:], True, axis=1)  # -1, nothing shown, is the last: it is cut off
    return shown[:, :-1]


def _check_on_offer(column: Cells, codes: np.ndarray, offered: np.ndarray | None, rows: Rows) -> None:
    """Refuse a choice that was not on offer; `Trials` would, but cannot name the row."""
    if offered is not None:
        was_offered = np.take_along_axis(offered, codes[:, None], axis=1)[:, 0]
        column.refuse("an action that was on offer", column.present & ~was_offered, rows)
