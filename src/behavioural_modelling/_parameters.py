"""The parameters of many subjects: checked against a model, counted, and spread out to one per subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from . import _checks, _door
from ._types import Numbers
from .models import Model, Parameter

__all__: list[str] = []


def checked(params: Mapping[str, Numbers], model: Model) -> dict[str, Array]:
    """The model's parameters, each in its range, each a number or one per subject."""
    _door.checked(model)
    names = [parameter.name for parameter in model.parameters]
    if not isinstance(params, Mapping):
        _checks.fail("params", f"a dict with {', '.join(names)}", type(params).__name__)
    for problem, odd in (
        ("unknown", [name for name in params if name not in names]),
        ("missing", [name for name in names if name not in params]),
    ):
        if odd:
            _checks.fail("params", ", ".join(names), f"{problem} {', '.join(map(repr, odd))}")
    return {p.name: in_its_range("params", params[p.name], p) for p in model.parameters}


def in_its_range(argument: str, x: Numbers, parameter: Parameter) -> Array:
    """The values of one parameter, each in its range: a number or one per subject."""
    name, x = f"{argument}[{parameter.name!r}]", _checks.real_array(f"{argument}[{parameter.name!r}]", x)
    if x.ndim > 1 or 0 in x.shape:
        _checks.fail(name, "a number, or shape (n_subjects,)", f"shape {x.shape}")
    _checks.in_range(name, x, parameter.lower, parameter.upper, above=parameter.above)
    return x


def precision(params: Mapping[str, Array], *data: Any) -> np.dtype:
    """The floating-point type of parameters and data, of 32 bits or more."""
    return np.dtype(jnp.result_type(jnp.float32, *params.values(), *jax.tree.leaves(data)))


def per_subject(
    params: Mapping[str, Array], counts: dict[str, int], *data: Any
) -> tuple[dict[str, Float[Array, "n_subjects"]], np.dtype]:
    """One number per subject, in the `precision` of parameters and data; and that type.

    `counts` says of how many subjects the data are, by what they are called; all must agree.
    """
    n_subjects = _agreed({f"params[{name!r}]": len(x) for name, x in params.items() if x.ndim} | counts)
    dtype = precision(params, *data)

    def spread(x):
        x = x if x.shape == (n_subjects,) else jnp.broadcast_to(x, n_subjects)
        return x if x.dtype == dtype else x.astype(dtype)

    return {name: spread(x) for name, x in params.items()}, dtype


def _agreed(counts: Mapping[str, int]) -> int:
    """How many subjects everything speaks of; one where nothing does."""
    name, n_subjects = next(iter(counts.items()), ("params", 1))
    for other, count in counts.items():
        if count != n_subjects:
            _checks.fail(other, f"{n_subjects} subjects, as in {name}", f"{count}")
    return n_subjects
