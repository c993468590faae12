"""Model comparison: which model made these choices, and how often is that question answered wrongly?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int, Key

from .. import _checks, _door
from .._types import Numbers
from ..fitting import Fit, fit
from ..models import Model
from ..posteriors import Posterior
from ..tasks import Schedule, Task
from ..trials import Trials
from . import _loo_table, _synthetic
from .leave_one_out import Loo

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Confusion", "compare", "confusion"]

CRITERIA = ("aic", "bic")


class Confusion(NamedTuple):
    """How often data simulated by one model were given to another.

    Attributes:
        names: The names of the models, which rows and columns follow.
        counts: How many data sets the model of the row simulated and the criterion gave to the model of
            the column, shape (n_models, n_models).
        n_failed: How many data sets of each model could not be given to any, shape (n_models,).
        criterion: "aic" or "bic".
    """

    names: tuple[str, ...]
    counts: Int[np.ndarray, "n_models n_models"]
    n_failed: Int[np.ndarray, "n_models"]
    criterion: str

    @property
    def matrix(self) -> Float[np.ndarray, "n_models n_models"]:
        """P(chosen | simulated): every row sums to 1."""
        return _shares(self.counts, axis=1)

    @property
    def inversion(self) -> Float[np.ndarray, "n_models n_models"]:
        """P(simulated | chosen), rows and columns as before, if all models are as likely beforehand.

        It is the confusion matrix with every column divided by its sum. A column is NaN for a model that
        was never chosen.
        """
        return _shares(self.matrix, axis=0)

    def to_dataframe(self, which: str = "matrix") -> DataFrame:
        """A matrix with its names.

        Args:
            which: "matrix", "inversion" or "counts".

        Returns:
            A pandas table: rows are the models that simulated, columns those that were chosen.

        Raises:
            ValueError: If `which` is none of the three.
        """
        import pandas as pd

        if which not in ("matrix", "inversion", "counts"):
            _checks.fail("which", "'matrix', 'inversion' or 'counts'", repr(which))
        rows, columns = (pd.Index(self.names, name=name) for name in ("simulated", "chosen"))
        return pd.DataFrame(getattr(self, which), rows, columns)


def compare(
    fits: Mapping[str, Fit] | Mapping[str, Posterior] | Mapping[str, Loo], *, unit: str | None = None
) -> DataFrame:
    """Fits or posteriors of several models to the same trials, side by side.

    Posteriors are compared by leave-one-out: see `loo` for the two units, which answer different questions.

    Args:
        fits: A dict from names of models to their fits; or to posteriors, or to what `loo` made of them.
        unit: What is left out, of posteriors alone: "trial" or "subject". None: "trial", or that of `loo`.

    Returns:
        A pandas table with a row per model. Of fits: n_parameters; log_likelihood, aic and bic, each summed
        over the subjects whom every model could be fitted to; best_by_aic and best_by_bic, the number of
        those subjects with their lowest value there; n, how many those subjects are; n_failed, how many were
        left out because some model has no number for them; n_problems, for how many the fit of this model
        reports a problem.

        Of posteriors: unit; elpd_loo, the log-density of what is left out, summed, and se, its standard
        error; difference, how far that is from the best model's, and se_difference; p_loo, the effective
        number of parameters; elpd_waic and p_waic; share_high_k, the share of points with a Pareto k above
        `good_k`; n, how many points there are; problem, in words.

    Raises:
        ValueError: If `fits` is no dict of at least one `Fit`, or of posteriors, or they are of different
            trials or units; `unit` is given beside fits; or as in `loo`.
    """
    if isinstance(fits, Mapping) and fits and all(isinstance(x, (Posterior, Loo)) for x in fits.values()):
        return _loo_table.table(fits, unit)
    _check_fits(fits)
    if unit is not None:
        _checks.fail("unit", "None beside fits (posteriors have units)", repr(unit))
    return _table({name: found for name, found in fits.items() if isinstance(found, Fit)})


def _table(fits: dict[str, Fit]) -> DataFrame:
    """The table of `compare`, of fits."""
    import pandas as pd

    names = list(fits)
    usable = np.all([np.isfinite(fits[name].bic) for name in names], axis=0)
    tables = {c: np.array([getattr(fits[name], c)[usable] for name in names]) for c in CRITERIA}
    best = {c: np.bincount(x.argmin(axis=0), minlength=len(names)) for c, x in tables.items()}
    columns = {
        "n_parameters": [int(fits[name].n_parameters[0]) for name in names],
        "log_likelihood": [fits[name].log_likelihood[usable].sum() for name in names],
        **{criterion: x.sum(axis=1) for criterion, x in tables.items()},
        **{f"best_by_{criterion}": counts for criterion, counts in best.items()},
        "n": usable.sum(),
        "n_failed": (~usable).sum(),
        "n_problems": [(fits[name].problem != "").sum() for name in names],
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="model"))


def confusion(
    key: Key[Array, ""],
    models: Mapping[str, Model],
    params: Mapping[str, Mapping[str, Any]],
    outcomes: Numbers | Mapping[str, Numbers] | Schedule | Task,
    *,
    n_subjects: int | None = None,
    criterion: str = "bic",
    available: Numbers | None = None,
    reset: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
    priors: Mapping[str, Mapping[str, Any]] | None = None,
    n_starts: int = 8,
    fixed: Mapping[str, Mapping[str, Numbers]] | None = None,
    progress: bool | None = None,
) -> Confusion:
    """Simulate with every model, fit every model to all of it, and count which one is chosen.

    Args:
        key: One random key. What a model simulates and how it is fitted depend on the key and the
            model's place.
        models: A dict from names to models, all of the same responses and actions.
        params: For each name the parameters to simulate with, as in `recovery`: numbers, one per subject,
            or distributions of NumPyro. What comes out depends on them.
        outcomes: As in `simulate`, a task included; each model plays the same one.
        n_subjects: How many data sets per model, where nothing else says so.
        criterion: "bic" or "aic"; the model with the lowest is chosen.
        available: As in `simulate`.
        reset: As in `simulate`.
        inputs: As in `simulate`.
        priors: None, or for each name priors as in `fit`; the criteria then use the likelihood at the MAP.
        n_starts: As in `fit`.
        fixed: None, or for each name parameters that are not estimated, as in `fit`; the values are one per
            model, or one per data set of all models together.
        progress: As in `fit`.

    Returns:
        A `Confusion`, with the matrix and its inversion.

    Raises:
        ValueError: As in `recovery`; or if there are no two models, their responses differ, `params`,
            `priors` or `fixed` are not for these models, or `criterion` is none of the two.

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, rule 6.
    """
    key = _checks.random_key("key", key)
    names = _checked_models(models, {"params": params}, {"priors": priors, "fixed": fixed}, criterion)
    task = _synthetic.task_of(outcomes, available, reset, inputs, models[names[0]])
    n_subjects = _synthetic.count(n_subjects, task)
    simulated = []
    for place, name in enumerate(names):
        key_params, key_choices = jax.random.split(jax.random.fold_in(key, 2 * place))
        true = _synthetic.subjects(key_params, models[name], params[name], n_subjects)
        simulated.append(_synthetic.trials(key_choices, models[name], true, task))
    sizes = [trials.shape[0] for trials in simulated]
    pooled = _pooled(simulated)
    scores = []
    for place, name in enumerate(names):
        key_starts = jax.random.fold_in(key, 2 * place + 1)
        given = (priors or {}).get(name), n_starts, (fixed or {}).get(name)
        found = fit(key_starts, models[name], pooled, *given, progress=progress)
        scores.append(getattr(found, criterion))
    return _counted(tuple(names), np.array(scores), sizes, criterion)


def _counted(names, scores, sizes, criterion):
    """Which model each data set went to, counted by the model that simulated it."""
    known = np.where(np.isfinite(scores), scores, np.inf)
    chosen, failed = known.argmin(axis=0), np.isinf(known).all(axis=0)
    source = np.repeat(np.arange(len(names)), sizes)
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (source[~failed], chosen[~failed]), 1)
    n_failed = np.bincount(source[failed], minlength=len(names))
    return Confusion(names, counts, n_failed, criterion)


def _pooled(parts: list[Trials]) -> Trials:
    """The trials of all models as those of one crowd of subjects; what all share stays shared."""
    shared = lambda *arrays: all(len(x) == 1 for x in arrays) and parts[0].shape[0] > 1  # noqa: E731
    together = lambda *arrays: arrays[0] if shared(*arrays) else np.concatenate(arrays)  # noqa: E731
    return jax.tree.map(together, *parts)


def _shares(counts: np.ndarray, axis: int) -> np.ndarray:
    """Divided by the sums along an axis; NaN where a sum is 0."""
    total = counts.sum(axis=axis, keepdims=True, dtype=float)
    return counts / np.where(total > 0, total, np.nan)


def _check_fits(fits: Any) -> None:
    """Refuse what is no dict of fits to the same trials."""
    if not isinstance(fits, Mapping) or not fits or not all(isinstance(f, Fit) for f in fits.values()):
        _checks.fail("fits", "a dict from names to fits, at least one", type(fits).__name__)
    first, *others = fits
    for name in others:
        digests = fits[first].digest, fits[name].digest
        if not np.array_equal(*digests):
            received = f"a fit to others, {_first_other(*digests)}"
            _checks.fail(f"fits[{name!r}]", f"a fit to the trials of fits[{first!r}]", received)


def _first_other(one: np.ndarray, other: np.ndarray) -> str:
    """Where two fits begin to differ in what they were fitted to."""
    if len(one) != len(other):
        return f"of {len(other)} subjects instead of {len(one)}"
    return f"first of subject {int(np.argmax(one != other))}"


def _responses(model: Any) -> str:
    """What somebody whom the model describes does on a trial, in words."""
    if not isinstance(model, Model):
        _checks.fail("models", "a dict from names to models", f"a {type(model).__name__}")
    parts = " and ".join(_door.checked(model).response.parts)
    return parts if model.n_actions is None else f"{parts} among {model.n_actions}"


def _checked_models(models: Any, needed: dict, optional: dict, criterion: Any) -> list[str]:
    """The names of at least two models of the same responses, all of them with parameters."""
    if not isinstance(models, Mapping) or len(models) < 2:
        _checks.fail("models", "a dict from names to at least two models", type(models).__name__)
    names = list(models)
    said = {name: _responses(model) for name, model in models.items()}
    if len(set(said.values())) > 1:
        _checks.fail("models", "models of the same responses, with the same number of actions", said)
    for argument, given in (needed | {name: x or {} for name, x in optional.items()}).items():
        missing = set(names if argument in needed else ()) - set(given if isinstance(given, Mapping) else ())
        if not isinstance(given, Mapping) or set(given) - set(names) or missing:
            found = ", ".join(map(repr, given)) if isinstance(given, Mapping) else type(given).__name__
            _checks.fail(argument, f"a dict with {', '.join(map(repr, names))}", found)
    if criterion not in CRITERIA:
        _checks.fail("criterion", "'aic' or 'bic'", repr(criterion))
    return names
