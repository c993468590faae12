"""Made-up subjects: parameters drawn from what they may be, and the trials that such subjects would leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Key

from .. import _checks, _parameters
from ..models import Model
from ..simulation import simulate
from ..tasks import Schedule, Task, schedule
from ..trials import Trials

__all__: list[str] = []


def subjects(
    key: Key[Array, ""], model: Model, params: Mapping[str, Any], n_subjects: int | None
) -> dict[str, np.ndarray]:
    """One value of each parameter per subject. Subject i's draws depend on `key` and i alone.

    `params` maps names to numbers, arrays of shape (n_subjects,), or distributions of NumPyro.
    """
    if not isinstance(params, Mapping):
        _checks.fail("params", "a dict of numbers, arrays or distributions", type(params).__name__)
    given = {name: np.shape(x)[0] for name, x in params.items() if not _is_prior(x) and np.ndim(x)}
    counts = (
        {"n_subjects": _checks.size("n_subjects", n_subjects, minimum=1)} if n_subjects is not None else {}
    )
    counts |= {f"params[{name!r}]": n for name, n in given.items()}
    if not counts:
        _checks.fail("n_subjects", "how many subjects, where params are numbers or distributions", None)
    (first, n), *others = counts.items()
    for name, other in others:
        if other != n:
            _checks.fail(name, f"{n} subjects, as in {first}", other)
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, np.arange(n))
    values = {name: _drawn(keys, k, x) for k, (name, x) in enumerate(sorted(params.items()))}
    values = _parameters.checked(values, model)
    return {name: np.broadcast_to(np.asarray(x), n) for name, x in values.items()}


def task_of(outcomes: Any, available: Any, reset: Any, inputs: Any, model: Model) -> Schedule | Task:
    """What is to be played: a task as it is, or one made of arrays."""
    given = {"available": available, "reset": reset, "inputs": inputs}
    if not isinstance(outcomes, (Schedule, Task)):
        return schedule(outcomes, **given, chosen=model.n_actions is not None)
    for name, x in given.items():
        if x is not None:
            _checks.fail(name, f"None, as the {type(outcomes).__name__} says it", type(x).__name__)
    return outcomes


def count(n_subjects: int | None, task: Schedule | Task) -> int | None:
    """How many subjects there are, where a number or the task says so."""
    return task.n_subjects if n_subjects is None and isinstance(task, Schedule) else n_subjects


def trials(key: Key[Array, ""], model: Model, params: Mapping[str, Any], task: Schedule | Task) -> Trials:
    """What subjects with these parameters do in a task, put together as data."""
    if isinstance(task, Task):
        return Trials.from_trace(simulate(key, model, params, task))
    return Trials.from_trace(simulate(key, model, params, task, record=model.response.parts), task)


def _is_prior(x: Any) -> bool:
    """Whether `x` is a distribution to draw from."""
    return hasattr(x, "sample") and hasattr(x, "log_prob")


def _drawn(keys: Array, k: int, x: Any) -> Any:
    """Draws of the k-th parameter where it has a distribution; its values where it has them."""
    if not _is_prior(x):
        return x
    return jax.vmap(lambda key: x.sample(jax.random.fold_in(key, k)))(keys)
