"""The house style: fonts, lines, colours and the second cues that stand beside them."""

from __future__ import annotations

import warnings
from importlib import resources
from itertools import cycle, islice

import fontpkg
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib import font_manager

from .. import _checks

__all__ = ["action_colours", "use_house_style"]

DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
GREY = "#616161"


def use_house_style() -> None:
    """Make all figures from now on in the house style: line width 1, light grey face, Heebo, `bold` colours.

    The font comes from the fontpkg-heebo package; nothing is fetched.
    """
    font_manager.fontManager.addfont(fontpkg.path("Heebo"))
    with resources.as_file(resources.files("behavioural_modelling.plotting") / "house.mplstyle") as sheet:
        plt.style.use(sheet)
    plt.rcParams["axes.prop_cycle"] = cycler(color=action_colours(len(_bold())))


def action_colours(n_actions: int) -> list[tuple[float, float, float]]:
    """The colours of the actions, from the `bold` colour map of the colormaps package.

    Args:
        n_actions: How many, at least 1. Past the eleven colours of the map they start again.

    Returns:
        One (red, green, blue) triple per action, each number in [0, 1].

    Raises:
        ValueError: If `n_actions` is no whole number of at least 1.
    """
    n_actions = _checks.size("n_actions", n_actions, minimum=1)
    return list(islice(cycle((red, green, blue) for red, green, blue in _bold()), n_actions))


def _bold() -> list[list[float]]:
    """The colours of `bold`. colormaps 0.5 builds it with an argument that matplotlib 3.11 deprecates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Passing 'N' to ListedColormap", DeprecationWarning)
        from colormaps import bold  # pyright: ignore[reportAttributeAccessIssue]
    return np.asarray(bold.colors)[:, :3].tolist()
