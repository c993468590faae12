r"""What a paper says of a model: from its builder's docstring and arguments, and from what it asks for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import models as _models
from ..models import Model, _pickling
from ..models._parts import FREE
from . import _in_words as words

__all__: list[str] = []

TOLD_ELSEWHERE = ("n_actions", "n_cues", "initial_value")
"""Arguments that initial values and the levels of inputs tell of."""

FEW = 4
"""So many levels of an input are named; of more their ends."""


class Made(NamedTuple):
    """One step in the making of a model.

    Attributes:
        builder: The public function.
        arguments: What the private one that it calls was given, by name, as far as it names them.
    """

    builder: Callable
    arguments: dict[str, Any]


def builders(model: Model) -> tuple[Model | None, list[Made]]:
    """The functions in `models` that made a model, from the inside out, and what they began with.

    That is None where the innermost one made it from nothing, and else a model of the reader's own.
    """
    build, arguments = _pickling.reduced(model)
    found = None if build is Model else _public(build, model.name)
    if found is None:
        return model, []
    made = Made(found, _named(build, arguments))
    inner = next((x for x in arguments if isinstance(x, Model)), None)
    if inner is None:
        return None, [made]
    base, inside = builders(inner)
    return base, [*inside, made]


def _public(build: Callable, name: str) -> Callable | None:
    """The public function that calls a private one; of several that share it, the one of the model's name."""
    public = (getattr(_models, one) for one in _models.__all__)
    beside = [f for f in public if inspect.isfunction(f) and f.__module__ == build.__module__]
    named = [f for f in beside if f.__name__ == name]
    calling = [f for f in beside if build.__name__ in inspect.unwrap(f).__code__.co_names]
    return next(iter([*named, *calling]), None)


def _named(build: Callable, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments of a private function by name; those that it passes on without names are left out."""
    private = inspect.signature(build).parameters.values()
    named = [one.name for one in private if one.kind is not one.VAR_POSITIONAL]
    return dict(zip(named, arguments, strict=False))


def described(model: Model) -> str:
    """A model's name, what it does, what it is given, and what it permits."""
    return ". ".join([what_it_does(model), *what_it_is_given(model)])


def what_it_does(model: Model) -> str:
    """A model's name and, from its builder's docstring and arguments, what it does."""
    base, made_by = builders(model)
    if base is None:
        said = [_summary(made_by[0].builder) + _settings(made_by[0]), *map(_addition, made_by[1:])]
        return f"{words.code(model.name)}: {'; '.join(said)}"
    said = f"{words.code(model.name)}, a model that is not one of the package's builders"
    return "; ".join([said, *map(_addition, made_by)])


def _addition(made: Made) -> str:
    """What a function adds to the model that it is given."""
    summary = _summary(made.builder)
    return f"with {words.code(made.builder.__name__)}, {summary[:1].lower()}{summary[1:]}{_settings(made)}"


def _settings(made: Made) -> str:
    """What a builder was told, as far as nothing else tells it."""
    public = inspect.signature(made.builder).parameters
    told = [
        f"{words.code(name)} = {_value(value)}"
        for name, value in made.arguments.items()
        if name in public and not _told_elsewhere(name, value)
    ]
    return f" ({', '.join(told)})" if told else ""


def _told_elsewhere(name: str, value: Any) -> bool:
    """Whether parameters, initial values or the levels of inputs tell of an argument."""
    without = name == "inverse_temperature" and isinstance(value, bool)
    return without or name in TOLD_ELSEWHERE or value is None or isinstance(value, Model) or value == FREE


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return words.listed(map(_value, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.plain(value) if isinstance(value, (int, float)) else words.code(str(value))


def what_it_is_given(model: Model) -> list[str]:
    """Sentences about inputs, outcomes of all actions and permitted values, where there is any to tell."""
    levels, said = dict(model.levels), []
    inputs = [
        words.code(one) + (f" ({_levels(levels[one])})" if one in levels else "") for one in model.inputs
    ]
    if inputs:
        said.append(f"On each trial it is given the input{'s' * (len(inputs) > 1)} {words.listed(inputs)}")
    if model.needs_all_outcomes:
        said.append("It learns from what every action paid, those that were not chosen included")
    if "outcomes" in levels:
        said.append(f"Outcomes are {_levels(levels['outcomes'])}")
    return said


def _levels(levels: tuple[float, ...]) -> str:
    """0 or 1; 0 to 5."""
    whole = list(levels) == list(range(int(levels[0]), int(levels[0]) + len(levels)))
    if whole and len(levels) > FEW:
        return f"{words.plain(levels[0])} to {words.plain(levels[-1])}"
    return words.listed(map(words.plain, levels), "or")


# Equations.

BLOCK = re.compile(r"^\.\. math::(.*(?:\n(?:[ ]+.*|(?=\n)))*)", re.MULTILINE)
"""The mathematics of a docstring: the rest of its line, and what is indented below."""

SCALED = re.compile(
    r"((?:\\?[A-Za-z]+(?:_(?:\w|\{\w+\}))?)?\((?:[^()]|\([^()]*\))*\)|[A-Za-z])\s*/\s*\\tau(_\w)?(?![\w^])"
)
"""A preference over its temperature, as docstrings have it."""

WHERE = re.compile(r"\s*(?:\\quad)?\s*\[(\\text\{without \}\s*)?\\mathtt\{([\w\\]+)\}\]")
"""For which models a part of an equation is: with a parameter or an argument of this name, or without one."""


def equations(model: Model) -> tuple[str, ...]:
    """The equations of a model, in LaTeX.

    They are those in the docstrings of its builders, of the reader's own model of its `init`, `predict` and
    `update`. Builders write temperatures; where the model has an inverse temperature, so has its equation.
    Parts that end with a name in brackets, as in `WHERE`, are for some of a builder's models alone.
    """
    base, made_by = builders(model)
    own = [] if base is None else [_own(f) for f in (base.init, base.predict, base.update)]
    named = {parameter.name for parameter in model.parameters}
    found = [one for text in own for one in _blocks(text)]
    for made in made_by:
        has = named | {x for x in made.arguments.values() if isinstance(x, str)}
        has |= {name for name, x in made.arguments.items() if x is not None and x is not False}
        parts = [_for_model(one, has) for one in _blocks(_doc(made.builder))]
        found += [SCALED.sub(lambda match: _scaled(match, named), one) for one in parts if one]
    return tuple(found)


def _blocks(text: str) -> list[str]:
    """The equations in a docstring, each on one line; an empty line within a block parts two."""
    blocks = [part for found in BLOCK.findall(text) for part in re.split(r"\n\s*\n", found)]
    return [re.sub(r"\s+", " ", one).strip() for one in blocks if one.strip()]


def _for_model(equation: str, has: set[str]) -> str:
    """Those parts of an equation that are for a model with these parameters and arguments."""
    kept = []
    for part in re.split(r",\s*\\qquad\s*", equation):
        where = WHERE.search(part)
        if where is None or (where[2].replace("\\", "") in has) != bool(where[1]):
            kept.append(WHERE.sub("", part))
    return r", \qquad ".join(kept)


def _scaled(found: re.Match, named: set[str]) -> str:
    """A preference times the inverse temperature, where the model has that one."""
    preference, of = found[1], found[2] or ""
    # One inverse temperature may be that of several stages.
    inverse = not named.isdisjoint({"inverse_temperature", f"inverse_temperature{of}"})
    return rf"\beta{of}\, {preference}" if inverse and f"temperature{of}" not in named else found[0]


def _own(function: Any) -> str:
    """The docstring of a reader's function, not that of the class which an object such as a partial has."""
    return _doc(function) if inspect.isfunction(inspect.unwrap(function)) else ""


def _doc(function: Callable) -> str:
    return inspect.getdoc(function) or ""


def _summary(function: Callable) -> str:
    """The first sentence of a docstring; where Python runs without them, the name."""
    text = _doc(function).split("\n\n")[0].replace("\n", " ").rstrip(".")
    return text or words.code(function.__name__)
