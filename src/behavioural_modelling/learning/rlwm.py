r"""Working memory beside reinforcement learning: what is kept of the last outcomes, and how fast it fades."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers
from .rescorla_wagner import asymmetric_rescorla_wagner_update

__all__ = ["working_memory_update"]


def working_memory_update(
    memory: Numbers,
    shown: Numbers,
    outcome_chosen: tuple[Numbers, Numbers],
    decay: Numbers,
    initial_value: Numbers,
    neglect: Numbers = 0.0,
) -> tuple[Float[Array, "n_stimuli n_actions"], tuple[Array, Array]]:
    r"""Update a working memory after one trial: all that it holds fades, and the new outcome is stored.

    .. math::
        W \leftarrow W + \phi\, (W_0 - W), \qquad
        W(s_t, a_t) \leftarrow W(s_t, a_t) + \eta\, (R - W(s_t, a_t)), \qquad
        \eta = \begin{cases} 1 & R > W(s_t, a_t) \\ 1 - \nu & R \le W(s_t, a_t) \end{cases}

    Where nothing is neglected the outcome itself is stored. What is stored fades from the next update on.

    Args:
        memory: :math:`W`, what is held before the outcome, shape (n_stimuli, n_actions).
        shown: Which stimulus was shown, one-hot, shape (n_stimuli,).
        outcome_chosen: `(outcome, chosen)`, as in `asymmetric_rescorla_wagner_update`, shape (n_actions,).
        decay: :math:`\phi` in [0, 1], the share that is lost per trial.
        initial_value: :math:`W_0`, what is held of an outcome that is forgotten.
        neglect: :math:`\nu` in [0, 1], the share of an outcome that is not stored where it is worse than
            what is held.

    Returns:
        `(updated_memory, (memory, prediction_error))`. The second `memory` is the one before the outcome; the
        prediction error, shape (n_actions,), is that of the memory once it has faded.

    Raises:
        ValueError: As in `asymmetric_rescorla_wagner_update`; or if shapes do not match, `decay` or `neglect`
            is outside [0, 1], or `initial_value` is not finite.

    Example:
        >>> memory, shown, chosen = jnp.array([[0.0, 1.0], [1.0, 1.0]]), jnp.array([1, 0]), jnp.array([1, 0])
        >>> updated, _ = working_memory_update(memory, shown, (1.0, chosen), decay=0.5, initial_value=0.5)
        >>> print(updated)
        [[1.   0.75]
         [0.75 0.75]]

    Source:
        Collins & Frank (2012), doi 10.1111/j.1460-9568.2011.07980.x.
    """
    memory = _checks.real_array("memory", memory)
    if memory.ndim != 2:
        _checks.fail("memory", "shape (n_stimuli, n_actions)", f"shape {memory.shape}")
    _checks.finite("memory", memory)
    shown = _checks.zeros_and_ones("shown", shown, memory.shape[:1])
    decay = _checks.learning_rate("decay", decay, ())
    neglect = _checks.learning_rate("neglect", neglect, ())
    initial_value = _checks.real_array("initial_value", initial_value)
    _checks.finite("initial_value", initial_value)
    if initial_value.shape != ():
        _checks.fail("initial_value", "one number", f"shape {initial_value.shape}")
    faded = memory + decay * (initial_value - memory)
    held = jnp.sum(jnp.where(shown[:, None] != 0, faded, 0), axis=0)
    stored, (_, error) = asymmetric_rescorla_wagner_update(held, outcome_chosen, 1.0, 1 - neglect)
    return jnp.where(shown[:, None] != 0, stored, faded), (memory, error)
