"""The arrays of `Trials`: read, and checked against each other."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from . import _checks

__all__: list[str] = []


def checked(
    choices: Any, outcomes: Any, available: Any, mask: Any, reset: Any, feedback: Any, shared: Any
) -> tuple[Array | None, ...]:
    """The fields of `Trials`, in their order, from what a reader gives."""
    choices = _checks.integers("choices", choices)
    if choices.ndim != 2 or 0 in choices.shape:
        expected = "shape (n_subjects, n_trials), at least one of each"
        _checks.fail("choices", expected, f"shape {choices.shape}")
    by_trial = {"mask": mask, "reset": reset, "feedback": feedback}
    mask, reset, feedback = (
        None if x is None else _checks.booleans(name, x, choices.shape) for name, x in by_trial.items()
    )
    outcomes = _checks.real_array("outcomes", outcomes)
    available = None if available is None else _checks.plain_array("available", available)
    shared = _is_shared(outcomes, choices, available, mask, shared)
    n_actions = outcomes.shape[-1] if shared or outcomes.ndim == 3 else None
    if available is not None:
        n_actions = n_actions or (available.shape or (1,))[-1]
        available = _checks.booleans("available", available, (*choices.shape, n_actions))
    outcomes, feedback = _with_feedback(outcomes, choices.shape, mask, feedback, shared)
    choices = _checks.actions("choices", choices, n_actions, mask)
    _check_on_offer(choices, available, mask)
    if shared and outcomes.shape == choices.shape:  # from here on the shape alone says what is meant
        outcomes = jnp.broadcast_to(outcomes, (len(choices), *outcomes.shape))
    return choices, outcomes, available, mask, reset, feedback


def _is_shared(outcomes: Array, choices: Any, available: Any, mask: Any, shared: Any) -> bool:
    """Whether outcomes are all subjects', (n_trials, n_actions); refused where that cannot be known."""
    n_subjects, n_trials = choices.shape
    own = outcomes.ndim in (2, 3) and outcomes.shape[:2] == choices.shape
    as_shared = outcomes.ndim == 2 and outcomes.shape[0] == n_trials
    if not (own or as_shared) or 0 in outcomes.shape:
        expected = f"shape ({n_subjects}, {n_trials}, n_actions), ({n_trials}, n_actions) or {choices.shape}"
        _checks.fail("outcomes", expected, f"shape {outcomes.shape}")
    if shared is not None:
        if not isinstance(shared, (bool, np.bool_)):
            _checks.fail("shared", "None, True or False", repr(shared))
        if not (as_shared if shared else own):
            expected = (
                f"{not shared} or None, as outcomes have shape {outcomes.shape}, choices {choices.shape}"
            )
            _checks.fail("shared", expected, shared)
        return bool(shared)
    if own and as_shared and _fits_both(outcomes.shape[-1], choices, available, mask):
        expected = "shared=True where these are what each action paid, (n_trials, n_actions) for all subjects"
        expected += ", shared=False where they are what the chosen one paid, (n_subjects, n_trials)"
        _checks.fail("outcomes", expected, f"shape {outcomes.shape}, which may be either")
    return not own


def _fits_both(n: int, choices: Any, available: Any, mask: Any) -> bool:
    """Whether nothing else says that n by n outcomes are the chosen actions', of more or fewer than n."""
    if n == 1 or (available is not None and available.shape[-1:] != (n,)):
        return False
    values, scored = _checks.known_values(choices), True if mask is None else _checks.known_values(mask)
    return values is None or scored is None or not (scored & (values >= n)).any()


def _with_feedback(
    outcomes: Array, shape: tuple[int, int], mask: Array | None, feedback: Array | None, shared: bool
) -> tuple[Float[Array, "..."], Bool[Array, "n_subjects n_trials"] | None]:
    """Outcomes, with 0 where a trial that counts has none; and which trials have one, None where all do."""
    if any(isinstance(x, jax.core.Tracer) for x in (outcomes, mask, feedback)):
        return outcomes, feedback
    values = _checks.known_values(outcomes)
    if feedback is None and np.isfinite(values).all():
        return outcomes, None
    everywhere = np.ones(shape if shared else values.shape[:2], bool)
    scored, told = (everywhere if x is None else _checks.known_values(x) for x in (mask, feedback))
    missing = _missing(values, scored & told, shared)
    if missing.any() and values.shape != outcomes.shape:  # the rows of this machine alone
        _checks.fail("outcomes", "feedback=... where arrays are spread over machines", "NaN beside choices")
    told = told & ~missing
    if told.all():
        return outcomes, None
    feedback = jnp.asarray(told) if missing.any() else feedback
    return _silenced(outcomes, values, scored, told, shared), feedback


def _missing(values: np.ndarray, counts: np.ndarray, shared: bool) -> np.ndarray:
    """Where outcomes that count are NaN for every action; refused are those NaN for some, or infinite."""
    counts = counts.any(axis=0) if shared else counts
    by_action = values if shared or values.ndim == 3 else values[..., None]
    missing = np.isnan(by_action).all(axis=-1) & counts
    good = np.isfinite(by_action) | ~(counts & ~missing)[..., None]
    expected = "finite numbers, or NaN (for every action) where a choice had no feedback"
    _checks.every("outcomes", expected, values, good.reshape(values.shape))
    return missing


def _silenced(
    outcomes: Array, values: np.ndarray, scored: np.ndarray, told: np.ndarray, shared: bool
) -> Array:
    """Outcomes, lying where they did, with 0 where nobody was told of them on a trial that counts."""
    silent = scored & ~told
    if shared:
        silent = silent.any(axis=0) & ~(scored & told).any(axis=0)
    silent = silent.reshape(silent.shape + (1,) * (values.ndim - silent.ndim))
    if values.shape != outcomes.shape or not (silent & (values != 0)).any():
        return outcomes
    values = np.where(silent, 0, values).astype(values.dtype)
    several = len(outcomes.sharding.device_set) > 1
    return jax.device_put(values, outcomes.sharding) if several else jnp.asarray(values)


def _check_on_offer(choices: Array, available: Array | None, mask: Array | None) -> None:
    """Refuse a choice that was not on offer, on trials that count."""
    arrays = [_checks.known_values(x) for x in (choices, available, mask) if x is not None]
    if available is None or any(x is None for x in arrays):
        return
    chosen, offered = arrays[0], arrays[1]
    counts = np.ones(chosen.shape, bool) if mask is None else arrays[2]
    chosen = np.where(counts, chosen, 0)
    on_offer = np.take_along_axis(offered, chosen[..., None], axis=-1)[..., 0]
    if not (on_offer | ~counts).all():
        subject, trial = (int(i) for i in np.argwhere(~on_offer & counts)[0])
        received = f"action {chosen[subject, trial]} of subject {subject} on trial {trial}"
        _checks.fail("choices", "actions that were on offer", received)
