r"""Data: the trials that people played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from .. import _checks
from .._types import Numbers
from . import _arrays

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..tasks import Schedule
    from .trace import Trace

__all__ = ["Trials"]


class _TrialsFields(NamedTuple):
    choices: Int[Array, "n_subjects n_trials"] | None
    outcomes: Float[Array, "..."] | dict[str, Float[Array, "..."]]
    available: Bool[Array, "n_subjects n_trials n_actions"] | None
    mask: Bool[Array, "n_subjects n_trials"] | None
    reset: Bool[Array, "n_subjects n_trials"] | None
    feedback: Bool[Array, "n_subjects n_trials"] | None
    inputs: dict[str, Array] | None
    responses: dict[str, Float[Array, "n_subjects n_trials"]] | None


class Trials(_TrialsFields):
    """What many subjects did and what came of it, checked when it is put together.

    As a field, outcomes always have three axes: (n_subjects, n_trials, n_actions). The first is 1 where all
    subjects share them, the last where only the chosen action's outcome is known.

    A choice without feedback has the outcome NaN. It is scored like any other, and the model's state stays
    as it was before it, also where the state keeps the choice itself, as a choice kernel does. As a field of
    the record its outcome is 0, and `feedback` is False there.

    Two choices in a trial are two trials here, told apart by an input.

    Args:
        choices: Actions, integers from 0, shape (n_subjects, n_trials). None where nothing was chosen.
        outcomes: What each action paid, shape (n_subjects, n_trials, n_actions), or (n_trials,
            n_actions) shared by all subjects; or what the chosen action paid, shape (n_subjects,
            n_trials), where only that is known. NaN where a choice had no feedback: for every action, where
            each has its outcome. Where nothing is chosen, one number per trial, shape (n_subjects, n_trials)
            or (n_trials,). Several outcomes: a dict from their names to such arrays. None: nothing was paid.
        available: Which actions were on offer, booleans, shape (n_subjects, n_trials, n_actions).
            None: all of them.
        mask: Which trials count, booleans, shape (n_subjects, n_trials). A trial that is False, missed
            or padded, is neither scored nor learned from, and its choice and outcome are not looked
            at. None: all of them.
        reset: Before which trials what the subject has learned is set back to the beginning, as where
            a new block begins, booleans, shape (n_subjects, n_trials). It is set back before a trial
            that `mask` leaves out as well. None: never.
        feedback: Which choices had feedback, booleans, shape (n_subjects, n_trials): another way to say it
            than by NaN. Where it is False the outcome is not looked at. As a field it is None where every
            choice had feedback.
        inputs: What was shown before the response, by name, such as a stimulus or a set size: a dict of
            numbers or booleans, each of shape (n_subjects, n_trials), or with axes of its own behind these,
            or (n_trials,) where all subjects saw the same. As a field the first axis is n_subjects or 1.
        responses: What was responded beside or instead of a choice, by the names that the model's response
            has for its parts: a dict such as `{"ratings": ...}` or `{"times": ...}` of arrays of shape
            (n_subjects, n_trials).
        shared: Whether outcomes of two axes are (n_trials, n_actions), shared by all subjects. It is needed
            only where the shape may as well be (n_subjects, n_trials): as many subjects as trials and
            actions. None: as the shape says. It is no field.

    Raises:
        ValueError: If shapes do not match, or outcomes may be read in two ways; there is no subject or no
            trial; choices are not integers or not actions or were not on offer; outcomes are infinite, or
            NaN for some actions only; inputs or responses are not finite; or `available`, `mask`, `reset` or
            `feedback` are not booleans. Trials that `mask` leaves out may hold anything.

    Example:
        >>> Trials(choices=[[0, 1, 1]], outcomes=[[1.0, 0.0, 1.0]]).outcomes.shape
        (1, 3, 1)
        >>> Trials(choices=[[0, 1, 1]], outcomes=[[1.0, float("nan"), 1.0]]).feedback.tolist()
        [[True, False, True]]
    """

    __slots__ = ()

    def __new__(
        cls,
        choices: Numbers | None,
        outcomes: Numbers | Mapping[str, Numbers] | None = None,
        available: Numbers | None = None,
        mask: Numbers | None = None,
        reset: Numbers | None = None,
        *,
        feedback: Numbers | None = None,
        inputs: Mapping[str, Numbers] | None = None,
        responses: Mapping[str, Numbers] | None = None,
        shared: bool | None = None,
    ) -> Trials:
        with jax.debug_nans(False), jax.debug_infs(False):  # what does not count may be either
            fields = _arrays.checked(
                choices, outcomes, available, mask, reset, feedback, inputs, responses, shared
            )
        return _TrialsFields.__new__(cls, *fields)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_subjects, n_trials)."""
        of: Any = self.choices if self.choices is not None else next(iter((self.responses or {}).values()))
        return of.shape

    def subjects(self, index: Any) -> Trials:
        """The trials of some subjects.

        Args:
            index: Which: a number, a slice, a list of numbers or of booleans, as NumPy takes it for the first
                axis. A number that comes twice gives two subjects.

        Returns:
            Their trials. What all subjects share stays shared.

        Raises:
            ValueError: If there is no such subject, or none is left.

        Example:
            >>> trials = Trials(choices=[[0, 1], [1, 1], [0, 0]], outcomes=[[1.0, 0.0], [0.0, 1.0]])
            >>> trials.subjects([0, 2]).choices.tolist()
            [[0, 1], [0, 0]]
        """
        n_subjects = self.shape[0]
        try:
            which = np.atleast_1d(np.arange(n_subjects)[index])
        except (IndexError, TypeError):
            _checks.fail("index", f"some of {n_subjects} subjects, counted from 0", repr(index))
        if which.ndim > 1 or not len(which):
            _checks.fail("index", "at least one subject, along one axis", repr(index))
        common = lambda x: len(x) == 1 < n_subjects  # noqa: E731
        return jax.tree.map(lambda x: x if common(x) else x[which], self)

    @classmethod
    def _make(cls, iterable: Any) -> Trials:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Trials of the fields in their order, checked."""
        return cls(**dict(zip(cls._fields, iterable, strict=True)))

    def _replace(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, /, *, shared: bool | None = None, **changes: Any
    ) -> Trials:
        """Trials with other fields, checked like new ones. Fields that are not named stay as they are.

        So does `feedback`: outcomes for choices that had none need `feedback=None` beside them.
        """
        fields = self._asdict()
        if odd := [name for name in changes if name not in fields]:
            raise ValueError(f"Got unexpected field names: {odd!r}")
        return type(self)(**fields | changes, shared=shared)

    __replace__ = _replace

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, tuple(self)

    @classmethod
    def from_trace(cls, trace: Trace, task: Schedule | None = None) -> Trials:
        """The trials that a simulation leaves, as data.

        Args:
            trace: What `simulate` gave: of a task that reacts, with the outcomes and all that it showed.
            task: The `Schedule` that was played, where the task did not react. (For an array of outcomes,
                `Trials(trace.choices, outcomes)` is the same.)

        Returns:
            The trials.

        Raises:
            ValueError: If the trace lacks the response or, without a schedule, the outcomes.

        Example:
            >>> import behavioural_modelling as bm
            >>> model, params = bm.models.rescorla_wagner(2), {"alpha": 0.3, "temperature": 0.2}
            >>> trace = bm.simulate(jax.random.key(0), model, params, bm.tasks.bandit(50, [0.8, 0.2]))
            >>> Trials.from_trace(trace).outcomes.shape
            (1, 50, 2)
        """
        missing = [part for part in trace.parts if part not in trace.records]
        if missing or (task is None and "outcomes" not in trace.records):
            needed = ", ".join((*trace.parts, *(() if task else ("outcomes",))))
            or_task = "" if task or missing else ", or the schedule that was played as `task`"
            got = ", ".join(trace.records) or "nothing"
            _checks.fail("trace", f"one that recorded {needed}{or_task}", got)
        responses = {part: trace.records[part] for part in trace.parts}
        choices = responses.pop("choices", None)
        shape = trace.records[trace.parts[0]].shape
        if task is None:
            told = {name: trace.records.get(name) for name in ("outcomes", "available", "inputs")}
        else:
            told = task._asdict()
            for name in ("available", "mask", "reset", "feedback"):
                x = told[name]
                told[name] = None if x is None else np.broadcast_to(x, (*shape, *x.shape[2:]))
            told = told | {"inputs": told["inputs"] or None}
        return cls(choices, **told, responses=responses or None)

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        *,
        subject: Any,
        choice: Any = None,
        outcome: Any = None,
        outcome_by_action: Any = None,
        block: Any = None,
        trial: Any = None,
        available: Any = None,
        shown: Any = None,
        actions: Any = None,
        missed: Any = None,
        inputs: Any = None,
        responses: Any = None,
        reset_blocks: bool = True,
    ) -> Trials:
        """Trials from a tidy table: one row per trial, the rows of a subject in the order of play.

        Subjects are numbered as they appear, so `labels = frame[subject].unique()` names them: subject i
        is `labels[i]`. A subject with fewer trials than others is padded at the end, and the padding
        masked.

        A choice that is missing (NaN, None, pandas' NA), or that `missed` tells of, is a missed response: it
        is masked, and its outcome is not looked at. A masked trial holds choice 0 and outcome 0. An outcome
        that is missing beside a response is a choice without feedback: it is scored, and nothing is learned.

        How choices are coded is never guessed. Without `actions` they are whole numbers from 0, and a
        table in which 0 never occurs is refused, as its labels may count from 1.

        Args:
            frame: A pandas data frame, or what has a `to_pandas` method, as a polars data frame does.
            subject: The column that says whose trial it is.
            choice: The column of the choices. None where `responses` says what was done instead.
            outcome: The column of what the chosen action paid; or a dict from names to such columns, where it
                paid in several ways; or `{}`, where nothing was paid.
            outcome_by_action: In its place, where it is known what each action would have paid: a list of
                columns, one per action in their order. Where there was no feedback all of them are missing.
            block: The column of the blocks. A block's label may come again with another subject.
            trial: The column of the trial numbers, to be checked: within a subject and block they must grow
                from row to row, so that rows out of order or there twice are refused. Gaps may be.
            available: Which actions were on offer: a list of columns of booleans, or of 0 and 1, one per
                action in their order.
            shown: Which actions were on offer, said in the other way: a list of columns that hold the
                labels of those shown, such as `["left", "right"]`. Where one is missing, none was shown.
            actions: The labels of the actions in order: the first is action 0. Every action must be
                among them, chosen or not.
            missed: What stands for a missed response: a value of the choice, such as -1; or the name of a
                column of flags, booleans or 0 and 1, that are True where it was missed, whatever the choice
                holds; or a list of such. A text that is the name of a column and a choice too is refused.
            inputs: What was shown before the response: a dict from names to columns, or a list of columns
                that keep their names. They hold numbers or booleans.
            responses: What was responded beside or instead of a choice, likewise, such as `{"times": "rt"}`
                or `{"ratings": "answer"}`. Without a choice a trial is missed where the first of them is.
            reset_blocks: Whether a new block begins from nothing: `reset` is then True on the first row of
                each block after a subject's first. False: what was learned is carried on.

        Returns:
            The trials. `available` is None where neither argument said what was on offer, `mask` where
            every trial counts, `reset` without blocks to reset.

        Raises:
            ValueError: If `frame` is no data frame or has no row, or a column is not there or there twice;
                if the rows of a subject, or of a block, are not together, or have no label, or one that is a
                number in one row and text in another (7 and "7"), or trials are not numbered upwards; if a
                choice is no action or was not on offer, an outcome beside a response is text or infinite,
                or what the arguments say does not fit together. Messages name the row and what it holds.

        Example:
            >>> import pandas as pd
            >>> columns = {"id": ["ann", "ann", "bob"], "key": ["f", "j", "j"], "won": [1, 0, 1]}
            >>> frame = pd.DataFrame(columns)
            >>> keys = ["f", "j"]
            >>> trials = Trials.from_dataframe(frame, subject="id", choice="key", outcome="won", actions=keys)
            >>> trials.choices.tolist(), trials.mask.tolist()
            ([[0, 1], [1, 0]], [[True, True], [True, False]])
            >>> list(frame["id"].unique())
            ['ann', 'bob']
        """
        from . import _frames  # imports pandas

        fields = _frames.read(
            frame,
            subject=subject,
            choice=choice,
            outcome=outcome,
            outcome_by_action=outcome_by_action,
            block=block,
            trial=trial,
            available=available,
            shown=shown,
            actions=actions,
            missed=missed,
            inputs=inputs,
            responses=responses,
            reset_blocks=reset_blocks,
        )
        return cls(**fields, shared=False)

    def to_dataframe(self, *, subjects: Any = None, actions: Any = None) -> DataFrame:
        """The trials as a tidy table, which `from_dataframe` reads back.

        Columns: `subject`; `trial`, from 0 for each subject; `block`, from 0, where `reset` is given;
        `choice`; `outcome`, or `outcome_0`, `outcome_1` and so on where each action's is known; and
        `available_0` and so on where `available` is given. What has a name of its own, such as an input, is a
        column of that name, or several with numbers behind it.

        On a masked trial choice and outcome are missing; beside a choice without feedback the outcome is.
        Masked trials after a subject's last that counts are padding and have no row; a subject with none
        that counts keeps all its rows, as missed.

        Args:
            subjects: The labels of the subjects in order, to be put back. None: numbers from 0.
            actions: The labels of the actions in order, for the choices. None: numbers from 0. To read
                back a table in which action 0 is never chosen, give `from_dataframe` its `actions`.

        Returns:
            A pandas data frame with one row per trial.

        Raises:
            ValueError: If labels are missing, repeated, or not one per subject or action; or two columns
                would have the same name.

        Example:
            >>> trials = Trials(choices=[[0, 1]], outcomes=[[1.0, 0.0]])
            >>> print(trials.to_dataframe(subjects=["ann"], actions=["f", "j"]).to_string(index=False))
            subject  trial choice  outcome
                ann      0      f      1.0
                ann      1      j      0.0
        """
        from . import _frames  # imports pandas

        return _frames.write(self, subjects=subjects, actions=actions)


def _rebuilt(*fields: Any) -> Trials:
    """Trials of fields that were checked before, or that JAX is tracing or has taken apart."""
    return tuple.__new__(Trials, fields)


# JAX rebuilds a record from its leaves, which may be tracers or one subject's rows: it must not check them.
jax.tree_util.register_pytree_node(
    Trials, lambda trials: (tuple(trials), None), lambda _, leaves: _rebuilt(*leaves)
)
