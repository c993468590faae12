"""An error in a learner's function, told in two lines: what it says, and what to look at."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable

__all__: list[str] = []

LONGEST = 150
# What JAX says at length, and the cure in a sentence. Groups of the pattern go into the words.
CLUES = (
    (
        r"carry.* has type (\w+\[[\d,]*\]).* type (\w+\[[\d,]*\])",
        "The carry comes in as {0} and goes out as {1}. Hand on the same shapes and types: .astype(float) "
        "makes whole numbers into the numbers of the values.",
    ),
    (r"bool.*traced|TracerBool", "There is an `if` on a traced value: use jnp.where."),
    (r"Concrete|concrete", "A number is needed where JAX has a tracer: sizes cannot depend on values."),
    (
        r"immutable|item assignment",
        "JAX arrays cannot be changed in place: x.at[i].set(y) returns a new one.",
    ),
    (
        r"(takes|missing) .*positional argument",
        "The check calls your function with the arguments of the first line of the stub.",
    ),
    (r"name '(\w+)' is not defined", "{0} is not there yet: define or import it, and run that cell."),
    (
        r"vmap.*(in_axes|inconsistent sizes)",
        "in_axes needs one entry per argument: 0 to map over it, None to share it.",
    ),
    # Last: a name such as `carry[0]` is in other errors as well.
    (
        r"carry|body output",
        "The body takes (carry, x) and returns two things: the new carry, built like the old, and a record.",
    ),
)


def what_stopped(error: Exception, functions: tuple[Callable, ...], hint: str) -> str:
    """Two lines about an error: its kind, place and first line; and what to look at.

    Args:
        error: What was raised.
        functions: The learner's functions: the line in the last of them is named.
        hint: What to look at where nothing better is known.
    """
    text = str(error)
    first = next(iter(text.splitlines()), "")
    short = first if len(first) <= LONGEST else f"{first[:LONGEST].rsplit(' ', 1)[0]} [cut]"
    told = f"Not quite: {type(error).__name__}{_place(error, functions)}: {short}"
    return f"{told}\nLook at: {_clue(text) or hint}"


def _clue(text: str) -> str:
    for pattern, words in CLUES:
        if found := re.search(pattern, text, re.DOTALL):
            return words.format(*found.groups())
    return ""


def _place(error: Exception, functions: tuple[Callable, ...]) -> str:
    """ " in line 3 of f", counted from its `def`; "" where the error is not in a learner's function."""
    codes = {f.__code__: f for f in functions if hasattr(f, "__code__")}
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code in codes:
            function = codes[frame.f_code]
            return f" in line {line - frame.f_code.co_firstlineno + 1} of {function.__name__}"
    return ""
