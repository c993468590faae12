r"""Posteriors: what the data leave open about people's parameters, for each person and for the group.

`sampling` draws from the posterior, `posterior` holds what was drawn; `numpyro_models` writes the same
model down for NumPyro, `density` as a plain function for any sampler; `empirical_bayes` is the quick way to a
group.

The private modules say how. `_given` checks what is asked for, `_population` holds the distribution of people
and `_links` the line that it is normal on. `_sites` finds a normal stand-in for each subject's likelihood,
`_surrogate` the group under them, `_target` the coordinates in which the posterior is close to a standard
normal. `_kernel` moves the chains, `_draws` names what they leave, `_diagnostics` says whether to believe it.
"""

from .density import Density, posterior_density
from .empirical_bayes import EmpiricalBayes, empirical_bayes
from .hierarchical_selection import HierarchicalSelection, hierarchical_model_selection
from .new_people import new_people
from .numpyro_models import numpyro_model
from .posterior import Posterior
from .sampling import sample

__all__ = [
    "Density",
    "EmpiricalBayes",
    "HierarchicalSelection",
    "Posterior",
    "empirical_bayes",
    "hierarchical_model_selection",
    "new_people",
    "numpyro_model",
    "posterior_density",
    "sample",
]
