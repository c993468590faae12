"""Tasks that do not react: everything that will be shown, offered and paid, known beforehand as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .. import _checks
from .._types import Numbers

__all__ = ["Schedule", "from_trials", "schedule"]


class Schedule(NamedTuple):
    """A task that does not react, as arrays. The first axis of each is n_subjects, or 1 where all share it.

    Attributes:
        outcomes: What each action would pay, shape (n_subjects, n_trials, n_actions); the last axis is 1
            where nothing is chosen. Or a dict of such.
        available: Which actions are on offer, booleans, shape (n_subjects, n_trials, n_actions); None: all.
        mask: Which trials count, booleans, shape (n_subjects, n_trials); None: all. On the others nothing is
            learned, and their responses are not scored.
        reset: Before which trials the model starts anew, booleans, shape (n_subjects, n_trials); None: none.
        feedback: After which responses the outcome is told, booleans, shape (n_subjects, n_trials); None:
            after all.
        inputs: What is shown before the response, by name, each of shape (n_subjects, n_trials, ...).
    """

    outcomes: Float[Array, "n_subjects n_trials n_actions"] | dict[str, Array]
    available: Bool[Array, "n_subjects n_trials n_actions"] | None
    mask: Bool[Array, "n_subjects n_trials"] | None
    reset: Bool[Array, "n_subjects n_trials"] | None
    feedback: Bool[Array, "n_subjects n_trials"] | None
    inputs: dict[str, Array]

    @property
    def n_trials(self) -> int:
        """How many trials there are."""
        return jax.tree.leaves(self.outcomes)[0].shape[1]

    @property
    def n_subjects(self) -> int | None:
        """For how many subjects it is made; None where any number may share it."""
        counts = {len(x) for x in jax.tree.leaves(self)} - {1}
        return next(iter(counts), None)


def schedule(
    outcomes: Numbers | Mapping[str, Numbers],
    *,
    available: Numbers | None = None,
    mask: Numbers | None = None,
    reset: Numbers | None = None,
    feedback: Numbers | None = None,
    inputs: Mapping[str, Numbers] | None = None,
    chosen: bool = True,
) -> Schedule:
    """A task whose outcomes do not depend on what was done before.

    Every array may have an axis of subjects in front, or have none where all subjects share it.

    Args:
        outcomes: What each action would pay, shape (n_trials, n_actions) or (n_subjects, n_trials,
            n_actions). Where nothing is chosen, shape (n_trials,) or (n_subjects, n_trials). Several
            outcomes: a dict from names to such arrays.
        available: Which actions are on offer, booleans of the shapes that outcomes may have. None: all.
        mask: Which trials count, booleans, shape (n_trials,) or (n_subjects, n_trials). None: all.
        reset: Before which trials the model starts anew, like `mask`. None: before none.
        feedback: After which responses the outcome is told, like `mask`. None: after all.
        inputs: What is shown before the response, by name: arrays of shape (n_trials,), (n_subjects,
            n_trials) or, with axes of their own, (n_subjects or 1, n_trials, ...).
        chosen: Whether something is chosen: False for ratings alone.

    Returns:
        The `Schedule`, which `simulate` takes in place of outcomes.

    Raises:
        ValueError: If shapes or numbers of subjects do not match; there is no subject or trial; outcomes or
            inputs are not finite on a trial that counts; `available`, `mask`, `reset` or `feedback` are not
            booleans; or nothing is on offer on a trial that counts.

    Example:
        >>> schedule([[1.0, 0.0]] * 10, reset=[True, False] * 5).n_trials
        10
    """
    shape = "(n_subjects, n_trials, n_actions)" if chosen else "(n_subjects, n_trials)"
    paid = _read_outcomes(outcomes, chosen, shape)
    n_trials, n_actions = jax.tree.leaves(paid)[0].shape[1:]
    flags = {"mask": mask, "reset": reset, "feedback": feedback}
    flags = {name: _with_subjects(name, x, (n_trials,)) for name, x in flags.items()}
    offered = _with_subjects("available", available, (n_trials, n_actions))
    made = Schedule(paid, offered, **flags, inputs=_read_inputs(inputs, n_trials))
    _check_counts(made)
    _check_on_offer(made, available)
    _check_inputs(made)
    if not isinstance(outcomes, Mapping):
        return made._replace(outcomes=_finite("outcomes", paid, outcomes, made))
    finite = {n: _finite(f"outcomes[{n!r}]", x, outcomes[n], made) for n, x in paid.items()}
    return made._replace(outcomes=finite)


def from_trials(trials: Any, outcomes: Numbers | Mapping[str, Numbers] | None = None) -> Schedule:
    """The very trials that people had, for new people: what was shown and on offer, missed, and set back.

    Args:
        trials: What people did: `Trials`.
        outcomes: What each action would pay, as in `schedule`: needed where the trials tell the chosen
            action's outcome alone, which says nothing of what another choice would have paid. None: as in
            the trials.

    Returns:
        The `Schedule`. `simulate` gives as many subjects as there are in the trials.

    Raises:
        ValueError: As in `schedule`; or if outcomes are needed.

    Example:
        >>> import behavioural_modelling as bm
        >>> trials = bm.Trials([[0, 1]], [[1.0, 0.0]], available=[[[True, False], [True, True]]])
        >>> from_trials(trials, outcomes=[[1.0, 0.0], [0.0, 1.0]]).available.shape
        (1, 2, 2)
    """
    chosen = trials.choices is not None
    paid = trials.outcomes if outcomes is None else outcomes
    if outcomes is None and chosen and any(x.shape[-1] == 1 for x in jax.tree.leaves(paid)):
        expected = "what each action would pay: trials has the chosen action's outcome alone"
        _checks.fail("outcomes", expected, None)
    rest = {name: getattr(trials, name) for name in ("available", "mask", "reset", "feedback", "inputs")}
    made = schedule(paid, **rest, chosen=chosen)
    for name, count in (("subjects", made.n_subjects or trials.shape[0]), ("trials", made.n_trials)):
        if count != trials.shape[name == "trials"]:
            _checks.fail("outcomes", f"{trials.shape[name == 'trials']} {name}, as in trials", count)
    everybody = jnp.ones(trials.shape, bool)  # which says how many subjects there are
    return made._replace(mask=everybody if made.mask is None else made.mask)


def _read_outcomes(outcomes: Any, chosen: bool, shape: str) -> Any:
    """Outcomes in three axes."""
    if isinstance(outcomes, Mapping):
        if not outcomes:
            _checks.fail("outcomes", "an array, or a dict of at least one", "an empty dict")
        read = {name: _read_outcomes(x, chosen, shape) for name, x in outcomes.items()}
        if len({x.shape[1:] for x in read.values()}) > 1:
            _checks.fail("outcomes", "arrays of one shape", {name: x.shape for name, x in read.items()})
        return read
    x = _checks.plain_array("outcomes", outcomes)
    shapes = f"{shape.replace('n_subjects, ', '').replace('(n_trials)', '(n_trials,)')} or {shape}"
    if not chosen and x.ndim < 3:
        x = x[..., None]
    if x.ndim not in (2, 3):
        hint = " (chosen=False: nothing is chosen)" if chosen and x.ndim == 1 else ""
        _checks.fail("outcomes", f"shape {shapes}{hint}", f"shape {x.shape}")
    if 0 in x.shape:
        _checks.fail("outcomes", "at least one subject and one trial", f"shape {x.shape}")
    return _checks.real_array("outcomes", x if x.ndim == 3 else x.reshape(1, *x.shape))


def _with_subjects(name: str, x: Any, shape: tuple[int, ...]) -> Array | None:
    """Booleans with an axis of subjects in front, of length 1 where there was none."""
    if x is None:
        return None
    x = _checks.booleans_by_subject(name, x, shape)
    return x if x.ndim > len(shape) else _checks.with_axes(x, 0)


def _read_inputs(inputs: Any, n_trials: int) -> dict[str, Array]:
    """Inputs with an axis of subjects in front."""
    if not isinstance(inputs or {}, Mapping):
        _checks.fail("inputs", "None, or a dict of arrays", type(inputs).__name__)
    read = {}
    for name, x in (inputs or {}).items():
        label = f"inputs[{name!r}]"
        x = _checks.plain_array(label, x)
        x = jnp.asarray(x) if x.dtype == bool or x.dtype.kind in "iu" else _checks.real_array(label, x)
        if (x.shape if x.ndim == 1 else x.shape[1:2]) != (n_trials,) or not len(x):
            expected = f"shape ({n_trials},), or (n_subjects or 1, {n_trials}, ...)"
            _checks.fail(label, expected, f"shape {x.shape}")
        read[name] = _checks.with_axes(x, 0) if x.ndim == 1 else x
    return read


def _check_counts(made: Schedule) -> None:
    """Refuse arrays for different numbers of subjects."""
    paid = made.outcomes
    fields = (
        {f"outcomes[{n!r}]": x for n, x in paid.items()} if isinstance(paid, dict) else {"outcomes": paid}
    )
    flags = ("available", "mask", "reset", "feedback")
    fields |= {name: getattr(made, name) for name in flags if getattr(made, name) is not None}
    fields |= {f"inputs[{name!r}]": x for name, x in made.inputs.items()}
    own = {name: len(x) for name, x in fields.items() if len(x) > 1}
    first, n_subjects = next(iter(own.items()), ("outcomes", 1))
    for name, count in own.items():
        if count != n_subjects:
            _checks.fail(name, f"{n_subjects} subjects, as in {first}", count)


def _check_on_offer(made: Schedule, given: Any) -> None:
    """Refuse a trial that counts and offers nothing; `given` is what `available` was before it was read."""
    offered = None if made.available is None else _checks.known_values(made.available)
    counts = True if made.mask is None else _checks.known_values(made.mask)
    if offered is None or counts is None:
        return
    nothing = np.asarray(~offered.any(axis=-1) & counts)
    if nothing.any():
        trial = tuple(int(i) for i in np.argwhere(nothing)[0])
        trial = trial[1:] if len(nothing) == 1 and np.ndim(given) == 2 else trial
        _checks.fail("available", "an action on offer on every trial that counts", f"none at index {trial}")


def _finite(name: str, x: Array, given: Any, made: Schedule) -> Array:
    """Outcomes, which must be finite where they count, with 0 where they do not; `given` is as they came."""
    values, counts = _checks.known_values(x), _counting(x, made.mask, made.feedback)
    if values is None or counts is None or np.isfinite(values).all():
        return x
    good, shape = np.isfinite(values) | ~counts, np.shape(given)
    _checks.every(name, "finite numbers", values.reshape(shape), good.reshape(shape))
    return jnp.where(jnp.isfinite(x), x, 0)


def _check_inputs(made: Schedule) -> None:
    """Refuse inputs that are not finite where they count."""
    for name, x in made.inputs.items():
        values, counts = _checks.known_values(x), _counting(x, made.mask)
        if values is not None and counts is not None and values.dtype.kind == "f":
            good = np.isfinite(values) | ~counts
            _checks.every(f"inputs[{name!r}]", "finite numbers", values, good)


def _counting(x: Array, *flags: Array | None) -> np.ndarray | None:
    """Where an array counts, for some subject where all share it; None where JAX traces what says so."""
    counts = np.ones((1, 1), bool)
    for flag in flags:
        known = None if flag is None else _checks.known_values(flag)
        if flag is not None and known is None:
            return None
        counts = counts if known is None else np.asarray(counts & known)
    counts = np.any(counts, axis=0, keepdims=True) if len(x) == 1 else counts
    return counts.reshape(counts.shape + (1,) * (x.ndim - 2))
