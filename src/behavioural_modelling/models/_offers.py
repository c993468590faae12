"""What models of choices between offers share."""

from __future__ import annotations

from typing import Any

from .. import _checks
from . import _parts

__all__: list[str] = []


def checked_scale(name: str, scale: Any) -> float:
    """What counts as 1, above 0."""
    scale = _parts._checked_number(name, scale)
    if scale <= 0:
        _checks.fail(name, "a number above 0", scale)
    return scale


def nothing_learned(params: Any, state: Any, trial: Any, chosen: Any, outcome: Any) -> tuple[Any, dict]:
    """The `update` of a model that remembers nothing."""
    return state, {}
