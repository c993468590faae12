r"""Fitting: the parameters under which a subject's choices are most probable, with or without priors.

`estimation` has the call and `result` what it gives. The private modules say how: `_given` checks priors
and fixed parameters, `_space` holds the coordinates of the search, `_search` its starts and blocks,
`_programs` what is compiled, `_newton` the climb, and `_kinks` what is done where it stops early.
`_estimates` makes what is reported, `_weak` finds what the data leave open, `_problems` puts it into words.
"""

from . import transforms
from .estimation import fit
from .result import Fit

__all__ = ["Fit", "fit", "transforms"]
