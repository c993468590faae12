r"""Preregistration: what is decided before the data are seen, filled in from models and their priors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .. import _checks, _door
from ..models import Model
from ..posteriors import _diagnostics
from . import _analysis, _claims, _in_words, _of_models, _typeset
from .power import Power

__all__ = ["preregistration"]

RULES = {
    "hierarchical": (
        f"An r-hat of at most {_diagnostics.MOST_R_HAT}, {_diagnostics.LEAST_EFFECTIVE} effective draws of "
        "every parameter of everybody, and no divergent trajectory. Otherwise the result is not interpreted; "
        "more draws, then a reparametrised or smaller model are tried, and this is reported."
    ),
    "map": (
        "A person whose search did not converge, or who has an estimate at a bound, is reported and stays "
        "in the analysis; the analysis is repeated without them."
    ),
}

COMPARISONS = {
    "hierarchical": (
        "The model with the highest expected log predictive density by leave-one-out (`compare`, unit: "
        "[trial or subject]) is preferred where the difference is more than [2] of its standard errors."
    ),
    "map": (
        "Random-effects selection (`select_models`) on Laplace's evidence (`log_evidence`): a model is "
        "preferred "
        "where its protected exceedance probability is above [.95]."
    ),
}


def preregistration(
    models: Model | Mapping[str, Model],
    *,
    priors: Mapping[str, Any] | None = None,
    n_subjects: int | None = None,
    n_trials: int | None = None,
    power: Power | None = None,
    estimator: str = "hierarchical",
    outcome_range: tuple[float, float] = (0.0, 1.0),
    question: str | None = None,
    task: str | None = None,
    exclusions: str | None = None,
) -> str:
    """A preregistration in Markdown, filled in as far as models and priors say it.

    What only the researcher knows is a gap in square brackets that says what belongs there. For each prior
    stands what it claims: the values that 5 %, half and 95 % of people are below, by 100,000 draws.

    Args:
        models: A model, or a dict from names to models.
        priors: As in `sample` or `fit`; of several models a dict from their names to such. What is left out
            has its default.
        n_subjects: How many people; with `power`, in each group.
        n_trials: How many trials each.
        power: What `power` found. It must have simulated this number of people and of trials, with the method
            of `estimator`: "two-step" is that of "map". Its test is the one that is planned. A `Power` keeps
            neither the model nor the priors, so those are not compared.
        estimator: "hierarchical" or "map".
        outcome_range: The smallest and the largest outcome of the task, for default priors and units.
        question: The question and hypotheses, in words. None: a gap. So are the next two.
        task: What people do.
        exclusions: Who and what is left out, and why.

    Returns:
        Markdown.

    Raises:
        ValueError: If `models` is no model or dict of models; a prior is not for a parameter that is there,
            or a parameter has none; a number is no whole number of at least 1; `power` is no `Power`, is of
            another analysis, or has no simulated study of this size; or another argument is not as said
            above.

    Example:
        >>> import behavioural_modelling as bm
        >>> text = bm.preregistration(bm.models.rescorla_wagner(2), n_subjects=40, n_trials=100)
        >>> [line for line in text.splitlines() if line.startswith("## ")][:3]
        ['## Question', '## Models', '## Priors and what they claim']

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547.
        Crüwell & Evans (2021), doi 10.1098/rsos.210155, on preregistering cognitive models.
    """
    given = _checked_models(models)
    if estimator not in _analysis.ESTIMATORS:
        _checks.fail("estimator", "'hierarchical' or 'map'", repr(estimator))
    several = isinstance(models, Mapping)
    outcome_range = _checked_range(outcome_range)
    every = _all_priors(given, priors, several, outcome_range, estimator == "hierarchical")
    sizes = {"n_subjects": n_subjects, "n_trials": n_trials}
    sizes = {k: n if n is None else _checks.size(k, n, minimum=1) for k, n in sizes.items()}
    _analysis.check(power, estimator)
    words = {"question": question, "task": task, "exclusions": exclusions}
    for name, text in words.items():
        if text is not None and not isinstance(text, str):
            _checks.fail(name, "None, or words", type(text).__name__)
    hypotheses = "[the question; the hypotheses, each with the parameter and the direction that it predicts]"
    sections = {
        "Question": question or hypotheses,
        "Models": _models(given),
        "Priors and what they claim": _priors(given, every, outcome_range, estimator == "hierarchical"),
        "Task": task or "[what people see, choose and are paid; instructions; practice; the order of blocks]",
        "Sample size and power": _analysis.sample_size(sizes["n_subjects"], sizes["n_trials"], power),
        "Exclusions": exclusions
        or "[who is left out, by which rule; from what on a response is too early or too late]",
        "Estimation": _analysis.estimation(estimator, power),
        "Convergence": RULES[estimator],
        "Comparison": COMPARISONS[estimator] if len(given) > 1 else "One model is fitted; none is compared.",
        "Planned checks": _planned(given),
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items()) + "\n"


def _checked_models(models: Any) -> dict[str, Model]:
    if isinstance(models, Model):
        return {models.name: _door.checked(models)}
    if not isinstance(models, Mapping) or not models:
        _checks.fail("models", "a Model, or a dict from names to models", type(models).__name__)
    for name, model in models.items():
        if not isinstance(model, Model) or not model.parameters:
            _checks.fail(f"models[{name!r}]", "a Model with parameters", type(model).__name__)
    return {str(name): _door.checked(model) for name, model in models.items()}


def _checked_range(outcome_range: Any) -> tuple[float, float]:
    low, high = (float(x) for x in _checks.pair("outcome_range", outcome_range))
    if not (math.isfinite(high - low) and low < high):
        _checks.fail("outcome_range", "two finite numbers, the smaller first", outcome_range)
    return low, high


def _all_priors(given: dict[str, Model], priors: Any, several: bool, outcome_range: Any, group: bool) -> Any:
    """The priors of every model."""
    if several and priors is not None and not (isinstance(priors, Mapping) and set(priors) <= set(given)):
        received = ", ".join(map(repr, priors)) if isinstance(priors, Mapping) else type(priors).__name__
        _checks.fail("priors", f"a dict with some of {', '.join(map(repr, given))}", received)
    found = {}
    for name, model in given.items():
        own = (priors or {}).get(name) if several else priors
        label = f"priors[{name!r}]" if several else "priors"
        found[name] = _claims.checked_priors(label, model, own, outcome_range, group)
    return found


def _models(given: dict[str, Model]) -> str:
    """What each model does, and its parameters."""
    said = []
    for name, model in given.items():
        label = "" if name == model.name else f"{_in_words.code(name)}: "
        parameters = _in_words.listed(_in_words.parameter(one) for one in model.parameters)
        said.append(f"- {label}{_of_models.described(model)}. Parameters: {parameters}.")
    return "\n".join([*said, "", "[why these models; what each predicts that the others do not]"])


def _priors(given: dict[str, Model], every: Any, outcome_range: Any, group: bool) -> str:
    """Each prior, and the table of what all claim."""
    import pandas as pd

    said, rows = [], []
    for name, model in given.items():
        for parameter, prior in every[name].items():
            line = " (on the line)" if parameter.endswith("_spread") else ""
            words = f"{_in_words.code(parameter)}{line}: {_in_words.distribution(prior)}"
            said.append(f"- {_in_words.code(name)}, {words}")
        found = _claims.quantiles(model, every[name], outcome_range, group)
        rows += [(name, parameter, who, *three) for who, parameter, three in found]
    columns = ["model", "parameter", "of", "5 %", "50 %", "95 %"]
    about = (
        "Of a group's priors the first is of the median person's natural value; spreads are on the line."
        * group
    )
    low, high = (_in_words.plain(x) for x in outcome_range)
    claims = f"Outcomes from {low} to {high}. These values 5 %, 50 % and 95 % are below:"
    table = _typeset.markdown(pd.DataFrame(rows, columns=columns))
    return "\n\n".join(x for x in ("\n".join(said), f"{about} {claims}".strip(), table) if x)


def _planned(given: dict[str, Model]) -> str:
    """What is checked before and after."""
    return "\n".join(
        [
            "- Before the data: parameter recovery (`recovery`) at this number of trials"
            + (", and model recovery (`confusion`)." if len(given) > 1 else "."),
            "- Before the data: prior predictive checks of [which behaviour].",
            "- After: posterior predictive checks of [which behaviour], [by which rule the model fails].",
            "- After: the analysis again with [other priors], to see what depends on them.",
        ]
    )
