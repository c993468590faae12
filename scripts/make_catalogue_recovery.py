"""How well each model of the catalogue comes back from a fit, stored for its page. Some minutes.

    .venv/bin/python scripts/make_catalogue_recovery.py [--all] [name ...]

People are made up from the default priors, play the standard task of the model, and are fitted by the maximum
a posteriori under the same priors. What is stored of each parameter is the rank correlation of true and
fitted values with its 95 % bounds. Without names, the models are done whose stored numbers belong to other
priors or another task, and those that have none; with --all, every one.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from pathlib import Path

import jax
import numpy as np

import behavioural_modelling as bm
from behavioural_modelling.models.catalogue import ENTRIES, Entry
from behavioural_modelling.tasks.standard import RANGES

STORE = Path(__file__).resolve().parent.parent / "book" / "catalogue_recovery.json"
SEED = 13
N_PEOPLE = 200
N_STARTS = 4
Z = 1.96
"""The two-sided 95 % quantile of a normal distribution."""


def digest(entry: Entry) -> str:
    """A mark of what the numbers depend on, the equations apart: parameters, priors, task."""
    described = [
        *(entry.called, entry.tasks[0], RANGES.get(entry.tasks[0]), sorted(entry.arguments.items())),
        *(tuple(parameter) for parameter in entry.build().parameters),
        *(task_of(entry), SEED, N_PEOPLE, N_STARTS),
    ]
    return hashlib.sha256(repr(described).encode()).hexdigest()[:12]


def task_of(entry: Entry) -> tuple:
    """What tells its standard task from another of the same name, as far as it can be told."""
    task = bm.tasks.standard(entry.tasks[0])
    return type(task).__name__, task.n_trials


def priors_of(entry: Entry) -> dict:
    """The default priors, for the outcomes of the standard task."""
    return bm.models.default_priors(entry.build(), RANGES.get(entry.tasks[0], (0.0, 1.0)))


def bounds(r: float, n: int) -> tuple[float, float]:
    """95 % bounds of a rank correlation: Bonett & Wright (2000), doi 10.1007/BF02294183."""
    if not math.isfinite(r) or n < 4:
        return math.nan, math.nan
    z, half = np.arctanh(np.clip(r, -0.9999, 0.9999)), Z * math.sqrt((1 + r**2 / 2) / (n - 3))
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def recovered(entry: Entry, n_people: int = N_PEOPLE, seed: int = SEED) -> dict[str, list[float]]:
    """Of each parameter the rank correlation, its bounds, and how many people have an estimate."""
    priors = priors_of(entry)
    found = bm.recovery(
        jax.random.key(seed),
        entry.build(),
        priors,
        bm.tasks.standard(entry.tasks[0]),
        n_subjects=n_people,
        priors=priors,
        n_starts=N_STARTS,
        progress=False,
    )
    table = found.summary()
    rows = zip(table.index, table["rank_r"], table["n"], strict=True)
    return {name: [*(round(x, 3) for x in (r, *bounds(r, n))), int(n)] for name, r, n in rows}


def stored() -> dict[str, dict]:
    """What is stored of each model, by its name."""
    return json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}


def store(found: dict[str, dict]) -> None:
    """Store it, a line for each model, in the order of the catalogue."""
    names = [entry.called for entry in ENTRIES if entry.called in found]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in names)
    STORE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    found, names = stored(), [name for name in arguments if not name.startswith("--")]
    for entry in ENTRIES:
        mark = digest(entry)
        old = "--all" not in arguments and found.get(entry.called, {}).get("digest") == mark
        if entry.called not in names if names else old:
            continue
        began = time.monotonic()
        numbers = recovered(entry)
        found[entry.called] = {"digest": mark, "recovered": numbers}
        store(found)
        told = ", ".join(f"{name} {x[0]:.2f}" for name, x in numbers.items())
        print(f"{entry.called}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    store(found)  # in the order of now, without what is gone


if __name__ == "__main__":
    main(sys.argv[1:])
