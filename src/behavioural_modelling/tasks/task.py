"""What a task is: pure functions of one subject, so that what comes next may depend on what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..models import Trial, _pickling

__all__ = ["Task"]


class Task(NamedTuple):
    """A task that reacts, for one subject. The simulator runs it beside a model.

    `state` is whatever the task carries from trial to trial: an array, or a tuple or dict of arrays, which
    keep their shapes and types; reward probabilities that drift, for instance.

    Attributes:
        name: The name of the task.
        n_trials: How many trials there are. Two choices in a trial are two trials here, told apart by an
            input.
        n_actions: How many actions there are to choose from; None where nothing is chosen.
        init: `init(key)` gives the state before the first trial. The key is the subject's own.
        show: `show(state, t)` gives the `Trial`: what is shown and on offer on trial t, counted from 0.
        respond: `respond(key, state, response)` gives `(outcome, state)`. The key is this trial's own. The
            response is a choice, a rating, or a dict of its parts. The outcome is what each action would have
            paid, shape (n_actions,), or one number where only what was chosen pays, or a dict of such.
    """

    name: str
    n_trials: int
    n_actions: int | None
    init: Callable[[Any], Any]
    show: Callable[[Any, Any], Trial]
    respond: Callable[[Any, Any, Any], tuple[Any, Any]]

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.reduced(self)
