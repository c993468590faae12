"""What a reader of an explorer can set: sliders, and a switch that shows more."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import _checks

__all__ = ["Control", "Slider", "Switch", "evenly", "in_proportion"]


class Slider(NamedTuple):
    """A slider that stops at given values.

    Attributes:
        name: The argument of the explorer's function that it sets.
        label: What it says on the page.
        values: Its values, in order.
        start: Which of them it begins with.
        digits: With how many digits after the point a value is shown.
    """

    name: str
    label: str
    values: tuple[float, ...]
    start: float
    digits: int = 2


class Switch(NamedTuple):
    """A button that is pressed or not: 1.0 or 0.0.

    Attributes:
        name: The argument of the explorer's function that it sets.
        label: What it says on the page.
        start: 1.0 where it begins pressed.
    """

    name: str
    label: str
    start: float = 0.0

    @property
    def values(self) -> tuple[float, float]:
        """What it may be."""
        return (0.0, 1.0)


Control = Slider | Switch


def evenly(low: float, high: float, step: float) -> tuple[float, ...]:
    """Values from `low` to `high`, a step apart.

    Args:
        low: The first.
        high: The last.
        step: The difference between neighbours, above 0.

    Returns:
        The values, without the dust of rounding.

    Raises:
        ValueError: If the step is not above 0, or `high` is not above `low`.

    Example:
        >>> evenly(0.0, 1.0, 0.25)
        (0.0, 0.25, 0.5, 0.75, 1.0)
    """
    _check_order(low, high)
    if not step > 0:
        _checks.fail("step", "a number above 0", step)
    return tuple(float(f"{low + i * step:.9g}") for i in range(round((high - low) / step) + 1))


def in_proportion(low: float, high: float, n: int) -> tuple[float, ...]:
    """Values from `low` to `high`, each the same multiple of the one before, to three digits.

    Args:
        low: The first, above 0.
        high: The last.
        n: How many, at least 2.

    Returns:
        The values.

    Raises:
        ValueError: If `low` is not above 0, `high` is not above `low`, or there are not at least 2.

    Example:
        >>> in_proportion(0.01, 1.0, 3)
        (0.01, 0.1, 1.0)
    """
    _check_order(low, high)
    if not low > 0:
        _checks.fail("low", "a number above 0", low)
    n = _checks.size("n", n, minimum=2)
    return tuple(float(f"{x:.3g}") for x in np.geomspace(low, high, n))


def _check_order(low: float, high: float) -> None:
    if not low < high:
        _checks.fail("high", f"a number above low, {low}", high)
