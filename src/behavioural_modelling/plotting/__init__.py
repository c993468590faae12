"""The house style of the course's figures, and the figures that several chapters share.

Every function draws on axes that it is given and returns them. Actions are told apart by colour and by a
second cue, dashes or markers, so that no figure depends on colour alone.
"""

from .behaviour import plot_actions, plot_array_shape, plot_choices, plot_learning, plot_softmax
from .colours import action_colours
from .comparison import plot_comparison, plot_selection
from .fits import plot_matrix, plot_recovery, plot_surface
from .planning import plot_grid_world
from .posteriors import plot_chain_ranks, plot_intervals, plot_pairs, plot_posterior, plot_traces
from .prediction import plot_predictive, plot_ranks
from .style import DASHES, use_house_style

__all__ = [
    "DASHES",
    "action_colours",
    "plot_actions",
    "plot_array_shape",
    "plot_chain_ranks",
    "plot_choices",
    "plot_comparison",
    "plot_grid_world",
    "plot_intervals",
    "plot_learning",
    "plot_matrix",
    "plot_pairs",
    "plot_posterior",
    "plot_predictive",
    "plot_ranks",
    "plot_recovery",
    "plot_selection",
    "plot_softmax",
    "plot_surface",
    "plot_traces",
    "use_house_style",
]
