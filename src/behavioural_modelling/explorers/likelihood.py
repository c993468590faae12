"""Explorer: how probable a learning rate and a temperature make the choices of a real participant."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..fitting import fit
from ..likelihood import log_likelihood
from ..models import rescorla_wagner
from ..trials import Trials, load_bandit
from ._float64 import in_float64
from .controls import Slider, Switch, evenly, in_proportion
from .explorer import Explorer, explorer
from .layers import Axis, Line, Panel, Points

__all__ = ["likelihood"]

PARTICIPANT = 3
LOW, HIGH = 0.05, 2.0
"""The range of temperatures."""

BELOW = (1, 3, 10)
"""How far below the maximum the lines of equal height lie."""


def likelihood() -> Explorer:
    """The log-likelihood of one participant's choices, at a learning rate and a temperature.

    The participant is number 3 of `load_bandit`, with 72 trials; the model is `rescorla_wagner(4)`.

    Returns:
        The explorer.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed, which holds the data.

    Example:
        >>> print(f"{likelihood().results(alpha=0.7, temperature=0.2)['log_likelihood']:.1f}")
        -29.1
    """
    _maximum()  # it is not to be looked for while JAX traces
    temperatures = in_proportion(LOW, HIGH, 60)
    controls = (
        Slider("alpha", "Learning rate α", evenly(0.02, 0.98, 0.02), 0.3),
        Slider("temperature", "Temperature τ", temperatures, temperatures[40], digits=3),
        Switch("reveal", "Show the maximum"),
    )
    lines = [
        Line(f"below_{drop}", "alpha", "temperature", f"{drop} below the maximum", "grey", dash, 1.5)
        for drop, dash in zip(BELOW, ("solid", "dashed", "dotted"), strict=True)
    ]
    points = (
        Points("here", "alpha", "temperature", "where you are", "orange", "diamond", 16),
        Points("top", "alpha", "temperature", "the maximum", "blue", "circle", 16, filled=False),
    )
    panel = Panel(
        Axis("Learning rate α", 0, 1),
        Axis("Temperature τ", LOW, HIGH, log=True, ticks={x: f"{x:g}" for x in (0.05, 0.1, 0.2, 0.5, 1, 2)}),
        (*lines, *points),
        height=320,
        drag=("alpha", "temperature"),
    )
    return explorer(
        "likelihood",
        "The log-likelihood of one participant",
        controls,
        _compute,
        (panel,),
        (
            "The log-likelihood here is {log_likelihood:.2f}, {per_choice:.2f} for each of 72 choices.",
            "The maximum is {highest:.2f}, at α = {best_alpha:.2f} and τ = {best_temperature:.2f}.",
        ),
        "A map with the learning rate to the right and the temperature upwards. Closed lines surround the "
        "maximum, as lines of equal height surround a hill. A marker shows the pair that is set.",
    )


def _compute(alpha: Any, temperature: Any, reveal: Any) -> dict[str, Any]:
    here, best = _score(alpha, temperature), _maximum()
    shown = lambda x: jnp.where(jnp.asarray(reveal) > 0, x, jnp.nan)  # noqa: E731
    lines = {f"below_{drop}": line for drop, line in zip(BELOW, _contours(), strict=True)}
    one = lambda x: jnp.reshape(jnp.asarray(x), 1)  # noqa: E731
    return {
        "log_likelihood": here,
        "per_choice": here / 72,
        "here": {"alpha": one(alpha), "temperature": one(temperature)},
        "highest": shown(_score(**best)),
        "best_alpha": shown(best["alpha"]),
        "best_temperature": shown(best["temperature"]),
        "top": {name: one(shown(x)) for name, x in best.items()},
        **jax.tree.map(jnp.asarray, lines),
    }


def _score(alpha: Any, temperature: Any) -> Any:
    params = {"alpha": alpha, "temperature": temperature}
    return log_likelihood(rescorla_wagner(4), params, _person())[0]


@cache
def _person() -> Trials:
    return load_bandit().subjects([PARTICIPANT])


@cache
def _maximum() -> dict[str, np.ndarray]:
    """The estimates of the package."""
    found = fit(jax.random.key(0), rescorla_wagner(4), _person(), progress=False)
    return {name: np.asarray(x[0], np.float64) for name, x in found.params.items()}


@cache
def _contours() -> list[dict[str, np.ndarray]]:
    """Lines of equal log-likelihood: their points, with NaN between one line and the next."""
    from contourpy import contour_generator

    alphas, temperatures = np.linspace(0.01, 0.99, 50), np.geomspace(LOW, HIGH, 60)
    with in_float64():
        grid = jax.vmap(jax.vmap(_score, (0, None)), (None, 0))(jnp.array(alphas), jnp.array(temperatures))
        top = _score(**_maximum())
    hill = contour_generator(alphas, temperatures, np.asarray(grid - top))
    gap = np.full((1, 2), np.nan)
    found = []
    for drop in BELOW:
        lines = [np.asarray(line) for line in hill.lines(-drop)]
        pieces = [part for line in lines for part in (line[::2], line[-1:], gap)]
        found.append(dict(zip(("alpha", "temperature"), np.concatenate(pieces).round(3).T, strict=True)))
    return found
