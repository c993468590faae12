r"""A restless bandit whose actions gain and lose, each by chances of their own that walk."""

from __future__ import annotations

import jax

from .. import _checks
from ..models import _pickling
from . import _parts
from .task import Task

__all__ = ["gain_loss_bandit"]


def gain_loss_bandit(
    n_trials: int,
    n_actions: int = 4,
    *,
    sd: float = 0.025,
    bounds: tuple[float, float] = (0.0, 1.0),
    net: bool = False,
) -> Task:
    r"""A bandit whose actions may gain 1, and lose 1, on one trial; both chances walk at random.

    .. math::
        P(G_t(a) = 1) = g_t(a), \qquad P(L_t(a) = 1) = l_t(a)

    All chances walk as in `restless_bandit`, each by itself, from where they were drawn evenly within the
    bounds. The outcome is a dict: "gain" is 0 or 1, and "loss" is 0 or -1. The state is the chances of the
    coming trial, those of gains and those of losses, shape (2, n_actions).

    Args:
        n_trials: How many trials, at least 1.
        n_actions: How many actions, at least 2.
        sd: As in `restless_bandit`.
        bounds: As in `restless_bandit`.
        net: Whether the outcome is the sum of the two, without a name: -1, 0 or 1.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, fewer than 2 actions, `sd` is negative or not finite, or `bounds`
            are not two probabilities in order.

    Example:
        >>> task = gain_loss_bandit(200)
        >>> outcome, state = task.respond(jax.random.key(0), task.init(jax.random.key(1)), 0)
        >>> {name: x.shape for name, x in outcome.items()}
        {'gain': (4,), 'loss': (4,)}

    Source:
        After Seymour et al. (2012), doi 10.1523/JNEUROSCI.0053-12.2012.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    n_actions = _checks.size("n_actions", n_actions, minimum=2)
    return _gain_loss_bandit(n_trials, n_actions, *_parts.checked_walk(sd, bounds), bool(net))


@_pickling.cached
def _gain_loss_bandit(n_trials: int, n_actions: int, sd: float, bounds: tuple, net: bool) -> Task:
    def respond(key, chances, response):
        gain_key, loss_key, walk_key = jax.random.split(key, 3)
        gain = _parts.paid(gain_key, chances[0], (0.0, 1.0))
        loss = _parts.paid(loss_key, chances[1], (0.0, -1.0))
        outcome = gain + loss if net else {"gain": gain, "loss": loss}
        return outcome, _parts.walked(walk_key, chances, sd, bounds)

    init = lambda key: _parts.anywhere(key, (2, n_actions), bounds)  # noqa: E731
    return Task("gain_loss_bandit", n_trials, n_actions, init, _parts.nothing_shown, respond)
