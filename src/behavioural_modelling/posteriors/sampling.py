r"""The call: draws from the posterior of people's parameters and of the group's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from .. import _checks
from .._door import spec_of
from .._types import Numbers
from ..fitting import _programs
from ..fitting._search import with_settings_of_here
from ..models import Model
from ..trials import Trials
from . import _diagnostics, _draws, _given, _kernel, _preparing, _sites, _surrogate, _target
from .posterior import Posterior

__all__ = ["sample"]

N_BLOCKS = 2
"""The chains run in so many blocks, each in a thread of its own and with steps of its own size."""

ITERATIONS = 50
"""Iterations between two looks at the draws, and to tune the size of the steps."""

FIRST_LOOK = 2
"""After how many times so many the draws are first looked at."""

FEW_ROWS, MANY_CHAINS, FEW_CHAINS = 30, 16, 8
"""Up to so many rows of the trials there are many chains, so that a block has lanes enough."""


def sample(
    key: Key[Array, ""],
    model: Model,
    trials: Trials,
    priors: Mapping[str, Any] | None = None,
    hierarchical: bool = True,
    *,
    correlations: bool = False,
    covariates: Mapping[str, Numbers] | None = None,
    subjects: Any = None,
    fixed: Mapping[str, Numbers] | None = None,
    n_effective: int = 1000,
    max_draws: int = 2000,
    n_chains: int | None = None,
    progress: bool | None = None,
) -> Posterior:
    r"""Draw from the posterior: of each person's parameters alone, or of a group and its people together.

    .. math::
        p(\mu, \sigma, \theta \mid y) \propto p(\mu)\, p(\sigma) \prod_i p(\theta_i \mid \mu, \sigma)\, p(y_i
        \mid \theta_i)

    People are normal on a line: the probit of a parameter with two bounds, the logarithm of one with a lower
    bound, the parameter itself where it has none. `mu` and the spread `sigma` are those of the line; results
    tell the median person's natural value in place of `mu`.

    The chains run in coordinates in which the posterior is close to a standard normal: see
    `posterior_density`. They run until every parameter of everybody has `n_effective` effective draws and
    an r-hat of at most 1.01, or `max_draws` are there.

    Args:
        key: One random key. The random numbers of chain c depend on `key` and c alone.
        model: The model, from a builder in `models` or your own.
        trials: What the subjects did and what came of it.
        priors: A dict from names to distributions of NumPyro; what it leaves out has its default. With a
            group `"alpha"` is the prior of the median person's natural value, `"alpha_spread"` that of the
            spread on the line, `"alpha_age"` that of the effect of the covariate `age` on the line, and
            `"correlation"` an `LKJCholesky`. Without a group `"alpha"` is the prior of each person's natural
            value. A `Delta` holds a parameter fixed.
            The defaults are `models.default_priors`, half-normal spreads with scale 0.7, and standard normal
            effects.
        hierarchical: Whether there is a group that people are drawn from.
        correlations: Whether the parameters of a person may be correlated.
        covariates: Numbers by row of the trials, a dict from names to arrays of shape (n_subjects,): an age,
            or a group as -0.5 and 0.5. One that is the same in all rows of a person moves the group's mean;
            one that changes within a person is a condition, and each person has a slope of their own. The
            mean is that of people at 0: centre ages and the like.
        subjects: Who each row of the trials is of, labels of shape (n_subjects,), where a person has several
            rows. None: each row is a person.
        fixed: As in `fit`: parameters that are told, not learned.
        n_effective: The smallest effective sample size that is wanted.
        max_draws: The most draws that a chain makes after the first 50, which tune its steps.
        n_chains: How many chains, an even number. None: 16 for up to 30 rows of the trials, 8 for more.
        progress: Whether to show a progress bar. None: after ten seconds.

    Returns:
        A `Posterior`. Where it is not `converged`, its `problem` says why, and what to do.

    Raises:
        ValueError: If the key is no key; `trials` does not fit the model; priors, covariates or fixed values
            are not for parameters that are there; something that only a group has is asked for without one;
            or `n_effective`, `max_draws` or `n_chains` is no whole number that makes sense.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true, outcomes = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 40
        >>> trace = bm.simulate(jax.random.key(0), model, true, outcomes)
        >>> posterior = bm.sample(jax.random.key(1), model, bm.Trials(trace.choices, outcomes))
        >>> posterior.converged, posterior.params["alpha"].shape[2]
        (True, 3)

    Source:
        Papaspiliopoulos, Roberts & Skold (2007), doi 10.1214/088342307000000014, on how far to centre.
        Hoffman & Gelman (2014), on the size of steps.
    """
    key = _checks.random_key("key", key)
    n_effective = _checks.size("n_effective", n_effective, minimum=1)
    max_draws = _checks.size("max_draws", max_draws, minimum=ITERATIONS)
    given = _given.asked(
        model,
        trials,
        priors,
        hierarchical,
        fixed=fixed,
        subjects=subjects,
        covariates=covariates,
        correlations=correlations,
    )
    n_chains = _n_chains(n_chains, len(given.given.person))
    key_sites, key_chains = jax.random.split(key)
    with ThreadPoolExecutor(_n_threads(given, trials)) as threads, _bar(n_effective, progress) as bar:
        keys = jax.random.split(key_chains, n_chains).reshape(N_BLOCKS, -1)
        compiled = threads.submit(with_settings_of_here(partial(_compile, given)), keys[0])
        numbers = _preparing.numbers(given, key_sites, threads)
        compiled.result()
        blocks = [_Block(some, _kernel.start(some, given.given, given.target.form)) for some in keys]
        plan = _Plan(given, numbers, n_effective, max_draws, threads, bar)
        records, checked = _until_enough(plan, blocks)
    return _draws.posterior(model, trials, given, records, checked, n_effective)


class _Plan(NamedTuple):
    """What a run goes by."""

    asked: _given.Asked
    numbers: _target.Numbers
    n_effective: int
    max_draws: int
    threads: ThreadPoolExecutor
    bar: Any


class _Block(NamedTuple):
    """Some chains: their keys, and where they are."""

    keys: Array
    state: _kernel.State


def _compile(asked: _given.Asked, keys: Array) -> None:
    """Have the program of the chains compiled, which takes longest, while the sites are found."""
    n, n_people, dtype = (
        len(asked.target.form.latents),
        len(asked.given.covariates),
        asked.given.spread_scale.dtype,
    )
    sites = _sites.nothing(n, n_people, dtype)
    frame = _surrogate.nowhere(asked.target.form, dtype)
    numbers = _target.Numbers(asked.given, sites, frame, asked.data, asked.fixed)
    options = _kernel.Options(0, 0, False)
    begun = _kernel.start(keys, asked.given, asked.target.form)
    _kernel.run(begun, keys, numbers, options, asked.target, ITERATIONS)


def _until_enough(plan: _Plan, blocks: list[_Block]) -> tuple[list, _diagnostics.Checked]:
    """Draw until there is enough; the records, and the last look's verdict."""
    plan, blocks, n_own = _warmed_up(plan, blocks)
    records, shown, n_wanted = [], 0, FIRST_LOOK
    n_rounds = -(-plan.max_draws // ITERATIONS)
    while True:
        for _ in range(min(n_wanted, n_rounds) - len(records)):
            blocks, record = _run(plan, blocks, adapt=False, n_own=n_own)
            records.append(record)
        checked = _diagnostics.checked(_draws.named(plan.asked, records))
        now = min(plan.n_effective, int(np.nan_to_num(checked.fewest)))
        plan.bar.update(max(0, now - shown))
        shown = max(now, shown)
        lacking = _diagnostics.lacking(checked, plan.n_effective)
        if lacking <= 1 or len(records) == n_rounds:
            return records, checked
        n_wanted = len(records) + _more_rounds(len(records), lacking)


def _warmed_up(plan: _Plan, blocks: list[_Block]) -> tuple[_Plan, list[_Block], int]:
    """Tune the size of the steps, then the group's coordinates and the number of people's own steps."""
    blocks, tuned = _run(plan, blocks, adapt=True, n_own=1)
    later = jax.tree.map(lambda x: x[ITERATIONS // 2 :], tuned)
    frame, scale = _target.rescaled(plan.numbers.frame, np.concatenate(later.group))
    plan = plan._replace(numbers=plan.numbers._replace(frame=frame))
    blocks = [block._replace(state=_kernel.rescaled(block.state, scale)) for block in blocks]
    return plan, blocks, _kernel.n_own_steps(later.moved.mean(axis=(0, 1)))


def _more_rounds(n_rounds: int, lacking: float) -> int:
    """How many more rounds until the next look: both measures improve in proportion to the draws.

    At least one, at most as many again, and rather too few than too many.
    """
    return int(np.clip((0.9 * np.nan_to_num(lacking, nan=2, posinf=2) - 1) * n_rounds, 1, n_rounds))


def _run(plan: _Plan, blocks: list[_Block], adapt: bool, n_own: int) -> tuple[list[_Block], _kernel.Record]:
    """Some iterations of all chains; the records with the chains of all blocks side by side."""

    def one(block):
        options = _kernel.Options(ITERATIONS, n_own, adapt)
        state, record = _kernel.run(
            block.state, block.keys, plan.numbers, options, plan.asked.target, ITERATIONS
        )
        return _Block(block.keys, state), jax.tree.map(np.asarray, record)

    done = list(plan.threads.map(with_settings_of_here(one), blocks))
    together = jax.tree.map(lambda *arrays: np.concatenate(arrays, axis=1), *(record for _, record in done))
    return [block for block, _ in done], together


def _n_chains(n_chains: Any, n_rows: int) -> int:
    if n_chains is None:
        return MANY_CHAINS if n_rows <= FEW_ROWS else FEW_CHAINS
    n_chains = _checks.size("n_chains", n_chains, minimum=2 * N_BLOCKS)
    if n_chains % N_BLOCKS:
        _checks.fail("n_chains", "an even number", n_chains)
    return n_chains


def _n_threads(asked: _given.Asked, trials: Trials) -> int:
    """One alone for a model that calls a library: such calls could block each other."""
    model = asked.target.model
    inputs = {name: jnp.asarray((trials.inputs or {})[name]) for name in model.inputs}
    spec = spec_of(trials.outcomes, trials.available, inputs, asked.given.spread_scale.dtype)
    alone = _programs.calls_a_library(model, spec, _checks.setting("jax_enable_x64"))
    return 1 if alone else min(N_BLOCKS, os.cpu_count() or 1)


def _bar(n_effective: int, progress: bool | None) -> Any:
    """A progress bar over effective draws; unless asked for, it shows after some seconds."""
    from tqdm import tqdm

    delay, off = 10 if progress is None else 0, progress is False
    label = "sample", " effective draws"
    return tqdm(total=n_effective, desc=label[0], unit=label[1], delay=delay, disable=off, leave=False)
