"""Log evidences as they are given, checked: an array, a dict, or a table of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _checks
from .evidence import Evidence

__all__: list[str] = []


def checked_evidence(log_evidence: Any, names: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """The log evidences, shape (n_subjects, n_models), and the names of the models."""
    if isinstance(log_evidence, Mapping):
        table, found = _of_columns(log_evidence), list(log_evidence)
    else:
        table, found = _of_array(log_evidence), list(getattr(log_evidence, "columns", ()))
    if table.ndim != 2 or table.shape[1] < 2 or not len(table):
        expected = "shape (n_subjects, n_models), at least two models"
        _checks.fail("log_evidence", expected, f"shape {table.shape}")
    labels = _names(names, found, table.shape[1])
    _check_finite(table, labels)
    return table, labels


def _of_columns(columns: Mapping) -> np.ndarray:
    """One column per model, each of as many subjects."""
    arrays = {
        name: _real(f"log_evidence[{name!r}]", x.log_evidence if isinstance(x, Evidence) else x)
        for name, x in columns.items()
    }
    for name, x in arrays.items():
        first = next(iter(arrays))
        if x.ndim != 1 or len(x) != len(arrays[first]):
            expected = f"shape {arrays[first].shape[:1]}, as log_evidence[{first!r}]" if name != first else ""
            _checks.fail(f"log_evidence[{name!r}]", expected or "shape (n_subjects,)", f"shape {x.shape}")
    return np.stack(list(arrays.values()), axis=1) if arrays else np.empty((0, 0))


def _of_array(log_evidence: Any) -> np.ndarray:
    if isinstance(log_evidence, Evidence):
        _checks.fail("log_evidence", "a dict from names of models to such evidences", "the Evidence of one")
    return _real("log_evidence", log_evidence)


def _real(name: str, x: Any) -> np.ndarray:
    """Numbers in 64 bits."""
    array = np.asarray(_checks.plain_array(name, x))
    if array.dtype.kind not in "fiu":
        _checks.fail(name, "real numbers", f"{array.dtype} values")
    return array.astype(float)


def _names(names: Any, found: list, n_models: int) -> tuple[str, ...]:
    """One name per model: those asked for, or those of the columns, or numbers."""
    if names is None:
        return tuple(str(name) for name in (found or range(n_models)))
    if isinstance(names, str) or len(list(names)) != n_models or len(set(names)) != n_models:
        _checks.fail("names", f"{n_models} different names, one per model", repr(names))
    return tuple(str(name) for name in names)


def _check_finite(table: np.ndarray, names: tuple[str, ...]) -> None:
    """Refuse an evidence that is no number, and name the subject and the model."""
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        subject, model = bad[0]
        who = f"{table[subject, model]} for subject {subject} under {names[model]!r}"
        more = f", and {len(np.unique(bad[:, 0])) - 1} more subjects" if len(np.unique(bad[:, 0])) > 1 else ""
        _checks.fail("log_evidence", "a finite number for every subject under every model", who + more)


def checked_groups(groups: Any, n_subjects: int) -> tuple[tuple[Any, Any], np.ndarray]:
    """The two labels as they come first, and which of them each subject has, 0 or 1."""
    labels = np.asarray(groups)
    if labels.shape != (n_subjects,):
        _checks.fail("groups", f"one label for each of {n_subjects} subjects", f"shape {labels.shape}")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        _checks.fail("groups", "a label for every subject", f"NaN at index {np.isnan(labels).argmax()}")
    different = list(dict.fromkeys(labels.tolist()))
    if len(different) != 2:
        _checks.fail("groups", "labels of exactly two groups", f"{len(different)}: {different[:5]}")
    return (different[0], different[1]), np.array([different.index(x) for x in labels.tolist()])
