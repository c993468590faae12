"""The exercises of the course: what is right, what is often wrong, and the check that tells them apart.

A notebook calls `check("2.1", final_values)`. The exercises of chapter N are in `chapter_N`, each with its
reference, the inputs it is tried on, and its known wrong answers.
"""

from .checking import check, progress
from .exercise import Exercise, Mistake
from .registry import find, of_chapter

__all__ = ["Exercise", "Mistake", "check", "find", "of_chapter", "progress"]
