"""The door of a model: what its parameters and functions must be, checked before anything is computed.

A model that gave one logit for two actions would be certain of all that it sees, and win every comparison.
JAX tells shapes and types without computing, so each model is looked at once for each kind of trial.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from keyword import iskeyword
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from . import _checks, _levels, _shapes
from ._play import as_seen, in_precision
from .models import Model, Parameter, Response, Trial
from .models.model import UNITS
from .models.responses import categorical
from .tasks import Task

__all__: list[str] = []

TAKEN = ("choices", "inputs", "available", "log_prob", "outcomes", "state")
TAKEN = (*TAKEN, "parts", "records", "to_dataframe")
"""Names that a `Trace` has for something else than what a model tells."""


class Spec(NamedTuple):
    """What one trial holds, so that it can be hashed: the shapes and types of a tree of arrays.

    The tree is `(outcome, available, inputs)`, as `Trial` and `Model.update` name them.
    """

    leaves: tuple[jax.ShapeDtypeStruct, ...]
    tree: Any


class Tells(NamedTuple):
    """What a model has to tell of a trial: the names of its records, and of what its response reports."""

    records: tuple[str, ...]
    reports: tuple[str, ...]


def checked(model: Any) -> Model:
    """A `Model` whose parameters can be told apart, and whose fields JAX can hash."""
    if not isinstance(model, Model):
        _checks.fail("model", "a Model, as the builders in models make it", type(model).__name__)
    if not isinstance(model.response, Response):
        expected = "a Response, such as responses.categorical(n_actions)"
        _checks.fail("model.response", expected, type(model.response).__name__)
    for field, kind in (("parameters", "Parameter"), ("inputs", "names"), ("response.parts", "names")):
        value = model.response.parts if field == "response.parts" else getattr(model, field)
        if not isinstance(value, tuple):
            expected = f"a tuple of {kind} (one that can be hashed, as a list cannot)"
            _checks.fail(f"model.{field}", expected, type(value).__name__)
    _check_parameters(model.parameters)
    odd = [name for name in model.inputs if not isinstance(name, str)]
    if odd:
        _checks.fail("model.inputs", "names, as text", f"{odd[0]!r}")
    _levels.check_form(model)
    try:
        hash(model)
    except TypeError as error:
        _checks.fail("model", "fields that can be hashed, as functions and tuples can", str(error))
    return model


def _check_parameters(parameters: tuple[Parameter, ...]) -> None:
    """Refuse what is no `Parameter`, and two of one name."""
    for i, parameter in enumerate(parameters):
        if not isinstance(parameter, Parameter):
            _checks.fail(f"model.parameters[{i}]", "a Parameter", type(parameter).__name__)
        if parameter.unit not in UNITS:
            units = ", ".join(map(repr, UNITS))
            _checks.fail(f"the unit of parameter {parameter.name!r}", f"one of {units}", repr(parameter.unit))
    names = [parameter.name for parameter in parameters]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()
    if twice:
        _checks.fail("model.parameters", "distinct names", f"{', '.join(map(repr, sorted(twice)))} twice")


def check(model: Model, spec: Spec, dtype: Any) -> Tells:
    """Refuse a checked model whose functions do not fit together on such a trial, in numbers of `dtype`.

    What the reader's own functions raise passes through as it is.
    """
    # Where JAX looks for leaks, a model that holds a tracer must not be kept.
    look = _check.__wrapped__ if _checks.setting("jax_check_tracer_leaks") else _check
    return look(model, spec, np.dtype(dtype), _checks.setting("jax_enable_x64"))


@lru_cache(maxsize=512)
def _check(model: Model, spec: Spec, dtype: Any, x64: bool) -> Tells:
    """`check`, once for each model, kind of trial and precision."""
    outcome, available, inputs = spec.tree.unflatten(spec.leaves)
    _check_outcomes(model, outcome)
    params = {p.name: jax.ShapeDtypeStruct((), dtype) for p in model.parameters}
    trial = Trial(inputs, available)
    first = _shapes.shapes("model.init", model.init, params)
    prediction = _predicted(model, params, first, trial, dtype)
    response = _drawn(model, prediction, dtype)
    responded = _encoded(model, response, dtype)
    seen = jax.eval_shape(lambda *a: jax.tree.map(partial(as_seen, model, a[0]), a[1]), responded, outcome)
    # A plain number in the first state takes on the type of what it becomes, as it does in a scan.
    state = _shapes.settled(first, _updated(model, params, first, trial, responded, seen)[0])
    after, records = _updated(model, params, state, trial, responded, seen)
    _shapes.check_same_state(state, after)
    prediction = _predicted(model, params, state, trial, dtype)
    report = _shapes.shapes("model.response.report", model.response.report or (lambda _: {}), prediction)
    taken = (*TAKEN, *model.response.parts)
    reports = _names("model.response.report", report, taken)
    return Tells(_names("model.update", records, (*taken, "choice_p", *reports)), reports)


def _check_outcomes(model: Model, outcome: Any) -> None:
    """Refuse to learn of all actions from what the chosen one paid: the others would seem to pay 0."""
    short = [x for x in jax.tree.leaves(outcome) if x.shape != (model.n_actions,)]
    if model.needs_all_outcomes and model.n_actions is not None and short:
        expected = f"what each of {model.n_actions} actions would have paid, as {model.name} learns from all"
        _checks.fail("outcomes", expected, "what the chosen one paid")


def check_task(task: Task, model: Model, dtype: Any) -> tuple[Spec, tuple[str, ...]]:
    """What a task that reacts shows and pays on a trial, and what of it a trace keeps; or a refusal."""
    return _check_task(task, model, np.dtype(dtype), _checks.setting("jax_enable_x64"))


@lru_cache(maxsize=512)
def _check_task(task: Task, model: Model, dtype: Any, x64: bool) -> tuple[Spec, tuple[str, ...]]:
    if task.n_actions != model.n_actions:
        _checks.fail(
            "outcomes", f"a task with {model.n_actions} actions, as in the model", f"{task.n_actions}"
        )
    key, number = jax.eval_shape(jax.random.key, 0), jax.ShapeDtypeStruct((), np.int32)
    precise = lambda function: lambda *a: in_precision(function(*a), dtype)  # noqa: E731
    state = _shapes.shapes("task.init", precise(task.init), key)
    shown = _shapes.shapes("task.show", precise(task.show), state, number)
    if not isinstance(shown, Trial):
        _checks.fail("task.show", "a Trial", type(shown).__name__)
    for name in model.inputs:
        if name not in shown.inputs:
            found = ", ".join(map(repr, shown.inputs)) or None
            _checks.fail("outcomes", f"a task that shows {name!r}, which {model.name} needs", found)
    given = {
        part: jax.ShapeDtypeStruct((), np.int32 if part == "choices" else dtype)
        for part in model.response.parts
    }
    response = given if len(given) > 1 else next(iter(given.values()))
    paid = _shapes.shapes("task.respond", precise(task.respond), key, state, response)
    if not isinstance(paid, tuple) or len(paid) != 2:
        _checks.fail("task.respond", "the pair (outcome, state)", type(paid).__name__)
    _shapes.check_same_state(state, paid[1], "task.respond")
    for outcome in jax.tree.leaves(paid[0]):
        _shapes.check_real(
            "task.respond", "outcomes", outcome, [(), *([(model.n_actions,)] if model.n_actions else [])]
        )
    inputs = {name: shown.inputs[name] for name in model.inputs}
    leaves, tree = jax.tree.flatten((paid[0], shown.available, inputs))
    keeps = [("inputs", shown.inputs), ("available", shown.available is not None)]
    return Spec(tuple(leaves), tree), ("outcomes", *(name for name, there in keeps if there))


def _predicted(model: Model, params: dict, state: Any, trial: Trial, dtype: Any) -> Any:
    """The shapes of a prediction, among what is on offer."""
    prediction = _shapes.shapes("model.predict", model.predict, params, state, trial)
    if model.n_actions is not None and model.response == categorical(model.n_actions):
        _shapes.check_real("model.predict", "logits", prediction, [(model.n_actions,)])
    prediction = jax.eval_shape(partial(in_precision, dtype=dtype), prediction)
    if trial.available is not None and model.response.on_offer is not None:
        on_offer = model.response.on_offer
        prediction = _shapes.shapes("model.response.on_offer", on_offer, prediction, trial.available)
    return prediction


def _drawn(model: Model, prediction: Any, dtype: Any) -> Any:
    """The shapes of a response; its parts must be numbers, and have a log-probability."""
    response, parts = model.response, model.response.parts
    n_uniforms = _checks.size("model.response.n_uniforms", response.n_uniforms, minimum=0)
    uniforms = jax.ShapeDtypeStruct((n_uniforms,), dtype)
    drawn = _of_response("draw", response.draw, prediction, uniforms)
    by_part = drawn if isinstance(drawn, dict) else {parts[0]: drawn} if len(parts) == 1 else {}
    if set(by_part) != set(parts) or any(getattr(x, "shape", None) != () for x in by_part.values()):
        expected = "one number" if len(parts) == 1 else f"a dict of numbers {', '.join(map(repr, parts))}"
        _checks.fail("model.response.draw", expected, jax.tree.map(_shapes.described, drawn))
    given = {part: jax.ShapeDtypeStruct((), np.int32 if part == "choices" else dtype) for part in parts}
    given = given[parts[0]] if len(parts) == 1 else given
    score = _of_response("log_prob", response.log_prob, prediction, given)
    _shapes.check_real("model.response.log_prob", "one log-probability", score, [()])
    return given


def _of_response(name: str, function: Callable, prediction: Any, *arguments: Any) -> Any:
    """What a function of the response makes of a prediction; one that it cannot use is named."""
    try:
        return _shapes.shapes(f"model.response.{name}", function, prediction, *arguments)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        received = (
            f"{jax.tree.map(_shapes.described, prediction)} ({type(error).__name__} in {name}: {error})"
        )
        raise ValueError(f"model.predict: expected what the response takes, got {received}") from error


def _encoded(model: Model, response: Any, dtype: Any) -> Any:
    """The shapes of a response as `update` sees it."""
    encode = model.response.encode
    encoded = _shapes.shapes("model.response.encode", lambda x: in_precision(encode(x), dtype), response)
    chosen = encoded.get("choices") if isinstance(encoded, dict) else encoded
    if model.n_actions is not None and getattr(chosen, "shape", None) != (model.n_actions,):
        expected = f"the choice one-hot, shape ({model.n_actions},), alone or as 'choices' in a dict"
        _checks.fail("model.response.encode", expected, jax.tree.map(_shapes.described, encoded))
    return encoded


def _updated(model: Model, *arguments: Any) -> tuple[Any, Any]:
    """The shapes of the state and the records after a trial."""

    def update(*arguments):
        pair = model.update(*arguments)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[1], dict):
            received = f"{len(pair)} things" if isinstance(pair, (tuple, list)) else type(pair).__name__
            if isinstance(pair, (tuple, list)) and len(pair) == 2:
                received = f"a {type(pair[1]).__name__} as the second"
            _checks.fail("model.update", "the pair (state, dict of records)", received)
        return tuple(pair)

    return _shapes.shapes("model.update", update, *arguments)


def _names(where: str, records: Any, taken: tuple[str, ...]) -> tuple[str, ...]:
    """The names of what is told, which must be such that `trace.name` can be written."""
    for name in records:
        word = isinstance(name, str) and name.isidentifier() and not iskeyword(name)
        if not word or name.startswith("_") or name in taken:
            expected = "records whose names can stand behind a dot, and mean nothing else in a Trace"
            _checks.fail(where, expected, repr(name))
    return tuple(records)


def spec_of(outcomes: Any, available: Any, inputs: dict[str, Array], dtype: Any) -> Spec:
    """What the arrays of a driver tell a model on one trial: shapes and types, which can be hashed."""

    def one(x):
        floating = jnp.issubdtype(x.dtype, jnp.floating)
        return jax.ShapeDtypeStruct(x.shape[2:], dtype if floating else x.dtype)

    leaves, tree = jax.tree.flatten(jax.tree.map(one, (outcomes, available, inputs)))
    return Spec(tuple(leaves), tree)
