"""What the tests of a model are run on: people, a task, and what is seen of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .. import _checks
from ..models import Model, default_priors
from ..replaying import replay
from ..simulation import simulate
from ..studies import _synthetic
from ..tasks import Schedule, Task
from ..trials import Trials

__all__: list[str] = []


class Setting(NamedTuple):
    """What the tests are run on.

    Attributes:
        model: The model.
        key: One random key.
        task: What is played.
        params: With which parameters people are made up, one value of each per person.
        limit: The limiting case, or None.
    """

    model: Model
    key: Array
    task: Schedule | Task
    params: dict[str, np.ndarray]
    limit: tuple[Mapping[str, float], Model] | None


def setting(key, model, task, params, limit, n_subjects, n_trials) -> Setting:
    """The setting of all tests, from what a reader gives."""
    if task is None:
        if model.inputs:
            expected = f"a task that shows {', '.join(map(repr, model.inputs))}"
            _checks.fail("task", expected, None)
        task = _outcomes(model.n_actions, n_trials)
    task = _synthetic.task_of(task, None, None, None, model)
    n_subjects = _synthetic.count(None, task) or n_subjects
    given = _middle(model) | dict(params or {})
    drawn = _synthetic.subjects(jax.random.fold_in(key, 0), model, given, n_subjects)
    if limit is not None:
        _check_limit(limit, model)
    return Setting(model, key, task, drawn, limit)


def _outcomes(n_actions: int | None, n_trials: int) -> np.ndarray:
    """Outcomes of 1 and 0 whose chances differ between actions and change places twice."""
    rng = np.random.default_rng(0)
    third = np.arange(n_trials) * 3 // n_trials
    chances = np.linspace(0.2, 0.8, n_actions or 2)
    chances = np.array([np.roll(chances, shift) for shift in range(3)])[third]
    paid = (rng.random(chances.shape) < chances).astype(float)
    return paid if n_actions else paid[:, 0]


def _middle(model: Model) -> dict[str, Any]:
    """Where the parameters of people are: as the priors say, or in the middle of their ranges."""
    import numpyro.distributions as dist

    def of(parameter):
        lower, upper = parameter.lower, parameter.upper
        if parameter.prior is not None:
            return default_priors(model._replace(parameters=(parameter,)))[parameter.name]
        if np.isfinite([lower, upper]).all():
            return dist.Uniform(lower + 0.1 * (upper - lower), upper - 0.1 * (upper - lower))
        if np.isfinite([lower, upper]).any():
            end, sign = (lower, 1) if np.isfinite(lower) else (upper, -1)
            away = dist.transforms.AffineTransform(float(end), sign)
            return dist.TransformedDistribution(dist.LogNormal(0.0, 0.7), away)
        return dist.Normal(0.0, 1.0)

    return {parameter.name: of(parameter) for parameter in model.parameters}


def _check_limit(limit: Any, model: Model) -> None:
    """Refuse a limiting case that is not one of this model."""
    values, simpler = _checks.pair("limit", limit)
    names = {parameter.name for parameter in model.parameters}
    if not isinstance(values, Mapping) or not isinstance(simpler, Model):
        _checks.fail("limit", "the pair (parameters at given values, the model that it is then)", limit)
    left = {parameter.name for parameter in simpler.parameters}
    if set(values) - names or left - (names - set(values)):
        expected = f"some of {', '.join(sorted(names))}, the others those of {simpler.name}"
        _checks.fail("limit", expected, f"{', '.join(values)}; {', '.join(sorted(left))}")


def one(setting: Setting) -> dict[str, float]:
    """The first person's parameters."""
    return {name: float(x[0]) for name, x in setting.params.items()}


def as_jax(params: dict[str, np.ndarray]) -> dict[str, Array]:
    return {name: jnp.asarray(x) for name, x in params.items()}


def played(setting: Setting, n: int | None = None) -> Any:
    """What people do in the task; the first alone where `n` is 1."""
    params = one(setting) if n == 1 else setting.params
    task = setting.task
    if n == 1 and isinstance(task, Schedule):
        task = jax.tree.map(lambda x: x[:1], task)
    return simulate(jax.random.fold_in(setting.key, 1), setting.model, params, task)


def trials_of(setting: Setting, n: int | None = None) -> Trials:
    """The same as data."""
    task = setting.task
    if isinstance(task, Task):
        return Trials.from_trace(played(setting, n))
    task = jax.tree.map(lambda x: x[:1], task) if n == 1 else task
    return Trials.from_trace(played(setting, n), task)


def predicted(setting: Setting, trials: Trials) -> Any:
    """What the model predicts on each trial, axes (n_subjects, n_trials) in front."""
    model = setting.model
    telling = model.response._replace(report=lambda prediction: {"prediction": prediction})
    params = one(setting) if trials.shape[0] == 1 else setting.params
    return replay(model._replace(response=telling), params, trials).prediction


def last(setting: Setting, trials: Trials) -> Any:
    """The first person's prediction for its last trial, which by then it has learned for."""
    return jax.tree.map(lambda x: x[0, -1], predicted(setting, trials))


def drawn_from(setting: Setting, given: Any, n: int) -> dict[str, Array]:
    """Many responses to one prediction, by part."""
    response = setting.model.response
    uniforms = jax.random.uniform(jax.random.fold_in(setting.key, 3), (n, response.n_uniforms))
    drawn = jax.vmap(lambda u: response.draw(given, u))(uniforms)
    return {response.parts[0]: drawn} if len(response.parts) == 1 else drawn
