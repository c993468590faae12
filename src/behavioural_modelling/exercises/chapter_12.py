"""Chapter 12: your own data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..trials import Trials
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 12.1: a small table.


def _read(table, actions, missed=None):
    return Trials.from_dataframe(
        table, subject="who", choice="key", outcome="won", actions=actions, missed=missed
    )


def _read_small(table):
    return _read(table, ["f", "j"], "none")


def _read_swapped(table):
    return _read(table, ["j", "f"], "none")


def _read_none_as_an_action(table):
    return _read(table, ["f", "j", "none"])


def _read_without_missed(table):
    return _read_small(table[table["key"] != "none"])


def _read_one_person(table):
    return _read_small(table.assign(who="all"))


def _choices_and_outcomes(function, table):
    """What was chosen, -1 where a trial is masked, and what it paid."""
    read = function(table)
    if read is None:
        return None
    if not isinstance(read, Trials):
        raise TypeError(f"your function should return Trials, and returns {type(read).__name__}")
    choices = np.asarray(read.choices)
    counts = np.ones(choices.shape, bool) if read.mask is None else np.asarray(read.mask)
    paid = np.where(counts, np.asarray(read.outcomes).sum(axis=-1), 0)
    return {"choices": np.where(counts, choices, -1), "paid": paid}


def _tables():
    rows = [
        ("cid", "f", 0), ("cid", "none", 0), ("cid", "j", 1), ("cid", "j", 0), ("cid", "f", 1),
        ("dora", "j", 1), ("dora", "f", 0), ("dora", "none", 0), ("dora", "f", 1),
    ]  # fmt: skip
    return [(pd.DataFrame(rows, columns=["who", "key", "won"]),)]


SMALL_TABLE = Exercise(
    number="12.1",
    reference=_read_small,
    cases=_tables,
    attempt=_choices_and_outcomes,
    hint="Name the columns with subject, choice and outcome; then there are actions and missed.",
    mistakes=(
        Mistake("the two keys are swapped", _read_swapped, "The first of the actions is action 0."),
        Mistake(
            '"none" is a third action',
            _read_none_as_an_action,
            "A response that did not come is no action: there is an argument that says so.",
        ),
        Mistake(
            "missed responses are dropped",
            _read_without_missed,
            "Keep their rows: from_dataframe can mask them.",
        ),
        Mistake(
            "two people have become one",
            _read_one_person,
            "Which column says who it was?",
        ),
    ),
)

# 12.2: who missed too many.


def _missed(session):
    return (session["choice"] == -1).groupby(session["subject"])


def _who(session):
    share = _missed(session).mean()
    return share[share > 0.2].index[0]


def _most_in_number(session):
    return _missed(session).sum().idxmax()


def _place(session):
    return int(np.argmax(_missed(session).mean() > 0.2))


def _least(session):
    return _missed(session).mean().idxmin()


def _share_of_that_person(session):
    return _missed(session).mean().max()


def _session(people):
    choices = [np.where(np.arange(n) < missed, -1, 1) for _, missed, n in people]
    subjects = np.repeat([label for label, _, _ in people], [n for _, _, n in people])
    return (pd.DataFrame({"subject": subjects, "choice": np.concatenate(choices)}),)


MISSED = Exercise(
    number="12.2",
    reference=_who,
    cases=lambda: [
        _session([(7, 9, 60), (8, 1, 60), (12, 8, 30), (31, 2, 60)]),
        _session([(55, 5, 10), (54, 18, 100), (53, 0, 90)]),
    ],
    hint="The mean of true and false is a share; groupby takes it for each subject.",
    mistakes=(
        Mistake(
            "this is who missed most trials, counted",
            _most_in_number,
            "It is the share of their own trials that counts.",
        ),
        Mistake(
            "this is the place in the list and not the subject's number",
            _place,
            "The index of the table of shares has the numbers.",
        ),
        Mistake("this is who missed the smallest share", _least, "A missed response is the -1."),
        Mistake("this is a share", _share_of_that_person, "The question is whose it is."),
    ),
)

# 12.3: another unit.


def _in_unit(temperature, start, log_likelihood, divisor):
    return [temperature / divisor, start / divisor, log_likelihood]


NEW_UNIT = Exercise(
    number="12.3",
    reference=_in_unit,
    cases=lambda: [(6.0, 40.0, -33.0, 20.0), (0.3, 0.5, -51.0, 0.5)],
    hint="Which of the three is in the unit of the outcomes?",
    mistakes=(
        Mistake(
            "temperature and start are multiplied",
            lambda t, start, ll, divisor: [t * divisor, start * divisor, ll],
            "Smaller outcomes: what becomes of a difference between two values?",
        ),
        Mistake(
            "the log-likelihood has changed",
            lambda t, start, ll, divisor: [t / divisor, start / divisor, ll / divisor],
            "The choices are as probable as before.",
        ),
        Mistake(
            "the start has not changed",
            lambda t, start, ll, divisor: [t / divisor, start, ll],
            "Values start where outcomes are expected to be.",
        ),
        Mistake(
            "the temperature has not changed",
            lambda t, start, ll, divisor: [t, start / divisor, ll],
            "In the softmax it stands under the values.",
        ),
        Mistake(
            "the temperature is treated as an inverse one",
            lambda t, start, ll, divisor: [t * divisor, start / divisor, ll],
            "It stands under the values: which way must it go with them?",
        ),
    ),
)

EXERCISES = (SMALL_TABLE, MISSED, NEW_UNIT)
