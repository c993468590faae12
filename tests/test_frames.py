"""Tidy tables of trials in and out: every layout by hand, every refusal, and there and back again."""

import importlib.util
import re
from functools import partial

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, trials
from behavioural_modelling.trials._installed import data_file

pd = pytest.importorskip("pandas")

NAN, INF = np.nan, np.inf
NAMES = {"subject": "id", "choice": "choice", "outcome": "paid"}
# Two subjects, of three trials and of two.
TABLE = {"id": ["b", "b", "b", "a", "a"], "choice": [0, 1, 1, 1, 0], "paid": [1.0, 0.0, 0.5, -1.0, 2.0]}


def read(change=None, frame=None, **arguments):
    """Trials of `TABLE` with some columns changed, or of another frame."""
    frame = pd.DataFrame(TABLE | (change or {})) if frame is None else frame
    return Trials.from_dataframe(frame, **NAMES | arguments)


def listed(x):
    return None if x is None else np.asarray(x).tolist()


def paid_to(made):
    """What each subject's chosen actions paid."""
    assert made.outcomes.shape == (*made.shape, 1)
    return listed(made.outcomes[..., 0])


def assert_same(ours, expected):
    """Every field alike, where trials count; what the others hold is not looked at."""
    counts = np.ones(expected.shape, bool) if expected.mask is None else np.asarray(expected.mask)
    for name in Trials._fields:
        one, other = getattr(ours, name), getattr(expected, name)
        assert jax.tree.structure(one) == jax.tree.structure(other), name
        for x, y in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
            if name in ("choices", "outcomes", "feedback", "inputs", "responses"):
                x, y = np.asarray(x)[counts], np.asarray(y)[counts]
            np.testing.assert_array_equal(x, y, err_msg=name)


# In.


def test_one_row_per_trial_padded_and_masked_at_the_end():
    made = read()
    assert isinstance(made, Trials)
    assert listed(made.choices) == [[0, 1, 1], [1, 0, 0]]
    assert paid_to(made) == [[1.0, 0.0, 0.5], [-1.0, 2.0, 0.0]]
    assert listed(made.mask) == [[True, True, True], [True, True, False]]
    assert made.available is None and made.reset is None
    assert made.choices.dtype == np.int32 and made.outcomes.dtype == np.float32


def test_where_every_trial_counts_there_is_no_mask():
    made = read(frame=pd.DataFrame(TABLE)[:3])
    assert made.choices.shape == (1, 3) and made.mask is None


@pytest.mark.parametrize(
    "ids", [[7, 7, 7, 3, 3], pd.Categorical(["b", "b", "b", "a", "a"]), [0.5] * 3 + [0] * 2]
)
def test_subjects_are_numbered_as_they_appear(ids):
    frame = pd.DataFrame(TABLE | {"id": ids})
    made, labels = read(frame=frame), frame["id"].unique()
    for i, label in enumerate(labels):
        own = frame[frame["id"] == label]
        assert listed(made.choices[i])[: len(own)] == own["choice"].tolist()
    assert made.to_dataframe(subjects=labels)["subject"].tolist() == frame["id"].tolist()


def test_rows_are_taken_in_their_order_whatever_the_index():
    frame = pd.DataFrame(TABLE, index=[4, 3, 2, 1, 0])
    assert listed(read(frame=frame).choices) == listed(read().choices)
    assert listed(read(frame=frame[::-1]).choices) == [[0, 1, 0], [1, 1, 0]]


def test_the_frame_stays_as_it_was():
    frame = pd.DataFrame(TABLE)
    read(frame=frame, missed=1, actions=[0])
    pd.testing.assert_frame_equal(frame, pd.DataFrame(TABLE))


def test_a_single_subject_of_a_single_trial():
    made = read(frame=pd.DataFrame({"id": ["x"], "choice": [0], "paid": [3]}))
    assert made.choices.shape == (1, 1) and paid_to(made) == [[3.0]]


def test_many_subjects_of_many_trials():
    rng = np.random.default_rng(0)
    choices, outcomes = rng.integers(0, 4, (300, 200)), rng.random((300, 200), np.float32)
    columns = {"id": np.arange(300).repeat(200), "choice": choices.ravel(), "paid": outcomes.ravel()}
    assert_same(read(frame=pd.DataFrame(columns)), Trials(choices, outcomes))


def test_one_outcome_column_per_action():
    made = read({"other": [0.0, 1.0, 2.0, 3.0, 4.0]}, outcome=None, outcome_by_action=["paid", "other"])
    assert listed(made.outcomes[0]) == [[1.0, 0.0], [0.0, 1.0], [0.5, 2.0]]
    assert listed(made.outcomes[1]) == [[-1.0, 3.0], [2.0, 4.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    "paid",
    [
        [True, False, True, True, False],
        pd.array([1, 0, 1, 1, 0], "Int8"),
        pd.array([True, False, True, True, False], "boolean"),
        np.array([1, 0, 1, 1, 0], np.float32),
        np.array([1, 0, 1.0, 1, 0], object),
    ],
)
def test_outcomes_are_numbers_of_any_kind(paid):
    assert paid_to(read({"paid": paid})) == [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "choice, actions",
    [
        ([1, 2, 2, 2, 1], [1, 2]),
        ([1.0, 2.0, 2.0, 2.0, 1.0], np.array([1, 2])),
        ([1, 2, 2, 2, 1], [1.0, 2.0]),
        ([5, 3, 3, 3, 5], pd.Series([5, 3], index=[8, 9])),
        (["L", "R", "R", "R", "L"], ["L", "R"]),
        (["L", "R", "R", "R", "L"], ("L", "R", "never")),
        (pd.Categorical(["z", "a", "a", "a", "z"]), ["z", "a"]),
        (pd.Categorical([9, 8, 8, 8, 9]), pd.Index([9, 8])),
        (pd.array([1, 2, 2, 2, 1], "Int64"), range(1, 3)),
        (pd.array(["L", "R", "R", "R", "L"], "string"), ["L", "R"]),
        ([False, True, True, True, False], [False, True]),
        (np.array([0, "R", "R", "R", 0], object), [0, "R"]),
    ],
)
def test_actions_say_which_label_is_which(choice, actions):
    assert listed(read({"choice": choice}, actions=actions).choices) == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    "choice",
    [
        [0.0, 1.0, 1.0, 1.0, 0.0],
        pd.array([0, 1, 1, 1, 0], "Int64"),
        pd.Categorical([0, 1, 1, 1, 0]),
        np.array([0, 1.0, 1, 1, 0], object),
        np.array([0, 1, 1, 1, 0], np.uint8),
    ],
)
def test_whole_numbers_from_zero_are_actions_as_they_are(choice):
    assert listed(read({"choice": choice}).choices) == [[0, 1, 1], [1, 0, 0]]


def test_that_the_first_action_is_never_chosen_can_be_said():
    assert listed(read({"choice": [1, 2, 2, 2, 1]}, actions=range(3)).choices) == [[1, 2, 2], [2, 1, 0]]
    assert listed(read({"choice": [0] * 5}).choices) == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    "choice, arguments",
    [
        ([0, NAN, 1, 1, 0], {}),
        ([0, None, 1, 1, 0], {}),
        (np.array([0, None, 1, 1, 0], object), {}),
        (pd.array([0, pd.NA, 1, 1, 0], "Int64"), {}),
        (pd.Categorical([0, None, 1, 1, 0]), {}),
        ([0, -1, 1, 1, 0], {"missed": -1}),
        ([0.0, -1.0, 1.0, 1.0, 0.0], {"missed": -1}),
        ([0, 99, 1, 1, 0], {"missed": [-1, 99]}),
        ([0, 99, 1, 1, 0], {"missed": np.array([-1, 99])}),
        (np.array([0, "late", 1, 1, 0], object), {"missed": "late"}),
        ([1, 0, 2, 2, 1], {"missed": 0, "actions": [1, 2]}),
        (["L", None, "R", "R", "L"], {"actions": ["L", "R"]}),
        (["L", "", "R", "R", "L"], {"actions": ["L", "R"], "missed": {"", "late"}}),
        (pd.Categorical(["L", "late", "R", "R", "L"]), {"actions": ["L", "R"], "missed": "late"}),
    ],
)
@pytest.mark.parametrize("paid", [NAN, INF, 7.0])
def test_a_missed_response_is_masked_and_its_outcome_not_looked_at(choice, arguments, paid):
    made = read({"choice": choice, "paid": [1.0, paid, 0.5, -1.0, 2.0]}, **arguments)
    assert listed(made.mask) == [[True, False, True], [True, True, False]]
    assert listed(made.choices) == [[0, 0, 1], [1, 0, 0]]
    assert paid_to(made) == [[1.0, 0.0, 0.5], [-1.0, 2.0, 0.0]]


def test_a_subject_without_any_response():
    made = read({"choice": [0, 1, 1, NAN, NAN]})
    assert listed(made.mask) == [[True] * 3, [False] * 3]
    assert not read({"choice": [NAN] * 5}).mask.any()


@pytest.mark.parametrize("kind", [bool, int, float, "boolean", "Int64", object])
def test_available_columns(kind):
    change = {"first": [1, 1, 0, 0, 1], "second": [1, 1, 1, 1, 0], "third": [0, 0, 0, 1, 1]}
    change = {name: pd.array(x, "Int64").astype(kind) for name, x in change.items()}
    made = read(change, available=["first", "second", "third"])
    assert (np.asarray(made.available[0]) == [[1, 1, 0], [1, 1, 0], [0, 1, 0]]).all()
    assert (np.asarray(made.available[1]) == [[0, 1, 1], [1, 0, 1], [0, 0, 0]]).all()
    assert made.available.dtype == bool


def test_what_was_on_offer_may_be_missing_beside_no_response():
    change = {
        "choice": [0, NAN, 1, 1, 0],
        "first": [1, NAN, 1, 1, 1],
        "second": [True, None, True, True, True],
    }
    made = read(change, available=["first", "second"])
    assert listed(made.available[0]) == [[True, True], [False, False], [True, True]]


LEFT, RIGHT = [3, 1, 2, 2, 1], [1, 2, 3, 1, 3]
SHOWN = [[[1, 0, 1], [1, 1, 0], [0, 1, 1]], [[1, 1, 0], [1, 0, 1], [0, 0, 0]]]


def test_the_labels_shown_say_what_was_on_offer():
    change = {"choice": [1, 2, 2, 2, 1], "left": LEFT, "right": RIGHT}
    made = read(change, shown=["left", "right"], actions=[1, 2, 3])
    np.testing.assert_array_equal(made.available, SHOWN)
    assert listed(made.choices) == [[0, 1, 1], [1, 0, 0]]
    change = {"left": np.array(LEFT) - 1.0, "right": np.array(RIGHT) - 1}
    np.testing.assert_array_equal(read(change, shown=["left", "right"]).available, SHOWN)
    letters = {name: ["xabc"[i] for i in change] for name, change in (("left", LEFT), ("right", RIGHT))}
    made = read(letters | {"choice": list("abbba")}, shown=["right", "left"], actions=list("abcd"))
    np.testing.assert_array_equal(made.available[..., :3], SHOWN)
    assert not made.available[..., 3].any()


def test_a_label_that_is_missing_was_not_shown():
    change = {"choice": [0, 1, NAN, 1, 0], "left": [0, 1, NAN, 2, 0], "right": [1, NAN, NAN, 1, 1]}
    made = read(change, shown=["left", "right"])
    expected = [[[1, 1, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 1], [1, 1, 0], [0, 0, 0]]]
    np.testing.assert_array_equal(made.available, expected)


def test_zero_may_be_shown_and_never_chosen():
    change = {"choice": [1] * 5, "left": [0] * 5, "right": [1] * 5}
    assert read(change, shown=["left", "right"]).available.all(axis=-1).sum() == 5


@pytest.mark.parametrize(
    "blocks", [[1, 2, 2, 1, 1], ["x", "a", "a", "a", "a"], pd.Categorical([1, 0, 0, 1, 1])]
)
def test_a_new_block_begins_from_nothing(blocks):
    made = read({"block": blocks}, block="block")
    assert listed(made.reset) == [[False, True, False], [False, False, False]]
    assert read({"block": blocks}, block="block", reset_blocks=False).reset is None


def test_a_block_may_begin_with_a_missed_response():
    made = read({"block": [1, 2, 3, 1, 2], "choice": [0, NAN, 1, 1, NAN]}, block="block")
    assert listed(made.reset) == [[False, True, True], [False, True, False]]
    assert listed(made.mask) == [[True, False, True], [True, False, False]]


def test_one_block_each_is_never_reset():
    assert not read({"block": [1] * 5}, block="block").reset.any()


def test_columns_may_have_names_of_any_kind():
    frame = pd.DataFrame({0: TABLE["id"], ("a", 1): TABLE["choice"], 2.5: TABLE["paid"]})
    assert_same(read(frame=frame, subject=0, choice=("a", 1), outcome=2.5), read())


def test_columns_of_several_levels_are_named_by_all_of_them():
    frame = pd.DataFrame(TABLE)
    frame.columns = pd.MultiIndex.from_tuples([("who", ""), ("did", "choice"), ("did", "paid")])
    names = {"subject": ("who", ""), "choice": ("did", "choice"), "outcome": ("did", "paid")}
    assert_same(read(frame=frame, **names), read())
    with pytest.raises(
        ValueError, match=r"^choice: expected one of the columns \[\('who', ''\), .*got 'did'$"
    ):
        read(frame=frame, **names | {"choice": "did"})
    frame["did", "late"] = [1, 0, 0, 0, 0]
    assert listed(read(frame=frame, **names, missed=("did", "late")).mask[0]) == [False, True, True]


def test_rows_of_one_label_are_told_apart_by_their_place():
    files = [pd.DataFrame(TABLE)[:3], pd.DataFrame(TABLE)[3:].reset_index(drop=True)]
    frame = pd.concat(files)
    assert listed(frame.index) == [0, 1, 2, 0, 1]
    assert_same(read(frame=frame), read())
    frame["paid"] = [1, 0, 1, INF, 1]
    with pytest.raises(ValueError, match="got inf in row 3 .counted from 0, as index labels .* subject 'a'$"):
        read(frame=frame)


def test_a_column_that_is_there_twice_and_not_asked_for_does_not_matter():
    frame = pd.concat(
        [pd.DataFrame(TABLE), pd.DataFrame({"x": [1] * 5}), pd.DataFrame({"x": [2] * 5})], axis=1
    )
    assert_same(read(frame=frame), read())


def test_numbers_and_text_that_say_different_things_may_stand_in_one_column():
    assert read({"id": [7, 7, 7, "8", "8"]}).choices.shape == (2, 3)
    assert listed(read({"choice": [0, "R", "R", "R", 0]}, actions=[0, "R"]).choices) == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("late", [[False, True, False, False, False], [0, 1, 0, 0, 0], [0.0, 1.0, 0, 0, 0]])
def test_a_column_may_flag_missed_responses_whatever_the_choice_holds(late):
    # One choice is flagged, another holds the code.
    change = {"choice": [0, 1, 9, 1, 0], "late": late, "paid": [1.0, "none", 0.5, -1.0, 2.0]}
    made = read(change, missed=["late", 9])
    assert listed(made.mask) == [[True, False, False], [True, True, False]]
    assert listed(made.choices) == [[0, 0, 0], [1, 0, 0]]
    assert listed(read(change | {"choice": [0, "?", 1, 1, 0]}, missed="late").mask[0]) == [True, False, True]


def test_a_choice_without_feedback_is_one_whose_outcome_is_missing():
    made = read({"paid": [1.0, NAN, 0.5, None, 2.0], "choice": [0, 1, NAN, 1, 0]})
    assert listed(made.feedback) == [[True, False, True], [False, True, True]]
    assert listed(made.mask) == [[True, True, False], [True, True, False]]
    assert paid_to(made) == [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    nullable = read({"paid": pd.array([1, 1, 1, None, 1], "Int64")})
    assert listed(nullable.feedback) == [[True, True, True], [False, True, True]]


def test_without_feedback_all_actions_outcomes_are_missing():
    change = {"paid": [1.0, NAN, 0.5, -1.0, 2.0], "other": [0.0, NAN, 2.0, 3.0, 4.0]}
    made = read(change, **by_action("paid", "other"))
    assert listed(made.feedback[0]) == [True, False, True]
    assert listed(made.outcomes[0]) == [[1.0, 0.0], [0.0, 0.0], [0.5, 2.0]]


def test_as_many_subjects_as_trials_and_actions():
    frame = pd.DataFrame({"id": list("aabb"), "choice": [0, 1, 1, 0], "paid": [1.0, 2.0, 3.0, 4.0]})
    assert paid_to(read(frame=frame)) == [[1.0, 2.0], [3.0, 4.0]]


def test_other_tables_are_turned_into_data_frames():
    class Other:
        def to_pandas(self):
            return pd.DataFrame(TABLE)

    assert_same(read(frame=Other()), read())


# What is refused.


def by_action(*columns):
    """One column per action."""
    return {"outcome": None, "outcome_by_action": list(columns)}


CODED = {"choice": [1, 2, 2, 2, 1]}
OFFERS = {"one": [1, 1, 1, 1, 1], "two": [1, 1, 0, 1, 1]}
PAIR = {"left": [0, 0, 1, 1, 0], "right": [1, 1, 2, 2, 1]}
MADE = Trials([[0, 1, 2]], [[1.0, 0.0, 1.0]])
WIDE = Trials([[0, 1, 2]], np.ones((1, 3, 4)))

BAD = {
    **{
        f"from_dataframe: {what}": Bad(partial(read, change, **arguments), name, expected, received)
        for what, change, arguments, name, expected, received in (
            # The table and its columns.
            ("a dict", {}, {"frame": TABLE}, "frame", "DataFrame", "dict"),
            ("an array", {}, {"frame": np.ones((3, 3))}, "frame", "DataFrame", "ndarray"),
            ("a series", {}, {"frame": pd.Series([1])}, "frame", "DataFrame", "Series"),
            ("no row", {}, {"frame": pd.DataFrame(TABLE)[:0]}, "frame", "one row", "(0, 3)"),
            ("no column", {}, {"frame": pd.DataFrame()}, "frame", "one row", "(0, 0)"),
            *(
                (f"unknown {name}", {}, {name: "who"}, name, "['id', 'choice', 'paid']", "'who'")
                for name in ("subject", "choice", "outcome", "block")
            ),
            (
                "unknown outcome in a list",
                {},
                by_action("paid", "who"),
                "outcome_by_action",
                "'paid'",
                "'who'",
            ),
            ("unknown available", {}, {"available": ["who"]}, "available", "'choice'", "'who'"),
            ("unknown shown", {}, {"shown": ["who"]}, "shown", "'choice'", "'who'"),
            ("subject a list", {}, {"subject": ["id"]}, "subject", "'id'", "['id']"),
            (
                "two columns of a name",
                {},
                {"frame": pd.DataFrame([["a", 0, 1, 1]], columns=["id", "choice", "paid", "paid"])},
                "outcome",
                "there once",
                "'paid', which 2 columns are called",
            ),
            ("no outcomes", {}, by_action(), "outcome_by_action", "a list of columns", "[]"),
            (
                "outcomes a name",
                {},
                by_action("p") | {"outcome_by_action": "paid"},
                "outcome_by_action",
                "a list",
                "'paid'",
            ),
            ("neither outcome", {}, {"outcome": None}, "outcome", "outcome_by_action=[...]", "None"),
            ("both outcomes", {}, by_action("paid") | {"outcome": "paid"}, "outcome", "None", "'paid'"),
            (
                "a list of outcomes",
                {"social": [0.0] * 5},
                {"outcome": ["paid", "social"]},
                "outcome",
                "outcome_by_action=[...] is for one column per action, a dict from names to columns for what",
                "['paid', 'social']",
            ),
            ("available a name", {}, {"available": "paid"}, "available", "a list of columns", "'paid'"),
            ("shown a name", {}, {"shown": "paid"}, "shown", "a list of columns", "'paid'"),
            (
                "an outcome twice",
                {},
                by_action("paid", "paid"),
                "outcome_by_action",
                "once",
                "['paid', 'paid']",
            ),
            ("available twice", OFFERS, {"available": ["one", "one"]}, "available", "once", "'one'"),
            (
                "both ways of saying what was on offer",
                OFFERS | PAIR,
                {"available": ["one", "two"], "shown": ["left", "right"]},
                "shown",
                "None where available",
                "['left', 'right']",
            ),
            # Subjects and blocks.
            ("a missing subject", {"id": ["b", None, "b", "a", "a"]}, {}, "subject", "a label", "row 1"),
            ("no first subject", {"id": [NAN, 1, 1, 1, 1]}, {}, "subject", "every row", "nan in row 0"),
            (
                "a subject that comes again",
                {"id": ["b", "b", "a", "b", "a"]},
                {},
                "subject",
                "frame.sort_values('id', kind='stable')",
                "'b' in row 3",
            ),
            (
                "a block that comes again",
                {"block": [1, 2, 1, 1, 1]},
                {"block": "block"},
                "block",
                "one after the other",
                "1 in row 2 of subject 'b'",
            ),
            (
                "a block that comes again, not to be reset",
                {"block": [1, 2, 1, 1, 1]},
                {"block": "block", "reset_blocks": False},
                "block",
                "one after the other",
                "1 in row 2 of subject 'b'",
            ),
            (
                "a missing block",
                {"block": [1, 2, 2, NAN, 1]},
                {"block": "block"},
                "block",
                "a label",
                "nan in row 3 of subject 'a'",
            ),
            # Choices that are no actions.
            ("counted from 1", CODED, {}, "choice", "actions=[1, 2, ...]", "labels from 1 to 2"),
            ("always 1", {"choice": [1] * 5}, {}, "choice", "actions=[0, 1, ...]", "from 1 to 1"),
            ("counted from 2", {"choice": [3, 2, 3, 3, 2]}, {}, "choice", "count from 0", "from 2 to 3"),
            (
                "counted from 1, missed 0",
                {"choice": [1, 0, 2, 2, 1]},
                {"missed": 0},
                "choice",
                "from 0",
                "1 to 2",
            ),
            (
                "counted from 1, with an outcome per action",
                CODED | {"other": [0.0] * 5},
                {"outcome": None, "outcome_by_action": ["paid", "other"]},
                "choice",
                "actions=[1, 2, ...]",
                "labels from 1 to 2",
            ),
            (
                "counted from 1, and those shown too",
                CODED | {"left": LEFT, "right": RIGHT},
                {"shown": ["left", "right"]},
                "choice",
                "actions=[1, 2, ...]",
                "labels from 1 to 3",
            ),
            ("half an action", {"choice": [0, 0.5, 1, 1, 0]}, {}, "choice", "whole numbers", "0.5 in row 1"),
            ("-1", {"choice": [0, 1, 1, -1, 0]}, {}, "choice", "missed=...", "-1 in row 3 of subject 'a'"),
            ("infinity", {"choice": [0, INF, 1, 1, 0]}, {}, "choice", "whole", "inf in row 1"),
            (
                "beyond int32",
                {"choice": [0, 2**31, 1, 1, 0]},
                {},
                "choice",
                "whole",
                "2147483648 in row 1",
            ),
            ("text", {"choice": list("LRRRL")}, {}, "choice", "actions=[...]", "'L' in row 0 of subject 'b'"),
            ("digits", {"choice": list("01110")}, {}, "choice", "whole numbers", "'0' in row 0"),
            (
                "booleans",
                {"choice": [False, True, True, True, False]},
                {},
                "choice",
                "actions",
                "False in row 0",
            ),
            (
                "text among numbers",
                {"choice": [0, 1, "late", 1, 0]},
                {},
                "choice",
                "missed=",
                "'late' in row 2 of subject 'b'",
            ),
            (
                "beyond the outcomes",
                {"choice": [0, 1, 2, 1, 0], "other": [0.0] * 5},
                {"outcome": None, "outcome_by_action": ["paid", "other"]},
                "choice",
                "from 0 to 1",
                "2 in row 2 of subject 'b'",
            ),
            (
                "shown beyond the outcomes",
                PAIR | {"other": [0.0] * 5},
                {"outcome": None, "outcome_by_action": ["paid", "other"], "shown": ["left", "right"]},
                "shown",
                "from 0 to 1",
                "2 in row 2 of subject 'b'",
            ),
            (
                "shown text",
                PAIR | {"left": list("ababa")},
                {"shown": ["left"]},
                "shown",
                "whole",
                "column 'left'",
            ),
            ("no such label", {}, {"actions": [1, 2]}, "choice", "one of the actions [1, 2]", "0 in row 0"),
            (
                "number or text",
                {},
                {"actions": ["0", "1"]},
                "choice",
                "['0', '1']",
                "0 in row 0 of subject 'b'",
            ),
            (
                "no such label shown",
                PAIR,
                {"shown": ["left", "right"], "actions": [0, 1]},
                "shown",
                "one of the actions [0, 1]",
                "2 in row 2 of subject 'b'",
            ),
            # Labels of the actions.
            ("actions a string", {}, {"actions": "01"}, "actions", "a list of labels", "'01'"),
            ("actions a number", {}, {"actions": 2}, "actions", "a list of labels", "2"),
            ("actions in no order", {}, {"actions": {0, 1}}, "actions", "a list", "{0, 1}"),
            ("actions a dict", {}, {"actions": {0: 1, 1: 0}}, "actions", "a list", "{0: 1, 1: 0}"),
            ("no actions", {}, {"actions": []}, "actions", "a list of labels", "[]"),
            ("an action twice", {}, {"actions": [0, 1, 1]}, "actions", "differ", "[0, 1, 1]"),
            ("an action without label", {}, {"actions": ["a", None]}, "actions", "none missing", "'a'"),
            ("an action missed", {}, {"actions": [0, 1], "missed": [1]}, "missed", "none of", "[1]"),
            (
                "more actions than outcomes",
                {"other": [0.0] * 5},
                {"outcome": None, "outcome_by_action": ["paid", "other"], "actions": [0, 1, 2]},
                "actions",
                "2 actions, as in outcome_by_action",
                "3",
            ),
            (
                "fewer on offer than outcomes",
                OFFERS | {"other": [0.0] * 5},
                {"outcome": None, "outcome_by_action": ["paid", "other"], "available": ["one"]},
                "available",
                "2 actions, as in outcome_by_action",
                "1",
            ),
            (
                "more actions than can be on offer",
                OFFERS,
                {"available": ["one", "two"], "actions": [0, 1, 2]},
                "actions",
                "2 actions, as in available",
                "3",
            ),
            # Outcomes.
            (
                "infinite",
                {"paid": [1, -INF, 1, 1, 1]},
                {},
                "outcome",
                "finite",
                "-inf in row 1 of subject 'b'",
            ),
            (
                "an outcome of text",
                {"paid": [1, 0, 1, "0.5", 1]},
                {},
                "outcome",
                "a finite number",
                "'0.5' in row 3 of subject 'a'",
            ),
            (
                "one action's outcome",
                {"other": [0, 0, 0, NAN, 0]},
                by_action("paid", "other"),
                "outcome_by_action",
                "in all columns alike",
                "nan in row 3 of subject 'a', column 'other'",
            ),
            (
                "one action's outcome text",
                {"other": [0, 0, "won", 0, 0]},
                by_action("paid", "other"),
                "outcome_by_action",
                "a finite number",
                "'won' in row 2 of subject 'b', column 'other'",
            ),
            # What was on offer.
            (
                "not on offer",
                OFFERS,
                {"available": ["one", "two"]},
                "choice",
                "on offer",
                "1 in row 2 of subject 'b'",
            ),
            (
                "not shown",
                PAIR,
                {"shown": ["right"]},
                "choice",
                "on offer",
                "0 in row 0 of subject 'b'",
            ),
            (
                "nothing shown",
                PAIR | {"right": [NAN] * 5},
                {"shown": ["left", "right"]},
                "choice",
                "on offer",
                "1 in row 1 of subject 'b'",
            ),
            (
                "not on offer, with labels and an index",
                {},
                {
                    "frame": pd.DataFrame(TABLE | OFFERS | {"choice": list("LRRRL")}, index=list("vwxyz")),
                    "actions": ["L", "R"],
                    "available": ["one", "two"],
                },
                "choice",
                "on offer",
                "'R' in row 'x' of subject 'b'",
            ),
            (
                "on offer or not",
                OFFERS | {"one": [1, NAN, 1, 1, 1]},
                {"available": ["one", "two"]},
                "available",
                "booleans, or 0 and 1",
                "nan in row 1",
            ),
            (
                "on offer twice",
                OFFERS | {"one": [1, 2, 1, 1, 1]},
                {"available": ["one", "two"]},
                "available",
                "0 and 1",
                "2 in row 1",
            ),
            (
                "labels where booleans are due",
                OFFERS | {"one": list("LLLLL")},
                {"available": ["one", "two"]},
                "available",
                "booleans",
                "'L' in row 0 of subject 'b', column 'one'",
            ),
            # A label that is a number here and text there.
            (
                "one person twice",
                {"id": [7, 7, "7", "7", "8"]},
                {},
                "subject",
                "dtype={'id': str}",
                "7 in row 0 and '7' in row 2",
            ),
            ("a person of zeros", {"id": ["07"] * 2 + [7.0] * 3}, {}, "subject", "one kind", "7.0 in row 2"),
            (
                "one block twice",
                {"block": [1, "1", "1", "x", "x"]},
                {"block": "block"},
                "block",
                "of one kind",
                "1 in row 0 and '1' in row 1",
            ),
            (
                "one choice twice",
                {"choice": [0, 1, "1", 1, 0]},
                {"missed": "1"},
                "choice",
                "of one kind",
                "1 in row 1 and '1' in row 2",
            ),
            ("one action twice", {}, {"actions": [0, 1, "1"]}, "actions", "of one kind", "1 and '1'"),
            (
                "missed text, a choice a number",
                {"choice": [0, "R", "R", "R", 0]},
                {"missed": "0", "actions": [0, "R"]},
                "missed",
                "0, as the column or actions hold it",
                "'0'",
            ),
            (
                "missed a number, choices text",
                {"choice": list("12991")},
                {"missed": 9, "actions": ["1", "2", "9"]},
                "missed",
                "'9', as the column or actions hold it",
                "9",
            ),
            # A column of flags.
            ("no such column of flags", {}, {"missed": "lat"}, "missed", "one of the columns ['id'", "'lat'"),
            ("the choice as flags", {}, {"missed": "choice"}, "missed", "['id', 'paid']", "'choice'"),
            (
                "flag or choice",
                {"choice": list("LRRRL"), "R": [0] * 5},
                {"actions": ["L", "R"], "missed": "R"},
                "missed",
                "a column of flags, or a value of the choice",
                "'R', which is both",
            ),
            (
                "a missing flag",
                {"late": [0, 0, NAN, 0, 0]},
                {"missed": "late"},
                "missed",
                "booleans, or 0 and 1",
                "nan in row 2 of subject 'b', column 'late'",
            ),
            (
                "flags of text",
                {"late": list("nnnny")},
                {"missed": ["late"]},
                "missed",
                "0 and 1",
                "'n' in row 0",
            ),
        )
    },
    **{
        f"to_dataframe: {what}": Bad(partial(made.to_dataframe, **arguments), name, expected, received)
        for what, made, arguments, name, expected, received in (
            ("too many subjects", MADE, {"subjects": ["a", "b"]}, "subjects", "1 labels", "2"),
            ("subjects a string", MADE, {"subjects": "a"}, "subjects", "a list of labels", "'a'"),
            ("a missing subject", MADE, {"subjects": [None]}, "subjects", "none missing", "[None]"),
            ("too few actions", MADE, {"actions": ["a", "b"]}, "actions", "at least 3 labels", "2"),
            ("too few of four", WIDE, {"actions": list("abc")}, "actions", "4 labels, one per action", "3"),
            ("too many of four", WIDE, {"actions": list("abcde")}, "actions", "4 labels", "5"),
            ("an action twice", MADE, {"actions": list("aba")}, "actions", "differ", "['a', 'b', 'a']"),
            ("actions a number", MADE, {"actions": 3}, "actions", "a list of labels", "3"),
        )
    },
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)


# Out.


def test_a_table_by_hand():
    made = Trials(
        choices=[[0, 1, 1], [1, -1, 0]],
        outcomes=[[1.0, 0.0, 0.5], [0.25, NAN, NAN]],
        available=[[[True, True]] * 3, [[False, True], [True, True], [False, False]]],
        mask=[[True, False, True], [True, False, False]],
        reset=[[True, False, True], [False, True, False]],
    )
    expected = {
        "subject": [0, 0, 0, 1],
        "trial": [0, 1, 2, 0],
        "block": [0, 0, 1, 0],
        "choice": pd.array([0, None, 1, 1], "Int64"),
        "outcome": np.array([1.0, NAN, 0.5, 0.25], np.float32),
        "available_0": [True, True, True, False],
        "available_1": [True, True, True, True],
    }
    pd.testing.assert_frame_equal(made.to_dataframe(), pd.DataFrame(expected))
    table = made.to_dataframe(subjects=["b", "a"], actions=["L", "R"])
    assert table["subject"].tolist() == ["b", "b", "b", "a"]
    assert table["choice"].isna().tolist() == [False, True, False, False]
    assert table["choice"].dropna().tolist() == ["L", "R", "R"]


def test_no_column_for_what_is_not_given():
    table = Trials([[0, 1]], [[1.0, 0.0]]).to_dataframe()
    assert list(table) == ["subject", "trial", "choice", "outcome"]
    assert table["choice"].dtype == "Int64" and table["choice"].tolist() == [0, 1]


def test_one_outcome_column_per_action_of_each_subjects_own_or_shared():
    own, mask = np.arange(12.0).reshape(2, 3, 2), np.array([[True] * 3, [True, False, True]])
    table = Trials([[0, 1, 1], [1, 1, 0]], own, mask=mask).to_dataframe()
    assert list(table) == ["subject", "trial", "choice", "outcome_0", "outcome_1"]
    np.testing.assert_array_equal(table["outcome_1"], [1, 3, 5, 7, NAN, 11])
    shared = Trials([[0, 1, 1], [1, 1, 0]], own[0]).to_dataframe()
    assert shared["outcome_0"].tolist() == [0, 2, 4, 0, 2, 4]


def test_a_subject_with_no_trial_that_counts_keeps_its_rows_as_missed():
    mask = [[True, False], [False, False]]
    made = Trials([[0, 1], [1, 1]], [[1.0, 0.0], [1.0, 1.0]], mask=mask, shared=False)
    table = made.to_dataframe()
    assert table["subject"].tolist() == [0, 1, 1] and table["choice"].isna().tolist() == [False, True, True]


# There and back again.


def there_and_back(made, *, subjects=None, actions=None):
    """What is read from the table that `made` becomes."""
    table = made.to_dataframe(subjects=subjects, actions=actions)
    columns = {
        argument: [name for name in table if name.startswith(argument)]
        for argument in ("outcome", "available", "block")
    }
    return Trials.from_dataframe(
        table,
        subject="subject",
        choice="choice",
        **({"outcome": "outcome"} if "outcome" in table else {"outcome_by_action": columns["outcome"]}),
        available=columns["available"] or None,
        block="block" if columns["block"] else None,
        actions=actions,
    )


CHOICES = np.array([[0, 1, 2, 1], [2, 2, 0, 1]])
OUTCOMES = np.arange(24, dtype=np.float32).reshape(2, 4, 3) / 7
SOME = np.array([[True, False, True, True], [True, True, False, False]])
FIRST = np.array([[False, True, False, True], [False, False, False, False]])


@pytest.mark.parametrize("outcomes", [OUTCOMES, OUTCOMES[..., 0]], ids=["all", "chosen"])
@pytest.mark.parametrize("available", [None, OUTCOMES >= 0], ids=["", "available"])
@pytest.mark.parametrize("mask", [None, SOME], ids=["", "mask"])
@pytest.mark.parametrize("reset", [None, FIRST], ids=["", "reset"])
@pytest.mark.parametrize("feedback", [None, FIRST], ids=["", "feedback"])
@pytest.mark.parametrize("actions", [None, ["x", "y", "z"], [3, 1, 2]], ids=["numbers", "text", "labels"])
def test_every_layout(outcomes, available, mask, reset, feedback, actions):
    made = Trials(CHOICES, outcomes, available, mask, reset, feedback=feedback)
    if mask is not None and available is not None:
        padding = np.array([[False] * 4, [False, False, True, True]])
        made = made._replace(available=available & ~padding[..., None])
    again = there_and_back(made, actions=actions)
    assert_same(again, made)
    jax.tree.map(np.testing.assert_array_equal, there_and_back(again, actions=actions), again)


def test_shared_outcomes_come_back_as_each_subjects_own():
    again = there_and_back(Trials(CHOICES, OUTCOMES[0], mask=SOME))
    assert_same(again, Trials(CHOICES, np.stack([OUTCOMES[0]] * 2), mask=SOME))


def test_trailing_trials_that_no_subject_plays_are_dropped():
    mask = np.pad(SOME, ((0, 0), (0, 2)))
    made = Trials(np.pad(CHOICES, ((0, 0), (0, 2))), np.pad(OUTCOMES, ((0, 0), (0, 2), (0, 0))), mask=mask)
    assert_same(there_and_back(made), Trials(CHOICES, OUTCOMES, mask=SOME))


def test_in_float64(x64):
    outcomes = OUTCOMES.astype(np.float64) + 1e-9
    again = there_and_back(Trials(CHOICES, outcomes))
    assert again.outcomes.dtype == np.float64
    np.testing.assert_array_equal(again.outcomes, outcomes)
    assert again.outcomes.shape == (2, 4, 3)


@pytest.mark.skipif(importlib.util.find_spec("cpm") is None, reason="cpm-toolbox is not installed")
def test_the_bandit_data():
    made = trials.load_bandit()
    assert len(made.to_dataframe()) == 200 * 72
    jax.tree.map(np.testing.assert_array_equal, there_and_back(made), made)


@pytest.mark.skipif(importlib.util.find_spec("cpm") is None, reason="cpm-toolbox is not installed")
def test_the_bandit_file_read_as_a_table():
    frame = pd.read_csv(data_file("cpm", "datasets/data/bandit_small.csv", "", ""))
    arms = frame[["arm_left", "arm_right"]].to_numpy()
    frame["arm"] = np.take_along_axis(arms, frame["response"].to_numpy(int)[:, None], axis=1)[:, 0]
    made = Trials.from_dataframe(
        frame,
        subject="ppt",
        choice="arm",
        outcome="feedback",
        shown=["arm_left", "arm_right"],
        actions=[1, 2, 3, 4],
    )
    loaded = trials.load_bandit()  # the first participant's first trial is not in the file
    for ours, expected in zip(made[:3], loaded[:3], strict=True):
        np.testing.assert_array_equal(ours[1:], expected[1:])
        np.testing.assert_array_equal(ours[0, :71], expected[0, 1:])
    assert np.argwhere(~made.mask).tolist() == [[0, 71]]


# Trial numbers, where they are given.


def numbered(numbers, **columns):
    """Two subjects with three trials each, and these trial numbers."""
    frame = pd.DataFrame(
        {"id": ["a"] * 3 + ["b"] * 3, "key": [0, 1, 0] * 2, "won": 1, "n": numbers, **columns}
    )
    block = "block" if "block" in columns else None
    return Trials.from_dataframe(frame, subject="id", choice="key", outcome="won", trial="n", block=block)


@pytest.mark.parametrize("numbers", [[1, 2, 3, 1, 2, 3], [0, 5, 9, 7, 8, 9], [1.0, 2.0, 3.0] * 2])
def test_growing_trial_numbers_change_nothing(numbers):
    assert numbered(numbers).choices.tolist() == [[0, 1, 0], [0, 1, 0]]


def test_trial_numbers_may_start_anew_in_each_block():
    trials = numbered([1, 2, 1] * 2, block=[1, 1, 2] * 2)
    assert trials.reset.tolist() == [[False, False, True]] * 2


@pytest.mark.parametrize(
    "numbers, received",
    [
        ([1, 3, 2, 1, 2, 3], "2 in row 2 of subject 'a'"),
        ([1, 2, 3, 1, 1, 2], "1 in row 4 of subject 'b'"),
        ([1, 2, None, 1, 2, 3], "nan in row 2 of subject 'a'"),
        (["1", "2", "3"] * 2, "'1' in row 0 of subject 'a'"),
    ],
)
def test_trial_numbers_that_do_not_grow_are_refused(numbers, received):
    with pytest.raises(ValueError, match=f"^trial: expected numbers that grow .*got {re.escape(received)}"):
        numbered(numbers)
