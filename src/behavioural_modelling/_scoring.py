"""Scoring: the log-probability of every choice, trial by trial, for many subjects at once, and its slope."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Bool, Float, Int

from . import _checks, _rows
from .models import Model, _choosing
from .trials import Trials

__all__: list[str] = []


class ByTrial(NamedTuple):
    """All trials of all subjects as the scan takes them: trials first, subjects last."""

    choices: Int[Array, "n_trials n_subjects"]
    outcomes: Float[Array, "n_trials ..."]
    available: Bool[Array, "n_trials n_actions n_subjects"] | None
    mask: Bool[Array, "n_trials n_subjects"] | None
    reset: Bool[Array, "n_trials n_subjects"] | None
    feedback: Bool[Array, "n_trials n_subjects"] | None


def by_trial(shared, choices, outcomes, available, mask, reset, feedback):
    """The fields of `Trials`, the trials first and the subjects last; outcomes may be all subjects'."""
    # What is not learned from must stay out of the arithmetic: it may be NaN.
    choices = choices if mask is None else jnp.where(mask, choices, 0)
    if mask is not None or feedback is not None:
        counts = mask if feedback is None else feedback if mask is None else mask & feedback
        counts = counts.any(axis=0)[:, None] if shared else counts
        outcomes = jnp.where(counts[..., None] if outcomes.ndim == 3 else counts, outcomes, 0)
    if mask is not None and available is not None:
        available = available | ~mask[..., None]
    put = lambda x: jnp.moveaxis(x, 0, -1)  # noqa: E731
    arrays = (choices, None if shared else outcomes, available, mask, reset, feedback)
    trials = ByTrial(*jax.tree.map(put, arrays))
    return trials._replace(outcomes=outcomes) if shared else trials


def scorer(model, keep, shared):
    """The function of params, one per subject, and of `ByTrial` that gives each subject's log-likelihood."""
    each = ByTrial(*[-1] * len(ByTrial._fields))
    axes = (0, -1, each._replace(outcomes=None) if shared else each)
    play = jax.vmap(partial(_play_trial, model), axes, out_axes=(-1, 0, 0))

    def score(params, trials):
        init = jax.vmap(model.init, out_axes=-1, axis_size=trials.choices.shape[-1])
        return _score(init, play, keep, params, trials)

    return score


def _play_trial(model, params, state, trial):
    """One trial of one subject: the state after it, and the logits and the choice to score."""
    chosen = jax.nn.one_hot(trial.choices, model.n_actions, dtype=trial.outcomes.dtype)
    outcome = trial.outcomes if trial.outcomes.ndim else trial.outcomes * chosen
    if trial.reset is not None:
        state = jax.tree.map(lambda new, old: jnp.where(trial.reset, new, old), model.init(params), state)
    logits = _choosing.logits_on_offer(model, params, state, trial.available, trial.outcomes.dtype)
    next_state, _ = model.update(params, state, chosen, outcome)
    for learns in (trial.mask, trial.feedback):
        if learns is not None:
            next_state = jax.tree.map(partial(jnp.where, learns), next_state, state)
    return next_state, logits, chosen


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def _score(init, play, keep, params, trials):
    """The sum over trials of the log-probabilities of the choices, for all subjects.

    `init` and `play` are the model's `init` and `_play_trial`, mapped over subjects. `keep` is
    `_layout.apart`, or `_layout.joined` where the compiler is to spread the subjects over devices.
    """

    def step(carry, trial):
        state, total, lost = carry
        next_state, logits, chosen = play(params, state, trial)
        term = _log_probability(keep, logits, chosen)
        if trial.mask is not None:
            term = jnp.where(trial.mask, term, 0)
        # What rounding takes from a sum is given to the next term, so long sums stay exact.
        term = term - lost
        lost = jax.lax.stop_gradient((total + term) - total - term)
        lost = jnp.where(jnp.isfinite(lost), lost, 0)  # a sum of minus infinity stays so
        return (jax.tree.map(keep, next_state), total + term, lost), None

    nothing = jnp.zeros(trials.choices.shape[1:], trials.outcomes.dtype)
    return jax.lax.scan(step, (init(params), nothing, nothing), trials)[0][1]


@partial(_score.defjvp, symbolic_zeros=True)
def _score_and_slope(init, play, keep, primals, tangents):
    """The derivative of `_score`: a subject's parameters move that subject's score alone.

    So one direction for each parameter, in which it moves by 1 for every subject, gives all slopes.
    """
    score = partial(_score.fun, init, play, keep)
    params, trials = primals
    moves, outcomes_move = tangents[0], tangents[1].outcomes
    moves = {name: move for name, move in moves.items() if not isinstance(move, SymbolicZero)}

    names = tuple(moves)  # the moves themselves, held by a function that JAX keeps, would be a leak

    @_as_a_whole
    def value_and_slopes(params, trials):
        some = {name: params[name] for name in names}
        one = jnp.ones(trials.choices.shape[1:], trials.outcomes.dtype)
        units = {a: jnp.stack([one * float(a == b) for b in some]) for a in some}
        along = partial(jax.jvp, lambda some: score(params | some, trials), (some,))
        return jax.vmap(lambda unit: along((unit,)), out_axes=(None, 0))(units)

    slope = 0.0
    if moves:
        value, slopes = value_and_slopes(params, trials)
        slope = sum(each * move for each, move in zip(slopes, moves.values(), strict=True))
    if not isinstance(outcomes_move, SymbolicZero):
        by_outcomes = lambda outcomes: score(params, trials._replace(outcomes=outcomes))  # noqa: E731
        value, more = jax.jvp(by_outcomes, (trials.outcomes,), (outcomes_move,))
        slope += more
    return value, slope


def _as_a_whole(function):
    """`function`, into which reverse-mode differentiation does not look while it sorts out what is linear.

    In a scan it would find what stays the same from trial to trial, and store it once for every action.
    """
    whole = jax.custom_jvp(function)
    whole.defjvp(partial(jax.jvp, function))
    return whole


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _log_probability(keep, logits, chosen):
    """The log-probability of each subject's choice; both arrays have shape (n_subjects, n_actions)."""
    return _log_probability_and_weights(keep, logits, chosen)[0]


@_log_probability.defjvp
def _log_probability_and_slope(keep, primals, tangents):
    """The derivative by the logits: what was chosen minus how probable it was."""
    log_probability, weights = _log_probability_and_weights(keep, *primals)
    surprise = keep(primals[1] - weights / _rows.row_sum(weights))
    return log_probability, _rows.row_sum(surprise * tangents[0])[:, 0]


def _log_probability_and_weights(keep, logits, chosen):
    """The log-probabilities, and the probabilities before they are divided by their sum."""
    logits = logits - jax.lax.stop_gradient(_rows.row_max(logits))
    weights = jnp.exp(logits)
    logit = keep(_rows.row_sum(jnp.where(chosen != 0, logits, 0))[:, 0])
    return logit - jnp.log(_rows.row_sum(weights)[:, 0]), weights


def is_shared(outcomes: Array, choices: Array) -> bool:
    """Whether outcomes have shape (n_trials, n_actions); where both fit, `Trials` holds no such ones."""
    return outcomes.ndim == 2 and outcomes.shape != choices.shape


def checked_trials(trials: Any, model: Model) -> Trials:
    """Trials whose actions are those of the model; all else was checked when they were put together."""
    if not isinstance(trials, Trials):
        _checks.fail("trials", "Trials", type(trials).__name__)
    choices, outcomes, available, mask, *_ = trials
    per_action = outcomes.ndim == 3 or is_shared(outcomes, choices)
    for name, x in (("outcomes", outcomes if per_action else None), ("available", available)):
        if x is not None and x.shape[-1] != model.n_actions:
            _checks.fail(f"trials.{name}", f"{model.n_actions} actions, as in the model", f"{x.shape[-1]}")
    _checks.actions("trials.choices", choices, model.n_actions, mask)
    return trials
