"""The house style: font, lines, the second cues that stand beside colours, and figures stored as SVG."""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any

import fontpkg
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib import font_manager

from .colours import all_colours

__all__ = ["use_house_style"]

DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
# PNG is for Jupyter, which shows no SVG of a notebook that it does not trust yet; all else prefers SVG.
FORMATS = {"svg", "png"}
# Neither a date nor matplotlib's version, so that the same figure is the same file. The dots per inch are
# those of the PNG, and of rasterized parts of an SVG.
STORED_AS: dict[str, Any] = {"metadata": {"Date": None, "Creator": None}, "dpi": 96}


def use_house_style() -> None:
    """Make all figures from now on in the house style: thin lines, light grey face, Heebo, `bold` colours.

    In a notebook figures become SVG, sharp on any screen, with a PNG beside it. The font comes from the
    fontpkg-heebo package; nothing is fetched.
    """
    font_manager.fontManager.addfont(fontpkg.path("Heebo"))
    with resources.as_file(resources.files("behavioural_modelling.plotting") / "house.mplstyle") as sheet:
        plt.style.use(sheet)
    plt.rcParams["axes.prop_cycle"] = cycler(color=all_colours())
    _store_as_svg()


def _store_as_svg() -> None:
    """Set what Jupyter's inline backend stores; outside a notebook there is nothing to set."""
    # Where IPython was not imported no notebook runs, and it need not be installed.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or not hasattr(shell, "kernel"):
        return
    from matplotlib_inline.config import InlineBackend  # it comes with the kernel

    backend = InlineBackend.instance(parent=shell)
    backend.print_figure_kwargs = backend.print_figure_kwargs | STORED_AS
    backend.figure_formats = FORMATS
