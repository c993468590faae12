r"""The go/no-go task: at each of four cues it pays to act or not to, in gains or in losses avoided."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from ..models import Trial, _pickling
from . import _parts
from .task import Task

__all__ = ["go_no_go"]

GO_IS_RIGHT = (True, True, False, False)
WINS = (True, False, True, False)
"""Of each cue: whether acting is right there, and whether it pays gains or losses."""


def go_no_go(n_trials: int, *, probability: float = 0.8) -> Task:
    r"""Acting or not at four cues: go to win, go to avoid, no-go to win, no-go to avoid.

    .. math::
        P(\text{the better outcome} \mid s, a) = \begin{cases} p & a \text{ is right at } s \\
        1 - p & \text{otherwise} \end{cases}

    The better outcome is 1 rather than 0 at a cue that wins, and 0 rather than -1 at one that avoids. So what
    is right and what is at stake go by cues that cross, and a bias to act for gains shows at the third and
    the second.

    Action 0 is no-go and action 1 is go. The input "cue" is an int32: 0 go to win, 1 go to avoid, 2 no-go to
    win, 3 no-go to avoid. Cues come in rounds of four, each once, in an order drawn for each subject. The
    outcomes of a trial's two actions are drawn independently of each other. The state is the order of the
    round's cues, and where in it the coming trial is.

    Args:
        n_trials: How many trials, at least 1.
        probability: :math:`p`, the probability of the better outcome after the right action, in [0, 1].

    Returns:
        The task, the same object for the same arguments.

    Raises:
        ValueError: If there is no trial, or `probability` is no probability.

    Example:
        >>> task = go_no_go(240)
        >>> state = task.init(jax.random.key(0))
        >>> task.n_actions, list(task.show(state, 0).inputs)
        (2, ['cue'])

    Source:
        After Guitart-Masip et al. (2012), doi 10.1016/j.neuroimage.2012.04.024.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    share = _parts.numbers("probability", probability)
    if share.shape != ():
        _checks.fail("probability", "one number", f"shape {share.shape}")
    _checks.in_range("probability", share, 0, 1)
    return _go_no_go(n_trials, float(share))


@_pickling.cached
def _go_no_go(n_trials: int, probability: float) -> Task:
    right, best = np.array(GO_IS_RIGHT), np.where(WINS, 1.0, 0.0)
    chances = np.where(np.stack([~right, right], axis=1), probability, 1 - probability)

    def init(key):
        return jax.random.permutation(key, len(right)).astype(jnp.int32), jnp.zeros((), jnp.int32)

    def show(state, t):
        order, position = state
        return Trial({"cue": order[position]})

    def respond(key, state, response):
        order, position = state
        pay_key, order_key = jax.random.split(key)
        cue, last = order[position], position == len(right) - 1
        better = jax.random.uniform(pay_key, (2,)) < jnp.asarray(chances)[cue]
        outcome = jnp.asarray(best)[cue] - jnp.where(better, 0.0, 1.0)
        fresh = jax.random.permutation(order_key, len(right)).astype(jnp.int32)
        return outcome, (jnp.where(last, fresh, order), jnp.where(last, 0, position + 1))

    return Task("go_no_go", n_trials, 2, init, show, respond)
