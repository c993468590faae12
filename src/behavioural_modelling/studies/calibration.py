r"""Simulation-based calibration: is the inference right? Whoever simulates knows the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int, Key

from .. import _checks, _door
from .._types import Numbers
from ..likelihood import log_likelihood
from ..models import Model
from ..posteriors import Posterior, sample
from ..tasks import Schedule, Task
from ..trials import Trials
from . import _beforehand, _replications, _synthetic, _uniform
from . import _in_words as words

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Calibration", "sbc"]

EFFECTIVE = 4
"""So many effective draws are asked for per draw that is ranked among: these are nearly independent then."""


class Calibration(NamedTuple):
    """Where true values rank among draws of their posteriors.

    Attributes:
        ranks: How many draws are below the true value: a dict from names to whole numbers of shape
            (n_replications,). "alpha" is of a person; with a group there are "alpha_median" and
            "alpha_spread" as well; "log_likelihood" is of the true parameters, which catches what parameters
            alone may not show.
        n_ranks: How many ranks there are, 0 to n_ranks - 1: one more than draws.
        true: The true values, a dict like `ranks`.
        problem: What is wrong, in words. An empty string: nothing was found.
    """

    ranks: dict[str, Int[np.ndarray, "n_replications"]]
    n_ranks: int
    true: dict[str, np.ndarray]
    problem: str

    def summary(self) -> DataFrame:
        """One row per quantity: whether its ranks are evenly spread.

        Returns:
            A pandas table. Its index is the quantity; its columns are

            - mean: of the ranks as shares, near 0.5;
            - sd: their standard deviation, near 0.289; less says that posteriors are too wide, more too
              narrow;
            - p_histogram: of a chi-square test of the histogram, which sees any shape;
            - p_distribution: of a Kolmogorov-Smirnov test, which sees shifts sooner.
        """
        import pandas as pd

        rows = {name: _uniform.tested(ranks, self.n_ranks)._asdict() for name, ranks in self.ranks.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")

    def to_dataframe(self) -> DataFrame:
        """One row per quantity and replication.

        Returns:
            A pandas table with the columns quantity, replication, true and rank.
        """
        import pandas as pd

        tables = [
            {"quantity": name, "replication": np.arange(len(x)), "true": self.true[name], "rank": x}
            for name, x in self.ranks.items()
        ]
        return pd.concat([pd.DataFrame(table) for table in tables], ignore_index=True)


def sbc(
    key: Key[Array, ""],
    model: Model,
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    *,
    priors: Mapping[str, Any] | None = None,
    hierarchical: bool = False,
    n_replications: int = 100,
    n_subjects: int = 20,
    n_draws: int = 99,
    fitted: Model | None = None,
    sampler: Callable[[Any, Trials], Any] | None = None,
    available: Numbers | None = None,
    reset: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
    progress: bool | None = None,
) -> Calibration:
    r"""Draw parameters from the prior, simulate, sample the posterior, see where the truth ranks; many times.

    .. math::
        \tilde\theta \sim p(\theta), \quad \tilde y \sim p(y \mid \tilde\theta), \quad
        \theta_1, \dots, \theta_L \sim p(\theta \mid \tilde y) \quad \Rightarrow \quad
        \#\{l : \theta_l < \tilde\theta\} \sim \text{Uniform}\{0, \dots, L\}

    It holds for every model and prior, whatever the data say. If it does not come out, the likelihood is not
    that of the simulator, or the sampler is not that of the posterior.

    Ranks of parameters are even as well where draws are those of the prior, whatever the data: the
    rank of the log-likelihood catches that.

    Posterior draws resemble their neighbours, and ranks among such draws are not even. So four times as many
    effective draws are asked for as are ranked among, and these are taken at even distances from all chains.

    Args:
        key: One random key.
        model: The model that simulates.
        outcomes: As in `simulate`, a task included. Subjects of a `Schedule` are taken in turn.
        priors: As in `sample`, defaults included.
        hierarchical: False: each replication is one person, and all are sampled in one call. True: each is a
            group, sampled one after the other; of people's parameters the first person's rank is taken.
        n_replications: How many.
        n_subjects: How many people a group has.
        n_draws: Among how many draws a true value is ranked, L.
        fitted: Another model to sample with, whose parameters have the same names: does calibration notice?
            None: `model`.
        sampler: Another way to draw: `sampler(key, trials)` gives a `Posterior`, or a dict from names, as in
            `Calibration.ranks`, to draws of shape (..., n_subjects), of a group's numbers (...). None:
            `sample`.
        available: As in `simulate`.
        reset: As in `simulate`.
        inputs: As in `simulate`.
        progress: As in `sample`; with a group over replications.

    Returns:
        A `Calibration`. `plotting.plot_ranks` draws it.

    Raises:
        ValueError: As in `simulate` and `sample`; or if counts are no whole numbers; `fitted` and `sampler`
            are both there; draws are fewer than `n_draws`, lack a parameter or are not one per subject; or
            default priors depend on outcomes that differ between replications.

    Example:
        >>> import behavioural_modelling as bm
        >>> model, outcomes = bm.models.biased_random(n_actions=2), [[1.0, 0.0]] * 30
        >>> calibration = sbc(jax.random.key(0), model, outcomes, n_replications=50)
        >>> calibration.problem, calibration.n_ranks
        ('', 100)

    Source:
        Talts, Betancourt, Simpson, Vehtari & Gelman (2018), arXiv 1804.06788.
        Modrak et al. (2023), doi 10.1214/23-BA1404, on ranking the log-likelihood as well.
    """
    key, model = _checks.random_key("key", key), _door.checked(model)
    counts = {"n_replications": n_replications, "n_subjects": n_subjects, "n_draws": n_draws}
    n_replications, n_subjects, n_draws = (_checks.size(n, x, minimum=1) for n, x in counts.items())
    if fitted is not None and sampler is not None:
        _checks.fail("fitted", "None where a sampler is given", type(fitted).__name__)
    key_true, key_play, key_sample, key_ties = jax.random.split(key, 4)
    shape = (n_replications, n_subjects) if hierarchical else (1, n_replications)
    task = _for(shape[1], _synthetic.task_of(outcomes, available, reset, inputs, model))
    drawn = _beforehand.drawn(key_true, model, task, priors, hierarchical, *shape)
    trials = _replications.played(key_play, model, drawn.params, task)
    how = fitted or model, priors, hierarchical, EFFECTIVE * n_draws, progress
    sampler = sampler or partial(_sampled, *how)
    true, ranks, problems = _truth(drawn, fitted or model, trials), {}, []
    generator = np.random.default_rng(np.asarray(jax.random.bits(key_ties, (4,))))
    for part, posterior in _posteriors(key_sample, sampler, trials, shape, progress):
        _check_same(posterior, None if fitted else drawn.asked.given)
        problems += [getattr(posterior, "problem", "")]
        for name, draws in _quantities(posterior, hierarchical, shape[1], tuple(true)).items():
            rank = _rank(name, draws, true[name][part], n_draws, generator)
            ranks.setdefault(name, []).append(rank)
    together = {name: np.concatenate(x) for name, x in ranks.items()}
    true = {name: true[name] for name in together}
    return Calibration(together, n_draws + 1, true, _problem(together, n_draws + 1, problems))


def _problem(ranks: dict[str, np.ndarray], n_ranks: int, problems: list[str]) -> str:
    """What the ranks say, and what the sampler said in its runs."""
    reasons, told = [_uniform.in_words(ranks, n_ranks)], [problem for problem in problems if problem]
    if told:
        report = "reports" if len(told) == 1 else "report"
        runs = words.count(len(problems), "run")
        reasons += [f"{len(told):,} of {runs} of the sampler {report} a problem: {told[0]}"]
    return "; ".join(reason for reason in reasons if reason)


def _sampled(model, priors, hierarchical, n_effective, progress, key, trials) -> Posterior:
    """What is sampled where nothing else is said."""
    shown = False if hierarchical else progress
    return sample(key, model, trials, priors, hierarchical, n_effective=n_effective, progress=shown)


def _for(n_rows: int, task: Schedule | Task) -> Schedule | Task:
    """A task for so many people: the subjects of a schedule in turn."""
    if isinstance(task, Task) or task.n_subjects in (None, n_rows):
        return task
    return jax.tree.map(lambda x: x if len(x) == 1 else np.asarray(x)[np.arange(n_rows) % len(x)], task)


def _truth(drawn: _beforehand.Drawn, fitted: Model, trials: Trials) -> dict[str, np.ndarray]:
    """The true values by name, arrays of shape (n_replications,)."""
    names = drawn.asked.target.form.names
    hierarchical = bool(drawn.group)
    true = {name: drawn.params[name][:, 0] if hierarchical else drawn.params[name][0] for name in names}
    true |= drawn.group
    params = {name: x.reshape(-1) for name, x in drawn.params.items()}
    if {parameter.name for parameter in fitted.parameters} == set(params):
        score = np.asarray(log_likelihood(fitted, params, trials), float)
        true["log_likelihood"] = score.reshape(len(drawn.params[names[0]]), -1).sum(axis=1)
        true["log_likelihood"] = true["log_likelihood"] if hierarchical else score
    return true


def _posteriors(
    key: Array, sampler: Callable, trials: Trials, shape: tuple[int, int], progress: bool | None
) -> Iterator[tuple[slice, Any]]:
    """Which replications come next, and the posterior: of all people at once, or of group after group."""
    from tqdm import tqdm

    n_groups, n_rows = shape
    if n_groups == 1:
        yield slice(None), sampler(key, trials)
        return
    delay = 10 if progress is None else 0
    bar = tqdm(range(n_groups), desc="sbc", delay=delay, disable=progress is False, leave=False)
    for r in bar:
        part = trials.subjects(slice(r * n_rows, (r + 1) * n_rows))
        yield slice(r, r + 1), sampler(jax.random.fold_in(key, r), part)


def _check_same(posterior: Any, given: Any) -> None:
    """Refuse where the posterior's own priors are not those that were drawn from."""
    if not isinstance(posterior, Posterior) or given is None:
        return
    mine = jax.tree.leaves((given.priors, given.places if posterior.form.hierarchical else ()))
    other = (posterior.given.priors, posterior.given.places if posterior.form.hierarchical else ())
    other = jax.tree.leaves(other)
    if len(mine) != len(other) or not all(np.array_equal(a, b) for a, b in zip(mine, other, strict=True)):
        expected = "the priors of the sampler; defaults go by the range of the outcomes, which differs here"
        _checks.fail("priors", expected, "other ones")


def _quantities(
    posterior: Any, hierarchical: bool, n_rows: int, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Draws of everything whose truth is known, arrays of shape (n_draws, n_replications)."""
    if isinstance(posterior, Posterior):
        scores = posterior.log_likelihood
        found = posterior.variables() | {"log_likelihood": scores.sum(axis=2) if hierarchical else scores}
    elif isinstance(posterior, Mapping):
        found = posterior
    else:
        _checks.fail("sampler", "a function that gives a Posterior or a dict", type(posterior).__name__)
    missing = [name for name in names if name not in found and name != "log_likelihood"]
    if missing:
        _checks.fail("sampler", f"draws of {', '.join(names)}", f"none of {', '.join(missing)}")
    of_one = lambda name: name == "log_likelihood" or name.endswith(("_median", "_spread"))  # noqa: E731
    draws = {}
    for name in (n for n in names if n in found):
        x = np.asarray(found[name], float)
        alone = hierarchical and of_one(name)
        if not x.ndim or (not alone and x.shape[-1] != n_rows):
            _checks.fail("sampler", f"draws of {name} of {n_rows} subjects", f"shape {x.shape}")
        by_row = x.reshape(-1, 1) if alone else x.reshape(-1, n_rows)
        draws[name] = by_row[:, :1] if hierarchical else by_row
    return draws


def _rank(
    name: str, draws: np.ndarray, true: np.ndarray, n_draws: int, generator: np.random.Generator
) -> Int[np.ndarray, "n_replications"]:
    """How many of some draws, at even distances, are below the true value; equal ones count by chance."""
    if len(draws) < n_draws:
        _checks.fail("n_draws", f"at most {len(draws)}, as there are draws of {name}", n_draws)
    some = draws[np.linspace(0, len(draws) - 1, n_draws).round().astype(int)]
    ties = (some == true).sum(axis=0)
    return (some < true).sum(axis=0) + generator.integers(0, ties + 1)
