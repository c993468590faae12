"""Lists of labels, as readers give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ... import _checks

__all__: list[str] = []


def is_list(x: Any) -> bool:
    """Whether `x` is a list or the like, in an order."""
    return pd.api.types.is_list_like(x, allow_sets=False) and not isinstance(x, dict)


def labels_in_order(name: str, labels: Any) -> Any:
    """Labels in order, as a pandas series; each once, none missing."""
    if not is_list(labels) or len(labels) == 0:
        _checks.fail(name, "a list of labels", repr(labels))
    labels = pd.Series(labels)
    if labels.isna().any() or labels.duplicated().any():
        _checks.fail(name, "labels that differ, none missing", labels.tolist())
    if two := number_and_text(labels):
        _checks.fail(name, "labels of one kind", f"{plain(two[0])} and {plain(two[1])}")
    return labels


def number_and_text(labels: Any) -> tuple[Any, Any] | None:
    """The first two labels that say the same, one as a number and one as text, such as 7 and "7"."""
    seen: dict[Any, Any] = {}
    for label in pd.unique(pd.Series(labels, dtype=object)):
        other = seen.setdefault(meaning(label), label)
        if isinstance(other, str) != isinstance(label, str):
            return other, label
    return None


def meaning(label: Any) -> Any:
    """What a label says: a number where it is one or reads as one, else itself; for booleans, the word."""
    if isinstance(label, (bool, np.bool_)):
        return str(label)
    try:
        return float(label)
    except (TypeError, ValueError, OverflowError):
        return label


def plain(label: Any) -> str:
    """A label as one writes it in Python: not np.int64(1) but 1."""
    return repr(label.item() if isinstance(label, np.generic) else label)
