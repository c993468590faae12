r"""Replay: what a model holds in mind, trial by trial, under what people actually did."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ._by_trial import by_trial
from ._compute import placement
from ._compute.layout import laid_out, subjects_first
from ._play import play_trial
from ._ready import ready
from ._types import Numbers
from .models import Model
from .trials import Trace, Trials

__all__ = ["replay"]


def replay(model: Model, params: Mapping[str, Numbers], trials: Trials) -> Trace:
    r"""The latent quantities of a model under given parameters and the actual responses.

    They are what model-based analyses of brain signals are made of: values, prediction errors, choice
    probabilities, trial by trial. What is recorded of a state or a prediction is from before the trial's
    outcome.

    On a trial that `trials.mask` leaves out, or whose outcome was not told, nothing is learned: what comes of
    an outcome, such as a prediction error, is NaN there; what was there before it, such as a value, is not.

    Args:
        model: The model, from a builder in `models` or your own.
        params: As in `log_likelihood`, for instance `fit.params`.
        trials: As in `log_likelihood`.

    Returns:
        A `Trace` with what the model records, what its response reports, such as `choice_p`, and `log_prob`,
        the log-probability of each response, shape (n_subjects, n_trials): NaN where `trials.mask` leaves it
        out; the sum of the others is the `log_likelihood`. Its `to_dataframe` gives a tidy table.

    Raises:
        ValueError: As in `log_likelihood`.

    Example:
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> trials = bm.Trials(choices=[[0, 0, 1]], outcomes=[[1.0, 1.0, 0.0]])
        >>> trace = replay(model, {"alpha": 0.5, "temperature": 1.0}, trials)
        >>> trace.values[0].tolist()
        [[0.5, 0.5], [0.75, 0.5], [0.875, 0.5]]
        >>> trace.prediction_errors[0].tolist()
        [[0.5, 0.0], [0.25, 0.0], [0.0, -0.5]]
    """
    given = ready(model, params, trials)
    if placement.has_one_cpu():
        # Tied to its device, as in `simulate`: JAX must keep track of how the trace lies in memory.
        given = given._replace(params=jax.device_put(given.params, jax.devices()[0]))
        given = given._replace(arrays=jax.device_put(given.arrays, jax.devices()[0]))
    with jax.debug_nans(False), jax.debug_infs(False):  # what is not known is NaN
        return Trace((), **_replay(model, given.dtype, given.plan, given.params, *given.arrays))


@partial(jax.jit, static_argnames=("model", "dtype", "plan"))
def _replay(model, dtype, plan, params, *arrays):
    """`replay` on checked arguments; on several devices where the plan names them."""

    def of_subjects(params, *arrays):
        trials, axes = by_trial(dtype, *arrays)
        n_subjects = len(jax.tree.leaves(arrays)[0])
        play = partial(_recorded, model, dtype)
        play = jax.vmap(play, (0, -1, axes), out_axes=-1, axis_size=n_subjects)
        first = jax.vmap(model.init, out_axes=-1, axis_size=n_subjects)(params)
        return jax.lax.scan(partial(play, params), first, trials)[1]

    def by_subject(params, *arrays):
        put = subjects_first if plan.in_blocks else lambda x: jnp.moveaxis(x, -1, 0)
        return jax.tree.map(put, laid_out(plan.laid_out, of_subjects)(params, *arrays))

    return placement.over_subjects(by_subject, plan)(params, *arrays)


def _recorded(model, dtype, params, state, trial):
    """One trial of one subject: the state after it, and what there is to tell."""
    outcomes, learns = trial.outcomes, trial.row.learns
    if learns is not None:
        outcomes = jax.tree.map(lambda x: jnp.where(learns, x, jnp.nan), outcomes)
    given = lambda _: trial.response, lambda _: (outcomes, None)  # noqa: E731
    played = play_trial(model, params, state, trial.row, *given, dtype)
    log_prob = model.response.log_prob(played.prediction, played.response)
    if trial.mask is not None:
        log_prob = jnp.where(trial.mask, log_prob, jnp.nan)
    report, records = model.response.report or (lambda _: {}), played.records
    if learns is not None:
        records = jax.tree.map(partial(_wholly_unknown, learns), records)
    return played.after, report(played.prediction) | records | {"log_prob": log_prob}


def _wholly_unknown(learns: Array, x: Array) -> Array:
    """NaN for all actions where it is for one: the compiler may take 0 times NaN for 0."""
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return jnp.where(~learns & jnp.isnan(x).any(), jnp.nan, x)
