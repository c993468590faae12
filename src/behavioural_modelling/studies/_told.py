r"""What a paper says of one result: how it was estimated, whether to believe it, and its table.

A `Fit`, a `Posterior` and an `EmpiricalBayes` are each put into the same record, from their own fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..fitting import Fit
from ..models import Model
from ..posteriors import EmpiricalBayes, Posterior
from ..trials import Trials
from . import _beginning, _of_models
from . import _in_words as words

if TYPE_CHECKING:
    from pandas import DataFrame

__all__: list[str] = []

ON_THE_LINE = (
    "People are normally distributed on a line (the probit of a parameter with two bounds, the logarithm "
    "of one with one bound, a parameter without bounds as it is)"
)


class Told(NamedTuple):
    """What is said of one result.

    Attributes:
        failed: That it has not converged, in a sentence; empty where it has.
        model: The model and its parameters.
        estimator: How it was estimated, with which priors.
        convergence: What speaks for and against it.
        table: The parameters.
        warnings: What a reader must know besides.
        decisions: How many decisions each row of the trials has.
        dtype: The precision of the numbers.
    """

    failed: str
    model: str
    estimator: str
    convergence: str
    table: DataFrame
    warnings: tuple[str, ...]
    decisions: np.ndarray
    dtype: np.dtype


def told(result: Any, model: Model, priors: Any, level: float, trials: Trials | None = None) -> Told:
    """What is said of a result."""
    if isinstance(result, Fit):
        said = _of_fit(result, model, priors, level)
    else:
        said = (
            _of_posterior(result, level) if isinstance(result, Posterior) else _of_group(result, model, level)
        )
    return said._replace(model=f"{said.model}. {_beginning.in_words(model, trials)}")


def _sentence(model: Model, ends: dict[str, tuple[float, float]], line: bool, params: Any) -> str:
    """The model and its free parameters; what was held is said apart, with its values."""
    free = [words.parameter(one, ends[one.name], line) for one in model.parameters if one.name in ends]
    held = [_held(one.name, params[one.name]) for one in model.parameters if one.name not in ends]
    text = f"{_of_models.described(model)}. Estimated: {words.listed(free)}"
    return text + (f"; held at given values: {words.listed(held)}" if held else "")


def _held(name: str, values: np.ndarray) -> str:
    """A parameter that was not estimated."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    span = words.plain(low) if low == high else f"from {words.plain(low)} to {words.plain(high)}"
    return f"{words.code(name)} ({span})"


def _of_fit(fit: Fit, model: Model, priors: Any, level: float) -> Told:
    """Of a fit of each person apart."""
    ends = {name: (float(x[:, 0].min()), float(x[:, 1].max())) for name, x in fit.ranges.items()}
    held = {name for name, x in fit.ranges.items() if (x[:, 0] == x[:, 1]).all()}
    ends = {name: x for name, x in ends.items() if name not in held}
    n, n_starts = fit.start_log_prob.shape
    not_converged = int((~fit.converged).sum())
    failed = (
        f"the search did not converge for {words.share(not_converged, n, 'person', 'people')}"
        if not_converged
        else ""
    )
    how = "maximum a posteriori (MAP, the mode over natural values)" if priors else "maximum likelihood"
    estimator = (
        f"Each person was fitted apart by {how}, by Newton's method from {words.count(n_starts, 'start')}"
    )
    estimator += f". Priors of each person's value: {_priors(priors, ends)}" if priors else ""
    agree = int((fit.n_agree < 2).sum())
    at_bound = {name: int(fit.at_bound[name].sum()) for name in ends}
    bounds = [f"{k} of {words.code(name)}" for name, k in at_bound.items()]
    problems = int((fit.problem != "").sum())
    convergence = (
        f"The search converged for {words.share(n - not_converged, n, 'person', 'people')}; for "
        f"{words.count(agree, 'person', 'people')} only one start reached the best value. "
        f"Estimates at a bound: {words.listed(bounds)}. "
        f"The fit reports a problem for {words.share(problems, n, 'person', 'people')}"
    )
    said = [f"{words.count(problems, 'person', 'people')} with a problem: {_problems(fit.problem)}"]
    said += [
        f"{words.count(k, 'estimate')} of {words.code(name)} {'is' if k == 1 else 'are'} at a bound"
        for name, k in at_bound.items()
        if k
    ]
    table = across_people({name: fit.params[name] for name in ends}, level, at_bound)
    warned = tuple(said if problems else said[1:])
    sentence = _sentence(model, ends, False, fit.params)
    return Told(
        failed, sentence, estimator, convergence, table, warned, fit.n_trials, fit.log_likelihood.dtype
    )


def _priors(priors: Any, ends: Any) -> str:
    """Priors by name; a parameter without one has a flat prior."""
    flat = "flat within its range"
    said = [f"{words.code(k)} {words.distribution(priors[k]) if k in priors else flat}" for k in ends]
    return "; ".join(said)


def _problems(problem: np.ndarray) -> str:
    """The most frequent problems first."""
    which, counts = np.unique(problem[problem != ""], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    said = [f"{which[i]} ({counts[i]})" for i in order[:5]]
    return "; ".join(said + ([f"and {len(which) - 5} others"] if len(which) > 5 else []))


def _of_posterior(posterior: Posterior, level: float) -> Told:
    """Of draws."""
    form, given = posterior.form, posterior.given
    ends = {k: (float(x), float(y)) for k, x, y in zip(form.names, *given.places[:2], strict=True)}
    n_chains, n_draws, n_rows = posterior.log_likelihood.shape
    failed = "" if posterior.converged else posterior.problem
    r_hat, fewest = _extremes(posterior)
    convergence = (
        f"The largest r-hat is {r_hat:.3f}, the smallest effective sample size "
        f"{words.number(np.floor(fewest))}; "
        f"{words.count(posterior.n_divergent, 'trajectory', 'trajectories')} diverged"
    )
    chains = words.count(n_chains, "chain")
    draws = f"Draws are from Hamiltonian Monte Carlo, {chains} of {n_draws:,} after warm-up"
    estimator = f"{_kind_of_posterior(posterior)}. Priors: {_all_priors(posterior)}. {draws}"
    warned = [failed] if failed else []
    if form.hierarchical and not form.correlations and len(form.latents) > 1:
        warned += ["correlations between parameters were not estimated"]
    table = posterior.summary(level)
    if not form.hierarchical:
        table = across_people({name: posterior.mean()[name] for name in form.names}, level)
    else:
        table = table.drop(columns="subject")
    sentence = _sentence(posterior.model, ends, form.hierarchical, posterior.params)
    counts = np.zeros(n_rows, int)
    dtype = posterior.log_likelihood.dtype
    return Told(failed, sentence, estimator, convergence, table, tuple(warned), counts, dtype)


def _extremes(posterior: Posterior) -> tuple[float, float]:
    """The largest r-hat and the smallest effective sample size of all quantities."""
    r_hat = [np.max(x) for table in posterior.r_hat.values() for x in table.values()]
    fewest = [np.min(x) for table in posterior.n_effective.values() for x in table.values()]
    return float(np.max(r_hat)), float(np.min(fewest))


def _kind_of_posterior(posterior: Posterior) -> str:
    """Whether there is a group, and what it depends on."""
    form = posterior.form
    if not form.hierarchical:
        return "Each person has a posterior apart, without a group; the table is of posterior means"
    text = f"A hierarchical Bayesian model estimates people and their group together. {ON_THE_LINE}"
    text += ", with correlations" if form.correlations else ", each parameter apart"
    for which, names in (("between", form.between), ("within", form.within)):
        named = words.listed(map(words.code, names))
        text += f"; covariates {which} people: {named}" if names else ""
    return text


def _all_priors(posterior: Posterior) -> str:
    """The priors of medians, spreads, effects and correlations; those that are alike said once."""
    form, said = posterior.form, {}
    of = "the median person's " if form.hierarchical else ""
    for name, prior in posterior.given.priors.items():
        label = f"{of}{words.code(name)}" if name in form.names else _label(name)
        said.setdefault(words.distribution(prior), []).append(label)
    return "; ".join(f"{words.listed(labels)}: {prior}" for prior, labels in said.items())


def _label(name: str) -> str:
    if name == "correlation":
        return "correlations"
    if name.endswith("_spread"):
        return f"the spread of {words.code(name.removesuffix('_spread'))} on the line"
    return f"the effect {words.code(name)} on the line"


def _of_group(found: EmpiricalBayes, model: Model, level: float) -> Told:
    """Of a hierarchical fit by expectation maximisation."""
    failed = "" if found.converged else found.problem
    problems = int((found.problems != "").sum())
    estimator = (
        "People and their group were fitted together by empirical Bayes: expectation maximisation with "
        f"Laplace's approximation. {ON_THE_LINE}. The group has no prior, and the errors of its means take "
        "the spreads as known"
    )
    convergence = (
        f"The group stood still after {words.count(found.n_iterations, 'turn')}"
        if found.converged
        else f"The group did not stand still in {words.count(found.n_iterations, 'turn')}"
    )
    of = words.share(problems, len(found.problems), "person", "people")
    convergence += f"; {of} {'has' if problems == 1 else 'have'} a problem of their own"
    warned = [found.problem] if found.problem else []
    warned += [f"problems of people: {_problems(found.problems)}"] if problems else []
    table = found.summary(level).reset_index()
    sentence = _sentence(model, found.ranges, True, found.params)
    dtype = np.result_type(*found.params.values())
    return Told(failed, sentence, estimator, convergence, table, tuple(warned), found.n_trials, dtype)


def across_people(params: Any, level: float, at_bound: Any = None) -> DataFrame:
    """Estimates of people who were estimated apart: a row per parameter.

    The ends of the interval are two of the estimates, by the sign test: those of the median person, whatever
    the distribution, and within the range of the parameter.
    """
    import pandas as pd

    rows = []
    for name, estimates in params.items():
        x = np.sort(estimates[np.isfinite(estimates)].astype(float))
        lower, upper = median_interval(x, level)
        sd = float(x.std(ddof=1)) if len(x) > 1 else np.nan
        numbers = [len(x), *((x.mean(), sd, np.median(x)) if len(x) else [np.nan] * 3), lower, upper]
        rows.append([name, *numbers, *([] if at_bound is None else [at_bound[name]])])
    columns = ["parameter", "n", "mean", "sd", "median", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns + ([] if at_bound is None else ["n_at_bound"]))


def median_interval(ordered: np.ndarray, level: float) -> tuple[float, float]:
    """The k-th smallest and the k-th largest, the largest k whose chance to miss is at most 1 - level."""
    from scipy.special import bdtr

    n = len(ordered)
    misses = 2 * bdtr(np.arange(n // 2), n, 0.5) if n else np.zeros(0)  # with the (k+1)-th on each side
    k = int((misses <= 1 - level).sum())
    return (float(ordered[k - 1]), float(ordered[n - k])) if k else (np.nan, np.nan)
