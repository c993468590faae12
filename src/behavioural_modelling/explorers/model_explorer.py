"""Explorer: a model of the catalogue under choices that stay as they are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from ..models import Entry, Model
from ..models.catalogue import ENTRIES
from . import _ranges, _sequences
from ._float64 import in_float64
from ._sequences import Sequence
from .controls import Slider
from .explorer import Explorer, explorer
from .layers import Axis, Layer, Line, Panel, Points

__all__ = ["model_explorer"]

LOOKS = (("blue", "solid", 2.0), ("orange", "dashed", 2.0), ("green", "dotted", 2.0), ("pink", "solid", 3.5))
"""Colour, dash and width of the lines of a panel: no more than these can be told apart."""

ABOVE, BELOW = 1.07, -0.07
"""Where the markers of two actions stand."""

MOST = 0.8
"""The share of settings whose values a panel has room for."""

NOT_HELD = {"choices", "choice_p", "log_prob", "prediction_errors"}
"""What a trace tells that the model does not hold in mind."""


def model_explorer(model: str | Entry) -> Explorer:
    """A model of the catalogue: what it makes of a few trials that somebody had, as its parameters move.

    The choices and what came of them stay as they are: a person in the middle of the default priors made
    them in the standard task. What moves is what the model holds in mind and how probable it makes choices.

    Args:
        model: Its name in the catalogue, as `models.list_models` tells it, or its entry.

    Returns:
        The explorer.

    Raises:
        ValueError: If the catalogue has no model of this name, or nothing is chosen in its task.

    Example:
        >>> made = model_explorer("rescorla_wagner")
        >>> [control.name for control in made.controls]
        ['alpha', 'temperature']
        >>> made.words()
        'So set, the 40 choices have a log-likelihood of -6.99.'
    """
    entry = model if isinstance(model, Entry) else _named(model)
    built, sequence = entry.build(), _sequences.sequence(entry)
    controls = tuple(_ranges.slider(parameter, sequence.outcome_range) for parameter in built.parameters)
    held = _held(built, sequence, controls)
    compute = _computing(built, sequence, controls, held)
    return explorer(
        entry.called,
        f"{entry.called}: the same choices, other parameters",
        controls,
        compute,
        (_panel_of_choices(built, sequence), *_panel_of_state(built, sequence, held, compute, controls)),
        ("So set, the {n_choices:.0f} choices have a log-likelihood of {log_likelihood:.2f}.",),
        _alt(built, sequence, held),
    )


def _named(name: Any) -> Entry:
    known = {entry.called: entry for entry in ENTRIES}
    if name not in known:
        _checks.fail("model", f"one of {', '.join(known)}", repr(name))
    return known[name]


def _held(model: Model, sequence: Sequence, controls: tuple[Slider, ...]) -> str:
    """The name of what is held in mind of each action, and can be drawn; "" where there is no such thing."""
    with in_float64():
        start = {control.name: jnp.asarray(control.start) for control in controls}
        told = jax.eval_shape(lambda params: _sequences.told(model, sequence.trials, params), start)
    shape = (sequence.trials.shape[1], model.n_actions or 0)
    fit = [name for name, x in told.items() if getattr(x, "shape", ()) == shape and name not in NOT_HELD]
    fits = [name for name in ("values", *fit) if name in fit]
    return fits[0] if fits and shape[1] <= len(LOOKS) and sequence.one_line else ""


def _computing(
    model: Model, sequence: Sequence, controls: tuple[Slider, ...], held: str
) -> Callable[..., dict[str, Any]]:
    """The explorer's function, whose arguments are the parameters."""

    def compute(**params):
        told = _sequences.told(model, sequence.trials, params)
        chances = told["choice_p"][sequence.shown]
        results: dict[str, Any] = {
            "n_choices": jnp.asarray(float(len(sequence.shown))),
            "log_likelihood": jnp.sum(told["log_prob"][sequence.shown]),
        }
        for source, (_, rows, action) in _lines(model, sequence).items():
            y = chances[rows, action]
            results[source] = {"x": jnp.asarray(sequence.x[rows], float), "y": y}
        results["chosen"] = _markers(model, sequence, chances)
        if held:
            x, values = jnp.asarray(sequence.x, float), told[held][sequence.shown]
            results["held"] = {"x": x} | {f"action_{a}": values[:, a] for a in range(values.shape[1])}
        return results

    names = [control.name for control in controls]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    fast = jax.jit(compute)
    function = lambda *given, **named: fast(**dict(zip(names, given, strict=False)), **named)  # noqa: E731
    vars(function)["__signature__"] = signature
    return function


def _lines(model: Model, sequence: Sequence) -> dict[str, tuple[str, np.ndarray, Any]]:
    """The lines of choice probabilities by their sources: a label, the rows, and of which action."""
    every, n = np.arange(len(sequence.shown)), model.n_actions or 0
    if n == 2:
        return {f"p_{i}": (label, rows, 1) for i, (label, rows) in enumerate(sequence.lines.items())}
    if n <= len(LOOKS):
        return {f"p_{action}": (f"action {action}", every, action) for action in range(n)}
    return {"p_0": ("", every, sequence.choices)}


def _markers(model: Model, sequence: Sequence, chances: Any) -> dict[str, Any]:
    """Where the choices stand: above and below for two actions, else at the probability of the choice."""
    rows = np.arange(len(sequence.shown))
    at = jnp.asarray(np.where(sequence.choices == 1, ABOVE, BELOW), float)
    at = at if model.n_actions == 2 else chances[rows, sequence.choices]
    columns = {"x": jnp.asarray(sequence.x, float)}
    if sequence.paid_more is None:
        return columns | {"y": at}
    split = {"more": sequence.paid_more, "less": ~sequence.paid_more}
    return columns | {name: jnp.where(jnp.asarray(which), at, jnp.nan) for name, which in split.items()}


def _panel_of_choices(model: Model, sequence: Sequence) -> Panel:
    lines = _lines(model, sequence)
    layers: list[Layer] = [
        Line(source, "x", "y", label or None, *look)
        for (source, (label, _, _)), look in zip(lines.items(), LOOKS, strict=False)
    ]
    if sequence.paid_more is None:
        layers.append(Points("chosen", "x", "y", "chosen", "grey", "circle", 5))
    else:
        layers.append(Points("chosen", "x", "more", "chosen, paid more", "grey", "circle", 6))
        layers.append(Points("chosen", "x", "less", "chosen, paid less", "grey", "square", 6, filled=False))
    return Panel(_x_axis(sequence), Axis(_what(model, sequence), -0.12, 1.12), tuple(layers), 250)


def _what(model: Model, sequence: Sequence) -> str:
    """What the lines show the probability of."""
    if model.n_actions == 2:
        return f"Probability of {_sequences.NAMES.get(sequence.task, 'action 1')}"
    few = (model.n_actions or 0) <= len(LOOKS)
    return "Choice probability" if few else "Probability of the choice"


def _x_axis(sequence: Sequence) -> Axis:
    pad = 0.02 * float(np.ptp(sequence.x))
    return Axis(sequence.x_label, float(sequence.x.min()) - pad, float(sequence.x.max()) + pad)


def _panel_of_state(
    model: Model, sequence: Sequence, held: str, compute: Callable, controls: tuple[Slider, ...]
) -> Iterator[Panel]:
    """A panel with what is held in mind, as high as most of the settings make it."""
    if not held:
        return
    rng = np.random.default_rng(0)
    start = {c.name: c.start for c in controls}
    settings = [start, *({c.name: rng.choice(c.values) for c in controls} for _ in range(100))]
    with in_float64():
        shown = [compute(**each)["held"] for each in settings]
    values = np.array([[x for name, x in columns.items() if name != "x"] for columns in shown])
    values = np.where(np.isfinite(values), values, 0.0).reshape(len(values), -1)
    lows, highs = values.min(axis=1), values.max(axis=1)
    # Some settings lead far out: all would be flat if they were to be seen as well.
    low = float(min(lows[0], np.quantile(lows, 1 - MOST)))
    high = float(max(highs[0], np.quantile(highs, MOST)))
    pad = 0.05 * (high - low) or 0.5
    layers = tuple(
        Line("held", "x", f"action_{a}", f"action {a}", *look)
        for a, look in zip(range(model.n_actions or 0), LOOKS, strict=False)
    )
    label = held.replace("_", " ").capitalize()
    yield Panel(_x_axis(sequence), Axis(label, low - pad, high + pad), layers, 200)


def _alt(model: Model, sequence: Sequence, held: str) -> str:
    what = _what(model, sequence)
    below = f" Below, the {held.replace('_', ' ')} of each action." if held else ""
    return f"{what[0]}{what[1:].lower()} by {sequence.x_label.lower()}. Markers show what was chosen.{below}"
