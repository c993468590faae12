r"""What a driver leaves: everything that was recorded, trial by trial, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .. import _checks

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Trace"]

OF_CHOICES = ("values", "choice_p", "choices", "prediction_errors")
"""What models that learn values tell. A trace that lacks one of them has None in its place."""


class Trace:
    """What was recorded, trial by trial: `trace.values`, `trace.choices`, or whatever a model calls it.

    What a model's `update` records is there under its name; what is recorded of a state or a prediction is
    from before the trial's outcome: that which the response came from. All arrays have the axes
    (n_subjects, n_trials) in front.

    Of a model that learns values there are

    - `values`: the values of the actions before the outcome, shape (n_subjects, n_trials, n_actions);
    - `choice_p`: choice probabilities among what was on offer, of the same shape;
    - `choices`: actions, int32 in [0, n_actions), shape (n_subjects, n_trials);
    - `prediction_errors`: 0 for actions that did not learn, shape (n_subjects, n_trials, n_actions).

    One of these four that was not recorded is None. `replay` adds `log_prob`.

    Args:
        parts: The names of those records that are the response, or its parts.
        records: The arrays, by name.

    Attributes:
        records: All of them, a dict from names to arrays.
        parts: As above.

    Example:
        >>> trace = Trace(associability=np.ones((1, 3)))
        >>> trace.associability.shape, trace.values is None, list(trace.records)
        ((1, 3), True, ['associability'])
    """

    __slots__ = ("parts", "records")
    records: dict[str, Any]
    parts: tuple[str, ...]

    def __init__(self, parts: tuple[str, ...] = ("choices",), /, **records: Any) -> None:
        self.parts, self.records = parts, records

    def __getattr__(self, name: str) -> Any:
        records = {} if name == "records" else self.records
        if name in records:
            return records[name]
        if name in OF_CHOICES:
            return None
        raise AttributeError(f"this trace has no {name!r}; it has {', '.join(records) or 'nothing'}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.records]

    def __repr__(self) -> str:
        shape = lambda x: jax.tree.map(np.shape, x)  # noqa: E731
        return f"Trace({', '.join(f'{name}: {shape(x)}' for name, x in self.records.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.parts, self.records)

    def to_dataframe(
        self,
        frame: Any = None,
        *,
        subject: Any = None,
        block: Any = None,
        trial: Any = None,
        trials: Any = None,
        subjects: Any = None,
    ) -> DataFrame:
        """What was recorded as a tidy table: one row per trial, one column per number.

        A record of one number per trial is a column of its name; one of several, as of each action, is as
        many: `values_0`, `values_1`. With the table that the trials came from, its rows and index stay as
        they are and the columns are put beside its own.

        Args:
            frame: The table that was given to `Trials.from_dataframe`, its rows in the same order. None: the
                columns begin with `subject` and `trial`.
            subject: The column of `frame` that says whose trial it is.
            block: The column of its blocks, as in `Trials.from_dataframe`; for `trial` alone.
            trial: The column of its trial numbers, to be checked as in `Trials.from_dataframe`: without, rows
                in another order within a subject go unnoticed.
            trials: The `Trials` that were played, in place of `frame`: the columns stand beside those of
                `trials.to_dataframe()`, whose rows they have.
            subjects: The labels of the subjects in order, where there is no `frame`. None: numbers from 0.

        Returns:
            A pandas data frame.

        Raises:
            ValueError: If `frame` or `trials` has other subjects or trials than the trace; `frame` lacks rows
                of trials that were scored, has rows out of order, no column `subject`, or a column of the
                name of a new one; or both are given.

        Example:
            >>> trace = Trace(values=np.array([[[0.5, 0.5], [0.6, 0.5]]]))
            >>> print(trace.to_dataframe().to_string(index=False))
             subject  trial  values_0  values_1
                   0      0       0.5       0.5
                   0      1       0.6       0.5
        """
        from ._frames import beside  # imports pandas

        if frame is not None and trials is not None:
            _checks.fail("trials", "None, as frame says which rows there are", type(trials).__name__)
        return beside(self.records, frame, subject, block, trial, subjects, trials)


def _rebuilt(parts: tuple[str, ...], records: dict[str, Any]) -> Trace:
    return Trace(parts, **records)


jax.tree_util.register_pytree_with_keys(
    Trace,
    lambda trace: (
        [(jax.tree_util.GetAttrKey(name), x) for name, x in trace.records.items()],
        (trace.parts, tuple(trace.records)),
    ),
    lambda kept, leaves: _rebuilt(kept[0], dict(zip(kept[1], leaves, strict=True))),
)
