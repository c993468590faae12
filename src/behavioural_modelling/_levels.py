"""Which values a model permits: data with other outcomes or inputs are refused where they are read.

An outcome of -1 where 1 - r is meant, or a cue counted from 1, would be computed with like any other number.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from . import _checks
from .models import Model
from .tasks import Schedule
from .trials import Trials

__all__: list[str] = []

OUTCOMES = "outcomes"
"""The name that a model's levels give the outcomes."""


def check_form(model: Model) -> None:
    """Refuse levels that are not written as they should be, or are of what the model does not need."""
    if not isinstance(model.needs_all_outcomes, bool):
        _checks.fail("model.needs_all_outcomes", "True or False", repr(model.needs_all_outcomes))
    expected = "a tuple of pairs of a name and a tuple of numbers, such as (('outcomes', (0, 1)),)"
    if not isinstance(model.levels, tuple) or not all(map(_is_level, model.levels)):
        _checks.fail("model.levels", expected, repr(model.levels))
    odd = [name for name, _ in model.levels if name not in (OUTCOMES, *model.inputs)]
    if odd:
        _checks.fail("model.levels", "'outcomes', or the names of the model's inputs", repr(odd[0]))


def _is_level(level: Any) -> bool:
    """Whether it is a name and a tuple of finite numbers."""
    pair = isinstance(level, tuple) and len(level) == 2 and isinstance(level[1], tuple) and len(level[1]) > 0
    return pair and isinstance(level[0], str) and all(map(_is_number, level[1]))


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) and bool(np.isfinite(x))


def check_trials(model: Model, trials: Trials) -> None:
    """Refuse trials that count and hold what the model does not permit."""
    if model.levels:
        learns = _both(trials.mask, trials.feedback)
        _check(model, "trials.", trials.outcomes, trials.inputs, trials.mask, learns, trials.available)


def check_schedule(model: Model, task: Schedule) -> None:
    """Refuse a schedule likewise."""
    if model.levels:
        learns = _both(task.mask, task.feedback)
        _check(model, "", task.outcomes, task.inputs, task.mask, learns, task.available)


def asked(model: Model, reacts: bool) -> tuple[str, ...]:
    """What has to be told of a task that reacts, so that what it did can be looked at."""
    names = [name for name, _ in model.levels] if reacts else []
    return tuple({OUTCOMES if name == OUTCOMES else "inputs": None for name in names})


def check_played(model: Model, told: dict[str, Any]) -> None:
    """Refuse what a task that reacts has shown and paid, once it is known."""
    _check(model, "", told.get(OUTCOMES), told.get("inputs"), None, None, told.get("available"))


def _check(model, where, outcomes, inputs, counts, learns, available) -> None:
    for name, permitted in model.levels:
        expected = f"{_listed(permitted)}, which {model.name} is for"
        if name != OUTCOMES:
            _check_array(f"{where}inputs[{name!r}]", expected, inputs[name], permitted, counts, None)
            continue
        for path, x in jax.tree_util.tree_leaves_with_path(outcomes):
            label = f"{where}outcomes{jax.tree_util.keystr(path)}"
            _check_array(label, expected, x, permitted, learns, available)


def _check_array(label, expected, x, permitted, counts, available) -> None:
    """Refuse an array, (n_subjects or 1, n_trials, ...), with another value on a trial that counts."""
    said = [y for y in (counts, available) if y is not None]
    values = _checks.known_values(x)
    if values is None or any(_checks.known_values(y) is None for y in said):  # JAX traces them
        return
    good = np.isin(values, np.asarray(permitted, values.dtype if values.dtype.kind == "f" else float))
    if counts is not None:
        counts = _of_rows(counts, len(values))
        good = good | ~counts.reshape(counts.shape + (1,) * (values.ndim - 2))
    if available is not None and values.shape[-1] > 1:
        good = good | ~_of_rows(available, len(values))
    _checks.every(label, expected, values, good)


def _of_rows(said: Any, n_rows: int) -> np.ndarray:
    """What is said of each subject, for rows that they share, or that are held here."""
    values = _checks.host_values(said)
    return np.any(values, axis=0, keepdims=True) if n_rows == 1 else values[:n_rows]


def _both(mask: Any, feedback: Any) -> Any:
    return feedback if mask is None else mask if feedback is None else mask & feedback


def _listed(numbers: tuple[float, ...]) -> str:
    *first, last = (f"{x:g}" for x in numbers)
    return f"{', '.join(first)} or {last}" if first else last
