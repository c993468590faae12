"""The parameters of many subjects: checked against a model, counted, and spread out to one per subject."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from . import _checks
from .models import Model, Parameter, _door

__all__: list[str] = []


def checked(params: Mapping[str, ArrayLike], model: Model) -> dict[str, Array]:
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


def in_its_range(argument: str, x: ArrayLike, parameter: Parameter) -> Array:
    """The values of one parameter, each in its range: a number or one per subject."""
    name, x = f"{argument}[{parameter.name!r}]", _checks.real_array(f"{argument}[{parameter.name!r}]", x)
    if x.ndim > 1 or 0 in x.shape:
        _checks.fail(name, "a number, or shape (n_subjects,)", f"shape {x.shape}")
    _checks.in_range(name, x, parameter.lower, parameter.upper, above=parameter.above)
    return x


def count_subjects(params: Mapping[str, Array], **others: Array | None) -> int:
    """How many subjects the parameters and the other arrays speak of; they must agree."""
    counts = {f"params[{name!r}]": len(x) for name, x in params.items() if x.ndim}
    counts |= {name: len(x) for name, x in others.items() if x is not None}
    name, n_subjects = next(iter(counts.items()), ("params", 1))
    for other, count in counts.items():
        if count != n_subjects:
            _checks.fail(other, f"{n_subjects} subjects, as in {name}", f"{count}")
    return n_subjects


def per_subject(
    params: Mapping[str, Array], n_subjects: int, outcomes: Array
) -> tuple[dict[str, Float[Array, "n_subjects"]], Float[Array, "..."]]:
    """One number per subject, and the outcomes, in one floating-point type of 32 bits or more."""
    dtype = jnp.promote_types(jnp.result_type(outcomes, *params.values()), jnp.float32)
    spread = {name: jnp.broadcast_to(x, n_subjects).astype(dtype) for name, x in params.items()}
    return spread, outcomes.astype(dtype)
