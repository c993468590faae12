"""Write `tests/long_run.json`: the posterior of the smallest task by a long independent run.

It shares nothing with the package: NumPyro's NUTS on a likelihood of its own, in 64 bits.
`python -m behavioural_benchmarks.make_long_run tests/long_run.json` takes some minutes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

SEED, N_CHAINS, N_DRAWS, N_WARM_UP = 12, 4, 10_000, 1_000


def main(arguments: list[str] | None = None) -> None:
    """Sample, and write the summary where the command line says."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--draws", type=int, default=N_DRAWS, help="per chain")
    options = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_num_cpu_devices", N_CHAINS)
    options.path.write_text(as_text(long_run(options.draws)))


def long_run(n_draws: int) -> dict[str, Any]:
    """What the file holds: how it was made, sums that tell the data, and a summary of each parameter."""
    from .numpyro_bandit import bandit, nuts
    from .posterior_summary import summary
    from .posterior_task import SETTINGS

    task = SETTINGS["bandit"].task()
    data = (task.choices, task.outcomes.astype(float))
    draws, n_divergent = nuts(bandit, data, SEED, n_draws=n_draws, n_warm_up=N_WARM_UP, n_chains=N_CHAINS)
    data_sums = {"n_second": task.choices.sum(1).tolist(), "sum_outcomes": task.outcomes.sum(1).tolist()}
    made = {"seed": SEED, "n_chains": N_CHAINS, "n_draws": n_draws, "n_divergent": n_divergent}
    return made | data_sums | {name: rounded(summary(x)) for name, x in draws.items()}


def rounded(result: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Six decimals, as lists."""
    return {name: np.round(x, 6).tolist() for name, x in result.items()}


def as_text(result: Mapping[str, Any]) -> str:
    """JSON with one summary on a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in result.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
