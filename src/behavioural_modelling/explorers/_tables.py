"""Tables that are too dear to compute on a page: `scripts/make_explorer_tables.py` makes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__: list[str] = []


@cache
def table(name: str) -> dict[str, Any]:
    """A table by its name: its recipe, and arrays with an axis for each axis of the recipe's grid."""
    file = resources.files("behavioural_modelling.explorers").joinpath("tables", f"{name}.json")
    return json.loads(file.read_text(encoding="utf-8"))


def look_up(array: Any, axes: Sequence[Sequence[float]], values: Sequence[Any]) -> Any:
    """The entry of an array at values of its first axes, which are those of the grid."""
    array = jnp.asarray(np.array(array, float))
    places = [jnp.argmin(jnp.abs(jnp.array(axis) - value)) for axis, value in zip(axes, values, strict=True)]
    rest = array.shape[len(places) :]
    starts = [*places, *[jnp.zeros_like(places[0]) for _ in rest]]
    return jax.lax.dynamic_slice(array, starts, (1,) * len(places) + rest).reshape(rest)
