"""The check below each exercise: right, known to be wrong, or where it differs. It never raises."""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

from ._clues import what_stopped
from ._differences import Part, difference, parts_of
from ._handed import watched
from .exercise import Exercise, Functions
from .registry import find, of_chapter

__all__ = ["check", "progress", "verdict"]

NO_ANSWER = "No answer yet. Replace the ... and run that cell, then this one."
# The exercises that are solved in this session.
_solved: set[str] = set()


def check(number: str, *functions: Callable[..., Any]) -> None:
    """Print whether the answer to an exercise is right; if it is not, what is wrong or where to look.

    An answer is tried on inputs that the page does not show, and must leave them as they are. An error in it
    is told, not raised, so that a notebook with unsolved exercises runs from top to bottom.

    Args:
        number: Chapter and number of the exercise, such as "2.1".
        functions: What the learner wrote: one function, or as many as the exercise asks for.

    Raises:
        ValueError: If there is no such exercise.

    Example:
        >>> def final_values(outcomes): ...
        >>> check("2.1", final_values)
        No answer yet. Replace the ... and run that cell, then this one.
    """
    words = verdict(find(number), functions)
    (_solved.add if words == "Correct." else _solved.discard)(number)
    print(words)


def progress(chapter: int) -> None:
    """Print how many exercises of a chapter are solved, and which are left.

    Args:
        chapter: The chapter's number.

    Raises:
        ValueError: If the chapter has no exercises.
    """
    numbers = [one.number for one in of_chapter(chapter)]
    left = [number for number in numbers if number not in _solved]
    end = f" Left: {', '.join(left)}." if left else " All done."
    print(f"Chapter {chapter}: {len(numbers) - len(left)} of {len(numbers)} exercises solved.{end}")


def verdict(task: Exercise, functions: tuple[Callable[..., Any], ...]) -> str:
    """What to tell a learner about an answer.

    Args:
        task: The exercise.
        functions: What the learner wrote.

    Returns:
        "Correct." where it is right; if not, one line, or two about an error.
    """
    if any(map(_is_stub, functions)):
        return NO_ANSWER
    changes: list[str] = []
    on_copies = tuple(watched(function, changes) for function in functions)
    answers = []
    for case in task.cases():
        try:
            answers.append(parts_of(_attempt(task, on_copies, case)))
        except Exception as error:
            return what_stopped(error, functions, task.hint)
    if changes:  # before what is wrong: it may be the cause
        return f"Not quite: {changes[0]}"
    problem = _first_difference(task, answers, task.reference)
    if not problem:
        return "Correct."
    for mistake in task.mistakes:
        if not _first_difference(task, answers, mistake.answer):
            return f"Not quite: {mistake.name}. {mistake.look}"
    return f"Not quite: {problem}. {task.hint}"


def _is_stub(function: Any) -> bool:
    """Whether a function does nothing yet: its body is `...`, or it returns None and nothing else."""
    if not hasattr(function, "__code__"):
        return False
    steps = [step for step in dis.get_instructions(function) if step.opname not in ("RESUME", "NOP")]
    returns = {"LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    return all(step.opname in returns and step.argval in (None, ...) for step in steps)


def _attempt(task: Exercise, functions: Functions, case: tuple) -> Any:
    functions = functions if isinstance(functions, tuple) else (functions,)
    return task.attempt(*functions, *case)


def _first_difference(task: Exercise, answers: list[dict[str, Part]], functions: Functions) -> str:
    """Where answers first differ from what functions give; "" where they do not."""
    given = [parts_of(_attempt(task, functions, case)) for case in task.cases()]
    return next(filter(None, map(difference, answers, given, [task.tolerance] * len(given))), "")
