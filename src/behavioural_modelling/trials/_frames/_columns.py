"""Columns of a table, found by what a reader calls them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ... import _checks
from ._cells import Cells, is_present
from ._labels import is_list

__all__: list[str] = []


def as_table(frame: Any) -> Any:
    """`frame` as a pandas data frame with at least one row."""
    table = frame.to_pandas() if hasattr(frame, "to_pandas") else frame  # polars, pyarrow
    if not isinstance(table, pd.DataFrame):
        _checks.fail("frame", "a pandas DataFrame", type(frame).__name__)
    if table.empty:
        _checks.fail("frame", "at least one row", f"shape {table.shape}")
    return table


def column(table: Any, argument: str, name: Any) -> Cells:
    """One column as Python objects, so that labels of every kind are compared in one way."""
    columns = list(table.columns)
    count = columns.count(name)
    if count > 1:
        _checks.fail(argument, "a column that is there once", f"{name!r}, which {count} columns are called")
    if count == 0:
        _checks.fail(argument, f"one of the columns {columns}", repr(name))
    values = table.iloc[:, columns.index(name)].astype(object).to_numpy()
    return Cells(argument, values, is_present(values))


def several(table: Any, argument: str, names: Any) -> list[Cells]:
    """Several columns."""
    if not is_list(names) or len(names) == 0:
        _checks.fail(argument, "a list of columns", repr(names))
    columns = [column(table, argument, name)._replace(column=name) for name in names]
    if len(set(names)) < len(names):
        _checks.fail(argument, "each column once", list(names))
    return columns


def shown(table: Any, names: Any, available: Any) -> list[Cells]:
    """The columns of the actions shown; none of them where `available` or nothing says what was on offer."""
    if names is None:
        return []
    if available is not None:
        _checks.fail("shown", "None where available says what was on offer", repr(names))
    return several(table, "shown", names)


def by_name(table: Any, argument: str, names: Any) -> dict[str, Cells]:
    """Columns by the names that they get: from a dict, or a list of columns that keep their names."""
    if names is None:
        return {}
    if not isinstance(names, dict):
        if not is_list(names):
            _checks.fail(argument, "a dict from names to columns, or a list of columns", repr(names))
        names = {name: name for name in names}
    for name in names:
        if not isinstance(name, str):
            _checks.fail(argument, "names that are text", repr(name))
    return {name: column(table, argument, label)._replace(column=label) for name, label in names.items()}


def outcomes(table: Any, outcome: Any, by_action: Any) -> dict[str, list[Cells]]:
    """What the chosen action paid, one column or one for each name, or the columns of what each action paid.

    Under the name "outcomes" where it has no other; nothing where nothing was paid.
    """
    if by_action is not None:
        if outcome is not None:
            _checks.fail("outcome", "None where outcome_by_action says what each action paid", repr(outcome))
        return {"outcomes": several(table, "outcome_by_action", by_action)}
    if isinstance(outcome, dict):
        if "outcomes" in outcome:
            _checks.fail("outcome", "names other than 'outcomes'", "'outcomes'")
        return {name: [cells] for name, cells in by_name(table, "outcome", outcome).items()}
    if outcome is None:
        expected = "a column, or outcome_by_action=[...] with one column per action"
        _checks.fail("outcome", f"{expected}, or {{}} where nothing was paid", None)
    if is_list(outcome) and not (isinstance(outcome, tuple) and outcome in list(table.columns)):
        expected = (
            "one column, of what the chosen action paid (outcome_by_action=[...] is for one column per "
            "action, a dict from names to columns for what it paid in several ways)"
        )
        _checks.fail("outcome", expected, repr(outcome))
    return {"outcomes": [column(table, "outcome", outcome)]}
