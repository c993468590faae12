"""Lists of labels, as readers give them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from .. import _checks

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
    return labels
