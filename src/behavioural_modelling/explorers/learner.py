"""Explorer: a whole learner, choosing between two actions over 100 trials."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..models import asymmetric_rescorla_wagner
from ._people import played
from .controls import Slider, evenly, in_proportion
from .explorer import Explorer, explorer
from .layers import Axis, Line, Panel, Points

__all__ = ["learner"]

N_TRIALS = 100
CHANCES = (0.7, 0.3)
"""How probably each action pays."""


def learner() -> Explorer:
    """A learner over 100 trials: two learning rates, a temperature and a seed give its values and choices.

    What the page shows is the first subject of `simulate` with the key `jax.random.key(seed)`.

    Returns:
        The explorer.

    Example:
        >>> learner().results(seed=3)["values"]["a"].shape
        (100,)
    """
    controls = (
        Slider("alpha_p", "Learning rate alpha_p, better than expected", evenly(0, 1, 0.05), 0.3),
        Slider("alpha_n", "Learning rate alpha_n, worse than expected", evenly(0, 1, 0.05), 0.3),
        Slider("temperature", "Temperature τ", in_proportion(0.02, 2, 21), 0.2, digits=3),
        Slider("seed", "Seed: another run of luck", tuple(range(50)), 0, digits=0),
    )
    layers = (
        Line("values", "trial", "a", "value of A", "blue"),
        Line("values", "trial", "b", "value of B", "orange", "dashed"),
        Points("choices", "trial", "a", "chose A", "blue", "circle", 5),
        Points("choices", "trial", "b", "chose B", "orange", "square", 5),
    )
    return explorer(
        "learner",
        "A learner over 100 trials",
        controls,
        _compute,
        (Panel(Axis("Trial", 0, N_TRIALS + 1), Axis("Value", -0.12, 1.12), layers, 280),),
        ("A, which pays with probability .7, was chosen on {chose_a:.0f} of 100 trials; {paid:.0f} paid.",),
        "The values of two actions over 100 trials. Markers above and below show which one was chosen.",
    )


@cache
def _outcomes() -> np.ndarray:
    """What both actions would pay on each trial, the same for all settings."""
    pays = jax.random.uniform(jax.random.key(1), (N_TRIALS, 2), jnp.float32) < jnp.array(CHANCES, jnp.float32)
    return np.asarray(pays, float)


def _compute(alpha_p: Any, alpha_n: Any, temperature: Any, seed: Any) -> dict[str, Any]:
    params = {"alpha_p": alpha_p, "alpha_n": alpha_n, "temperature": temperature}
    choices, records = played(asymmetric_rescorla_wagner(2), params, _outcomes(), seed)
    chose_a, trial = choices == 0, jnp.arange(1, N_TRIALS + 1)
    return {
        "chose_a": jnp.sum(chose_a.astype(int)),
        "paid": jnp.sum(jnp.where(chose_a, _outcomes()[:, 0], _outcomes()[:, 1])),
        "values": {"trial": trial, "a": records["values"][:, 0], "b": records["values"][:, 1]},
        "choices": {
            "trial": trial,
            "a": jnp.where(chose_a, 1.07, jnp.nan),
            "b": jnp.where(chose_a, jnp.nan, -0.07),
        },
    }
