"""The pickle of a builder's model: the builder and its arguments, as pickle cannot store the functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

__all__: list[str] = []

_BUILT: dict[Any, tuple[Callable, tuple[Any, ...]]] = {}
"""The function and the arguments that made a model. Models are equal where their functions are the same."""


def cached(build: Callable) -> Callable:
    """`functools.cache`, which also keeps how each model was made; `build` must stand alone in its module."""

    @cache
    @wraps(build)
    def function(*arguments):
        model = build(*arguments)
        _BUILT[model] = (function, arguments)
        return model

    return function


def reduced(model: Any) -> tuple[Callable, tuple[Any, ...]]:
    """What pickle stores: how a builder made the model, or else its fields, each as pickle stores it."""
    try:
        made = _BUILT.get(model)
    except TypeError:  # a field cannot be hashed
        made = None
    return made or (type(model), tuple(model))
