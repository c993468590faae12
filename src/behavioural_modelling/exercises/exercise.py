"""What an exercise is: its reference, what it is tried on, and the wrong answers that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

__all__ = ["Exercise", "Mistake", "call"]

Functions = Callable[..., Any] | tuple[Callable[..., Any], ...]


def call(function: Callable[..., Any], *case: Any) -> Any:
    """Try a function on one case: call it. What most exercises do.

    Args:
        function: What the learner wrote.
        case: The arguments to try.

    Returns:
        What the function returns.
    """
    return function(*case)


class Mistake(NamedTuple):
    """A wrong answer that learners give.

    Args:
        name: What it does, in a few words that follow "Not quite: ", without a full stop: "the two learning
            rates are swapped".
        answer: The wrong function, of the same form as the exercise's reference.
        look: One sentence: what to look at. It does not give the answer away.
    """

    name: str
    answer: Functions
    look: str


class Exercise(NamedTuple):
    """One exercise of the course.

    Args:
        number: Chapter and number, such as "4.3".
        reference: A right answer: the function that the learner is to write, or a tuple of several.
        cases: Called without arguments, it returns the cases to try: a tuple of arguments each. The page
            shows none of them.
        hint: One sentence for wrong answers that are not known, and for errors: what to look at.
        mistakes: The known wrong answers.
        tolerance: How far a number may be from the right one, as a share of it where it is above 1.
        attempt: Tries functions on a case, `attempt(function, *case)`, or `attempt(one, other, *case)`.
            Returns an array of numbers, or a dict of such with a name for each part. By default it calls the
            function.
    """

    number: str
    reference: Functions
    cases: Callable[[], Sequence[tuple[Any, ...]]]
    hint: str
    mistakes: tuple[Mistake, ...]
    tolerance: float = 1e-5
    attempt: Callable[..., Any] = call
