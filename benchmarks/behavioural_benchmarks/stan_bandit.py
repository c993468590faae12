"""Stan's NUTS, by `pystan`, on the smallest task: each choice a statement, as hBayesDM's programs have it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import sys
import tempfile
import types
from functools import cache
from typing import Any

import numpy as np

from .posterior_task import PosteriorTask

PROGRAM = """
data {
  int<lower=1> n_subjects;
  int<lower=1> n_trials;
  array[n_subjects, n_trials] int<lower=1, upper=2> choice;
  array[n_subjects, n_trials] real outcome;
}
parameters {
  vector[2] mu;
  vector<lower=0>[2] sigma;
  matrix[2, n_subjects] z;
}
transformed parameters {
  vector<lower=0, upper=1>[n_subjects] alpha;
  vector<lower=0, upper=5>[n_subjects] inverse_temperature;
  for (i in 1 : n_subjects) {
    alpha[i] = Phi(mu[1] + sigma[1] * z[1, i]);
    inverse_temperature[i] = 5 * Phi(mu[2] + sigma[2] * z[2, i]);
  }
}
model {
  mu ~ std_normal();
  sigma ~ normal(0, 0.2);
  to_vector(z) ~ std_normal();
  for (i in 1 : n_subjects) {
    vector[2] value = zeros_vector(2);
    for (t in 1 : n_trials) {
      choice[i, t] ~ categorical_logit(inverse_temperature[i] * value);
      value[choice[i, t]] += alpha[i] * (outcome[i, t] - value[choice[i, t]]);
    }
  }
}
generated quantities {
  real alpha_median = Phi(mu[1]);
  real inverse_temperature_median = 5 * Phi(mu[2]);
}
"""
SPREADS = ("alpha_spread", "inverse_temperature_spread")


@cache
def why_no_stan() -> str:
    """Why the opponent cannot run here; nothing if it can."""
    missing = [name for name in ("stan", "httpstan") if not importlib.util.find_spec(name)]
    return "pystan is not installed" if missing else ""


@contextlib.contextmanager
def compiled(task: PosteriorTask, seed: int):
    """Stan's model of the task, compiled anew, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, _silent():
        os.environ["XDG_CACHE_HOME"] = folder  # Stan would find there what it compiled before
        _stand_in_for_pkg_resources()
        import stan

        n_subjects, n_trials = task.choices.shape
        data = {"n_subjects": n_subjects, "n_trials": n_trials}
        data |= {"choice": (task.choices + 1).tolist(), "outcome": task.outcomes.astype(float).tolist()}
        yield stan.build(PROGRAM, data=data, random_seed=seed)


def stan_nuts(
    model: Any, *, n_draws: int, n_warm_up: int, n_chains: int = 4
) -> tuple[dict[str, np.ndarray], int]:
    """Draws by the names of `numpyro_bandit.named`, shape (n_chains, n_draws, ...), and how many diverged."""
    fit = model.sample(num_chains=n_chains, num_samples=n_draws, num_warmup=n_warm_up)
    # Stan has the chains last, and within each parameter all draws side by side.
    by_chain = lambda name: np.moveaxis(fit[name].reshape(-1, n_draws, n_chains), 0, -1).swapaxes(0, 1)  # noqa: E731
    draws = {name: by_chain(name) for name in ("alpha", "inverse_temperature")}
    draws |= {name: by_chain(name)[..., 0] for name in ("alpha_median", "inverse_temperature_median")}
    sigma = by_chain("sigma")
    draws |= {name: sigma[..., i] for i, name in enumerate(SPREADS)}
    return draws, int(fit["divergent__"].sum())


def _stand_in_for_pkg_resources() -> None:
    """pystan asks for plugins by a module that setuptools no longer brings: by the library's own way."""
    if importlib.util.find_spec("pkg_resources"):
        return
    module: Any = types.ModuleType("pkg_resources")
    module.EntryPoint = importlib.metadata.EntryPoint
    module.iter_entry_points = lambda group: iter(importlib.metadata.entry_points(group=group))
    sys.modules["pkg_resources"] = module


@contextlib.contextmanager
def _silent():
    """Without what Stan prints of its progress, for which it knows no option."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        with contextlib.redirect_stdout(nowhere):
            yield
