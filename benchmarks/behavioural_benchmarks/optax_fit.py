"""Maximum likelihood with `optax.lbfgs` on all starts of all subjects at once, as its manual shows it.

The parameters are turned into real numbers, since this optimiser knows no bounds.
"""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from .fitting_task import NAMES
from .textbook_jax import one_log_likelihood

GRADIENT_NORM, GAIN, MOST_STEPS = 1e-2, 1e-7, 100
"""A start is done when its gradient is this short, after this many steps, or when a step gains no more than
this share of the value: less than 32 bits can show. Without that one, starts that have long arrived hold up
all others with searches along a line."""
SEARCH_STEPS = 6
"""The most tries along one line. The default, 20, is two to three times slower here and finds nothing better:
every start waits for the one that tries longest."""


@cache
def why_no_optax() -> str:
    """Why the opponent cannot run here; nothing if it can."""
    try:
        import optax  # noqa: F401
    except ImportError:
        return "optax is not installed"
    return ""


def bounded(real):
    """Learning rates and temperature of three real numbers."""
    return dict(zip(NAMES, (*jax.nn.sigmoid(real[:2]), jnp.exp(real[2])), strict=True))


@cache
def _compiled():
    """The fit of all subjects, compiled; optax is imported where it is called."""
    import optax

    how = {"max_linesearch_steps": SEARCH_STEPS, "initial_guess_strategy": "one"}
    optimiser = optax.lbfgs(linesearch=optax.scale_by_zoom_linesearch(**how))

    def fit_one_start(choices, outcomes, start):
        def loss(real):
            return -one_log_likelihood(bounded(real), choices, outcomes)

        def goes_on(carry):
            _, _, value, gradient, gain, step = carry
            return (step < MOST_STEPS) & (optax.tree.norm(gradient) > GRADIENT_NORM) & (gain > GAIN * value)

        def one_step(carry):
            real, state, before, gradient, _, step = carry
            how = {"value": before, "grad": gradient, "value_fn": loss}
            move, state = optimiser.update(gradient, state, real, **how)
            # The line search ends with the value and the gradient at the place where it arrives.
            value, gradient = (optax.tree.get(state, name) for name in ("value", "grad"))
            return optax.apply_updates(real, move), state, value, gradient, before - value, step + 1

        carry = (start, optimiser.init(start), *jax.value_and_grad(loss)(start), jnp.inf, 0)
        real, _, value, *_ = jax.lax.while_loop(goes_on, one_step, carry)
        return real, -value

    def fit_one_subject(choices, outcomes, starts):
        real, value = jax.vmap(fit_one_start, (None, None, 0))(choices, outcomes, starts)
        best = jnp.argmax(value)
        return bounded(real[best]), value[best]

    return jax.jit(jax.vmap(fit_one_subject))


def optax_lbfgs(choices, outcomes, starts):
    alphas = starts[..., :2]
    real = np.concatenate([np.log(alphas / (1 - alphas)), np.log(starts[..., 2:])], axis=-1)
    return _compiled()(choices, outcomes, real.astype(np.float32))
