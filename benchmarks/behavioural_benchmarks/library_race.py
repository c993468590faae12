"""How fast each model of the catalogue is beside a composition.

    python -m behavioural_benchmarks.library_race

People play the standard task of a model. Then the model and a composition with as many parameters, or the
next that has more, read the same choices in turns. "gradient" is a log-likelihood of all people with its
slope by every parameter, the step that a fit repeats; "fit" is a whole fit. Both are medians of rounds after
a first call, which compiles; "compiling" is that of the fit. A ratio of 2 takes twice as long.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

import behavioural_modelling as bm
from behavioural_modelling.tasks.standard import RANGES

from .timing import stopwatch

MEASURED = ("gradient", "fit", "compiling")
COLUMNS = f"{'':46}" + "".join(f"{name:>10}{'ratio':>7}" for name in MEASURED)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(
        prog="python -m behavioural_benchmarks.library_race", description=__doc__
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON per model instead of a table")
    parser.add_argument("--only", default="", help="the models whose names contain this")
    parser.add_argument("--people", type=int, default=200, help="how many people play")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, the two in turns")
    options = parser.parse_args(arguments)
    if not options.json:
        print(COLUMNS)
    for entry in bm.models.list_models():
        if options.only in entry.called:
            row = race(entry, options.people, options.rounds)
            print(json.dumps(row) if options.json else _line(row), flush=True)
    return 0


def race(entry: bm.models.Entry, n_people: int, n_rounds: int) -> dict[str, Any]:
    """Seconds of a model, and how many times those of the composition on the same choices they are."""
    model, outcomes = entry.build(), RANGES.get(entry.tasks[0], (0.0, 1.0))
    composition = composed(model.n_actions, len(model.parameters))
    people = [(rival, drawn(rival, outcomes, n_people)) for rival in (model, composition)]
    trials = played(*people[0], bm.tasks.standard(entry.tasks[0]))
    row: dict[str, Any] = {"model": entry.called}
    for what, make in (("gradient", gradient), ("fit", whole_fit)):
        calls = [make(rival, params, trials) for rival, params in people]
        first = [stopwatch(call) for call in calls]
        later = np.median([[stopwatch(call) for call in calls] for _ in range(n_rounds)], axis=0)
        for name, (ours, theirs) in ((what, later), ("compiling", first)):
            row |= {name: float(ours), f"{name}_ratio": float(ours / theirs)}
    return row


def composed(n_actions: int, n_parameters: int) -> bm.Model:
    """A learner with two rates or one, and parts around it until it has as many parameters, or one more."""
    model = bm.models.asymmetric_rescorla_wagner(n_actions)
    if n_parameters < len(model.parameters):
        return bm.models.rescorla_wagner(n_actions)
    parts = ("with_forgetting", "with_stickiness", "with_lapse", "with_choice_kernel")
    for part in parts:
        if n_parameters > len(model.parameters):
            model = getattr(bm.models, part)(model)
    return model


def drawn(model: bm.Model, outcomes: tuple[float, float], n_people: int) -> dict[str, Any]:
    """People from the default priors, for outcomes in a range."""
    keys = jax.random.split(jax.random.key(0), len(model.parameters))
    priors = bm.models.default_priors(model, outcomes)
    return {name: priors[name].sample(key, (n_people,)) for name, key in zip(priors, keys, strict=True)}


def played(model: bm.Model, params: dict[str, Any], task: Any) -> bm.Trials:
    """What they do in a task."""
    key = jax.random.key(1)
    if isinstance(task, bm.tasks.Task):
        return bm.Trials.from_trace(bm.simulate(key, model, params, task))
    return bm.Trials.from_trace(bm.simulate(key, model, params, task, record=model.response.parts), task)


def gradient(model: bm.Model, params: dict[str, Any], trials: bm.Trials) -> Callable:
    """A log-likelihood of all people with its slope by every parameter."""
    summed = jax.jit(jax.value_and_grad(lambda params: bm.log_likelihood(model, params, trials).sum()))
    return partial(summed, params)


def whole_fit(model: bm.Model, params: dict[str, Any], trials: bm.Trials) -> Callable:
    """A fit with the default priors' ranges, from four starts."""
    return lambda: bm.fit(jax.random.key(2), model, trials, n_starts=4, progress=False).params


def _line(row: dict[str, Any]) -> str:
    return f"{row['model']:46}" + "".join(f"{row[x]:10.3f}{row[f'{x}_ratio']:7.1f}" for x in MEASURED)


if __name__ == "__main__":
    raise SystemExit(main())
