"""The colours of the figures: those of the `bold` map, dark enough to be seen on a light ground."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import cycle, islice

import numpy as np

from .. import _checks

__all__ = ["action_colours", "all_colours"]

GREY = "#616161"
FACE = 0xFA / 255  # the light grey of the axes in house.mplstyle
# WCAG asks for 3:1 of a line that carries meaning; the rest is for rounding to 8 bits.
LEAST_CONTRAST = 3.2
# Purple and pink are made deeper. A reader without a sense for red and green tells purple from blue, and pink
# from green, by lightness alone, and in dark mode they would be alike in that as well.
DEEPER = {0: 10.0, 4: 6.0}

Colour = tuple[float, float, float]


def action_colours(n_actions: int) -> list[Colour]:
    """The colours of the actions: `bold` of the colormaps package, each darkened where it would be too light.

    Each has a contrast of at least 3:1 against the axes, also in the dark mode of the site. The first five
    differ for readers who are blind to red, green or blue. Give each action a dash or a marker as well.

    Args:
        n_actions: How many, at least 1. Past the eleven colours of the map they start again.

    Returns:
        One (red, green, blue) triple per action, each number in [0, 1].

    Raises:
        ValueError: If `n_actions` is no whole number of at least 1.
    """
    n_actions = _checks.size("n_actions", n_actions, minimum=1)
    return list(islice(cycle(all_colours()), n_actions))


@cache
def all_colours() -> tuple[Colour, ...]:
    """The eleven colours of `bold`, each as dark as it has to be."""
    return tuple(_darkened(colour, DEEPER.get(i, LEAST_CONTRAST)) for i, colour in enumerate(_bold()))


def _darkened(colour: np.ndarray, contrast: float) -> Colour:
    """The lightest of the colour's shades that has this contrast with the axes, in steps of one percent."""
    shades = [share / 100 * colour for share in range(100, 0, -1)]
    red, green, blue = next(shade for shade in shades if _contrast_with_face(shade) >= contrast).tolist()
    return red, green, blue


def _contrast_with_face(colour: np.ndarray) -> float:
    """WCAG's contrast of a colour, in sRGB, with the face of the axes, which is the lighter one."""
    return (_luminance(np.full(3, FACE)) + 0.05) / (_luminance(colour) + 0.05)


def _luminance(colour: np.ndarray) -> float:
    """The relative luminance of an sRGB colour, as WCAG defines it."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _bold() -> np.ndarray:
    """The colours of `bold`. colormaps 0.5 builds it with an argument that matplotlib 3.11 deprecates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Passing 'N' to ListedColormap", DeprecationWarning)
        from colormaps import bold  # pyright: ignore[reportAttributeAccessIssue]
    return np.asarray(bold.colors)[:, :3]
