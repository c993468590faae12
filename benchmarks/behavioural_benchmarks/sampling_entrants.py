"""Who races in `sampling_race`, and how the seconds of each are counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from . import blackjax_chees, numpyro_bandit, stan_bandit
from .posterior_task import SETTINGS

N_CHAINS = 4
"""Chains of NUTS, as programs have them."""
NUTS_DRAWS = {"bandit": 1000, "asymmetric": 1000, "five": 1000, "thousand": 1000}
"""Draws per chain that come near an effective sample size of 1,000."""


class Run(NamedTuple):
    """What an entrant returns: draws by name, how many diverged, and its seconds."""

    draws: dict[str, np.ndarray]
    n_divergent: int
    compiling: float
    sampling: float


class Entrant(NamedTuple):
    """A program.

    Attributes:
        run: From the name of the task and a seed to a `Run`.
        why_not: Why it cannot run here; nothing if it can.
        stops: Whether it stops by itself at an effective sample size of 1,000.
    """

    run: Callable[[str, int], Run]
    why_not: Callable[[], str] = lambda: ""
    stops: bool = False


def by_bm_sample(setting: str, seed: int) -> Run:
    """`bm.sample`, first with compilation, then on another key without."""
    import behavioural_modelling as bm

    about = SETTINGS[setting]
    trials, priors = about.trials(), about.priors()
    call = lambda key: bm.sample(key, about.model, trials, priors, n_effective=1000)  # noqa: E731
    _, first = timed(call, jax.random.key(1000 + seed))
    posterior, later = timed(call, jax.random.key(seed))
    draws = dict(posterior.params)
    draws |= {f"{name}_median": x for name, x in posterior.group.items()}
    draws |= {f"{name}_spread": x for name, x in posterior.spread.items()}
    return Run(as_numpy(draws), int(posterior.n_divergent), max(first - later, 0.0), later)


def by_stan(setting: str, seed: int) -> Run:
    """Stan's NUTS as its manual has it: 4 chains of 1,000 and 1,000."""
    start = time.perf_counter()
    with stan_bandit.compiled(SETTINGS[setting].task(), seed + 1) as model:
        compiling = time.perf_counter() - start
        (draws, n_divergent), sampling = timed(stan_bandit.stan_nuts, model, n_draws=1000, n_warm_up=1000)
    return Run(draws, n_divergent, compiling, sampling)


def by_numpyro(setting: str, seed: int) -> Run:
    """NumPyro's NUTS on the model as a reader would write it."""
    jax.config.update("jax_num_cpu_devices", N_CHAINS)
    task = SETTINGS[setting].task()
    return _by_nuts(numpyro_bandit.bandit, (task.choices, task.outcomes), setting, seed)


def by_numpyro_on_ours(setting: str, seed: int) -> Run:
    """NumPyro's NUTS with `bm.log_likelihood`."""
    jax.config.update("jax_num_cpu_devices", N_CHAINS)
    about = SETTINGS[setting]
    return _by_nuts(numpyro_bandit.on_our_likelihood(about), (about.trials(),), setting, seed)


def _by_nuts(model: Callable, data: tuple[Any, ...], setting: str, seed: int) -> Run:
    """Each run of NumPyro's compiles anew: JAX's own events tell which of its seconds did that."""
    with Compiling() as compiling:
        result, both = timed(numpyro_bandit.nuts, model, data, seed, n_draws=NUTS_DRAWS[setting])
    return Run(*result, compiling.seconds(), both - compiling.seconds())


def by_chees(setting: str, seed: int) -> Run:
    """blackjax's ChEES on the package's target. What finds the target counts, as it does for `bm.sample`."""
    import behavioural_modelling as bm

    about = SETTINGS[setting]
    find = lambda seed: bm.posterior_density(  # noqa: E731
        jax.random.key(seed), about.model, about.trials(), about.priors()
    )
    density, first_find = timed(find, 1000 + seed)
    sample = blackjax_chees.chees(density)
    _, first = timed(sample, 1000 + seed)
    _, find_again = timed(find, seed)
    (draws, n_divergent), later = timed(sample, seed)
    later += find_again
    return Run(draws, n_divergent, max(first_find + first - later, 0.0), later)


def timed(function: Callable, *arguments: Any, **options: Any) -> tuple[Any, float]:
    """What it returns, and how many seconds that took."""
    start = time.perf_counter()
    result = jax.block_until_ready(function(*arguments, **options))
    return result, time.perf_counter() - start


class Compiling:
    """How long JAX traced, lowered and compiled within a `with`; what one does inside another counts once."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    def __enter__(self) -> Compiling:
        jax.monitoring.register_event_duration_secs_listener(self._hear)
        return self

    def __exit__(self, *problem: object) -> None:
        jax.monitoring.unregister_event_duration_listener(self._hear)

    def _hear(self, event: str, duration: float, **about: Any) -> None:
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            self.spans.append((now - duration, now))

    def seconds(self) -> float:
        """The length of all spans together."""
        total, end = 0.0, -np.inf
        for start, stop in sorted(self.spans):
            total += max(0.0, stop - max(start, end))
            end = max(end, stop)
        return total


def as_numpy(draws: dict[str, Any]) -> dict[str, np.ndarray]:
    """The draws as NumPy arrays."""
    return {name: np.asarray(x) for name, x in draws.items()}


OURS = {"bm.sample": Entrant(by_bm_sample, stops=True)}
ON_OURS = {"NumPyro NUTS, our likelihood": Entrant(by_numpyro_on_ours)}
CHEES = {"blackjax ChEES, our target": Entrant(by_chees, blackjax_chees.why_no_blackjax)}
ENTRANTS = {
    "bandit": {
        **OURS,
        "Stan": Entrant(by_stan, stan_bandit.why_no_stan),
        **CHEES,
        **ON_OURS,
        "NumPyro NUTS": Entrant(by_numpyro),
    },
    "asymmetric": OURS | ON_OURS,
    "five": OURS | ON_OURS,
    "thousand": OURS | ON_OURS,
}
"""By task. The first is ours, and the last the one that all others are compared with."""


def entrants_of(setting: str) -> dict[str, Entrant]:
    """The entrants of a task by name."""
    if setting not in ENTRANTS:
        raise SystemExit(f"There is no task {setting}; there are {', '.join(ENTRANTS)}.")
    return ENTRANTS[setting]
