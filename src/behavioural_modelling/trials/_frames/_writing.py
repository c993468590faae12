"""A table written: arrays by subject and trial turned into rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ... import _checks
from . import _columns, _rows
from ._labels import labels_in_order

__all__: list[str] = []


def write(trials: Any, *, subjects: Any, actions: Any) -> Any:
    """The table of `Trials.to_dataframe`."""
    shape, fields = trials.shape, ("choices", "available", "mask", "reset", "feedback")
    inside = {name: np.asarray(getattr(trials, name)) for name in fields if getattr(trials, name) is not None}
    counts = inside.get("mask", np.ones(shape, bool))
    kept = _without_padding(counts)
    subject, trial = np.nonzero(kept)
    columns = {"subject": _subject_labels(subjects, shape[0]).array.take(subject), "trial": trial}
    if trials.reset is not None:
        columns["block"] = np.cumsum(inside["reset"] & (np.arange(shape[1]) > 0), axis=1)[kept]
    rows = lambda x: np.broadcast_to(x, (*shape, *x.shape[2:]))[kept]  # noqa: E731
    for name, x in (trials.inputs or {}).items():
        columns = _with(columns, "inputs", _numbered(name, rows(np.asarray(x))))
    if trials.choices is not None:
        codes = np.where(counts, inside["choices"], -1)[kept]
        choice = {"choice": _relabelled(codes, actions, _n_actions(trials))}
        columns = _with(columns, "inputs", choice)
    scored = counts[kept]
    for name, x in (trials.responses or {}).items():
        columns = _with(columns, "responses", {name: np.where(scored, rows(np.asarray(x)), np.nan)})
    known = scored if trials.feedback is None else scored & inside["feedback"][kept]
    outcomes = trials.outcomes if isinstance(trials.outcomes, dict) else {"outcome": trials.outcomes}
    for name, x in outcomes.items():
        paid = np.where(known[:, None], rows(np.asarray(x)), np.nan)
        columns = _with(columns, "outcomes", _numbered(name, paid[:, 0] if paid.shape[1] == 1 else paid))
    if trials.available is not None:
        columns = _with(columns, "available", _numbered("available", inside["available"][kept]))
    return pd.DataFrame(columns)


def _with(columns: dict[str, Any], field: str, more: dict[str, Any]) -> dict[str, Any]:
    """The columns and more of them; refused where one would take another's place."""
    twice = [name for name in more if name in columns]
    if twice:
        _checks.fail(f"trials.{field}", "columns of other names than the rest of the table", repr(twice[0]))
    return columns | more


def _n_actions(trials: Any) -> int | None:
    """How many actions there are, where the trials say so."""
    if trials.available is not None:
        return trials.available.shape[-1]
    leaves = trials.outcomes.values() if isinstance(trials.outcomes, dict) else [trials.outcomes]
    return next((x.shape[-1] for x in leaves if x.shape[-1] > 1), None)


def _numbered(name: str, rows: np.ndarray) -> dict[str, np.ndarray]:
    """One column under its name, or one for each number of a row under names with numbers."""
    if rows.ndim == 1:
        return {name: rows}
    places = np.ndindex(rows.shape[1:])
    return {"_".join(map(str, (name, *place))): rows[(slice(None), *place)] for place in places}


def beside(
    records: dict[str, Any], frame: Any, subject: Any, block: Any, trial: Any, subjects: Any, trials: Any
) -> Any:
    """The table of `Trace.to_dataframe`."""
    arrays = {name: np.asarray(x) for name, x in records.items() if hasattr(x, "shape")}
    shape = next(iter(arrays.values())).shape[:2]
    if trials is not None:
        frame, (who, which) = write(trials, subjects=subjects, actions=None), _played(trials, shape)
    elif frame is None:
        labels = _subject_labels(subjects, shape[0]).array
        who, which = (x.ravel() for x in np.indices(shape))
        frame = pd.DataFrame({"subject": labels.take(who), "trial": which})
    else:
        frame = _columns.as_table(frame)
        rows, _ = _rows.in_order(frame, subject, block, trial)
        who, which = rows.subject, rows.trial
        _check_size(who, which, shape)
        _check_none_lost(arrays, who, which)
    new: dict[str, np.ndarray] = {}
    for name, x in arrays.items():
        new |= _numbered(name, x[who, which])
    twice = [name for name in new if name in list(frame.columns)]
    if twice:
        _checks.fail("frame", "no column of the name of a record", f"{', '.join(map(repr, twice))}")
    return pd.concat([frame, pd.DataFrame(new, index=frame.index)], axis=1)


def _played(trials: Any, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Whose trial each row of the table of some trials is, and which."""
    if trials.shape != shape:
        _checks.fail("trials", f"{shape[0]} subjects and {shape[1]} trials, as in the trace", trials.shape)
    counts = np.ones(shape, bool) if trials.mask is None else np.asarray(trials.mask)
    return np.nonzero(_without_padding(counts))


def _check_size(who: np.ndarray, which: np.ndarray, shape: tuple[int, int]) -> None:
    """Refuse a table with other numbers of subjects and trials than a trace."""
    found = who.max(initial=-1) + 1, which.max(initial=-1) + 1
    if found != shape:
        expected = f"{shape[0]} subjects and up to {shape[1]} trials, as in the trace"
        _checks.fail("frame", expected, f"{found[0]} and {found[1]}")


def _check_none_lost(arrays: dict[str, np.ndarray], who: np.ndarray, trial: np.ndarray) -> None:
    """Refuse a table that lacks rows of trials that were scored: the others would slip into their places."""
    if "log_prob" not in arrays:
        return
    lost = ~np.isnan(arrays["log_prob"])
    lost[who, trial] = False
    if lost.any():
        subject = int(np.argwhere(lost)[0, 0])
        received = f"{(who == subject).sum()} rows of subject {subject}, who has more trials"
        _checks.fail("frame", "a row for every trial, also for those that were missed", received)


def _without_padding(counts: np.ndarray) -> np.ndarray:
    """Which trials are up to the last that counts; all of a subject with none."""
    n_trials = counts.shape[1]
    length = np.where(counts.any(axis=1), n_trials - np.argmax(counts[:, ::-1], axis=1), n_trials)
    return np.arange(n_trials) < length[:, None]


def _subject_labels(subjects: Any, n_subjects: int) -> Any:
    """One label per subject."""
    labels = labels_in_order("subjects", range(n_subjects) if subjects is None else subjects)
    if len(labels) != n_subjects:
        _checks.fail("subjects", f"{n_subjects} labels, one per subject", len(labels))
    return labels


def _relabelled(codes: np.ndarray, actions: Any, n_actions: int | None) -> Any:
    """The actions' numbers or labels, in a column that can say that a value is missing."""
    if actions is None:
        return pd.Series(codes).astype("Int64").where(codes >= 0)
    labels, least = labels_in_order("actions", actions), codes.max() + 1
    if len(labels) < least or n_actions not in (None, len(labels)):
        expected = f"at least {least} labels" if n_actions is None else f"{n_actions} labels, one per action"
        _checks.fail("actions", expected, len(labels))
    return labels.convert_dtypes().array.take(codes, allow_fill=True)
