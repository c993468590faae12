"""Where the parameters of people are: quantiles of priors, and the stops of a slider that spans them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import numpy as np

from ..models import Model, Parameter, biased_random, default_priors
from .controls import Slider, evenly, in_proportion

__all__: list[str] = []

STOPS = 21
"""How many values a slider has."""

N_DRAWS = 4_001
_ALONE = biased_random(2)


@cache
def quantiles(
    parameter: Parameter, outcome_range: tuple[float, float], shares: tuple[float, ...]
) -> tuple[float, ...]:
    """Below which values of a parameter these shares of people are, by its default prior."""
    # A model of this parameter alone: its other fields play no part.
    alone = _ALONE._replace(parameters=(parameter,))
    prior = default_priors(alone, outcome_range)[parameter.name]
    drawn = np.asarray(prior.sample(jax.random.key(0), (N_DRAWS,)), float)
    # Not `icdf`: that of some distributions asks for a library that is not installed.
    return tuple(_inverse(prior.cdf, float(drawn.min()), float(drawn.max()), share) for share in shares)


def _inverse(cdf: Callable[[Any], Any], low: float, high: float, share: float) -> float:
    """Where a distribution function reaches a share: on a grid, then on a finer one within a cell of it."""
    for _ in range(2):
        grid = np.linspace(low, high, N_DRAWS)
        place = int(np.searchsorted(np.asarray(cdf(grid.astype(np.float32))), share))
        low, high = grid[max(place - 1, 0)], grid[min(place, N_DRAWS - 1)]
    return float((low + high) / 2)


def typical(model: Model, outcome_range: tuple[float, float]) -> dict[str, float]:
    """The median of each parameter's default prior."""
    return {p.name: quantiles(p, outcome_range, (0.5,))[0] for p in model.parameters}


def slider(parameter: Parameter, outcome_range: tuple[float, float]) -> Slider:
    """A slider over what people may have of a parameter; it begins near the median of the prior."""
    low, middle, high = quantiles(parameter, outcome_range, (0.02, 0.5, 0.98))
    values = _stops(parameter, low, high)
    start = min(values, key=lambda x: abs(x - middle))
    return Slider(parameter.name, parameter.name, values, start, _digits(values))


def _stops(parameter: Parameter, low: float, high: float) -> tuple[float, ...]:
    """The values of a slider: the whole range where it has ends, else most of the prior."""
    if math.isfinite(parameter.upper - parameter.lower):
        low, high = parameter.lower, parameter.upper
        values = evenly(low, high, (high - low) / (STOPS - 1))
        return values[1:] if parameter.above else values
    if math.isfinite(parameter.lower) and parameter.lower == 0 and low > 0:
        return in_proportion(low, high, STOPS)
    step = _round_number((high - low) / (STOPS - 1))
    first = step * (round((low + high) / 2 / step) - STOPS // 2)
    if math.isfinite(parameter.lower):
        first = parameter.lower + (step if parameter.above else 0)
    return evenly(first, first + (STOPS - 1) * step, step)


def _round_number(x: float) -> float:
    """The next of 1, 2, 2.5, 5, 10, ... and their tenths, hundredths ... from `x` on."""
    power = 10 ** math.floor(math.log10(x))
    return next(power * head for head in (1, 2, 2.5, 5, 10) if power * head >= x * (1 - 1e-9))


def _digits(values: tuple[float, ...]) -> int:
    """How many digits after the point tell neighbours apart, up to four."""
    step = min(b - a for a, b in zip(values, values[1:], strict=False))
    return min(max(0, math.ceil(-math.log10(step) - 1e-9)), 4)
