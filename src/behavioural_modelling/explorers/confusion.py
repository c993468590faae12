"""Explorer: how often a model comparison finds the model that made the choices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ._tables import look_up, table
from .controls import Slider
from .explorer import Explorer, explorer
from .layers import Axis, Panel, Points, Words

__all__ = ["confusion"]

LARGEST = 36
"""The side of the square that stands for all people, in pixels."""


def confusion() -> Explorer:
    """A confusion matrix, for some numbers of trials and temperatures.

    The numbers are a stored table: `confusion` with 200 people per model, as the table's recipe says.

    Returns:
        The explorer.

    Example:
        >>> confusion().results(n_trials=400)["cells"]["percent"].shape
        (16,)
    """
    recipe = table("confusion")["recipe"]
    trials, temperatures = recipe["grid"]["n_trials"], recipe["grid"]["temperature"]
    names = {float(i): name for i, name in enumerate(recipe["models"], 1)}
    controls = (
        Slider("n_trials", "Trials per person", tuple(trials), trials[1], digits=0),
        Slider("temperature", "Temperature of RW and CK", tuple(temperatures), temperatures[2], digits=1),
    )
    layers = (
        Points("cells", "chosen", "simulated", colour="blue", marker="square", size="size"),
        Words("cells", "chosen", "simulated", "percent", shift=24),
    )
    panel = Panel(
        Axis("Model chosen", 0.4, len(names) + 0.95, ticks=names),
        Axis("Model simulated", len(names) + 0.6, 0.4, ticks=names),
        layers,
        height=320,
    )
    return explorer(
        "confusion",
        "Which model made these choices?",
        controls,
        _compute,
        (panel,),
        (
            "Of 100 people of each model, BIC recognises {right_0:.0f} who choose at random, {right_1:.0f} "
            "of win-stay-lose-shift, {right_2:.0f} who learn values and {right_3:.0f} who repeat themselves.",
        ),
        "A table with a row for each model that simulated and a column for each that was chosen. In each "
        "cell stands how many of 100 people went there, beside a square that grows with the number.",
    )


def _compute(n_trials: Any, temperature: Any) -> dict[str, Any]:
    stored = table("confusion")
    n = len(stored["recipe"]["models"])
    grid = stored["recipe"]["grid"]
    share = look_up(stored["share"], (grid["n_trials"], grid["temperature"]), (n_trials, temperature))
    rows, columns = jnp.indices((n, n)).reshape(2, -1) + 1.0
    cells = {
        "chosen": columns,
        "simulated": rows,
        "percent": 100 * share.reshape(-1),
        "size": LARGEST * jnp.sqrt(share.reshape(-1)),
    }
    return {"cells": cells, **{f"right_{i}": 100 * share[i, i] for i in range(n)}}
