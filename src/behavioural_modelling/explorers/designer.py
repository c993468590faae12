"""Explorer: how many trials and how many people an experiment needs."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ._tables import look_up, table
from .controls import Slider
from .explorer import Explorer, explorer
from .layers import Axis, Line, Panel

__all__ = ["designer"]

NUMBERS = (1, 5, 10, 20, 50, 100, 200)
"""How many people there may be."""


def designer() -> Explorer:
    """An experiment designer: trials per person against how far estimates of a learning rate are spread.

    The numbers are a stored table: `recovery` of 400 people who are all alike, in a bandit that pays with
    probabilities .7 and .3. The spread is that of maximum likelihood estimates.

    Returns:
        The explorer.

    Example:
        >>> results = designer().results(n_people=1)
        >>> bool(results["low"] < results["high"])
        True
    """
    grid = table("designer")["recipe"]["grid"]
    trials = tuple(grid["n_trials"])
    controls = (
        Slider("n_trials", "Trials per person", trials, trials[1], digits=0),
        Slider("n_people", "People", NUMBERS, 20, digits=0),
        Slider("alpha", "True learning rate α", tuple(grid["alpha"]), grid["alpha"][1], digits=1),
        Slider(
            "temperature", "True temperature τ", tuple(grid["temperature"]), grid["temperature"][1], digits=1
        ),
    )
    layers = (
        Line("true", "n_trials", "alpha", "true learning rate", "grey", "dotted"),
        Line("spread", "n_trials", "low", "95 of 100 estimates lie between these", "blue", "dashed"),
        Line("spread", "n_trials", "high", None, "blue", "dashed"),
        Line("spread", "n_trials", "mean", "their mean", "blue"),
        Line("one", "n_trials", "estimate", "one person, with the trials that are set", "orange", width=5),
    )
    panel = Panel(
        Axis("Trials per person", 20, 1000, log=True, ticks={n: str(n) for n in trials}),
        Axis("Estimated learning rate", -0.03, 1.03),
        layers,
        height=300,
    )
    return explorer(
        "designer",
        "How many trials, how many people?",
        controls,
        _compute,
        (panel,),
        (
            "With {trials:.0f} trials, the estimate of one person lies between {low:.2f} and {high:.2f} in "
            "95 of 100 cases.",
            "The mean of {people:.0f} people who are all alike is known to ±{half_width:.3f}, around "
            "{mean:.3f}: the bias of {bias:+.3f} stays however many people take part.",
        ),
        "The estimates of a learning rate against the number of trials. Two lines enclose most estimates; "
        "they come closer as there are more trials, around a line for the truth.",
    )


def _compute(n_trials: Any, n_people: Any, alpha: Any, temperature: Any) -> dict[str, Any]:
    stored = table("designer")
    axes = stored["recipe"]["grid"]
    trials = jnp.array(axes["n_trials"], float)
    at = lambda name, n: look_up(  # noqa: E731
        stored[name], tuple(axes.values()), (n, alpha, temperature)
    )
    spread = {name: jnp.stack([at(name, n) for n in axes["n_trials"]]) for name in ("low", "mean", "high")}
    low, mean, high, sd = (at(name, n_trials) for name in ("low", "mean", "high", "sd"))
    pair = lambda a, b: jnp.stack(jnp.broadcast_arrays(a, b)).astype(float)  # noqa: E731
    return {
        "trials": jnp.asarray(n_trials),
        "people": jnp.asarray(n_people),
        **{"low": low, "high": high, "mean": mean, "bias": mean - alpha},
        "half_width": 1.96 * sd / jnp.sqrt(n_people),
        "true": {"n_trials": jnp.array([20.0, 1000.0]), "alpha": pair(alpha, alpha)},
        "spread": {"n_trials": trials, **spread},
        "one": {"n_trials": pair(n_trials, n_trials), "estimate": pair(low, high)},
    }
