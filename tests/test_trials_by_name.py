"""Trials: what has a name of its own (inputs, responses, several outcomes), and some of the subjects."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Trials

NAN, INF = np.nan, np.inf
CHOICES = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1]])
N_SUBJECTS, N_TRIALS = CHOICES.shape
PAID = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
MASK = np.array([[True, True, False, True], [True, True, False, False], [True, True, False, True]])
RATINGS = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
SIZE = np.array([[2, 3, 2, 3], [3, 3, 2, 2], [2, 2, 2, 2]])


def of(**inputs):
    """The inputs as the field holds them."""
    return Trials(CHOICES, PAID, inputs=inputs).inputs


# Inputs.


@pytest.mark.parametrize("behind", [(), (2,), (2, 3)])
def test_inputs_are_each_subjects_own_or_shared(behind):
    own = np.random.default_rng(0).normal(size=(3, 4, *behind)).astype(np.float32)
    for given, held in ((own, own), (own[:1], own[:1])):
        np.testing.assert_array_equal(of(stimulus=given)["stimulus"], held)
    assert of(stimulus=own.tolist())["stimulus"].shape == own.shape


def test_an_input_of_one_axis_is_all_subjects():
    made = of(temperature=[20.0, 21.0, 25.0, 30.0])
    assert made["temperature"].tolist() == [[20.0, 21.0, 25.0, 30.0]]
    # As many subjects as trials: two axes are each subject's own, one is shared.
    square = Trials([[0, 1], [1, 0]], np.ones((2, 2, 2)), inputs={"own": [[1, 2], [3, 4]], "shared": [5, 6]})
    assert square.inputs["own"].tolist() == [[1, 2], [3, 4]] and square.inputs["shared"].tolist() == [[5, 6]]


@pytest.mark.parametrize(
    "given, held",
    [(np.int64, np.int32), (np.uint8, np.uint8), (bool, bool), (np.float64, np.float32), (np.float16,) * 2],
)
def test_whole_numbers_and_booleans_stay_what_they_are(given, held):
    made = of(x=SIZE.astype(given))["x"]
    assert isinstance(made, jax.Array) and made.dtype == held
    np.testing.assert_array_equal(made, SIZE.astype(given))


def test_whole_numbers_are_64_bits_where_jax_has_them(x64):
    assert of(x=SIZE)["x"].dtype == np.int64 and of(x=SIZE * 1.0)["x"].dtype == np.float64


def test_several_inputs_and_none():
    made = of(size=SIZE, stage=[0, 1, 0, 1], shown=np.ones((1, 4, 3)))
    assert {name: x.shape for name, x in made.items()} == {
        "size": (3, 4),
        "stage": (1, 4),
        "shown": (1, 4, 3),
    }
    assert Trials(CHOICES, PAID).inputs is None and of() is None


def test_an_input_may_be_anything_where_no_trial_counts():
    own, shared = np.where(MASK, 1.0, NAN), np.array([1.0, 2.0, INF, 3.0])
    wide = np.where(MASK[..., None], [1.0, 2.0], NAN)
    made = Trials(CHOICES, PAID, mask=MASK, inputs={"own": own, "shared": shared, "wide": wide})
    assert np.isnan(made.inputs["own"]).sum() == 4 and np.isinf(made.inputs["shared"]).sum() == 1
    assert np.isnan(made.inputs["wide"]).sum() == 8
    with jax.debug_nans(True), jax.debug_infs(True):
        assert np.isnan(Trials(CHOICES, PAID, mask=MASK, inputs={"own": own}).inputs["own"]).sum() == 4


# Responses.


def test_ratings_alone():
    made = Trials(None, [0.0, 1.0, 0.5, 1.0], responses={"ratings": RATINGS})
    assert made.choices is None and made.shape == (3, 4)
    np.testing.assert_array_equal(made.responses["ratings"], RATINGS)
    assert made.outcomes.tolist() == [[[0.0], [1.0], [0.5], [1.0]]]
    own = Trials(None, RATINGS, responses={"ratings": RATINGS.tolist()})
    np.testing.assert_array_equal(own.outcomes, RATINGS[..., None])
    silent = Trials(None, [0.0, NAN, 0.5, 1.0], responses={"ratings": RATINGS})
    assert silent.feedback.tolist() == [[True, False, True, True]] * 3


def test_as_many_raters_as_trials_are_no_riddle():
    # Two axes are each subject's own here: what is shared has one.
    made = Trials(None, [[1.0, 2.0], [3.0, 4.0]], responses={"ratings": [[0.1, 0.2], [0.3, 0.4]]})
    np.testing.assert_array_equal(made.outcomes, [[[1.0], [2.0]], [[3.0], [4.0]]])


def test_times_beside_choices():
    made = Trials(CHOICES, PAID, responses={"times": 1 + CHOICES})
    assert (
        made.responses["times"].dtype == np.float32
        and made.responses["times"].tolist() == (1.0 + CHOICES).tolist()
    )
    assert made.shape == (3, 4) and Trials(CHOICES, PAID, responses={}).responses is None
    both = Trials(CHOICES, PAID, responses={"times": RATINGS, "confidence": RATINGS})
    assert list(both.responses) == ["times", "confidence"]


def test_a_response_may_be_anything_on_a_trial_that_does_not_count():
    given = {"ratings": np.where(MASK, RATINGS, NAN)}
    made = Trials(None, RATINGS, mask=MASK, responses=given)
    np.testing.assert_array_equal(made.responses["ratings"], given["ratings"])
    times = Trials(CHOICES, PAID, mask=MASK, responses={"times": np.where(MASK, 0.5, INF)})
    assert np.isinf(times.responses["times"]).sum() == 4


# Outcomes of several kinds, and none.


def test_outcomes_by_name():
    made = Trials(CHOICES, {"money": PAID, "shock": PAID[0], "points": PAID[..., 0]})
    shapes = {name: x.shape for name, x in made.outcomes.items()}
    assert shapes == {"money": (3, 4, 2), "shock": (1, 4, 2), "points": (3, 4, 1)}
    np.testing.assert_array_equal(made.outcomes["shock"][0], PAID[0])
    ratings = Trials(None, {"pain": [1.0, 0.0, 2.0, 0.5]}, responses={"ratings": RATINGS})
    assert ratings.outcomes["pain"].shape == (1, 4, 1)


def test_no_feedback_is_no_feedback_of_any_kind():
    silent = CHOICES == 1
    nan = {"money": np.where(silent[..., None], NAN, PAID), "shock": np.where(silent, NAN, RATINGS)}
    made = Trials(CHOICES, nan)
    np.testing.assert_array_equal(made.feedback, ~silent)
    np.testing.assert_array_equal(made.outcomes["money"], np.where(silent[..., None], 0, PAID))
    np.testing.assert_array_equal(made.outcomes["shock"][..., 0], np.where(silent, 0, RATINGS))
    # One of them may be known where it is said that none was told.
    told = Trials(CHOICES, nan | {"shock": RATINGS}, feedback=~silent)
    np.testing.assert_array_equal(told.outcomes["shock"][..., 0], np.where(silent, 0, RATINGS))


def test_nothing_may_have_been_paid():
    made = Trials(CHOICES)
    assert made.outcomes.shape == (1, 4, 1) and not made.outcomes.any() and made.feedback is None
    assert Trials(CHOICES, PAID)._replace(outcomes=None).outcomes.shape == (1, 4, 1)
    assert not Trials(None, responses={"ratings": RATINGS}).outcomes.any()


# Some of the subjects.


EVERYTHING = Trials(
    CHOICES,
    {"money": PAID, "shock": PAID[0]},
    np.ones((3, 4, 2), bool),
    MASK,
    CHOICES == 0,
    feedback=CHOICES == 1,
    inputs={"size": SIZE, "stage": [0, 1, 0, 1]},
    responses={"times": RATINGS},
)


@pytest.mark.parametrize(
    "index, which",
    [
        (1, [1]),
        (-1, [2]),
        (np.int64(0), [0]),
        (slice(1, None), [1, 2]),
        (slice(None, None, -1), [2, 1, 0]),
        ([0, 2], [0, 2]),
        ([2, 0, 2, 2], [2, 0, 2, 2]),
        ([True, False, True], [0, 2]),
        (np.array([False, True, False]), [1]),
        (np.arange(3) > 0, [1, 2]),
        (range(2), [0, 1]),
        (jnp.array([1, 0]), [1, 0]),
    ],
    ids=str,
)
def test_some_of_the_subjects(index, which):
    some = EVERYTHING.subjects(index)
    assert isinstance(some, Trials) and some.shape == (len(which), 4)
    for name in ("choices", "available", "mask", "reset", "feedback"):
        np.testing.assert_array_equal(getattr(some, name), np.asarray(getattr(EVERYTHING, name))[which])
    np.testing.assert_array_equal(some.outcomes["money"], np.asarray(EVERYTHING.outcomes["money"])[which])
    np.testing.assert_array_equal(some.responses["times"], RATINGS[which])
    np.testing.assert_array_equal(some.inputs["size"], SIZE[which])
    # What all share stays shared.
    np.testing.assert_array_equal(some.outcomes["shock"], EVERYTHING.outcomes["shock"])
    np.testing.assert_array_equal(some.inputs["stage"], EVERYTHING.inputs["stage"])


def test_a_single_subject_chosen_again():
    one = EVERYTHING.subjects(1)
    twice = one.subjects([0, 0])
    assert twice.choices.tolist() == [CHOICES[1].tolist()] * 2
    # Of one subject alone nothing is shared: it is what that subject got.
    assert twice.outcomes["shock"].shape == (2, 4, 2) and twice.inputs["stage"].tolist() == [[0, 1, 0, 1]] * 2
    raters = Trials(None, [0.0] * 4, responses={"ratings": RATINGS}).subjects([2, 1])
    assert raters.choices is None and raters.responses["ratings"].tolist() == RATINGS[[2, 1]].tolist()


def test_subjects_are_chosen_inside_a_readers_jit():
    chosen = jax.jit(lambda trials: trials.subjects([2, 0]))(EVERYTHING)
    jax.tree.map(np.testing.assert_array_equal, chosen, EVERYTHING.subjects([2, 0]))


# What holds for every field.


def test_named_fields_are_kept_by_pickle_copy_and_other_fields():
    for again in (pickle.loads(pickle.dumps(EVERYTHING)), copy.deepcopy(EVERYTHING), EVERYTHING._replace()):
        assert isinstance(again, Trials) and jax.tree.structure(again) == jax.tree.structure(EVERYTHING)
        jax.tree.map(np.testing.assert_array_equal, again, EVERYTHING)
    other = EVERYTHING._replace(inputs={"size": 2 * SIZE}, responses=None)
    assert list(other.inputs) == ["size"] and other.responses is None
    np.testing.assert_array_equal(other.inputs["size"], 2 * SIZE)
    jax.tree.map(np.testing.assert_array_equal, other.outcomes, EVERYTHING.outcomes)


def test_named_fields_pass_through_jit_and_map():
    again = jax.jit(lambda trials: trials)(EVERYTHING)
    jax.tree.map(np.testing.assert_array_equal, again, EVERYTHING)
    paths = {jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(EVERYTHING)}
    assert len(paths) == 10
    made = jax.jit(lambda x, y: Trials(CHOICES, PAID, inputs={"x": x}, responses={"times": y}))(
        SIZE * NAN, RATINGS
    )
    assert made.inputs["x"].shape == (3, 4) and made.responses["times"].shape == (3, 4)


# What is refused.


def refused(name, expected, received, choices=CHOICES, outcomes=PAID, **more):
    return Bad(lambda: Trials(choices, outcomes, **more), name, expected, received)


def of_input(x, expected, received):
    return refused("inputs['x']", expected, received, inputs={"x": x})


SHAPES = "shape (3, 4, ...), or (4,) where all subjects see the same"
BAD = {
    "inputs a list": refused("inputs", "a dict of arrays", "list", inputs=[SIZE]),
    "inputs an array": refused("inputs", "a dict of arrays", "ndarray", inputs=SIZE),
    "an input of text": of_input([["a"] * 4] * 3, "real numbers", "values"),
    "a ragged input": of_input([[1, 2], [1]], "rectangular", "unequal"),
    "an input a number": of_input(3.0, SHAPES, "shape ()"),
    "an input of too few trials": of_input(SIZE[:, :3], SHAPES, "shape (3, 3)"),
    "an input of other subjects": of_input(SIZE[:2], SHAPES, "shape (2, 4)"),
    "an input turned round": of_input(SIZE.T, SHAPES, "shape (4, 3)"),
    "a shared input with axes of its own": of_input(np.ones((4, 2)), SHAPES, "shape (4, 2)"),
    "an input NaN": of_input(np.where(MASK, 1.0, NAN), "finite numbers", "nan at index (0, 2)"),
    "a shared input infinite": of_input([0.0, 1.0, INF, 2.0], "finite numbers", "inf at index (0, 2)"),
    "an input with axes of its own NaN": of_input(
        np.full((3, 4, 2), [1.0, NAN]), "finite numbers", "nan at index (0, 0, 1)"
    ),
    "a shared input NaN where it counts for one": refused(
        "inputs['x']",
        "finite numbers",
        "nan at index (0, 3)",
        mask=MASK,
        inputs={"x": [0.0, 1.0, NAN, NAN]},
    ),
    "an input NaN where it counts": refused(
        "inputs['x']", "finite", "nan at index (0, 1)", mask=MASK, inputs={"x": np.where(SIZE > 2, NAN, SIZE)}
    ),
    "the name of an input a number": refused("inputs", "names that are text", "0", inputs={0: SIZE}),
    "the name of a response a number": refused(
        "responses", "names that are text", "2", responses={2: RATINGS}
    ),
    "responses a list": refused("responses", "a dict of arrays", "list", responses=[RATINGS]),
    "no response at all": refused("responses", "choices, or a dict", "NoneType", choices=None),
    "an empty response": refused("responses", "choices, or a dict", "dict", choices=None, responses={}),
    "a response of all subjects": refused(
        "responses['times']", "shape (3, 4)", "shape (4,)", responses={"times": RATINGS[0]}
    ),
    "a response of too few": refused(
        "responses['times']", "shape (3, 4)", "shape (2, 4)", responses={"times": RATINGS[:2]}
    ),
    "ratings of one axis": refused(
        "responses['ratings']",
        "shape (n_subjects, n_trials), at least one of each",
        "shape (4,)",
        choices=None,
        responses={"ratings": RATINGS[0]},
    ),
    "ratings of nobody": refused(
        "responses['ratings']",
        "at least one of each",
        "(0, 4)",
        choices=None,
        responses={"ratings": RATINGS[:0]},
    ),
    "a response NaN": refused(
        "responses['times']",
        "finite numbers",
        "nan at index (1, 0)",
        responses={"times": np.where(np.arange(12).reshape(3, 4) == 4, NAN, RATINGS)},
    ),
    "a response of text": refused(
        "responses['times']", "real numbers", "values", responses={"times": [["a"] * 4] * 3}
    ),
    "outcomes of each action beside ratings": refused(
        "outcomes",
        "shape (3, 4)",
        "shape (4, 2)",
        choices=None,
        outcomes=PAID[0],
        responses={"ratings": RATINGS},
    ),
    "three axes of outcomes beside ratings": refused(
        "outcomes", "one number per trial", "(3, 4, 2)", choices=None, responses={"ratings": RATINGS}
    ),
    "no kind of outcome": refused("outcomes", "a dict of at least one", "an empty dict", outcomes={}),
    "the name of an outcome a number": refused("outcomes", "names that are text", "1", outcomes={1: PAID}),
    "an outcome of text": refused("outcomes['shock']", "real numbers", "values", outcomes={"shock": [["a"]]}),
    "an outcome of too few": refused(
        "outcomes['shock']",
        "shape (3, 4, n_actions)",
        "(2, 4, 2)",
        outcomes={"money": PAID, "shock": PAID[:2]},
    ),
    "an outcome infinite": refused(
        "outcomes['shock']",
        "finite numbers",
        "inf at index (0, 0)",
        outcomes={"money": PAID, "shock": np.full((3, 4), INF)},
    ),
    "an outcome NaN for one action": refused(
        "outcomes['shock']", "every action", "nan at index (0, 0, 1)", outcomes={"shock": PAID * [1, NAN]}
    ),
    "one kind of outcome NaN alone": refused(
        "outcomes['shock']",
        "in all outcomes alike",
        "a number of subject 0 on trial 1",
        outcomes={"money": np.where(CHOICES == 1, NAN, 1), "shock": RATINGS},
    ),
    "other kinds of outcomes in two readings": refused(
        "outcomes['shock']",
        "shared=True",
        "which may be either",
        choices=[[0, 1], [1, 0]],
        outcomes={"shock": np.ones((2, 2))},
    ),
    **{
        f"subjects({index!r})": Bad(
            lambda index=index: EVERYTHING.subjects(index), "index", expected, received
        )
        for index, expected, received in (
            (3, "some of 3 subjects, counted from 0", "3"),
            (-4, "some of 3 subjects", "-4"),
            ([0, 3], "some of 3 subjects", "[0, 3]"),
            ([True, False], "some of 3 subjects", "[True, False]"),
            (1.0, "some of 3 subjects", "1.0"),
            ("0", "some of 3 subjects", "'0'"),
            ([0.0], "some of 3 subjects", "[0.0]"),
            (slice(3, None), "at least one subject", "slice(3, None, None)"),
            ([False] * 3, "at least one subject", "[False, False, False]"),
            ([[0, 1]], "along one axis", "[[0, 1]]"),
            (None, "along one axis", "None"),
            (True, "along one axis", "True"),
        )
    },
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)


def test_shapes_are_checked_inside_jit_too():
    with pytest.raises(ValueError, match=r"^inputs\['x'\]: .*got shape \(3, 3\)"):
        jax.jit(lambda x: Trials(CHOICES, PAID, inputs={"x": x}))(SIZE[:, :3])
    with pytest.raises(ValueError, match=r"^responses\['times'\]: .*got shape \(3, 3\)"):
        jax.jit(lambda x: Trials(CHOICES, PAID, responses={"times": x}))(RATINGS[:, :3])
