"""Trials, Trace and the bundled data set."""

import copy
import csv
import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import Trace, Trials, trials

CHOICES = np.array([[0, 1, 2], [2, 2, 0]])
OUTCOMES = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
MASK = np.array([[True, True, False], [True, True, True]])
RESET = np.array([[False, False, True], [True, True, False]])
FIELDS = ("choices", "outcomes", "available", "mask", "reset", "feedback", "inputs", "responses")


def in_three_axes(outcomes):
    """Outcomes as the field holds them: of all subjects, of all actions, or of the chosen ones."""
    return outcomes[None] if outcomes.shape == (3, 3) else outcomes.reshape(2, 3, -1)


@pytest.mark.parametrize("outcomes", [OUTCOMES, OUTCOMES[0], OUTCOMES[:, :, 0]], ids=np.shape)
@pytest.mark.parametrize("available", [None, np.ones((2, 3, 3), bool)], ids=["None", "all"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["None", "some"])
@pytest.mark.parametrize("reset", [None, RESET], ids=["None", "reset"])
def test_what_goes_in_comes_out(outcomes, available, mask, reset):
    made = Trials(CHOICES, outcomes, available, mask, reset)
    np.testing.assert_array_equal(made.choices, CHOICES)
    np.testing.assert_array_equal(made.outcomes, in_three_axes(outcomes))
    assert made.shape == (2, 3)
    assert jnp.issubdtype(made.choices.dtype, jnp.integer)
    assert made.outcomes.dtype == jnp.float32
    for ours, given in ((made.available, available), (made.mask, mask), (made.reset, reset)):
        if given is None:
            assert ours is None
        else:
            np.testing.assert_array_equal(ours, given)
            assert ours.dtype == bool
    assert made._fields == FIELDS
    assert made.feedback is None and made.inputs is None and made.responses is None


def test_lists_and_keywords():
    made = Trials(choices=[[0, 1]], outcomes=[[1, 0], [0, 1]], mask=[[True, False]])
    assert made.outcomes.tolist() == [[[1.0, 0.0], [0.0, 1.0]]]
    assert made.mask.tolist() == [[True, False]]


SQUARE = np.array([[1.0, 0.0], [0.0, 3.0]], np.float32)


@pytest.mark.parametrize(
    "choices, more",
    [
        ([[0, 5], [1, 0]], {}),  # read as two trials of two actions, there is no action 5
        ([[0, 1], [1, 0]], {"available": np.ones((2, 2, 3), bool)}),
        ([[0, 1], [1, 0]], {"shared": False}),
    ],
)
def test_what_fits_two_readings_is_the_chosen_actions_where_something_says_so(choices, more):
    made = Trials(choices, SQUARE, **more)
    chosen = SQUARE[..., None]
    np.testing.assert_array_equal(made.outcomes, chosen)
    np.testing.assert_array_equal(made._replace(mask=np.ones((2, 2), bool)).outcomes, chosen)
    np.testing.assert_array_equal(made._replace(outcomes=2 * made.outcomes).outcomes, 2 * chosen)


def test_what_fits_two_readings_may_be_said_to_be_shared():
    made = Trials([[0, 1], [1, 0]], SQUARE, shared=True)
    np.testing.assert_array_equal(made.outcomes, [SQUARE])
    np.testing.assert_array_equal(made._replace(mask=np.ones((2, 2), bool)).outcomes, [SQUARE])
    with pytest.raises(ValueError, match="shared=True"):
        jax.jit(lambda x: Trials([[0, 1], [1, 0]], x).outcomes)(SQUARE)
    with pytest.raises(ValueError, match="shared=True"):
        made._replace(outcomes=SQUARE)
    assert made._replace(outcomes=SQUARE, shared=False).outcomes.shape == (2, 2, 1)
    assert Trials([[0]], [[1.0]]).outcomes.shape == (1, 1, 1)  # where both readings are the same


@pytest.mark.parametrize("shared", [True, np.True_, None])
def test_that_outcomes_are_shared_may_be_said_where_it_is_plain(shared):
    made = Trials(CHOICES, OUTCOMES[0, :, :2], shared=shared, mask=CHOICES < 2)
    np.testing.assert_array_equal(made.outcomes, OUTCOMES[:1, :, :2])
    assert Trials(CHOICES, OUTCOMES, shared=False).outcomes.shape == (2, 3, 3)


# Choices without feedback.

SILENT = np.array([[True, False, True], [False, True, True]])


def with_nan(outcomes):
    """Outcomes that are NaN where there is no feedback; on the second trial, for outcomes of all."""
    none = {
        2: ~SILENT if outcomes.shape == (2, 3) else np.array([[False], [True], [False]]),
        3: ~SILENT[..., None],
    }
    return np.where(none[outcomes.ndim], np.nan, outcomes).astype(np.float32)


@pytest.mark.parametrize("outcomes", [OUTCOMES + 1, OUTCOMES[0] + 1, OUTCOMES[:, :, 0] + 1], ids=np.shape)
def test_an_outcome_that_is_nan_beside_a_choice_is_no_feedback(outcomes):
    given = with_nan(outcomes)
    made = Trials(CHOICES, given)
    expected = [[True, False, True]] * 2 if outcomes.shape == (3, 3) else SILENT
    np.testing.assert_array_equal(made.feedback, expected)
    assert made.feedback.dtype == bool and made.outcomes.dtype == jnp.float32
    np.testing.assert_array_equal(made.outcomes, in_three_axes(np.where(np.isnan(given), 0, outcomes)))


def test_trials_can_be_made_while_nans_are_looked_for():
    mask = np.array([[True, True, True], [True, True, False]])
    with jax.debug_nans(True), jax.debug_infs(True):
        made = Trials(CHOICES, np.where(mask, with_nan(OUTCOMES[..., 0]), np.nan), mask=mask)
    assert made.feedback.tolist() == [[True, False, True], [False, True, True]]
    assert np.isnan(made.outcomes[1, 2])


def test_what_a_masked_trial_holds_is_no_matter_of_feedback():
    outcomes = np.where(MASK, OUTCOMES[..., 0], np.nan)
    assert Trials(CHOICES, outcomes, mask=MASK).feedback is None
    made = Trials(CHOICES, with_nan(OUTCOMES[..., 0]) * np.where(MASK, 1, np.nan), mask=MASK)
    np.testing.assert_array_equal(made.feedback, SILENT)
    # Without the mask the trial that it left out has no feedback either.
    np.testing.assert_array_equal(made._replace(mask=None).feedback, SILENT & MASK)


def test_feedback_may_be_said():
    made = Trials(CHOICES, OUTCOMES + 1, feedback=SILENT)
    np.testing.assert_array_equal(made.feedback, SILENT)
    np.testing.assert_array_equal(made.outcomes, np.where(SILENT[..., None], OUTCOMES + 1, 0))
    assert Trials(CHOICES, OUTCOMES, feedback=SILENT | True).feedback is None
    both = Trials(CHOICES, with_nan(OUTCOMES), feedback=[[True] * 3, [True, True, False]])
    assert both.feedback.tolist() == [[True, False, True], [False, True, False]]
    assert jax.jit(lambda x: Trials(CHOICES, OUTCOMES, feedback=x).feedback)(SILENT).shape == (2, 3)


# Other fields.


def test_other_fields_are_checked():
    made = Trials(CHOICES, OUTCOMES, mask=MASK)
    other = made._replace(reset=RESET, choices=CHOICES.tolist())
    assert isinstance(other, Trials) and other.choices.dtype == jnp.int32
    np.testing.assert_array_equal(other.reset, RESET)
    np.testing.assert_array_equal(other.mask, MASK)
    for changes, match in (
        ({"choices": CHOICES + 1}, "^choices: expected actions from 0 to 2, got 3"),
        ({"outcomes": OUTCOMES + np.inf}, "^outcomes: expected finite"),
        ({"outcomes": "none"}, "^outcomes: expected real numbers"),
        ({"responses": {"times": CHOICES[0]}}, "^responses.'times'.: expected shape .2, 3."),
        ({"inputs": {"size": np.full((2, 3), np.inf)}}, "^inputs.'size'.: expected finite"),
        ({"reset": RESET * 1}, "^reset: expected booleans"),
        ({"wins": RESET}, "unexpected field names: .'wins'."),
    ):
        with pytest.raises(ValueError, match=match):
            made._replace(**changes)
        if sys.version_info >= (3, 13):
            with pytest.raises(ValueError, match=match):
                copy.replace(made, **changes)
    with pytest.raises(ValueError, match="^choices: "):
        Trials._make((CHOICES - 1, *made[1:]))
    assert isinstance(Trials._make(made), Trials)


def test_other_fields_leave_feedback_as_it_is():
    made = Trials(CHOICES, with_nan(OUTCOMES))
    for other in (made._replace(mask=MASK), made._replace(outcomes=2 * made.outcomes)):
        np.testing.assert_array_equal(other.feedback, SILENT)
    more = made._replace(outcomes=np.where(CHOICES[..., None] == 2, np.nan, OUTCOMES))
    np.testing.assert_array_equal(more.feedback, SILENT & (CHOICES != 2))
    assert made._replace(outcomes=OUTCOMES, feedback=None).feedback is None


@pytest.mark.parametrize("junk", [-1, 99])
def test_a_masked_trial_may_hold_anything(junk):
    choices, outcomes = CHOICES.copy(), OUTCOMES.copy()
    choices[~MASK], outcomes[~MASK] = junk, np.nan
    available = np.ones((2, 3, 3), bool)
    available[~MASK] = False
    made = Trials(choices, outcomes, available, MASK)
    assert made.choices[0, 2] == junk and np.isnan(made.outcomes[0, 2]).all()
    made = Trials(choices, outcomes[:, :, 0], available, MASK)
    assert made.choices[0, 2] == junk and np.isnan(made.outcomes[0, 2])


def test_a_shared_outcome_that_no_subject_looks_at_may_be_anything():
    outcomes = OUTCOMES[0].copy()
    outcomes[2] = np.nan
    mask = np.array([[True, True, False], [False, True, False]])
    assert np.isnan(Trials(CHOICES, outcomes, mask=mask).outcomes[0, 2]).all()


def test_every_trial_may_be_masked():
    made = Trials(np.full((1, 2), -1), np.full((1, 2, 2), np.nan), mask=np.zeros((1, 2), bool))
    assert not made.mask.any()


@pytest.mark.parametrize(
    "reset, expected, received",
    [
        (RESET.astype(int), "booleans", "int64 values"),
        (RESET * 1.0, "booleans", "float64 values"),
        (RESET[0], "shape (2, 3)", "shape (3,)"),
        (RESET.T, "shape (2, 3)", "shape (3, 2)"),
        (True, "shape (2, 3)", "shape ()"),
        ([[True], [True, False]], "a rectangular array of numbers", "rows of unequal length"),
    ],
)
def test_a_bad_reset_is_refused(reset, expected, received):
    with pytest.raises(ValueError) as raised:
        Trials(CHOICES, OUTCOMES, reset=reset)
    assert str(raised.value) == f"reset: expected {expected}, got {received}"


def test_trials_are_a_pytree():
    made = Trials(CHOICES, OUTCOMES, mask=MASK)
    assert len(jax.tree.leaves(made)) == 3
    doubled = jax.tree.map(lambda x: x + x, made)
    assert isinstance(doubled, Trials)
    np.testing.assert_array_equal(doubled.choices, 2 * CHOICES)  # 4 is no action: it is not checked
    first = jax.tree.map(lambda x: x[0], made)
    assert first.choices.shape == (3,) and first.available is None
    shapes = jax.tree.map(jnp.shape, made)
    assert shapes.mask == (2, 3)


def test_trials_pass_through_jit_vmap_and_scan():
    made = Trials(CHOICES, OUTCOMES, np.ones((2, 3, 3), bool), MASK, RESET)

    def chosen_outcomes(one):
        assert isinstance(one, Trials) and one.choices.shape == (3,)
        return jnp.take_along_axis(one.outcomes, one.choices[:, None], axis=-1)[:, 0] * one.mask

    expected = np.take_along_axis(OUTCOMES, CHOICES[..., None], axis=-1)[..., 0] * MASK
    np.testing.assert_array_equal(jax.jit(jax.vmap(chosen_outcomes))(made), expected)
    returned = jax.jit(lambda x: x)(made)
    assert isinstance(returned, Trials)
    jax.tree.map(np.testing.assert_array_equal, returned, made)
    _, summed = jax.lax.scan(lambda carry, one: (carry, chosen_outcomes(one)), 0, made)
    np.testing.assert_array_equal(summed, expected)


def test_trials_can_be_made_inside_jit():
    @jax.jit
    def total(choices, outcomes, mask):
        return Trials(choices, outcomes, mask=mask).outcomes.sum()

    assert total(CHOICES, OUTCOMES, MASK) == OUTCOMES.sum()
    assert jax.jit(lambda mask: Trials(CHOICES, OUTCOMES, mask=mask).mask)(MASK).shape == (2, 3)
    assert jax.jit(lambda reset: Trials(CHOICES, OUTCOMES, reset=reset).reset)(RESET).shape == (2, 3)


def test_trials_can_be_pickled():
    made = Trials(CHOICES, with_nan(OUTCOMES), mask=MASK, reset=RESET)
    square = Trials([[0, 1], [1, 0]], SQUARE, shared=False)
    for some in (made, square):
        for again in (pickle.loads(pickle.dumps(some)), copy.deepcopy(some)):
            assert isinstance(again, Trials)
            jax.tree.map(np.testing.assert_array_equal, again, some)


# What a driver leaves.

TRACE = Trace(choices=np.array([[0, 1]]), values=np.array([[[0.5, 0.5], [0.6, 0.5]]]), kernel=np.ones((1, 2)))


def test_a_trace_has_its_records_by_name():
    assert list(TRACE.records) == ["choices", "values", "kernel"]
    assert TRACE.kernel is TRACE.records["kernel"] and TRACE.values[0, 1, 0] == 0.6
    assert TRACE.parts == ("choices",) and Trace(("ratings",)).parts == ("ratings",)
    assert {"kernel", "to_dataframe", "records"} <= set(dir(TRACE))
    assert repr(TRACE) == "Trace(choices: (1, 2), values: (1, 2, 2), kernel: (1, 2))"
    assert repr(Trace(state=(np.ones(3), {"n": np.ones(2)}))) == "Trace(state: ((3,), {'n': (2,)}))"


def test_what_learners_of_values_tell_is_none_where_it_was_not_recorded():
    for name in ("values", "choice_p", "choices", "prediction_errors"):
        assert getattr(Trace(), name) is None
    assert TRACE.choice_p is None


@pytest.mark.parametrize("trace, there", [(TRACE, "choices, values, kernel"), (Trace(), "nothing")])
def test_a_record_that_is_not_there_is_an_error(trace, there):
    with pytest.raises(AttributeError, match=f"no 'associability'; it has {there}$"):
        _ = trace.associability
    assert not hasattr(trace, "_fields") and getattr(trace, "ratings", 3) == 3
    with pytest.raises(AttributeError):  # a record is not to be mistaken for a field that can be set
        trace.values_of_mine = 1


def test_a_trace_is_a_pytree():
    more = jax.tree.map(lambda x: x + 1, TRACE)
    assert isinstance(more, Trace) and more.choices.tolist() == [[1, 2]] and more.parts == TRACE.parts
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(TRACE)]
    assert paths == [".choices", ".values", ".kernel"]
    compiled = jax.jit(lambda trace: trace)(
        Trace(("ratings",), ratings=jnp.ones((1, 2)), state=(jnp.ones(3),))
    )
    assert compiled.parts == ("ratings",) and compiled.state[0].shape == (3,)
    assert jax.tree.leaves(Trace()) == []


def test_a_trace_can_be_pickled_and_copied():
    rating = Trace(("ratings",), ratings=np.ones((1, 2)))
    for trace in (TRACE, rating):
        for again in (pickle.loads(pickle.dumps(trace)), copy.deepcopy(trace), copy.copy(trace)):
            assert isinstance(again, Trace) and again.parts == trace.parts
            jax.tree.map(np.testing.assert_array_equal, again.records, trace.records)


needs_cpm = pytest.mark.skipif(importlib.util.find_spec("cpm") is None, reason="cpm-toolbox is not installed")


@pytest.fixture(scope="module")
def bandit():
    return trials.load_bandit()


@needs_cpm
def test_bandit_facts(bandit):
    assert isinstance(bandit, Trials)
    assert bandit.choices.shape == bandit.mask.shape == bandit.shape == (200, 72)
    assert bandit.outcomes.shape == (200, 72, 1)
    assert bandit.available.shape == (200, 72, 4)
    assert int(bandit.mask.sum()) == 14_399
    assert np.argwhere(~bandit.mask).tolist() == [[0, 0]]
    on_offer = np.asarray(bandit.available).sum(axis=-1)
    assert on_offer[0, 0] == 0
    assert (on_offer[np.asarray(bandit.mask)] == 2).all()
    assert set(np.unique(bandit.choices)) == {0, 1, 2, 3}
    assert set(np.unique(bandit.outcomes)) == {0.0, 1.0}


@needs_cpm
def test_bandit_choices_were_on_offer(bandit):
    offered = np.take_along_axis(np.asarray(bandit.available), np.asarray(bandit.choices)[..., None], axis=-1)
    assert offered[np.asarray(bandit.mask)].all()


@needs_cpm
@pytest.mark.parametrize("stimulus, rate", [(0, 0.8), (1, 0.6), (2, 0.4), (3, 0.2)])
def test_bandit_reward_rates(bandit, stimulus, rate):
    chosen = np.asarray(bandit.mask & (bandit.choices == stimulus))
    standard_error = np.sqrt(rate * (1 - rate) / chosen.sum())
    assert abs(np.asarray(bandit.outcomes)[chosen].mean() - rate) < 4 * standard_error


@needs_cpm
def test_bandit_is_the_file_row_by_row(bandit):
    choices, outcomes, available = map(np.asarray, bandit[:3])
    package = Path(importlib.util.find_spec("cpm").origin).parent
    with open(package / "datasets" / "data" / "bandit_small.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 14_399
    for row in rows:
        at = int(row["ppt"]) - 1, int(row["trial"])
        shown = [int(row["arm_left"]) - 1, int(row["arm_right"]) - 1]
        assert choices[at] == shown[int(row["response"])]
        assert outcomes[at] == float(row["feedback"])
        assert np.flatnonzero(available[at]).tolist() == sorted(shown)


@needs_cpm
def test_loading_does_not_import_the_package():
    code = (
        "import sys; from behavioural_modelling import trials; trials.load_bandit();"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('cpm', 'pandas')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install cpm-toolbox"):
        trials.load_bandit()


def test_without_the_file_the_error_says_what_to_install(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("cpm", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ModuleNotFoundError, match="pip install cpm-toolbox"):
        trials.load_bandit()


def test_another_file_is_refused(monkeypatch, tmp_path):
    data = tmp_path / "datasets" / "data"
    data.mkdir(parents=True)
    (data / "bandit_small.csv").write_text(
        "ppt,trial,arm_left,arm_right,reward_left,reward_right,response,feedback\n"
        "1,0,2,1,0.0,1.0,1,1.0\n1,1,3,2,1.0,0.0,0,1.0\n"
    )
    spec = importlib.util.spec_from_file_location("cpm", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ValueError, match="bandit_small.csv: expected 14399 rows.*got 2 rows"):
        trials.load_bandit()
