"""What a report is made of: results checked against what they claim to be, and the sentences about them."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from .. import _checks, _door
from ..fitting import Fit, _digest
from ..fitting._given import checked_priors
from ..likelihood import log_likelihood
from ..models import Model
from ..posteriors import EmpiricalBayes, Posterior
from ..trials import Trials
from . import _in_words as words
from . import _sample, _told

if TYPE_CHECKING:
    from pandas import DataFrame

__all__: list[str] = []

KINDS = (Fit, Posterior, EmpiricalBayes)

CLOSE = 1e-3
"""A log-probability that is computed again is as close as this, relative to 1 plus its size: the sum of some
hundred numbers of 32 bits is off by less, another model, other trials or other priors by more."""


class Asked(NamedTuple):
    """One result, its model, its trials where they are known, and the priors of a fit."""

    result: Any
    model: Model
    trials: Trials | None
    priors: Mapping[str, Any] | None


def checked(results: Any, model: Any, trials: Any, priors: Any) -> dict[str, Asked]:
    """Each result with its own model, trials and priors; one alone has the name of its model."""
    if trials is not None and not isinstance(trials, Trials):
        _checks.fail("trials", "None, or Trials", type(trials).__name__)
    if not isinstance(results, Mapping):
        return {"": _checked_one("results", results, model, trials, priors)}
    kinds = {type(one).__name__ for one in results.values()}
    if len(results) < 2 or len(kinds) > 1:
        received = f"{len(results)} of them, {words.listed(sorted(kinds))}"
        _checks.fail("results", "one result, or a dict of two or more of one kind", received)
    for label, given in (("model", model), ("priors", priors)):
        if given is not None and not (isinstance(given, Mapping) and set(given) <= set(results)):
            _checks.fail(label, f"a dict with {', '.join(map(repr, results))}", _received(given))
    of = lambda given, name: None if given is None else given.get(name)  # noqa: E731
    return {
        name: _checked_one(f"results[{name!r}]", one, of(model, name), trials, of(priors, name))
        for name, one in results.items()
    }


def _received(given: Any) -> str:
    return ", ".join(map(repr, given)) if isinstance(given, Mapping) else type(given).__name__


def _checked_one(label: str, result: Any, model: Any, trials: Any, priors: Any) -> Asked:
    """One result beside what it is said to be of."""
    if not isinstance(result, KINDS):
        _checks.fail(label, "a Fit, a Posterior or an EmpiricalBayes", type(result).__name__)
    if priors is not None and not isinstance(result, Fit):
        _checks.fail("priors", f"None, as a {type(result).__name__} knows its own", _received(priors))
    if isinstance(result, Posterior):
        for name, given, own in (("model", model, result.model), ("trials", trials, result.trials)):
            if given is not None and not _same(given, own):
                _checks.fail(name, f"None, or that of {label}", "another one")
        return Asked(result, result.model, result.trials, None)
    if model is None:
        _checks.fail("model", f"the model of {label}, which a {type(result).__name__} does not keep", None)
    model = _door.checked(model)
    _check_model(label, result, model, trials)
    return Asked(result, model, trials, _checked_priors(label, result, model, priors))


def _same(given: Any, own: Any) -> bool:
    if not isinstance(given, Trials):
        return given == own
    return np.array_equal(_digest.digests(given), _digest.digests(own))


def _check_model(label: str, result: Any, model: Model, trials: Trials | None) -> None:
    """Refuse a model that was not fitted, or other trials."""
    names = [one.name for one in model.parameters]
    if names != list(result.params):
        _checks.fail("model", f"the model of {label}, with {', '.join(result.params)}", ", ".join(names))
    if trials is None:
        return
    if trials.shape[0] != len(result.log_likelihood) or (
        isinstance(result, Fit) and not np.array_equal(result.digest, _digest.digests(trials))
    ):
        _checks.fail("trials", f"those of {label}", "others")
    known = np.all([np.isfinite(x) for x in result.params.values()], axis=0)
    params = {name: np.asarray(x)[known] for name, x in result.params.items()}
    if not known.any():
        return
    again = np.asarray(log_likelihood(model, params, trials.subjects(known)))
    if not _close(again, result.log_likelihood[known]):
        received = f"{model.name}, whose log-likelihood of these trials is another one"
        _checks.fail("model", f"the model of {label}", received)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.abs(one - other) <= CLOSE * (1 + np.abs(other))).all())


def _checked_priors(label: str, result: Any, model: Model, priors: Any) -> Mapping[str, Any] | None:
    """The priors of a fit, if they are those that it was made with."""
    if not isinstance(result, Fit):
        return None
    density, points = checked_priors(priors, model)
    known = np.isfinite(result.log_prob)
    free = [name for name, x in result.ranges.items() if (x[:, 0] < x[:, 1]).any()]
    given = {name: prior for name, prior in density.items() if name in free}
    total = np.zeros(known.sum())
    for name, prior in given.items():
        total = total + np.asarray(prior.log_prob(result.params[name][known]))
    if not _close(result.log_likelihood[known] + total, result.log_prob[known]):
        received = None if priors is None else _told._priors(priors, given)
        _checks.fail(
            "priors", f"those of {label}, whose log_prob they make with the log-likelihood", received
        )
    return given or None


def told(one: Asked, level: float) -> _told.Told:
    """What is said of one result."""
    return _told.told(one.result, one.model, one.priors, level, one.trials)


def comparison(results: Mapping[str, Any], unit: str | None) -> DataFrame:
    """The models side by side."""
    from .comparison import compare

    if not isinstance(next(iter(results.values())), EmpiricalBayes):
        return compare(results, unit=unit)
    if unit is not None:
        _checks.fail("unit", "None beside EmpiricalBayes", repr(unit))
    import pandas as pd

    first = next(iter(results.values()))
    for name, one in results.items():
        if not np.array_equal(one.n_trials, first.n_trials):
            _checks.fail(f"results[{name!r}]", "one of the same trials as the first", "one of others")
    bic = np.array([one.integrated_bic for one in results.values()])
    columns = {
        "n_group": [one.n_group for one in results.values()],
        "log_evidence": [float(np.nansum(one.log_evidence)) for one in results.values()],
        "integrated_bic": bic,
        "difference": bic - bic.min(),
        "n": [int(np.isfinite(one.log_evidence).sum()) for one in results.values()],
        "problem": [one.problem for one in results.values()],
    }
    return pd.DataFrame(columns, index=pd.Index(list(results), name="model"))


def paragraph(asked: Mapping[str, Asked], told: Mapping[str, _told.Told], comparing: bool) -> str:
    """The methods, what went wrong first."""
    first, one = next(iter(told.values())), next(iter(asked.values()))
    failed = [f"{_of(name)}{x.failed}" for name, x in told.items() if x.failed]
    said = [f"**These results have not converged and are not to be interpreted ({'; '.join(failed)}).**"]
    said = said if failed else []
    said += [_sample.in_words(one.result, one.trials, first.decisions)]
    said += [f"The model {words.code(name) + ' ' if name else ''}was {x.model}." for name, x in told.items()]
    said += _shared("estimator", told) + _shared("convergence", told)
    said += [_how_compared(one.result, len(asked))] if comparing else []
    return " ".join([*said, _software(one, first)])


def _of(name: str) -> str:
    return f"{words.code(name)}: " if name else ""


def _shared(field: str, told: Mapping[str, _told.Told]) -> list[str]:
    """A sentence for each model, or one where all are the same."""
    found = {name: getattr(x, field) for name, x in told.items()}
    if len(set(found.values())) == 1:
        return [f"{next(iter(found.values()))}."]
    return [f"{_of(name)}{x}." for name, x in found.items()]


def _how_compared(result: Any, n: int) -> str:
    if isinstance(result, Posterior):
        how = "leave-one-out cross-validation (elpd, higher is better; the unit is in the table)"
    elif isinstance(result, Fit):
        how = "AIC and BIC of each person, summed over people whom every model could be fitted to"
    else:
        how = "the integrated BIC (lower is better)"
    return f"The {words.count(n, 'model')} were compared by {how}."


def _software(one: Asked, told: _told.Told) -> str:
    """What it was computed with."""
    names = ["jax", "numpy", *(["numpyro"] if one.priors or isinstance(one.result, Posterior) else [])]
    versions = [f"{name} {_version(name)}" for name in names]
    versions = [f"Python {platform.python_version()}", *versions]
    backend, package = jax.default_backend(), f"behavioural_modelling {_version('behavioural-modelling')}"
    bits = np.dtype(told.dtype).itemsize * 8
    return f"Computed with {words.code(package)} ({', '.join(versions)}) in {bits} bits on the {backend}."


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # run from its folder, not installed
        return "of unknown version"


def warnings(asked: Mapping[str, Asked], told: Mapping[str, _told.Told]) -> tuple[str, ...]:
    """What speaks against the results, and what was not done."""
    said = [f"{_of(name)}{one}" for name, x in told.items() for one in x.warnings]
    first = next(iter(asked.values()))
    if first.trials is None:
        said += ["trials were not given: what was missed or left out, and new blocks, are not told"]
    said += ["no other model was compared with"] * (len(asked) == 1)
    said += ["no parameter recovery and no posterior predictive check is part of these results"]
    return tuple(said)
