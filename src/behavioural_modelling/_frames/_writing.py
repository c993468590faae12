"""A table written: arrays by subject and trial turned into rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .. import _checks
from ._labels import labels_in_order

__all__: list[str] = []


def write(
    choices: np.ndarray,
    outcomes: np.ndarray,
    available: np.ndarray | None,
    mask: np.ndarray | None,
    reset: np.ndarray | None,
    feedback: np.ndarray | None,
    *,
    subjects: Any,
    actions: Any,
) -> Any:
    """The table of `Trials.to_dataframe`."""
    counts = np.ones(choices.shape, bool) if mask is None else mask
    kept = _without_padding(counts)
    subject, trial = np.nonzero(kept)
    columns = {"subject": _subject_labels(subjects, len(choices)).array.take(subject), "trial": trial}
    if reset is not None:
        columns["block"] = np.cumsum(reset & (np.arange(reset.shape[1]) > 0), axis=1)[kept]
    if outcomes.shape != choices.shape:  # what each action paid, or what each paid to all subjects
        outcomes = np.broadcast_to(outcomes, (*choices.shape, outcomes.shape[-1]))
    by_action = [x for x in (outcomes, available) if np.ndim(x) == 3]
    codes = np.where(counts, choices, -1)[kept]
    columns["choice"] = _relabelled(codes, actions, by_action[0].shape[-1] if by_action else None)
    known = (codes >= 0) if feedback is None else (codes >= 0) & feedback[kept]
    columns |= _numbered("outcome", np.where(known, outcomes[kept].T, np.nan))
    columns |= {} if available is None else _numbered("available", available[kept].T)
    return pd.DataFrame(columns)


def _numbered(name: str, columns: np.ndarray) -> dict[str, np.ndarray]:
    """One column under its name, or one per action under names with numbers."""
    if columns.ndim == 1:
        return {name: columns}
    return {f"{name}_{action}": column for action, column in enumerate(columns)}


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
