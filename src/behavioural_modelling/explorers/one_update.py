"""Explorer: one outcome changes one value."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ..learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from .controls import Slider, evenly
from .explorer import Explorer, explorer
from .layers import Axis, Line, Panel, Points

__all__ = ["one_update"]

SHARES = evenly(0, 1, 0.05)


def one_update() -> Explorer:
    """One update: a value, an outcome and two learning rates give a prediction error and a new value.

    Returns:
        The explorer.

    Example:
        >>> one_update().results(value=0.5, outcome=1.0, alpha_p=0.4)["updated"].item()
        0.7
    """
    controls = (
        Slider("value", "Value before", SHARES, 0.5),
        Slider("outcome", "Outcome", SHARES, 1.0),
        Slider("alpha_p", "Learning rate alpha_p, better than expected", SHARES, 0.4),
        Slider("alpha_n", "Learning rate alpha_n, worse than expected", SHARES, 0.2),
    )
    lines = (
        Line("now", "x", "y", colour="grey", dash="dotted"),
        Line("error", "x", "y", "prediction error", "orange", "dashed", 4),
        Line("step", "x", "y", "learning rate × prediction error", "blue", "solid", 4),
        Points("before", "x", "y", "value before", "grey", "circle", 12, filled=False),
        Points("outcome", "x", "y", "outcome", "orange", "diamond", 14),
        Points("after", "x", "y", "value after", "blue", "circle", 12),
    )
    return explorer(
        "one_update",
        "One update",
        controls,
        _compute,
        (Panel(Axis("Value", -0.05, 1.05), None, lines, height=170),),
        ("The prediction error is {error_size:+.2f}. The value moves by {step_size:+.2f} to {updated:.2f}.",),
        "A line from 0 to 1. Above, the prediction error reaches from the value to the outcome; below, the "
        "value moves a part of this way.",
    )


def _compute(value: Any, outcome: Any, alpha_p: Any, alpha_n: Any) -> dict[str, Any]:
    updated, (before, error) = asymmetric_rescorla_wagner_update(value, (outcome, 1), alpha_p, alpha_n)
    at = lambda x, y: {"x": jnp.stack(jnp.broadcast_arrays(*x)), "y": jnp.array(y)}  # noqa: E731
    return {
        "error_size": error,
        "step_size": updated - before,
        "updated": updated,
        "now": at([before, before], [-0.9, 0.9]),
        "error": at([before, outcome], [0.45, 0.45]),
        "step": at([before, updated], [-0.45, -0.45]),
        "before": at([before], [0.0]),
        "outcome": at([outcome], [0.45]),
        "after": at([updated], [-0.45]),
    }
