"""blackjax's ChEES, which tunes the length of trajectories over many chains, on the package's target.

Source:
    Hoffman, Radul & Sountsov (2021), An adaptive MCMC scheme for setting trajectory lengths, PMLR 130.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import behavioural_modelling as bm

N_CHAINS, N_WARM_UP, N_DRAWS = 64, 100, 100
FIRST_STEP, LEARNING_RATE = 0.3, 0.03


def why_no_blackjax() -> str:
    """Why the opponent cannot run here; nothing if it can."""
    return "" if importlib.util.find_spec("blackjax") else "blackjax is not installed"


def chees(density: bm.Density, n_draws: int = N_DRAWS) -> Callable[[int], tuple[dict[str, np.ndarray], int]]:
    """A function from a seed to draws by name, shape (n_chains, n_draws, ...), and how many diverged."""
    run = jax.jit(_warmed_up_and_drawn(density, n_draws))

    def sample(seed):
        for_start, for_run = jax.random.split(jax.random.key(seed))
        draws, diverged = run(for_run, density.start(for_start, N_CHAINS))
        return {name: np.asarray(x) for name, x in draws.items()}, int(diverged.sum())

    return sample


def _warmed_up_and_drawn(density: bm.Density, n_draws: int) -> Callable:
    """The program: warm-up, then draws, from points to begin from."""
    import blackjax
    import optax
    from blackjax.adaptation.base import get_filter_adapt_info_fn

    how = {"adaptation_info_fn": get_filter_adapt_info_fn()}
    warm_up = blackjax.chees_adaptation(density.log_prob, N_CHAINS, **how)

    def run(key, start):
        for_warm_up, for_draws = jax.random.split(key)
        optimiser = optax.adam(LEARNING_RATE)
        (states, tuned), _ = warm_up.run(for_warm_up, start, FIRST_STEP, optimiser, N_WARM_UP)
        step = jax.vmap(blackjax.dhmc(density.log_prob, **tuned).step)

        def one(states, key):
            states, about = step(jax.random.split(key, N_CHAINS), states)
            return states, (jax.vmap(density.natural)(states.position), about.is_divergent)

        _, (draws, diverged) = jax.lax.scan(one, states, jax.random.split(for_draws, n_draws))
        return {name: jnp.swapaxes(x, 0, 1) for name, x in draws.items()}, diverged

    return run
