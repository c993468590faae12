"""Tidy tables of trials with inputs, ratings, times and several outcomes, in and out."""

from functools import partial

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused
from test_frames import TABLE, assert_same, listed, read

from behavioural_modelling import Trials

pd = pytest.importorskip("pandas")

NAN, INF = np.nan, np.inf
MORE = {"size": [2, 3, 2, 3, 3], "rt": [0.5, 0.25, 1.0, 2.0, 0.75], "pain": [0.0, 1.0, 0.0, 1.0, 1.0]}
RATED = {"outcome": "paid", "choice": None, "responses": {"ratings": "rt"}}


# In.


@pytest.mark.parametrize("inputs", [["size"], ("size",), {"size": "size"}, pd.Index(["size"])])
def test_an_input_is_a_column(inputs):
    made = read(MORE, inputs=inputs)
    assert list(made.inputs) == ["size"] and made.inputs["size"].dtype == np.int32
    assert listed(made.inputs["size"]) == [[2, 3, 2], [3, 3, 0]]
    assert read(MORE).inputs is None and read(MORE, inputs={}).inputs is None


def test_an_input_may_have_another_name_than_its_column():
    made = read(MORE, inputs={"set_size": "size", "noise": "rt"})
    assert list(made.inputs) == ["set_size", "noise"]
    assert listed(made.inputs["noise"]) == [[0.5, 0.25, 1.0], [2.0, 0.75, 0.0]]


@pytest.mark.parametrize(
    "column, kind",
    [
        ([True, False, True, True, False], np.int32),
        ([1.0, 0.0, 1.0, 1.0, 0.0], np.int32),
        (pd.array([1, 0, 1, 1, 0], "Int64"), np.int32),
        ([1.5, 0.0, 1.0, 1.0, 0.0], np.float32),
        ([3e9, 0.0, 1.0, 1.0, 0.0], np.float32),
        (np.array([1, 0, 1.0, True, 0], object), np.int32),
    ],
)
def test_whole_inputs_are_integers(column, kind):
    made = read({"x": column}, inputs=["x"]).inputs["x"]
    assert made.dtype == kind and listed(made[0]) == [float(x) for x in column[:3]]


def test_what_was_shown_beside_a_missed_response_is_not_looked_at():
    change = MORE | {
        "choice": [0, NAN, 1, 1, 0],
        "size": [2, NAN, 2, 3, 3],
        "rt": [0.5, "late", 1.0, 2.0, 0.75],
    }
    made = read(change, inputs=["size"], responses={"times": "rt"})
    assert listed(made.mask[0]) == [True, False, True]
    assert listed(made.inputs["size"]) == [[2, 0, 2], [3, 3, 0]]
    assert listed(made.responses["times"]) == [[0.5, 0.0, 1.0], [2.0, 0.75, 0.0]]


def test_times_beside_choices():
    made = read(MORE, responses={"times": "rt"})
    assert listed(made.choices) == [[0, 1, 1], [1, 0, 0]]
    assert listed(made.responses["times"]) == [[0.5, 0.25, 1.0], [2.0, 0.75, 0.0]]
    assert list(read(MORE, responses=["rt"]).responses) == ["rt"]


def test_ratings_alone():
    made = read(MORE, **RATED)
    assert made.choices is None and made.shape == (2, 3)
    assert listed(made.responses["ratings"]) == [[0.5, 0.25, 1.0], [2.0, 0.75, 0.0]]
    assert listed(made.outcomes[..., 0]) == [[1.0, 0.0, 0.5], [-1.0, 2.0, 0.0]]
    assert listed(made.mask) == [[True, True, True], [True, True, False]]


@pytest.mark.parametrize(
    "change, missed",
    [
        ({"rt": [0.5, NAN, 1.0, 2.0, 0.75]}, None),
        ({"rt": [0.5, -1, 1.0, 2.0, 0.75]}, -1),
        ({"rt": [0.5, 7.0, 1.0, 2.0, 0.75], "late": [0, 1, 0, 0, 0]}, "late"),
    ],
)
def test_a_rating_may_be_missed(change, missed):
    made = read(MORE | change | {"paid": [1.0, "none", 0.5, NAN, 2.0]}, missed=missed, **RATED)
    assert listed(made.mask) == [[True, False, True], [True, True, False]]
    assert listed(made.responses["ratings"]) == [[0.5, 0.0, 1.0], [2.0, 0.75, 0.0]]
    assert listed(made.feedback) == [[True, True, True], [False, True, True]]


def test_outcomes_of_several_kinds():
    made = read(MORE, outcome={"money": "paid", "shock": "pain"})
    assert {name: x.shape for name, x in made.outcomes.items()} == {"money": (2, 3, 1), "shock": (2, 3, 1)}
    assert listed(made.outcomes["money"][..., 0]) == [[1.0, 0.0, 0.5], [-1.0, 2.0, 0.0]]
    assert listed(made.outcomes["shock"][..., 0]) == [[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]
    silent = {"paid": [1.0, NAN, 0.5, -1.0, 2.0], "pain": [0.0, NAN, 0.0, 1.0, 1.0]}
    made = read(MORE | silent, outcome={"money": "paid", "shock": "pain"})
    assert listed(made.feedback) == [[True, False, True], [True, True, True]]


def test_nothing_may_have_been_paid():
    made = read(MORE, outcome={})
    assert made.outcomes.shape == (1, 3, 1) and not made.outcomes.any() and made.feedback is None


# What is refused.


SIZES = "a finite number beside a response (labels such as text have to be numbered first)"
BAD = {
    what: Bad(partial(read, MORE | change, **arguments), name, expected, received)
    for what, change, arguments, name, expected, received in (
        (
            "inputs a name",
            {},
            {"inputs": "size"},
            "inputs",
            "a dict from names to columns, or a list",
            "'size'",
        ),
        ("inputs a set", {}, {"inputs": {"size"}}, "inputs", "a dict", "{'size'}"),
        ("no such input", {}, {"inputs": ["who"]}, "inputs", "one of the columns", "'who'"),
        ("no such column", {}, {"inputs": {"size": "who"}}, "inputs", "one of the columns", "'who'"),
        ("the name of an input a number", {}, {"inputs": {0: "size"}}, "inputs", "names that are text", "0"),
        (
            "an input of text",
            {"size": list("aabba")},
            {"inputs": ["size"]},
            "inputs",
            SIZES,
            "'a' in row 0 of subject 'b', column 'size'",
        ),
        (
            "an input missing",
            {"size": [2, NAN, 2, 3, 3]},
            {"inputs": {"s": "size"}},
            "inputs",
            SIZES,
            "nan in row 1 of subject 'b', column 'size'",
        ),
        (
            "an input infinite",
            {"size": [2, INF, 2, 3, 3]},
            {"inputs": ["size"]},
            "inputs",
            SIZES,
            "inf in row 1",
        ),
        ("responses a name", {}, {"responses": "rt"}, "responses", "a dict from names to columns", "'rt'"),
        ("no such response", {}, {"responses": {"times": "who"}}, "responses", "one of the columns", "'who'"),
        (
            "a time missing",
            {"rt": [0.5, NAN, 1.0, 2.0, 0.75]},
            {"responses": {"times": "rt"}},
            "responses",
            "a finite number on a trial that counts",
            "nan in row 1 of subject 'b', column 'rt'",
        ),
        ("nothing done", {}, {"choice": None}, "choice", "a column, or responses={...}", "None"),
        ("nothing done at all", {}, {"choice": None, "responses": {}}, "choice", "responses={...}", "None"),
        ("a rating of text", {"rt": list("abcab")}, RATED, "responses", "a finite number", "'a' in row 0"),
        ("an outcome's name a number", {}, {"outcome": {1: "paid"}}, "outcome", "names that are text", "1"),
        ("no such outcome", {}, {"outcome": {"money": "who"}}, "outcome", "one of the columns", "'who'"),
        (
            "outcomes called so",
            {},
            {"outcome": {"outcomes": "paid"}},
            "outcome",
            "names other than 'outcomes'",
            "'outcomes'",
        ),
        (
            "one of two outcomes missing",
            {"paid": [1.0, NAN, 0.5, -1.0, 2.0]},
            {"outcome": {"money": "paid", "shock": "pain"}},
            "outcomes['shock']",
            "in all outcomes alike",
            "a number of subject 0 on trial 1",
        ),
    )
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)


# Out.


MADE = Trials(
    [[0, 1, 1], [1, -1, 0]],
    {"money": [[1.0, 0.5, 0.0], [0.25, NAN, 2.0]], "shock": np.arange(6.0).reshape(3, 2)},
    mask=[[True, True, True], [True, False, False]],
    feedback=[[True, False, True], [True, True, True]],
    inputs={"size": [[2, 3, 4], [3, 2, 2]], "stage": [0, 1, 0], "shown": np.arange(12.0).reshape(2, 3, 2)},
    responses={"times": [[0.5, 0.75, 1.0], [1.5, NAN, NAN]]},
)


def test_a_table_by_hand():
    expected = {
        "subject": [0, 0, 0, 1],
        "trial": [0, 1, 2, 0],
        "size": np.array([2, 3, 4, 3], np.int32),
        "stage": np.array([0, 1, 0, 0], np.int32),
        "shown_0": np.array([0, 2, 4, 6], np.float32),
        "shown_1": np.array([1, 3, 5, 7], np.float32),
        "choice": pd.array([0, 1, 1, 1], "Int64"),
        "times": np.array([0.5, 0.75, 1.0, 1.5], np.float32),
        "money": np.array([1.0, NAN, 0.0, 0.25], np.float32),
        "shock_0": np.array([0.0, NAN, 4.0, 0.0], np.float32),
        "shock_1": np.array([1.0, NAN, 5.0, 1.0], np.float32),
    }
    pd.testing.assert_frame_equal(MADE.to_dataframe(), pd.DataFrame(expected))
    # Of a trial in the middle that was missed, what was shown is there, and what was responded is not.
    table = MADE._replace(mask=[[True, False, True], [True, False, False]]).to_dataframe(actions=["L", "R"])
    assert table["size"].tolist() == [2, 3, 4, 3]
    for name in ("choice", "times", "money", "shock_0"):
        assert table[name].isna().tolist() == [False, True, False, False]


def test_a_table_of_ratings():
    made = Trials(None, [1.0, 0.0], responses={"ratings": [[0.5, 0.25], [1.0, 2.0]]})
    table = made.to_dataframe(subjects=["a", "b"])
    assert list(table) == ["subject", "trial", "ratings", "outcome"]
    assert table["ratings"].tolist() == [0.5, 0.25, 1.0, 2.0] and table["outcome"].tolist() == [1.0, 0.0] * 2


@pytest.mark.parametrize("field, name", [("inputs", "trial"), ("inputs", "subject"), ("inputs", "choice")])
def test_a_column_does_not_take_anothers_place(field, name):
    made = Trials([[0, 1]], [[1.0, 0.0]], **{field: {name: [[5, 6]]}})
    assert_refused(Bad(made.to_dataframe, f"trials.{field}", "of other names", repr(name)))


def test_responses_and_outcomes_do_not_take_anothers_place():
    times = Trials([[0, 1]], [[1.0, 0.0]], responses={"choice": [[5, 6]]})
    paid = Trials([[0, 1]], {"size": [[1.0, 0.0]]}, inputs={"size": [[5, 6]]})
    offered = Trials([[0, 1]], available=np.ones((1, 2, 2), bool), inputs={"available_1": [[5, 6]]})
    for made, field, name in (
        (times, "responses", "choice"),
        (paid, "outcomes", "size"),
        (offered, "available", "available_1"),
    ):
        assert_refused(Bad(made.to_dataframe, f"trials.{field}", "of other names", repr(name)))


# There and back again.


def test_there_and_back():
    # Several subjects share some of it; read back, each has its own.
    made = MADE._replace(
        outcomes={"money": MADE.outcomes["money"], "points": MADE.outcomes["shock"][..., :1]}
    )
    columns = {"subject": "subject", "choice": "choice", "outcome": ["money", "points"]}
    columns["outcome"] = dict(zip(columns["outcome"], columns["outcome"], strict=True))
    inputs = ["size", "stage", "shown_0"]
    again = Trials.from_dataframe(made.to_dataframe(), **columns, inputs=inputs, responses=["times"])
    shared = lambda x: np.broadcast_to(x, (2, *x.shape[1:]))  # noqa: E731
    expected = made._replace(
        outcomes=jax.tree.map(shared, made.outcomes),
        inputs={
            "size": made.inputs["size"],
            "stage": shared(made.inputs["stage"]),
            "shown_0": made.inputs["shown"][..., 0].astype(np.int32),
        },
    )
    assert_same(again, expected)


def test_ratings_there_and_back():
    made = read(MORE, **RATED)
    table = made.to_dataframe(subjects=["b", "a"])
    columns = {"subject": "subject", "outcome": "outcome", "responses": ["ratings"]}
    assert_same(Trials.from_dataframe(table, **columns), made)
    assert table["subject"].tolist() == TABLE["id"]
