"""Made-up subjects: parameters drawn from what they may be, and the trials that such subjects would leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Key

from . import _checks, _parameters
from .models import Model
from .simulation import simulate
from .trials import Trials

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


def trials(
    key: Key[Array, ""], model: Model, params: Mapping[str, Any], outcomes: Any, available: Any, reset: Any
) -> Trials:
    """What subjects with these parameters do in a task, put together as data."""
    task = {"available": available, "reset": reset}
    choices = np.asarray(simulate(key, model, params, outcomes, record=("choices",), **task).choices)
    if available is not None:
        available = np.broadcast_to(available, (*choices.shape, model.n_actions))
    reset = None if reset is None else np.broadcast_to(reset, choices.shape)
    return Trials(choices, outcomes, available, reset=reset, shared=np.ndim(outcomes) == 2)


def _is_prior(x: Any) -> bool:
    """Whether `x` is a distribution to draw from."""
    return hasattr(x, "sample") and hasattr(x, "log_prob")


def _drawn(keys: Array, k: int, x: Any) -> Any:
    """Draws of the k-th parameter where it has a distribution; its values where it has them."""
    if not _is_prior(x):
        return x
    return jax.vmap(lambda key: x.sample(jax.random.fold_in(key, k)))(keys)
