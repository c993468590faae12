"""A table read: rows checked, labels turned into numbers, columns into arrays by subject and trial."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ... import _checks
from . import _columns, _numbers, _rows
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
    inputs: Any,
    responses: Any,
    reset_blocks: bool,
) -> dict[str, Any]:
    """The arguments of `Trials` that a table holds."""
    table = _columns.as_table(frame)
    rows, reset = _rows.in_order(table, subject, block, trial)
    responded = _columns.by_name(table, "responses", responses)
    chosen = _choices(table, choice, responded, rows)
    paid = _columns.outcomes(table, outcome, outcome_by_action)
    offered = None if available is None else _columns.several(table, "available", available)
    on_show = _columns.shown(table, shown, available)
    actions = None if actions is None else labels_in_order("actions", actions)
    by_action = None if outcome_by_action is None else paid["outcomes"]
    n_actions = _count_actions(outcome_by_action=by_action, available=offered, actions=actions)

    chosen = chosen._replace(present=chosen.present & ~_missed(table, choice, chosen, missed, actions, rows))
    counts = chosen.present
    fields = {"reset": reset if reset_blocks else None}
    if choice is not None:
        codes = _coded([chosen, *on_show], actions, n_actions, rows)
        fields["available"] = _on_offer(offered, codes, n_actions, counts, rows)
        _check_on_offer(chosen, codes[:, 0], fields["available"], rows)
        fields["choices"] = np.where(counts, codes[:, 0], 0).astype(np.int32)
    arrays = {name: None if x is None else rows.padded(x) for name, x in fields.items()}
    mask = rows.padded(counts)
    given = {name: _numbers.outcomes(cells, counts, rows, by_action is None) for name, cells in paid.items()}
    given = {name: rows.padded(x) for name, x in given.items()}
    shown_by_name = _columns.by_name(table, "inputs", inputs)
    return arrays | {
        "choices": arrays.get("choices"),
        "outcomes": given["outcomes"] if "outcomes" in given else given or None,
        "mask": None if mask.all() else mask,
        "inputs": _numbers.padded(shown_by_name, counts, rows, _numbers.inputs) or None,
        "responses": _numbers.padded(responded, counts, rows, _numbers.responses) or None,
    }


def _choices(table: Any, choice: Any, responded: dict[str, Cells], rows: Rows) -> Cells:
    """The column of the choices; where nothing is chosen, that of the first other response."""
    if choice is None:
        if not responded:
            _checks.fail("choice", "a column, or responses={...} where nothing was chosen", None)
        return next(iter(responded.values()))
    chosen = _columns.column(table, "choice", choice)
    chosen.refuse_two_kinds(choice, rows)
    return chosen


def _count_actions(**by_action: Any) -> int | None:
    """How many actions there are, where anything says so; what says so must agree."""
    sizes = {name: len(x) for name, x in by_action.items() if x is not None}
    if not sizes:
        return None
    first, n_actions = next(iter(sizes.items()))
    for name, size in sizes.items():
        if size != n_actions:
            _checks.fail(name, f"{n_actions} actions, as in {first}", size)
    return n_actions


def _missed(table: Any, choice: Any, cells: Cells, missed: Any, actions: Any, rows: Rows) -> np.ndarray:
    """Where a value of the choice, or a column of flags, says that the response was missed."""
    chosen = cells.values
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
