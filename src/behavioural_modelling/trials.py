r"""Data: the trials that people played, the trace that a simulation leaves, and the bundled data set."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from . import _checks, _trial_arrays

__all__ = ["Trace", "Trials", "load_bandit"]


class Trace(NamedTuple):
    """What a simulation recorded, trial by trial. Fields that were not asked for are None.

    `values` and `choice_p` are those before the trial's outcome: the ones that the choice came from.

    Attributes:
        values: The model's state before the outcome; for the Rescorla-Wagner models the values of the
            actions, shape (n_subjects, n_trials, n_actions).
        choice_p: Choice probabilities, shape (n_subjects, n_trials, n_actions).
        choices: Actions, int32 in [0, n_actions), shape (n_subjects, n_trials).
        prediction_errors: Prediction errors, 0 for actions that did not learn, shape (n_subjects,
            n_trials, n_actions).
    """

    values: Float[Array, "n_subjects n_trials n_actions"] | None = None
    choice_p: Float[Array, "n_subjects n_trials n_actions"] | None = None
    choices: Int[Array, "n_subjects n_trials"] | None = None
    prediction_errors: Float[Array, "n_subjects n_trials n_actions"] | None = None


class _TrialsFields(NamedTuple):
    choices: Int[Array, "n_subjects n_trials"]
    outcomes: Float[Array, "..."]
    available: Bool[Array, "n_subjects n_trials n_actions"] | None
    mask: Bool[Array, "n_subjects n_trials"] | None
    reset: Bool[Array, "n_subjects n_trials"] | None
    feedback: Bool[Array, "n_subjects n_trials"] | None


class Trials(_TrialsFields):
    """Choices and outcomes of many subjects, checked when they are put together.

    A choice without feedback has the outcome NaN. It is scored like any other, and the model's state stays
    as it was before it, also where the state keeps the choice itself, as a choice kernel does. As a field of
    the record its outcome is 0, and `feedback` is False there.

    Args:
        choices: Actions, integers from 0, shape (n_subjects, n_trials).
        outcomes: What each action paid, shape (n_subjects, n_trials, n_actions), or (n_trials,
            n_actions) shared by all subjects; or what the chosen action paid, shape (n_subjects,
            n_trials), where only that is known. NaN where a choice had no feedback: for every action, where
            each has its outcome.
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
        shared: Whether outcomes of two axes are (n_trials, n_actions), shared by all subjects. It is needed
            only where the shape may as well be (n_subjects, n_trials): as many subjects as trials and
            actions. None: as the shape says. It is no field.

    Raises:
        ValueError: If shapes do not match, or outcomes may be read in two ways; there is no subject or no
            trial; choices are not integers or not actions or were not on offer; outcomes are infinite, or
            NaN for some actions only; or `available`, `mask`, `reset` or `feedback` are not booleans. Trials
            that `mask` leaves out may hold anything.

    Example:
        >>> Trials(choices=[[0, 1, 1]], outcomes=[[1.0, 0.0, 1.0]]).choices.shape
        (1, 3)
        >>> Trials(choices=[[0, 1, 1]], outcomes=[[1.0, float("nan"), 1.0]]).feedback.tolist()
        [[True, False, True]]
    """

    __slots__ = ()

    def __new__(
        cls,
        choices: Any,
        outcomes: Any,
        available: Any = None,
        mask: Any = None,
        reset: Any = None,
        *,
        feedback: Any = None,
        shared: bool | None = None,
    ) -> Trials:
        with jax.debug_nans(False), jax.debug_infs(False):  # what does not count may be either
            fields = _trial_arrays.checked(choices, outcomes, available, mask, reset, feedback, shared)
        return super().__new__(cls, *fields)

    @classmethod
    def _make(cls, iterable: Any) -> Trials:
        """Trials of the fields in their order, checked."""
        return cls(**dict(zip(cls._fields, iterable, strict=True)))

    def _replace(self, /, *, shared: bool | None = None, **changes: Any) -> Trials:
        """Trials with other fields, checked like new ones. Fields that are not named stay as they are.

        So does `feedback`: outcomes for choices that had none need `feedback=None` beside them.
        """
        fields = self._asdict()
        if odd := [name for name in changes if name not in fields]:
            raise ValueError(f"Got unexpected field names: {odd!r}")
        same = np.shape(changes.get("outcomes", self.outcomes)) == self.outcomes.shape
        if shared is None and same:  # then they mean what they did
            shared = self.outcomes.ndim == 2 and self.outcomes.shape != self.choices.shape
        return type(self)(**fields | changes, shared=shared)

    __replace__ = _replace

    def __reduce__(self) -> Any:
        return _rebuilt, tuple(self)

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        *,
        subject: Any,
        choice: Any,
        outcome: Any = None,
        outcome_by_action: Any = None,
        block: Any = None,
        trial: Any = None,
        available: Any = None,
        shown: Any = None,
        actions: Any = None,
        missed: Any = None,
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
            choice: The column of the choices.
            outcome: The column of what the chosen action paid.
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

        arrays = _frames.read(
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
            reset_blocks=reset_blocks,
        )
        return cls(*arrays, shared=False)

    def to_dataframe(self, *, subjects: Any = None, actions: Any = None) -> Any:
        """The trials as a tidy table, which `from_dataframe` reads back.

        Columns: `subject`; `trial`, from 0 for each subject; `block`, from 0, where `reset` is given;
        `choice`; `outcome`, or `outcome_0`, `outcome_1` and so on where each action's is known; and
        `available_0` and so on where `available` is given.

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
            ValueError: If labels are missing, repeated, or not one per subject or action.

        Example:
            >>> trials = Trials(choices=[[0, 1]], outcomes=[[1.0, 0.0]])
            >>> print(trials.to_dataframe(subjects=["ann"], actions=["f", "j"]).to_string(index=False))
            subject  trial choice  outcome
                ann      0      f      1.0
                ann      1      j      0.0
        """
        from . import _frames  # imports pandas

        arrays = (None if x is None else np.asarray(x) for x in self)
        return _frames.write(*arrays, subjects=subjects, actions=actions)


def _rebuilt(*fields: Any) -> Trials:
    """Trials of fields that were checked before, or that JAX is tracing or has taken apart."""
    return tuple.__new__(Trials, fields)


# JAX rebuilds a record from its leaves, which may be tracers or one subject's rows: it must not check them.
jax.tree_util.register_pytree_node(
    Trials, lambda trials: (tuple(trials), None), lambda _, leaves: _rebuilt(*leaves)
)


def load_bandit() -> Trials:
    """The bandit data that the cpm-toolbox package bundles: 200 participants, 72 trials.

    On each trial a participant saw two of four stimuli, chose one, and saw whether it paid 1 or 0. The
    stimuli paid with probabilities .8, .6, .4 and .2. The first participant's first trial is not in
    the file; here it is masked, with nothing on offer. The file is read from the installed package,
    which is not imported.

    Returns:
        `Trials` with choices and mask of shape (200, 72), outcomes of the chosen stimulus (200, 72),
        and which stimuli were shown, (200, 72, 4). Stimulus 1 of the file is action 0.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed.
        ValueError: If the file is not the one described here.

    Source:
        cpm-toolbox, bandit_small.csv.
    """
    table = np.genfromtxt(_bandit_file(), delimiter=",", names=True)
    # Read as numbers with a decimal point: genfromtxt turns "1.0" into the integer -1.
    columns = {name: table[name].astype(int) for name in table.dtype.names}
    subject, trial = columns["ppt"] - 1, columns["trial"]
    n_subjects, n_trials = subject.max() + 1, trial.max() + 1
    if (n_subjects, n_trials, len(subject)) != (200, 72, 14_399):
        received = f"{len(subject)} rows of {n_subjects} participants and {n_trials} trials"
        _checks.fail("bandit_small.csv", "14399 rows of 200 participants and 72 trials", received)
    shown = np.stack([columns["arm_left"], columns["arm_right"]], axis=1) - 1
    chosen = np.take_along_axis(shown, columns["response"][:, None], axis=1)[:, 0]

    choices = np.zeros((n_subjects, n_trials), dtype=np.int32)
    outcomes = np.zeros((n_subjects, n_trials), dtype=np.float32)
    mask = np.zeros((n_subjects, n_trials), dtype=bool)
    available = np.zeros((n_subjects, n_trials, 4), dtype=bool)
    choices[subject, trial] = chosen
    outcomes[subject, trial] = columns["feedback"]
    mask[subject, trial] = True
    available[subject[:, None], trial[:, None], shown] = True
    return Trials(choices, outcomes, available, mask)


def _bandit_file() -> Path:
    """Where the installed cpm-toolbox keeps the data."""
    package = importlib.util.find_spec("cpm")
    file = package and Path(package.origin).parent / "datasets" / "data" / "bandit_small.csv"
    if not file or not file.exists():
        raise ModuleNotFoundError("load_bandit reads a file of cpm-toolbox: pip install cpm-toolbox")
    return file
