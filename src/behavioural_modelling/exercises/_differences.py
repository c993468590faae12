"""Where what an answer returns differs from what is right, in words that do not say what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__: list[str] = []

MOST_NAMES = 5


class Part(NamedTuple):
    """One thing that was returned: its numbers, None where it is something else; and words for it."""

    numbers: np.ndarray | None
    words: str


def parts_of(result: Any) -> dict[str, Part]:
    """What was returned, by name; by the name "" where it is no dict."""
    named = result if isinstance(result, dict) else {"": result}
    numbers = {name: _numbers(part) for name, part in named.items()}
    return {str(name): Part(numbers[name], _words(part, numbers[name])) for name, part in named.items()}


def difference(answer: dict[str, Part], right: dict[str, Part], tolerance: float) -> str:
    """Where an answer differs from what is right; "" where it does not."""
    if answer.keys() != right.keys():
        return f"expected {_words_of_all(right, _expected)}, got {_words_of_all(answer)}"
    for name, part in right.items():
        if words := _difference_of_part(answer[name], part, tolerance):
            return f"{name}: {words}" if name else words
    return ""


def _words_of_all(parts: dict[str, Part], words: Callable[[Part], str] = lambda part: part.words) -> str:
    if list(parts) == [""]:
        return words(parts[""])
    more = f" and {len(parts) - MOST_NAMES} more" if len(parts) > MOST_NAMES else ""
    return f"a dict with {', '.join(list(parts)[:MOST_NAMES])}{more}" if parts else "an empty dict"


def _expected(part: Part) -> str:
    return part.words if part.numbers is None else _size(part.numbers)


def _difference_of_part(part: Part, expected: Part, tolerance: float) -> str:
    answer, right = part.numbers, expected.numbers
    if answer is None or right is None or answer.shape != right.shape:
        return f"expected {_expected(expected)}, got {part.words}"
    if (np.isnan(answer) & ~np.isnan(right)).any():
        return "there is a NaN in your answer"
    with np.errstate(invalid="ignore"):  # two equal infinities
        distance = np.where(answer == right, 0.0, np.abs(answer - right))
    allowed = tolerance * np.where(
        np.isinf(right), 0, np.maximum(1, np.abs(right))
    )  # an infinity is met exactly
    wrong = ~(distance <= allowed) & ~(np.isnan(answer) & np.isnan(right))
    if not wrong.any():
        return ""
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"entry {list(first)} is" if first else "you return"
    return f"{place} {answer[first]:.4g}, off by {distance[first]:.2g}"


# From what was returned to numbers, or to words for it.


def _numbers(returned: Any) -> np.ndarray | None:
    """An array of its own, so that nothing changes it later; None where there are not only numbers."""
    try:
        array = np.asarray(returned)
        if array.dtype.kind == "O":
            return np.array(array, float) if all(map(_is_number, array.flat)) else None
        return None if array.dtype.kind in "USMmc" else np.array(array, float)
    except (TypeError, ValueError):  # no array can be made of it, such as of lists of different lengths
        return None


def _is_number(leaf: Any) -> bool:
    """Whether something is a number. NumPy would read None as NaN, and "1" as 1."""
    if leaf is None or isinstance(leaf, str | bytes | complex):
        return False
    try:
        return np.ndim(leaf) == 0 and isinstance(float(leaf), float)
    except (TypeError, ValueError):
        return False


def _size(numbers: np.ndarray) -> str:
    return f"numbers of shape {numbers.shape}" if numbers.shape else "a number"


def _words(returned: Any, numbers: np.ndarray | None) -> str:
    """What was returned, as it is told behind "got"."""
    kind = _a(returned)
    if numbers is not None:
        is_table = hasattr(returned, "index") and hasattr(returned, "shape")
        return f"{kind} of shape {numbers.shape}" if is_table else _size(numbers)
    try:
        leaves = np.asarray(returned, dtype=object)
    except (TypeError, ValueError):
        return f"{kind} whose parts differ in shape" if isinstance(returned, list | tuple) else kind
    odd = [leaf for leaf in leaves.flat if not _is_number(leaf)]
    if not leaves.ndim or not odd:
        return kind
    differ = isinstance(odd[0], list | tuple | np.ndarray)
    return f"{kind} whose parts differ in shape" if differ else f"{kind} with {_a(odd[0])} in it"


def _a(thing: Any) -> str:
    """ "a list", "an int", "None"."""
    if thing is None:
        return "None"
    name = "array" if isinstance(thing, np.ndarray) else type(thing).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
