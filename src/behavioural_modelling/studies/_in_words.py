r"""Words for what a paper says: numbers, distributions, parameters.

All of it is plain Markdown: names stand in back ticks, and there is no mathematics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..fitting._space import ABOVE, BELOW, INTERVAL, LINE, kind
from ..models import Parameter

__all__: list[str] = []

OF_OUTCOMES = {
    "value": "in the unit of the outcomes",
    "difference": "in the unit of the outcomes",
    "per difference": "per unit of the outcomes",
}
"""What the units of parameters are called."""

LINKS = {INTERVAL: "probit", ABOVE: "logarithm", BELOW: "logarithm", LINE: "as it is"}
"""How a parameter comes to the line that people are normal on."""


def number(x: Any) -> str:
    """A number as a paper prints it: two decimals, two digits of a small one, no decimals of a large one."""
    x = float(x)
    if not math.isfinite(x):
        return "not known" if math.isnan(x) else ("infinity" if x > 0 else "-infinity")
    if x == round(x) or abs(x) >= 100:
        return f"{x + 0:,.0f}"
    text = f"{x:.2f}" if abs(x) >= 0.1 else f"{x:.2g}"
    return f"{x:.1g}" if abs(x) < 1e-4 else text


def plain(x: Any) -> str:
    """A number that somebody chose, such as the scale of a prior: as many digits as it has, up to four."""
    return f"{float(x):.4g}"


def code(name: str) -> str:
    """A name in back ticks."""
    return f"`{str(name).replace('`', chr(39))}`"


def listed(words: Iterable[str], last: str = "and") -> str:
    """One, two and three."""
    words = list(words)
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def count(n: int, thing: str, many: str | None = None) -> str:
    """1 person, 2 people."""
    return f"{n:,} {thing if n == 1 else many or thing + 's'}"


def share(k: int, n: int, thing: str, many: str | None = None) -> str:
    """How many of how many, and in hundredths."""
    return f"{k:,} of {count(n, thing, many)} ({100 * k / n:.1f}%)"


def p_value(p: float) -> str:
    """A p-value as a paper prints it: three decimals at most, and never 0."""
    if math.isnan(p):
        return "p not known"
    if p < 0.001:
        return "p < .001"
    if p > 0.99:
        return "p > .99"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return f"p = {text.removeprefix('0')}"


def distribution(prior: Any) -> str:
    """A distribution of NumPyro with its numbers."""
    kind_ = type(prior).__name__
    if kind_ == "TransformedDistribution":
        return _transformed(prior)
    if "Truncated" in kind_:
        return _truncated(prior)
    if kind_ in _SAID:
        return _SAID[kind_](prior)
    names = [name for name in prior.arg_constraints if np.ndim(getattr(prior, name)) == 0]
    return f"{kind_}({', '.join(f'{name} = {plain(getattr(prior, name))}' for name in names)})"


# A gamma distribution's second number is a scale in one program, a rate in another: numbers have names here.
_SAID: dict[str, Callable[[Any], str]] = {
    "Beta": lambda d: f"Beta({plain(d.concentration1)}, {plain(d.concentration0)})",
    "Delta": lambda d: f"held at {plain(d.v)}",
    "Exponential": lambda d: f"exponential with rate {plain(d.rate)}",
    "Gamma": lambda d: f"gamma with shape {plain(d.concentration)} and rate {plain(d.rate)}",
    "HalfCauchy": lambda d: f"half-Cauchy with scale {plain(d.scale)}",
    "HalfNormal": lambda d: f"half-normal with scale {plain(d.scale)}",
    "LKJCholesky": lambda d: f"LKJ with concentration {plain(d.concentration)}",
    "LogNormal": lambda d: f"log-normal with median {plain(np.exp(d.loc))} and log-sd {plain(d.scale)}",
    "Normal": lambda d: f"normal with mean {plain(d.loc)} and sd {plain(d.scale)}",
    "Uniform": lambda d: f"uniform from {plain(d.low)} to {plain(d.high)}",
}


def _transformed(prior: Any) -> str:
    """A distribution that was shifted and stretched, and others as far as they can be told."""
    base, transforms = prior.base_dist, list(prior.transforms)
    if type(base).__name__ == "Normal" and type(transforms[0]).__name__ == "ExpTransform":
        base, transforms = _class("LogNormal")(base.loc, base.scale), transforms[1:]
    while transforms and (merged := _affine(base, transforms[0])) is not None:
        base, transforms = merged, transforms[1:]
    steps = [step for one in transforms for step in _step(one)]
    return ", ".join([distribution(base), *steps])


def _affine(base: Any, transform: Any) -> Any:
    """A normal or log-normal distribution that is shifted and stretched to another one; else None."""
    if not hasattr(transform, "loc"):
        return None
    kind_, loc, scale = type(base).__name__, float(transform.loc), float(transform.scale)
    if kind_ == "Normal":
        return _class(kind_)(base.loc * scale + loc, base.scale * abs(scale))
    if kind_ == "LogNormal" and loc == 0 and scale > 0:
        return _class(kind_)(base.loc + math.log(scale), base.scale)
    return None


def _step(transform: Any) -> list[str]:
    """What a transform does."""
    if not hasattr(transform, "loc"):
        return [f"then {type(transform).__name__}"]
    stretched = [f"times {plain(transform.scale)}"] if float(transform.scale) != 1 else []
    return stretched + ([f"plus {plain(transform.loc)}"] if float(transform.loc) != 0 else [])


def _class(name: str) -> Any:
    """A class of NumPyro's distributions."""
    import numpyro.distributions

    return getattr(numpyro.distributions, name)


def _truncated(prior: Any) -> str:
    """A distribution whose tails are cut off."""
    low, high = (getattr(prior, end, None) for end in ("low", "high"))
    ends = [] if low is None else [f"below {plain(low)}"]
    ends += [] if high is None else [f"above {plain(high)}"]
    return f"{distribution(prior.base_dist)}, cut off {listed(ends)}"


def span(lower: float, upper: float, above: bool = False) -> str:
    """Between which ends something lies."""
    where = kind(lower, upper)
    if where == INTERVAL:
        return f"from {plain(lower)} to {plain(upper)}"
    if where == ABOVE:
        return f"above {plain(lower)}" if above else f"at least {plain(lower)}"
    return f"at most {plain(upper)}" if where == BELOW else "any number"


def parameter(one: Parameter, ends: tuple[float, float] | None = None, line: bool = False) -> str:
    """A parameter with its range, its unit and, with `line`, how it comes to the line."""
    lower, upper = ends or (one.lower, one.upper)
    parts = [span(lower, upper, one.above and lower == one.lower)]
    parts += [OF_OUTCOMES[one.unit]] if one.unit else []
    parts += [f"on the line: {LINKS[kind(lower, upper)]}"] if line else []
    return f"{code(one.name)} ({', '.join(parts)})"
