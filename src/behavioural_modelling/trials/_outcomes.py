"""Outcomes, read once: into three axes, (n_subjects or 1, n_trials, n_actions or 1), or a dict of such.

The first axis is 1 where all subjects share them, the last where only the chosen action's is known.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .. import _checks

__all__: list[str] = []


class Known(NamedTuple):
    """What is known of the trials when their outcomes are read.

    Attributes:
        shape: (n_subjects, n_trials).
        n_actions: How many actions there are, where the offers say so.
        chosen: Whether anything is chosen: a rating has one outcome.
        choices: What was chosen, on the host; None where JAX traces it.
        mask: Which trials count, likewise.
        feedback: Which choices had feedback, likewise.
    """

    shape: tuple[int, int]
    n_actions: int | None
    chosen: bool
    choices: Int[np.ndarray, "n_subjects n_trials"] | None
    mask: Bool[np.ndarray, "n_subjects n_trials"] | None
    feedback: Bool[np.ndarray, "n_subjects n_trials"] | None


def read(
    arrays: dict[str | None, Array],
    values: dict[str | None, np.ndarray | None],
    known: Known,
    feedback: Bool[Array, "n_subjects n_trials"] | None,
    shared: Any,
) -> tuple[Any, Bool[Array, "n_subjects n_trials"] | None]:
    """Outcomes in three axes, 0 where a trial that counts had no feedback; and which had, None where all.

    They come by name, as JAX's arrays and as their values on the host, None where JAX traces them. The one
    without a name is under None, and is given back alone.
    """
    mask, told, read, seen = known.mask, known.feedback, {}, {}
    counts = None if mask is None or told is None else mask & told
    for name, x in arrays.items():
        label = "outcomes" if name is None else f"outcomes[{name!r}]"
        axes = _more_axes(label, x, known, shared)
        read[name] = _checks.with_axes(x, *axes) if axes else x
        value = values[name]
        if value is None or counts is None or told is None:
            told = None
            continue
        seen[name] = np.expand_dims(value, axes)
        told = told & ~_missing(label, seen[name], counts, x.shape)
    if mask is not None and counts is not None and told is not None:
        for name, x in read.items():
            _check_alike(name, seen[name], counts & ~told)
            read[name] = _silenced(x, seen[name], mask, told)
        same = feedback is not None and known.feedback is not None and np.array_equal(told, known.feedback)
        feedback = None if told.all() else feedback if same else jnp.asarray(told)
    return read.get(None, read), feedback


def _more_axes(label: str, x: Array, known: Known, shared: Any) -> tuple[int, ...]:
    """Where an array gets more axes, so that its shape says what it means."""
    common = _is_shared(label, x, known, shared)
    n = known.n_actions
    size = x.shape[-1] if x.ndim == 3 or (common and x.ndim == 2) else 1
    if size > 1 and (not known.chosen or size != (n or size)):
        expected = f"{n} actions" if known.chosen else "one number per trial, as nothing is chosen"
        _checks.fail(label, expected, f"shape {x.shape}")
    if x.ndim == 3:
        return ()
    if not common:
        return (2,)
    return (0,) if x.ndim == 2 else (0, 2)


def _is_shared(label: str, x: Array, known: Known, shared: Any) -> bool:
    """Whether outcomes are all subjects'; refused where that cannot be known."""
    n_subjects, n_trials = known.shape
    if x.ndim == 3:
        own, common = x.shape[:2] == known.shape, x.shape[:2] == (1, n_trials)
    else:
        own = x.shape == known.shape
        common = x.shape[:1] == (n_trials,) and x.ndim == (2 if known.chosen else 1)
    if not (own or common) or 0 in x.shape:
        shapes = f"({n_subjects}, {n_trials}, n_actions), ({n_trials}, n_actions) or {known.shape}"
        _checks.fail(label, f"shape {shapes if known.chosen else known.shape}", f"shape {x.shape}")
    if x.ndim == 3 and not (shared and len(x) > 1):
        return not own
    if shared is not None:
        if not (common if shared else own):
            shapes = f"outcomes have shape {x.shape}, choices {known.shape}"
            _checks.fail("shared", f"{not shared} or None, as {shapes}", shared)
        return bool(shared)
    if own and common and _fits_both(x.shape[-1], known):
        expected = "shared=True where these are what each action paid, (n_trials, n_actions) for all subjects"
        expected += ", shared=False where they are what the chosen one paid, (n_subjects, n_trials)"
        _checks.fail(label, expected, f"shape {x.shape}, which may be either")
    return not own


def _fits_both(n: int, known: Known) -> bool:
    """Whether nothing else says that n by n outcomes are the chosen actions', of more or fewer than n."""
    if n == 1 or known.n_actions not in (None, n):
        return False
    if known.choices is None or known.mask is None:  # JAX traces them
        return True
    return not (known.mask & (known.choices >= n)).any()


def _missing(label: str, values: np.ndarray, counts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Where outcomes that count are NaN for every action; refused are those NaN for some, or infinite."""
    counts = np.any(counts, axis=0, keepdims=True) if len(values) == 1 else counts[: len(values)]
    missing = np.isnan(values).all(axis=-1) & counts
    good = np.isfinite(values) | ~(counts & ~missing)[..., None]
    if not good.all():
        expected = "finite numbers, or NaN (for every action) where a choice had no feedback"
        first = int(np.argmin(good))
        at = tuple(int(i) for i in np.unravel_index(first, shape))
        _checks.fail(label, expected, f"{values.ravel()[first]} at index {at[0] if len(at) == 1 else at}")
    return missing


def _check_alike(name: str | None, values: np.ndarray, silent: np.ndarray) -> None:
    """Refuse a trial of which one outcome is known and another, under another name, is not."""
    if (silent & np.isfinite(values).all(axis=-1)).any():
        expected = "NaN where a choice had no feedback, in all outcomes alike"
        subject, trial = (int(i) for i in np.argwhere(silent & np.isfinite(values).all(axis=-1))[0])
        _checks.fail(f"outcomes[{name!r}]", expected, f"a number of subject {subject} on trial {trial}")


def _silenced(x: Array, values: np.ndarray, mask: np.ndarray, told: np.ndarray) -> Float[Array, "..."]:
    """Outcomes, lying where they did, with 0 where nobody was told of them on a trial that counts."""
    silent = mask & ~told
    if len(values) == 1:
        silent = np.any(silent, axis=0, keepdims=True) & ~np.any(mask & told, axis=0, keepdims=True)
    silent = silent[..., None]
    if values.shape != x.shape:  # the rows of this machine alone
        if (silent & np.isnan(values)).any():
            _checks.fail(
                "outcomes", "feedback=... where arrays are spread over machines", "NaN beside choices"
            )
        return x
    if not (silent & (values != 0)).any():
        return x
    values = np.where(silent, 0, values).astype(values.dtype)
    several = len(x.sharding.device_set) > 1
    return jax.device_put(values, x.sharding) if several else jnp.asarray(values)
