"""The pickle of what a builder made: the builder and its arguments, as pickle cannot store the functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

__all__: list[str] = []

_BUILT: dict[Any, tuple[Callable, tuple[Any, ...]]] = {}
"""The function and the arguments that made a record. Records are equal where their functions are the same."""


def cached(build: Callable) -> Callable:
    """`functools.cache`, which also keeps how a record was made; `build` must stand alone in its module."""

    @cache
    @wraps(build)
    def function(*arguments):
        record = build(*arguments)
        _BUILT[record] = (function, arguments)
        return record

    return function


def reduced(record: Any) -> tuple[Callable, tuple[Any, ...]]:
    """What pickle stores: how a builder made the record, or else its fields, each as pickle stores it."""
    try:
        made = _BUILT.get(record)
    except TypeError:  # a field cannot be hashed
        made = None
    return made or (type(record), tuple(record))
