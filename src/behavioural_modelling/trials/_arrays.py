"""The arrays of `Trials`: read, and checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .. import _checks
from . import _choices, _outcomes

__all__: list[str] = []


def checked(
    choices: Any,
    outcomes: Any,
    available: Any,
    mask: Any,
    reset: Any,
    feedback: Any,
    inputs: Any,
    responses: Any,
    shared: Any,
) -> tuple[Any, ...]:
    """The fields of `Trials`, in their order, from what a reader gives."""
    if not (shared is None or isinstance(shared, (bool, np.bool_))):
        _checks.fail("shared", "None, True or False", repr(shared))
    choices, shape = _responded(choices, responses)
    mask, reset, feedback = (
        None if x is None else _checks.booleans(name, x, shape)
        for name, x in (("mask", mask), ("reset", reset), ("feedback", feedback))
    )
    inputs = _by_name("inputs", inputs, shape, as_one=True, mask=mask)
    responses = _by_name("responses", responses, shape, as_one=False, mask=mask)
    offers = None if available is None else _offers(available, shape)
    responded = choices if responses is None else next(iter(responses.values()))
    known = _known(shape, choices, responded, mask, feedback, offers)
    arrays, values = _given(outcomes, shape)
    outcomes, feedback = _outcomes.read(arrays, values, known, feedback, shared)
    _choices.check(choices, offers, outcomes, known)
    choices = None if choices is None else jnp.asarray(choices)
    return choices, outcomes, offers, mask, reset, feedback, inputs, responses


def _responded(choices: Any, responses: Any) -> tuple[Any, tuple[int, int]]:
    """The choices, where there are any, and how many subjects and trials there are."""
    if choices is not None:
        choices = _checks.integers("choices", choices)
        if choices.ndim != 2 or 0 in choices.shape:
            expected = "shape (n_subjects, n_trials), at least one of each"
            _checks.fail("choices", expected, f"shape {choices.shape}")
        return choices, choices.shape
    if not isinstance(responses, Mapping) or not responses:
        expected = "choices, or a dict of what was responded instead, such as {'ratings': ...}"
        _checks.fail("responses", expected, type(responses).__name__)
    name, first = next(iter(responses.items()))
    shape = np.shape(first)
    if len(shape) != 2 or 0 in shape:
        expected = "shape (n_subjects, n_trials), at least one of each"
        _checks.fail(f"responses[{name!r}]", expected, f"shape {shape}")
    return None, shape


def _offers(available: Any, shape: tuple[int, int]) -> Bool[Array, "n_subjects n_trials n_actions"]:
    """What was on offer, for some number of actions."""
    available = _checks.plain_array("available", available)
    if available.dtype == bool and available.ndim != 3:
        _checks.fail("available", f"shape ({shape[0]}, {shape[1]}, n_actions)", f"shape {available.shape}")
    return _checks.booleans("available", available, (*shape, (available.shape or (1,))[-1]))


def _known(shape, choices, responded, mask, feedback, offers) -> _outcomes.Known:
    """What is known of the trials beside their outcomes, of those that this machine holds."""
    here = _checks.known_values(responded)
    everywhere = np.ones(shape if here is None else here.shape, bool)
    scored, told = (everywhere if x is None else _checks.known_values(x) for x in (mask, feedback))
    values = None if choices is None else _checks.known_values(choices)
    n_actions = None if offers is None else offers.shape[-1]
    return _outcomes.Known(shape, n_actions, choices is not None, values, scored, told)


def _given(outcomes: Any, shape: tuple[int, int]) -> tuple[dict[str | None, Any], dict[str | None, Any]]:
    """Outcomes by their names, None where they have none, as JAX's arrays and as values where known."""
    if outcomes is None:
        outcomes = np.zeros((1, shape[1], 1))
    if isinstance(outcomes, Mapping) and not outcomes:
        _checks.fail("outcomes", "an array, or a dict of at least one", "an empty dict")
    if isinstance(outcomes, Mapping):
        _check_names("outcomes", outcomes)
    named = outcomes if isinstance(outcomes, Mapping) else {None: outcomes}
    labels = {name: "outcomes" if name is None else f"outcomes[{name!r}]" for name in named}
    arrays = {name: _checks.real_array(labels[name], x) for name, x in named.items()}
    return arrays, {name: _checks.known_values(x) for name, x in arrays.items()}


def _by_name(
    argument: str, given: Any, shape: tuple[int, int], *, as_one: bool, mask: Any
) -> dict[str, Float[Array, "..."]] | None:
    """A dict of arrays by name, each checked; None where there is none."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        _checks.fail(argument, "None, or a dict of arrays", type(given).__name__)
    _check_names(argument, given)
    read = _read_input if as_one else _read_response
    return {name: read(f"{argument}[{name!r}]", x, shape, mask) for name, x in given.items()} or None


def _check_names(argument: str, given: Mapping[Any, Any]) -> None:
    """Refuse names that are no text."""
    for name in given:
        if not isinstance(name, str):
            _checks.fail(argument, "names that are text", repr(name))


def _read_response(name: str, x: Any, shape: tuple[int, int], mask: Any) -> Array:
    """One number per subject and trial."""
    x = _checks.real_array(name, x)
    if x.shape != shape:
        _checks.fail(name, f"shape {shape}", f"shape {x.shape}")
    _check_finite(name, x, mask)
    return x


def _read_input(name: str, x: Any, shape: tuple[int, int], mask: Any) -> Array:
    """Numbers or booleans for each trial, of each subject or of all; integers stay what they are."""
    x = _checks.plain_array(name, x)
    if not (jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool):
        x = _checks.real_array(name, x)
    n_subjects, n_trials = shape
    own, common = x.shape[:2] == shape, x.shape == (n_trials,)
    if not (own or x.shape[:2] == (1, n_trials) or common):
        expected = f"shape ({n_subjects}, {n_trials}, ...), or ({n_trials},) where all subjects see the same"
        _checks.fail(name, expected, f"shape {x.shape}")
    x = jnp.asarray(x)
    x = x if own or x.shape[:2] == (1, n_trials) else _checks.with_axes(x, 0)
    _check_finite(name, x, mask)
    return x


def _check_finite(name: str, x: Array, mask: Any) -> None:
    """Refuse what is NaN or infinite on a trial that counts."""
    values, counts = _checks.known_values(x), None if mask is None else _checks.known_values(mask)
    if values is None or values.dtype.kind != "f" or (mask is not None and counts is None):
        return
    good = np.isfinite(values)
    if counts is not None:
        counts = np.any(counts, axis=0, keepdims=True) if len(values) == 1 else counts[: len(values)]
        good = good | ~counts.reshape(counts.shape + (1,) * (values.ndim - 2))
    _checks.every(name, "finite numbers", values, good)
