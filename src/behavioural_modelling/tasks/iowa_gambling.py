r"""The Iowa gambling task: two decks that pay well and cost more, two that pay little and cost less."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from ..models import _pickling
from . import _parts
from .task import Task

__all__ = ["iowa_gambling"]

GAINS = (100.0, 100.0, 50.0, 50.0)
"""What every card of a deck wins, in dollars."""

LOSSES = (
    (150.0, 200.0, 250.0, 300.0, 350.0),
    (1250.0,),
    (25.0, 50.0, 50.0, 50.0, 75.0),
    (250.0,),
)
"""What some of ten cards of a deck lose besides."""

N_CARDS = 10


def iowa_gambling(n_trials: int = 100) -> Task:
    r"""The Iowa gambling task, whose outcome is what a card wins less what it loses, in dollars.

    .. math::
        R_t(a) = g(a) - L_t(a)

    Every card of decks 0 and 1 wins 100, every card of decks 2 and 3 wins 50. Of ten cards, deck 0 has five
    that lose 150 to 350, deck 1 one that loses 1250, deck 2 five that lose 25 to 75, deck 3 one that loses
    250. So ten cards of deck 0 or 1 cost 250 on average, and ten of deck 2 or 3 pay 250.

    In the laboratory the cards lie in a fixed order. Here each is drawn anew, each of the ten as probably as
    any other: the same chances for everybody, without an order that somebody could know.

    Args:
        n_trials: How many cards are taken, at least 1.

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial.

    Example:
        >>> task = iowa_gambling()
        >>> outcome, _ = task.respond(jax.random.key(0), task.init(jax.random.key(1)), 0)
        >>> outcome.shape, bool(outcome[3] in (50, -200))
        ((4,), True)

    Source:
        Bechara et al. (1994), doi 10.1016/0010-0277(94)90018-3.
    """
    return _iowa_gambling(_checks.size("n_trials", n_trials, minimum=1))


@_pickling.cached
def _iowa_gambling(n_trials: int) -> Task:
    cards = _net()

    def respond(key, state, response):
        drawn = jax.random.randint(key, (len(cards),), 0, N_CARDS)
        return jnp.asarray(cards)[jnp.arange(len(cards)), drawn], state

    return Task("iowa_gambling", n_trials, len(cards), lambda key: (), _parts.nothing_shown, respond)


def _net() -> np.ndarray:
    """What each of the ten cards of a deck pays, a row per deck."""
    losses = [(*some, *(0.0,) * (N_CARDS - len(some))) for some in LOSSES]
    return np.array(GAINS)[:, None] - np.array(losses)
