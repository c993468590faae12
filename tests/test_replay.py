"""replay: what a model holds in mind under the actual responses, against plain loops; and tables of it."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np
import own_models
import pytest
import reference
from own_models import CONTEXTUAL, RATER
from refusals import Bad, assert_refused

from behavioural_modelling import Trace, Trials, log_likelihood, models, replay, replaying, simulate
from behavioural_modelling.trials import load_bandit

NAN = np.nan
UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS, N_ACTIONS = 5, 40, 3
MODEL = models.asymmetric_rescorla_wagner(N_ACTIONS)
PARAMS = {
    "alpha_p": np.array([0.1, 0.3, 0.5, 0.7, 0.9]),
    "alpha_n": np.array([0.8, 0.6, 0.4, 0.2, 0.3]),
    "temperature": np.array([0.3, 0.5, 0.7, 0.9, 1.1]),
}
RNG = np.random.default_rng(0)
SHAPE = (N_SUBJECTS, N_TRIALS, N_ACTIONS)
PAID = RNG.integers(0, 2, SHAPE).astype(np.float64)
OFFERED = (RNG.uniform(size=SHAPE) < 0.6) | (np.arange(N_ACTIONS) == 1)
CHOICES = (RNG.uniform(size=SHAPE) * OFFERED).argmax(axis=-1)
MASK = RNG.uniform(size=SHAPE[:2]) < 0.8
TOLD = RNG.uniform(size=SHAPE[:2]) < 0.8
RESET = RNG.uniform(size=SHAPE[:2]) < 0.1
GAPS = {"available": OFFERED, "mask": MASK, "reset": RESET, "feedback": TOLD}
# In float64, 40 trials of three roundings each over temperatures of .3 and more.
EXACT = 1e-13


def some_trials(outcomes=PAID, dtype=np.float64, **more):
    return Trials(CHOICES, outcomes.astype(dtype), **more)


def by_the_loop(outcomes=PAID, available=None, mask=None, reset=None, feedback=None):
    """Values and choice probabilities before each trial, log-probabilities, and prediction errors.

    Errors are NaN where nothing was learned, log-probabilities where a trial was left out.
    """
    record = {name: np.full(SHAPE, NAN) for name in ("values", "choice_p", "prediction_errors")}
    record["log_prob"] = np.full(SHAPE[:2], NAN)
    for i in range(N_SUBJECTS):
        numbers = [float(PARAMS[name][i]) for name in PARAMS]
        value = [0.5] * N_ACTIONS
        for t in range(N_TRIALS):
            if reset is not None and reset[i, t]:
                value = [0.5] * N_ACTIONS
            counts = mask is None or mask[i, t]
            everything = available is None or not counts
            on_offer = list(range(N_ACTIONS) if everything else np.flatnonzero(available[i, t]))
            record["values"][i, t], record["choice_p"][i, t] = value, 0
            record["choice_p"][i, t, on_offer] = reference.softmax(np.array(value)[on_offer], numbers[2])
            if counts:
                record["log_prob"][i, t] = np.log(record["choice_p"][i, t, CHOICES[i, t]])
            if counts and (feedback is None or feedback[i, t]):
                paid = np.broadcast_to(outcomes, SHAPE)[i, t]
                value, record["prediction_errors"][i, t] = reference.update(
                    value, paid, CHOICES[i, t], *numbers[:2]
                )
    return record


def assert_same(trace, record, atol):
    assert isinstance(trace, Trace) and set(trace.records) == set(record)
    for name, exact in record.items():
        # NaN must stand where it stands, and nowhere else.
        np.testing.assert_allclose(getattr(trace, name), exact, rtol=0, atol=atol, err_msg=name)


# Against the loop.


@pytest.mark.parametrize("gaps", [(), tuple(GAPS), *((name,) for name in GAPS)], ids=str)
def test_against_the_loop(gaps, x64):
    task = {name: GAPS[name] for name in gaps}
    assert_same(replay(MODEL, PARAMS, some_trials(**task)), by_the_loop(**task), EXACT)


@pytest.mark.parametrize("gaps", [{}, GAPS], ids=["", "gaps"])
def test_outcomes_that_all_share_are_unknown_to_those_alone_who_were_not_told(gaps, x64):
    trace = replay(MODEL, PARAMS, some_trials(PAID[0], **gaps))
    assert_same(trace, by_the_loop(PAID[0], **gaps), EXACT)
    if gaps:
        unknown = np.isnan(trace.prediction_errors).all(axis=-1)
        np.testing.assert_array_equal(unknown, ~(MASK & TOLD))
        assert (unknown.any(axis=0) & ~unknown.all(axis=0)).any()


def test_outcomes_of_the_chosen_action_alone(x64):
    chosen = np.take_along_axis(PAID, CHOICES[..., None], axis=-1)[..., 0]
    trace = replay(MODEL, PARAMS, some_trials(np.where(TOLD, chosen, NAN), mask=MASK))
    assert_same(trace, by_the_loop(feedback=TOLD, mask=MASK), EXACT)


def test_in_float32():
    trace = replay(MODEL, PARAMS, some_trials(dtype=np.float32, **GAPS))
    assert {x.dtype for x in trace.records.values()} == {np.dtype(np.float32)}
    # 40 trials of three roundings each; a logit is off by twice that over the temperature, its
    # log-probability by twice that again.
    assert_same(trace, by_the_loop(**GAPS), 4 * 40 * 3 * UNIT / 0.3)


@pytest.mark.parametrize("gaps", [False, True], ids=["", "gaps"])
@pytest.mark.parametrize("name", own_models.MODELS)
def test_models_with_inputs_ratings_and_stages_against_their_loops(name, gaps, x64):
    fields = own_models.fields_for(name, np.float64)
    trials = Trials(**(own_models.with_gaps(fields, np.float64) if gaps else fields))
    params = own_models.params_for(name, np.float64)
    trace = replay(own_models.MODELS[name], params, trials)
    log_prob, told, errors = own_models.by_hand(name, params, trials)
    # 24 trials; log-densities of ratings are of up to some hundreds, so they lose three digits more.
    np.testing.assert_allclose(trace.log_prob, log_prob, rtol=0, atol=1e-11)
    np.testing.assert_allclose(trace.prediction_errors, errors, rtol=0, atol=EXACT)
    if trace.values is not None:
        np.testing.assert_allclose(trace.values, told, rtol=0, atol=EXACT)
    assert np.isnan(trace.prediction_errors).any() == gaps


@pytest.mark.parametrize("gaps", [{}, GAPS], ids=["", "gaps"])
@pytest.mark.parametrize(
    "model, params",
    [
        (MODEL, PARAMS),
        (models.rescorla_wagner_choice_kernel(3), {"alpha": 0.3, "temperature": 0.4, "alpha_c": 0.2}),
        (models.win_stay_lose_shift(3), {"lapse": 0.1}),
        (models.biased_random(3), {"bias_0": 0.2, "bias_1": 0.6}),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_the_sum_of_the_log_probabilities_is_the_log_likelihood(model, params, gaps, x64):
    params = params | ({"temperature_c": 0.5} if "alpha_c" in params else {})
    trials = some_trials(**gaps)
    trace = replay(model, params, trials)
    np.testing.assert_array_equal(np.isnan(trace.log_prob), ~MASK if gaps else np.zeros_like(MASK))
    total = np.nansum(trace.log_prob, axis=1)
    np.testing.assert_allclose(total, log_likelihood(model, params, trials), rtol=1e-13)


def test_replay_of_a_simulation_is_the_simulation():
    key, outcomes = jax.random.key(0), PAID.astype(np.float32)
    task = {"available": OFFERED, "reset": RESET}
    simulated = simulate(
        key, MODEL, PARAMS, outcomes, **task, record=("values", "prediction_errors", "choices")
    )
    again = replay(MODEL, PARAMS, Trials(simulated.choices, outcomes, **task))
    # Two programs with the roundings of 40 trials each.
    for name in ("values", "prediction_errors"):
        np.testing.assert_allclose(
            getattr(again, name), getattr(simulated, name), rtol=0, atol=40 * 6 * UNIT, err_msg=name
        )


# By hand.


def test_hand_worked_numbers():
    # The second response was missed, the third had no feedback, before the last the model starts anew.
    trials = Trials(
        [[0, -1, 0, 1, 1]],
        [[1.0, 9.0, NAN, 0.0, 1.0]],
        mask=[[True, False, True, True, True]],
        reset=[[False, False, False, False, True]],
    )
    trace = replay(models.rescorla_wagner(2), {"alpha": 0.5, "temperature": 1.0}, trials)
    assert trace.values.tolist() == [[[0.5, 0.5], [0.75, 0.5], [0.75, 0.5], [0.75, 0.5], [0.5, 0.5]]]
    errors = [[0.5, 0.0], [NAN, NAN], [NAN, NAN], [0.0, -0.5], [0.0, 0.5]]
    np.testing.assert_array_equal(trace.prediction_errors, [errors])
    quarter = np.log1p(np.exp(-0.25))  # the value of .75 against that of .5
    log_prob = [-np.log(2), NAN, -quarter, -quarter - 0.25, -np.log(2)]
    np.testing.assert_allclose(trace.log_prob, [log_prob], rtol=0, atol=20 * UNIT)


def test_what_each_model_tells():
    trials = some_trials(dtype=np.float32)
    told = {
        models.choice_kernel(3): ({"alpha_c": 0.3, "temperature_c": 0.5}, {"kernel", "choice_p", "log_prob"}),
        models.win_stay_lose_shift(3): ({"lapse": 0.1}, {"choice_p", "log_prob"}),
    }
    for model, (params, names) in told.items():
        trace = replay(model, params, trials)
        assert set(trace.records) == names and trace.values is None and trace.choices is None
    kernel = replay(models.choice_kernel(3), {"alpha_c": 0.3, "temperature_c": 0.5}, trials).kernel
    expected = np.zeros(SHAPE)
    for t in range(1, N_TRIALS):
        chosen = np.eye(N_ACTIONS)[CHOICES[:, t - 1]]
        expected[:, t] = expected[:, t - 1] + 0.3 * (chosen - expected[:, t - 1])
    # Three roundings per trial of numbers of at most 1.
    np.testing.assert_allclose(kernel, expected, rtol=0, atol=3 * N_TRIALS * UNIT)


def test_what_does_not_come_of_an_outcome_is_told_without_one():
    fields = own_models.with_gaps(own_models.fields_for(RATER.name))
    trials = Trials(**fields)
    trace = replay(RATER, own_models.params_for(RATER.name), trials)
    counts = np.asarray(trials.mask)
    np.testing.assert_array_equal(np.asarray(trace.rated)[counts], fields["responses"]["ratings"][counts])
    assert np.isnan(trace.prediction_errors[~(counts & np.asarray(trials.feedback))]).all()
    assert np.isfinite(trace.values).all()


def test_the_context_of_a_missed_trial_is_the_one_that_was_shown():
    # In the second context something was learned; the missed trial is in that one.
    trials = Trials(
        [[0, 0, 0]],
        [[1.0, 1.0, 1.0]],
        mask=[[True, True, False]],
        inputs={"context": [[0, 1, 1]], "size": [[1.0, 1.0, NAN]]},
    )
    trace = replay(CONTEXTUAL, {"alpha": 0.5, "temperature": 1.0, "load": 0.0}, trials)
    assert trace.values.tolist() == [[[0.5, 0.5], [0.5, 0.5], [0.75, 0.5]]]


# Compiled, mapped, and while NaN are looked for.


def test_while_nans_are_looked_for():
    trials = some_trials(np.where(TOLD[..., None], PAID, NAN), np.float32, mask=MASK)
    expected = replay(MODEL, PARAMS, trials)
    replaying._replay.clear_cache()
    with jax.debug_nans(True), jax.debug_infs(True):
        trace = replay(MODEL, PARAMS, trials)
        assert jax.config.jax_debug_nans
    replaying._replay.clear_cache()
    assert np.isnan(trace.prediction_errors).any()
    jax.tree.map(np.testing.assert_array_equal, trace, expected)


def test_inside_a_readers_jit_and_vmap():
    trials = some_trials(dtype=np.float32, **GAPS)
    params = {name: jnp.asarray(x, jnp.float32) for name, x in PARAMS.items()}
    whole = replay(MODEL, params, trials)
    compiled = jax.jit(lambda params, trials: replay(MODEL, params, trials))(params, trials)
    alone = jax.vmap(lambda params, trials: replay(MODEL, params, trials), (0, 0))(
        params, jax.tree.map(lambda x: x[:, None], trials)
    )
    # As in `test_in_float32`, for two programs.
    atol = 2 * 4 * 40 * 3 * UNIT / 0.3
    for name, x in whole.records.items():
        np.testing.assert_allclose(getattr(compiled, name), x, rtol=0, atol=atol)
        np.testing.assert_allclose(getattr(alone, name)[:, 0], x, rtol=0, atol=atol)


def test_the_trace_is_right_in_what_comes_after():
    # JAX must know how the arrays lie in memory: one that it takes to lie otherwise gives other numbers.
    trace = replay(MODEL, PARAMS, some_trials(dtype=np.float32))
    for x in trace.records.values():
        on_host = np.array(x)
        np.testing.assert_array_equal(x + 1, on_host + 1)
        np.testing.assert_array_equal(x[2], on_host[2])
        np.testing.assert_array_equal(jax.jit(lambda x: jnp.sort(x, axis=1))(x), np.sort(on_host, axis=1))
        np.testing.assert_array_equal(jnp.array(x), on_host)


def test_a_model_without_parameters():
    model = models.win_stay_lose_shift(3)
    bare = model._replace(parameters=(), predict=lambda params, goal, trial: jnp.log(goal + 0.5))
    trace = replay(bare, {}, some_trials(dtype=np.float32))
    assert trace.choice_p.shape == SHAPE
    one = np.asarray(replay(bare, {}, some_trials(dtype=np.float32).subjects(3)).log_prob)
    np.testing.assert_allclose(one[0], trace.log_prob[3], rtol=0, atol=8 * UNIT)


def test_gradients_of_what_is_told(x64):
    params = {name: jnp.asarray(x) for name, x in PARAMS.items()}
    trials = some_trials()
    total = lambda params: (replay(MODEL, params, trials).prediction_errors ** 2).sum()  # noqa: E731
    slope = jax.grad(total)(params)
    for name in ("alpha_p", "alpha_n"):
        step = np.where(np.arange(N_SUBJECTS) == 2, 1e-6, 0)
        up, down = (total(params | {name: params[name] + sign * step}) for sign in (1, -1))
        # Central differences: the step squared times a third derivative of below 1e4, and rounding.
        np.testing.assert_allclose(slope[name][2], (up - down) / 2e-6, rtol=1e-6, atol=1e-6)


def test_compiled_once(compilations):
    def run(seed, n=N_TRIALS):
        params = own_models.params_for(CONTEXTUAL.name, seed=seed)
        fields = own_models.fields_for(CONTEXTUAL.name, seed=seed)
        return replay(CONTEXTUAL, params, Trials(**fields))

    run(0)
    compilations.clear()
    run(1)
    assert compilations == []


# Refused, as in log_likelihood.

RATED = Trials(**own_models.fields_for(RATER.name))
BAD = {
    "no model": Bad(lambda: replay("rw", PARAMS, some_trials()), "model", "a Model", "str"),
    "a parameter": Bad(
        lambda: replay(MODEL, {"alpha_p": 0.1}, some_trials()), "params", "alpha_n", "missing"
    ),
    "subjects": Bad(
        lambda: replay(MODEL, PARAMS, some_trials().subjects([0, 1])),
        "trials",
        "5 subjects, as in params",
        "2",
    ),
    "no trials": Bad(lambda: replay(MODEL, PARAMS, (CHOICES, PAID)), "trials", "Trials", "tuple"),
    "a trace": Bad(lambda: replay(MODEL, PARAMS, Trace(choices=CHOICES)), "trials", "Trials", "Trace"),
    "other actions": Bad(
        lambda: replay(models.rescorla_wagner(2), {"alpha": 0.1, "temperature": 1.0}, some_trials()),
        "trials.outcomes",
        "2 actions, as in the model",
        "3",
    ),
    "ratings for a model of choices": Bad(
        lambda: replay(MODEL, PARAMS, RATED), "trials.choices", "choices, as asymmetric", "None"
    ),
    "choices for a model of ratings": Bad(
        lambda: replay(RATER, own_models.params_for(RATER.name), some_trials()),
        "trials.responses",
        "'ratings', as rater predicts them",
        "None",
    ),
    "an input that is not there": Bad(
        lambda: replay(
            CONTEXTUAL,
            {"alpha": 0.1, "temperature": 1.0, "load": 0.0},
            Trials([[0]], inputs={"size": [[1.0]]}),
        ),
        "trials.inputs",
        "'context', which contextual needs",
        "'size'",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)


# Tables.

pd = pytest.importorskip("pandas")

# Subjects in this order, the first with a trial more; the last response of the second was missed.
FRAME = pd.DataFrame(
    {
        "who": ["b", "b", "b", "a", "a"],
        "key": [0, 1, 1, 1, NAN],
        "won": [1.0, 0.0, NAN, 1.0, NAN],
        "onset": [0.5, 2.5, 4.0, 0.25, 3.0],
    },
    index=[7, 3, 5, 2, 9],
)
READ = Trials.from_dataframe(FRAME, subject="who", choice="key", outcome="won")
SMALL = models.rescorla_wagner(2)
TRACE = replay(SMALL, {"alpha": 0.5, "temperature": 1.0}, READ)
COLUMNS = ["values_0", "values_1", "prediction_errors_0", "prediction_errors_1", "choice_p_0", "choice_p_1"]


def test_a_table_beside_the_one_that_was_read():
    table = TRACE.to_dataframe(FRAME, subject="who")
    pd.testing.assert_frame_equal(table[list(FRAME)], FRAME)
    assert sorted(set(table) - set(FRAME)) == sorted([*COLUMNS, "log_prob"])
    assert table["values_0"].tolist() == [0.5, 0.75, 0.75, 0.5, 0.5]
    assert table["values_1"].tolist() == [0.5, 0.5, 0.25, 0.5, 0.75]
    errors = table[["prediction_errors_0", "prediction_errors_1"]].to_numpy()
    np.testing.assert_array_equal(errors, [[0.5, 0], [0, -0.5], [NAN, NAN], [0, 0.5], [NAN, NAN]])
    assert table["log_prob"].isna().tolist() == [False] * 4 + [True]
    sums = table.groupby("who", sort=False)["log_prob"].sum()
    # Three numbers below 1.
    np.testing.assert_allclose(
        sums, log_likelihood(SMALL, {"alpha": 0.5, "temperature": 1.0}, READ), rtol=0, atol=20 * UNIT
    )


def test_the_frame_stays_as_it_was():
    before = FRAME.copy()
    TRACE.to_dataframe(FRAME, subject="who")
    pd.testing.assert_frame_equal(FRAME, before)


def test_a_table_beside_that_of_the_trials():
    table = TRACE.to_dataframe(trials=READ, subjects=["b", "a"])
    own = READ.to_dataframe(subjects=["b", "a"])
    pd.testing.assert_frame_equal(table[list(own)], own)
    # The missed trial is at the end, so it is padding there.
    assert table["subject"].tolist() == ["b", "b", "b", "a"]
    assert table["values_1"].tolist() == [0.5, 0.5, 0.25, 0.5]
    assert TRACE.to_dataframe(trials=READ)["subject"].tolist() == [0, 0, 0, 1]


def test_trials_that_nobody_played_have_no_row():
    mask = np.array([[True, True, False, False], [True, False, False, False]])
    trials = Trials([[0, 1, 0, 0]] * 2, np.ones((2, 4)), mask=mask)
    trace = replay(SMALL, {"alpha": 0.5, "temperature": 1.0}, trials)
    table = trace.to_dataframe(trials=trials)
    assert table["trial"].tolist() == [0, 1, 0] and table["values_0"].tolist() == [0.5, 0.75, 0.5]


def test_a_table_of_its_own():
    table = TRACE.to_dataframe(subjects=["b", "a"])
    assert list(table)[:2] == ["subject", "trial"] and len(table) == 6
    assert table["trial"].tolist() == [0, 1, 2] * 2 and table["subject"].tolist() == ["b"] * 3 + ["a"] * 3
    assert table["values_0"].tolist() == [0.5, 0.75, 0.75, 0.5, 0.5, 0.5]
    assert TRACE.to_dataframe()["subject"].tolist() == [0, 0, 0, 1, 1, 1]


def test_one_column_for_every_number():
    trace = Trace(
        deep=np.arange(24).reshape(1, 2, 3, 4), flat=np.ones((1, 2)), state=({"x": np.ones((1, 2))},)
    )
    table = trace.to_dataframe()
    assert list(table)[2:] == [f"deep_{i}_{j}" for i in range(3) for j in range(4)] + ["flat"]
    assert table["deep_2_1"].tolist() == [9, 21]


def test_simulated_records_have_a_table_too():
    trace = simulate(jax.random.key(0), SMALL, {"alpha": 0.5, "temperature": 1.0}, np.ones((3, 2)))
    table = trace.to_dataframe()
    assert table["choices"].tolist() == trace.choices[0].tolist()


@pytest.mark.skipif(importlib.util.find_spec("cpm") is None, reason="cpm-toolbox is not installed")
def test_the_bandit_data_as_a_table():
    trials = load_bandit()
    model, params = models.rescorla_wagner(4), {"alpha": 0.3, "temperature": 0.3}
    trace = replay(model, params, trials)
    table = trace.to_dataframe(trials=trials)
    assert len(table) == 200 * 72 and table["log_prob"].isna().sum() == 1 and np.isnan(trace.log_prob[0, 0])
    who, when = 150, 33
    row = table[(table["subject"] == who) & (table["trial"] == when)].iloc[0]
    np.testing.assert_array_equal([row[f"values_{a}"] for a in range(4)], trace.values[who, when])
    # Sums of 72 terms, each of up to 4.
    total = np.nansum(np.asarray(trace.log_prob, np.float64), axis=1)
    np.testing.assert_allclose(total, log_likelihood(model, params, trials), rtol=0, atol=72 * 40 * UNIT)


OTHER = FRAME.assign(who=["b", "b", "b", "a", "c"])
LONG = pd.concat([FRAME[:3], FRAME[:3], FRAME[3:]])
BAD_TABLES = {
    what: Bad(lambda arguments=arguments: TRACE.to_dataframe(**arguments), name, expected, received)
    for what, arguments, name, expected, received in (
        ("no subject", {"frame": FRAME}, "subject", "one of the columns", "None"),
        ("another column", {"frame": FRAME, "subject": "id"}, "subject", "one of the columns", "'id'"),
        ("no frame", {"frame": {"who": [1]}, "subject": "who"}, "frame", "a pandas DataFrame", "dict"),
        (
            "shuffled rows",
            {"frame": FRAME.iloc[[0, 3, 1, 4, 2]], "subject": "who"},
            "subject",
            "the rows of each subject one after the other",
            "in row",
        ),
        (
            "trials in another order",
            {"frame": FRAME[::-1].assign(n=range(5, 0, -1)), "subject": "who", "trial": "n"},
            "trial",
            "numbers that grow from row to row",
            "in row",
        ),
        (
            "other subjects",
            {"frame": OTHER, "subject": "who"},
            "frame",
            "2 subjects and up to 3 trials, as in the trace",
            "3 and 3",
        ),
        ("one subject", {"frame": FRAME[:3], "subject": "who"}, "frame", "2 subjects", "1 and 3"),
        ("more trials", {"frame": LONG, "subject": "who"}, "frame", "up to 3 trials", "2 and 6"),
        (
            "a column of other labels",
            {"frame": FRAME, "subject": "onset"},
            "frame",
            "2 subjects",
            "5 and 1",
        ),
        (
            "a record's name",
            {"frame": FRAME.assign(values_1=0), "subject": "who"},
            "frame",
            "no column of the name of a record",
            "'values_1'",
        ),
        (
            "both a frame and trials",
            {"frame": FRAME, "subject": "who", "trials": READ},
            "trials",
            "None, as frame says which rows there are",
            "Trials",
        ),
        ("other trials", {"trials": READ.subjects(0)}, "trials", "2 subjects and 3 trials", "(1, 3)"),
        ("too few labels", {"subjects": ["a"]}, "subjects", "2 labels", "1"),
        ("too few labels of trials", {"trials": READ, "subjects": ["a"]}, "subjects", "2 labels", "1"),
    )
}


@pytest.mark.parametrize("bad", BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables(bad):
    assert_refused(bad)


def test_a_table_without_the_missed_trials_is_refused():
    # Without the row of a missed trial those behind it would slip into its place.
    frame = pd.DataFrame({"id": ["a"] * 3 + ["b"] * 3, "key": [0, NAN, 1, 0, 1, 1], "won": 1.0})
    trials = Trials.from_dataframe(frame, subject="id", choice="key", outcome="won")
    trace = replay(SMALL, {"alpha": 0.5, "temperature": 1.0}, trials)
    assert len(trace.to_dataframe(frame, subject="id")) == 6
    refused = Bad(
        lambda: trace.to_dataframe(frame.dropna(), subject="id"),
        "frame",
        "a row for every trial, also for those that were missed",
        "2 rows of subject 0",
    )
    assert_refused(refused)
