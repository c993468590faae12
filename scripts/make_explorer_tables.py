"""Compute the tables that two explorers show, and store them in the package. A few minutes.

    .venv/bin/python scripts/make_explorer_tables.py [confusion] [designer]

Each table holds its recipe: the models, the task, the grid, how many people and the seed. `entry` follows the
recipe for one place of the grid, so that a test can do it again with fewer people.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

import jax
import numpy as np
from numpyro import distributions as dist

import behavioural_modelling as bm

FOLDER = Path(__file__).resolve().parent.parent / "src" / "behavioural_modelling" / "explorers" / "tables"

RECIPES = {
    "confusion": {
        "models": ["random", "WSLS", "RW", "CK"],
        "learning_rate": 0.3,
        "probabilities": [0.8, 0.2],
        "criterion": "bic",
        "n_people": 200,
        "n_starts": 4,
        "seed": 11,
        "grid": {"n_trials": [25, 50, 100, 200, 400], "temperature": [0.1, 0.2, 0.4, 0.8, 1.6]},
    },
    "designer": {
        "probabilities": [0.7, 0.3],
        "n_people": 400,
        "n_starts": 8,
        "seed": 12,
        "grid": {
            "n_trials": [25, 50, 100, 200, 400, 800],
            "alpha": [0.1, 0.3, 0.6],
            "temperature": [0.1, 0.2, 0.4],
        },
    },
}


def confusion_entry(recipe: dict, n_people: int, n_trials: int, temperature: float) -> dict:
    """The shares P(chosen | simulated) of all pairs of models."""
    share, rate = dist.Uniform(0.0, 1.0), recipe["learning_rate"]
    models = {
        "random": (bm.models.biased_random(2), {"bias": share}),
        "WSLS": (bm.models.win_stay_lose_shift(2), {"lapse": share}),
        "RW": (bm.models.rescorla_wagner(2), {"alpha": rate, "temperature": temperature}),
        "CK": (bm.models.choice_kernel(2), {"alpha_c": rate, "temperature_c": temperature}),
    }
    counted = bm.confusion(
        jax.random.key(recipe["seed"]),
        {name: models[name][0] for name in recipe["models"]},
        {name: models[name][1] for name in recipe["models"]},
        bm.tasks.bandit(n_trials, recipe["probabilities"]),
        n_subjects=n_people,
        criterion=recipe["criterion"],
        n_starts=recipe["n_starts"],
        progress=False,
    )
    return {"share": counted.matrix.round(4).tolist()}


def designer_entry(recipe: dict, n_people: int, n_trials: int, alpha: float, temperature: float) -> dict:
    """How the estimates of the learning rate lie: mean, standard deviation, and the middle 95 per cent."""
    found = bm.recovery(
        jax.random.key(recipe["seed"]),
        bm.models.rescorla_wagner(2),
        {"alpha": alpha, "temperature": temperature},
        bm.tasks.bandit(n_trials, recipe["probabilities"]),
        n_subjects=n_people,
        n_starts=recipe["n_starts"],
        progress=False,
    )
    estimates = found.fit.params["alpha"]
    estimates = estimates[np.isfinite(estimates)]
    low, high = np.quantile(estimates, [0.025, 0.975])
    numbers = {"mean": estimates.mean(), "sd": estimates.std(ddof=1), "low": low, "high": high}
    return {name: round(float(x), 4) for name, x in numbers.items()} | {"n": len(estimates)}


ENTRIES = {"confusion": confusion_entry, "designer": designer_entry}


def entry(name: str, recipe: dict, place: dict, n_people: int | None = None) -> dict:
    """One place of a table's grid, by its recipe; with another number of people where one is given."""
    return ENTRIES[name](recipe, n_people or recipe["n_people"], **place)


def table(name: str) -> dict:
    """The recipe, and for each number an array with an axis for each axis of the grid."""
    recipe = RECIPES[name]
    axes = recipe["grid"]
    found = []
    for values in itertools.product(*axes.values()):
        place = dict(zip(axes, values, strict=True))
        found.append(entry(name, recipe, place))
        print(name, place, flush=True)
    shape = tuple(map(len, axes.values()))
    columns = {key: np.array([each[key] for each in found]) for key in found[0]}
    return {"recipe": recipe} | {key: x.reshape(shape + x.shape[1:]).tolist() for key, x in columns.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or RECIPES:
        text = json.dumps(table(name)).replace("], [", "],\n [").replace("]], [[", "]],\n[[")
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
