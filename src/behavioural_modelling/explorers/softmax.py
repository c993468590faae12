"""Explorer: from values to probabilities of choice."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .. import decision_rules
from .controls import Slider, evenly, in_proportion
from .explorer import Explorer, explorer
from .layers import Axis, Bars, Line, Panel, Points

__all__ = ["softmax"]

SHARES = evenly(0, 1, 0.05)
PLACES = evenly(0, 1, 0.025)


def softmax() -> Explorer:
    """The softmax: values, a temperature and a lapse give the probabilities of three actions.

    Returns:
        The explorer.

    Example:
        >>> softmax().results(lapse=1.0)["choices"]["p"].round(3).tolist()
        [0.333, 0.333, 0.333]
    """
    controls = (
        Slider("value_a", "Value of action A", SHARES, 0.7),
        Slider("value_b", "Value of action B", SHARES, 0.5),
        Slider("value_c", "Value of action C", SHARES, 0.2),
        Slider("temperature", "Temperature τ", in_proportion(0.02, 2, 21), 0.2, digits=3),
        Slider("lapse", "Lapse ε", SHARES, 0.0),
    )
    share = Axis("Probability", 0, 1.04)
    bars = Panel(
        Axis("Action", 0.4, 3.6, ticks={1: "A", 2: "B", 3: "C"}), share, (Bars("choices", "x", "p"),), 190
    )
    curve = (
        Line("curve", "x", "p", "probability of A at each value of A", "blue"),
        Points("now", "x", "p", "as set", "orange", "diamond", 14),
    )
    return explorer(
        "softmax",
        "Softmax, temperature and lapse",
        controls,
        _compute,
        (bars, Panel(Axis("Value of A", -0.03, 1.03), share, curve, 220)),
        ("A is chosen with probability {p_a:.2f}, B with {p_b:.2f}, C with {p_c:.2f}.",),
        "Above, bars for the probabilities of three actions. Below, the probability of the first rises with "
        "its value in the form of an S; a marker shows the value that is set.",
    )


def _compute(value_a: Any, value_b: Any, value_c: Any, temperature: Any, lapse: Any) -> dict[str, Any]:
    def probabilities(a):
        values = jnp.stack(jnp.broadcast_arrays(a, value_b, value_c)).astype(float)
        return decision_rules.lapse_mixture(decision_rules.softmax(values, temperature), lapse)

    p, places = probabilities(value_a), jnp.array(PLACES)
    return {
        **{"p_a": p[0], "p_b": p[1], "p_c": p[2]},
        "choices": {"x": jnp.arange(1.0, 4.0), "p": p},
        "curve": {"x": places, "p": jax.vmap(probabilities)(places)[:, 0]},
        "now": {"x": jnp.reshape(value_a, 1), "p": p[:1]},
    }
