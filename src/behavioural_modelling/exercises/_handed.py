"""Whether an answer leaves what it is handed as it was: it gets copies, which are looked at afterwards."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__: list[str] = []


def watched(function: Callable[..., Any], changes: list[str]) -> Callable[..., Any]:
    """A function that does the same on copies of its arguments.

    Args:
        function: What the learner wrote.
        changes: Gets a sentence for each call that changed an argument: which, and the cure.

    Returns:
        The function. It raises TypeError where the learner's returns nothing.
    """

    @functools.wraps(function)
    def on_copies(*args: Any, **named: Any) -> Any:
        own_args, own_named = _copy(args), _copy(named)
        result = function(*own_args, **own_named)
        if result is None or result is Ellipsis:
            raise TypeError("your function returns nothing: is there a return?")
        before = _by_name(function, args, named)
        after = _by_name(function, own_args, own_named)
        if changed := {name: thing for name, thing in before.items() if not _same(thing, after[name])}:
            changes.append(_words(getattr(function, "__name__", "your function"), changed))
        return result

    return on_copies


def _by_name(function: Callable, args: tuple, named: dict) -> Mapping[str, Any]:
    try:
        return inspect.signature(function).bind(*args, **named).arguments
    except (TypeError, ValueError):  # something built in, that does not say what its arguments are called
        return {f"args[{i}]": thing for i, thing in enumerate(args)} | named


def _words(function: str, changed: dict[str, Any]) -> str:
    copies = (f"copy.deepcopy({x})" if _is_deep(thing) else f"{x}.copy()" for x, thing in changed.items())
    return (
        f"{function} changes what it is handed: {', '.join(changed)}. "
        f"Leave that as it is, and change a copy: {', '.join(copies)}."
    )


def _is_table(thing: Any) -> bool:
    """Whether something is a table or a column of pandas, which is not imported for this."""
    return hasattr(thing, "equals") and hasattr(thing, "copy")


def _parts(thing: Any) -> list:
    """What a dict, a list or a tuple holds."""
    if type(thing) is dict:
        return list(thing.values())
    return list(thing) if type(thing) is list or isinstance(thing, tuple) else []


def _is_deep(thing: Any) -> bool:
    """Whether a copy of something would share parts with it that can be changed."""
    return any(_copy(part) is not part for part in _parts(thing))


def _copy(thing: Any) -> Any:
    """A copy of what can be changed in place, at any depth; anything else as it is."""
    if isinstance(thing, np.ndarray | set) or _is_table(thing):
        return thing.copy()
    if type(thing) is dict:
        return {key: _copy(part) for key, part in thing.items()}
    if type(thing) is list:
        return [_copy(part) for part in thing]
    if isinstance(thing, tuple) and _is_deep(thing):
        return getattr(type(thing), "_make", type(thing))(map(_copy, thing))
    return thing


def _same(before: Any, after: Any) -> bool:
    """Whether a copy still is what it was made of."""
    if before is after:
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):  # bytes, since NaN is not equal to itself
        form = before.dtype == after.dtype and before.shape == after.shape
        return form and before.tobytes() == after.tobytes()
    if _is_table(before):
        return bool(before.equals(after))
    if isinstance(before, dict | list | tuple):
        keys = not isinstance(before, dict) or list(before) == list(after)
        return keys and len(before) == len(after) and all(map(_same, _parts(before), _parts(after)))
    return isinstance(before, bool | int | float | str | set) and before == after
