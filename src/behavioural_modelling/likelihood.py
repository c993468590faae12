r"""The likelihood: how probable a model makes the choices that people made."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Array, Float

from ._ready import ready
from ._scoring import log_probabilities
from ._types import Numbers
from .models import Model
from .trials import Trials

__all__ = ["log_likelihood"]


def log_likelihood(model: Model, params: Mapping[str, Numbers], trials: Trials) -> Float[Array, "n_subjects"]:
    r"""The log-probability of each subject's choices under a model.

    .. math:: \log L = \sum_t \log P(a_t \mid \text{state before outcome } t)

    The first trial is scored too. Where `trials.available` says which actions were on offer, the choice
    was among those alone. A trial that `trials.mask` leaves out adds nothing and teaches nothing. A choice
    without feedback, where `trials.feedback` is False, is scored, and the state stays as it was. Where
    `trials.reset` is True the model starts anew before the trial, also before one that is left out.

    The gradient comes from one pass forwards: beside the state goes how it changes with each parameter.
    There is no pass backwards, so nothing has to be kept for one.

    Args:
        model: The model, from a builder in `models` or your own.
        params: One entry per parameter of the model: a number, or one per subject, shape (n_subjects,).
        trials: What the subjects did and what came of it. Where only the chosen action's outcome is
            known, the model's `update` sees it at the chosen action and 0 at the others.

    Returns:
        Log-likelihoods, shape (n_subjects,).

    Raises:
        ValueError: If a parameter is unknown, missing, out of its range or not one number per subject;
            `trials` is no `Trials`, or its actions or subjects are not those of the model and `params`.

    Example:
        >>> import math
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> trials = bm.Trials(choices=[[0, 0, 1]], outcomes=[[1.0, 1.0, 0.0]])
        >>> ll = bm.log_likelihood(model, {"alpha": 0.0, "temperature": 1.0}, trials)
        >>> print(f"{ll[0]:.4f} is {3 * math.log(0.5):.4f}")
        -2.0794 is -2.0794
    """
    given = ready(model, params, trials)
    return log_probabilities(model, given.dtype, given.plan, given.params, *given.arrays)
