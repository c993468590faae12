"""The house style of the course's figures, and the figures that several chapters share.

Every function draws on axes that it is given and returns them. Actions are told apart by colour and by a
second cue, dashes or markers, so that no figure depends on colour alone.
"""

from .behaviour import plot_actions, plot_array_shape, plot_choices, plot_learning, plot_softmax
from .colours import action_colours
from .fits import plot_matrix, plot_recovery, plot_surface
from .style import DASHES, use_house_style

__all__ = [
    "DASHES",
    "action_colours",
    "plot_actions",
    "plot_array_shape",
    "plot_choices",
    "plot_learning",
    "plot_matrix",
    "plot_recovery",
    "plot_softmax",
    "plot_surface",
    "use_house_style",
]
