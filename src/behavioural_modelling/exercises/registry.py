"""Where an exercise is found: `chapter_04.EXERCISES` holds those of chapter 4."""

from __future__ import annotations

import importlib
import pkgutil
import re

from .. import _checks
from .exercise import Exercise

__all__ = ["chapters", "find", "of_chapter"]

PACKAGE = __name__.rpartition(".")[0]


def chapters() -> list[int]:
    """The numbers of the chapters that have exercises, in order.

    Returns:
        Numbers from 2 on.
    """
    package = importlib.import_module(PACKAGE)
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(int(name[-2:]) for name in names if re.fullmatch(r"chapter_\d\d", name))


def of_chapter(chapter: int) -> tuple[Exercise, ...]:
    """The exercises of a chapter, in order.

    Args:
        chapter: The chapter's number.

    Returns:
        Its exercises, each an `Exercise`.

    Raises:
        ValueError: If the chapter has no exercises.
    """
    if chapter not in chapters():
        _checks.fail("chapter", f"one of {chapters()}", f"{chapter!r}")
    return importlib.import_module(f"{PACKAGE}.chapter_{chapter:02d}").EXERCISES


def find(number: str) -> Exercise:
    """One exercise.

    Args:
        number: Chapter and number, such as "4.3".

    Returns:
        The `Exercise`.

    Raises:
        ValueError: If there is no such exercise.
    """
    chapter, dot, _ = str(number).partition(".")
    known = of_chapter(int(chapter)) if dot and chapter.isdigit() and int(chapter) in chapters() else ()
    for one in known:
        if one.number == number:
            return one
    numbers = [one.number for one in known] or [f"{chapter}.1 and so on" for chapter in chapters()]
    return _checks.fail("number", f"one of {numbers}", f"{number!r}")
