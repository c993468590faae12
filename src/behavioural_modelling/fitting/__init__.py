r"""Fitting: the parameters under which a subject's choices are most probable, with or without priors.

`result` says what is found; the private modules say how. `_space` holds the coordinates in which the search
moves, `_search` its starts and blocks, `_newton` the climb, `_kinks` what is done where there is no slope,
`_estimates` and `_problems` what is reported.
"""

from ._fit import fit
from .result import Fit

__all__ = ["Fit", "fit"]
