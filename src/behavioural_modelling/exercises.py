"""The check that every exercise of the course ends with."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_answer"]


def check_answer(answer: Any, expected: Any, *, hint: str = "", tolerance: float = 1e-5) -> None:
    """Print whether an answer is right, and what is wrong with it if it is not.

    It never raises, so that a notebook with unsolved exercises runs from top to bottom.

    Args:
        answer: The reader's answer; None or `...` means that there is none yet.
        expected: The right one: a number or an array of numbers.
        hint: What to look at again, printed with a wrong answer.
        tolerance: How far a number may be from the right one.

    Example:
        >>> check_answer(..., 0.5)
        No answer yet. Replace the ... and return your answer. Run that cell, then this one.
        >>> check_answer(0.5, 0.5)
        Correct.
    """
    if answer is None or answer is Ellipsis:
        print("No answer yet. Replace the ... and return your answer. Run that cell, then this one.")
        return
    problem = _what_is_wrong(answer, np.asarray(expected, dtype=float), tolerance)
    print(f"Not quite: {problem}. {hint}".rstrip() if problem else "Correct.")


def _what_is_wrong(answer: Any, expected: np.ndarray, tolerance: float) -> str:
    """What is wrong with an answer, in a few words; nothing if it is right."""
    try:
        answer = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return f"expected numbers, got {type(answer).__name__}"
    if answer.shape != expected.shape:
        return f"expected shape {expected.shape}, got {answer.shape}"
    if np.isnan(answer).any():
        return "there is a NaN in your answer"
    distance = np.abs(answer - expected).max(initial=0)
    return "" if distance <= tolerance else f"a number is off by {distance:.3g}"
