"""recovery: made-up subjects, how well their parameters come back, and the table that says so."""

import sys
from functools import partial

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats

import behavioural_modelling as bm
from behavioural_modelling import Fit, Recovery, models, tasks

KEY = jax.random.key(0)
MODEL = models.asymmetric_rescorla_wagner(2)
SYMMETRIC = models.rescorla_wagner(2, inverse_temperature=True)
N_TRIALS = 200
DRAWN = {
    "alpha_p": dist.Uniform(0.1, 0.9),
    "alpha_n": dist.Uniform(0.1, 0.9),
    "temperature": dist.Uniform(0.1, 0.4),
}

recovery = partial(bm.recovery, progress=False)


# The table, from numbers that are made up.


def made_up(true, estimate, error, at_bound=None):
    """A recovery of one parameter, x."""
    n, nothing = len(true), np.zeros(len(true))
    by_name = ({"x": np.array(x, float)} for x in (true, estimate, error))
    true, estimate, error = by_name
    fit = Fit(
        params=estimate,
        log_likelihood=nothing,
        log_prob=nothing,
        standard_errors=error,
        covariance=np.zeros((n, 1, 1)),
        converged=np.ones(n, bool),
        at_bound={"x": np.zeros(n, bool) if at_bound is None else np.array(at_bound)},
        gradient_norm=nothing,
        n_agree=np.ones(n, int),
        start_log_prob=np.zeros((n, 1)),
        n_trials=np.ones(n, int),
        n_parameters=np.ones(n, int),
        problem=np.full(n, ""),
        ranges={"x": np.tile([-np.inf, np.inf], (n, 1))},
        digest=np.zeros(n, np.uint64),
    )
    return Recovery(true, fit)


def test_the_summary_by_hand():
    # Off by 1, -1, 2, 0; within 1.96 errors of .6, .5, 1 and .1: yes, no, no, yes.
    row = made_up([1, 2, 3, 4], [2, 1, 5, 4], [0.6, 0.5, 1.0, 0.1], [True, False, False, False]).summary()
    assert row.index.tolist() == ["x"] and row.index.name == "parameter"
    row = row.loc["x"]
    assert row["n"] == 4 and row["n_failed"] == 0 and row["n_with_interval"] == 4 and row["n_at_bound"] == 1
    # Deviations from the means are -1.5, -.5, .5, 1.5 and -1, -2, 2, 1. Their products add up to 5, their
    # squares to 5 and 10.
    expected = {"r": 5 / 50**0.5, "bias": 0.5, "rmse": (6 / 4) ** 0.5, "coverage": 0.5}
    # Ranks are 1 to 4 and 2, 1, 4, 3: four differences of 1, and 1 - 6 * 4 / 60.
    expected["rank_r"] = 0.6
    for name, value in expected.items():
        np.testing.assert_allclose(row[name], value, rtol=1e-12, err_msg=name)


def test_correlations_are_those_of_scipy_also_with_ties():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 6, 50) / 2
    estimate = true + rng.integers(-2, 3, 50)
    row = made_up(true, estimate, np.ones(50)).summary().loc["x"]
    np.testing.assert_allclose(row["r"], scipy.stats.pearsonr(true, estimate).statistic, rtol=1e-12)
    np.testing.assert_allclose(row["rank_r"], scipy.stats.spearmanr(true, estimate).statistic, rtol=1e-12)


def test_ranks_do_not_mind_an_extreme_estimate():
    row = made_up([1, 2, 3, 4], [1, 2, 3, 1e4], np.ones(4)).summary().loc["x"]
    np.testing.assert_allclose(row["rank_r"], 1, rtol=1e-12)
    assert row["r"] < 0.8


def test_failed_subjects_are_counted_and_left_out():
    nan = np.nan
    some = made_up([1, 2, 3, 9], [2, 1, 5, nan], [0.6, nan, 0.5, nan]).summary().loc["x"]
    three = made_up([1, 2, 3], [2, 1, 5], [0.6, nan, 0.5]).summary().loc["x"]
    assert some["n"] == 3 and some["n_failed"] == 1 and some["n_with_interval"] == 2
    assert some["coverage"] == 0.5
    for name in ("r", "rank_r", "bias", "rmse", "coverage", "n_with_interval"):
        assert some[name] == three[name] and np.isfinite(some[name])


def test_what_cannot_be_said_is_nan():
    # pytest would turn a warning of NumPy's into an error.
    none = made_up([1, 2], [np.nan] * 2, [np.nan] * 2).summary().loc["x"]
    assert none["n"] == 0 and none["n_failed"] == 2
    assert none[["r", "rank_r", "bias", "rmse", "coverage"]].isna().all()
    same = made_up([1, 1], [0, 2], [1, 1]).summary().loc["x"]
    assert np.isnan(same["r"]) and np.isnan(same["rank_r"]) and same["bias"] == 0 and same["rmse"] == 1


def test_the_long_table():
    table = made_up([1, 2], [3, 4], [0.5, 0.6], [False, True]).to_dataframe()
    assert table.to_dict("list") == {
        "subject": [0, 1],
        "parameter": ["x", "x"],
        "true": [1, 2],
        "estimate": [3, 4],
        "standard_error": [0.5, 0.6],
        "at_bound": [False, True],
        "converged": [True, True],
        "problem": ["", ""],
    }


# Who the made-up subjects are, and what they play. Nothing is fitted.


@pytest.fixture
def made(monkeypatch):
    """A recovery whose fit is the trials that it would fit, and the arguments that it would fit them with."""

    def no_fit(key, model, trials, priors, n_starts, fixed, *, progress):
        return trials, {"priors": priors, "n_starts": n_starts, "progress": progress}

    monkeypatch.setattr(sys.modules[bm.recovery.__module__], "fit", no_fit)
    return recovery


def test_numbers_arrays_and_distributions(made, outcomes):
    params = {"alpha_p": dist.Uniform(0.1, 0.9), "alpha_n": [0.2, 0.4, 0.6], "temperature": 0.3}
    true, (trials, _) = made(KEY, MODEL, params, outcomes)
    assert set(true) == set(params)
    np.testing.assert_array_equal(true["alpha_n"], np.float32([0.2, 0.4, 0.6]))
    np.testing.assert_array_equal(true["temperature"], np.float32([0.3] * 3))
    assert (
        len(set(true["alpha_p"].tolist())) == 3 and ((true["alpha_p"] > 0.1) & (true["alpha_p"] < 0.9)).all()
    )
    assert trials.choices.shape == (3, N_TRIALS)


def test_a_subject_does_not_depend_on_how_many_there_are(made, outcomes):
    true, (trials, _) = made(KEY, MODEL, DRAWN, outcomes, n_subjects=5)
    first, (first_trials, _) = made(KEY, MODEL, DRAWN, outcomes, n_subjects=3)
    for name in DRAWN:
        np.testing.assert_array_equal(first[name], true[name][:3])
    np.testing.assert_array_equal(first_trials.choices, trials.choices[:3])
    # The parameters of a subject are drawn apart, and so are the subjects.
    assert len(np.unique(np.r_[true["alpha_p"], true["alpha_n"]])) == 10
    other, _ = made(jax.random.key(1), MODEL, DRAWN, outcomes, n_subjects=5)
    assert all((other[name] != true[name]).all() for name in DRAWN)


def test_the_draws_follow_the_distributions(made):
    true, _ = made(KEY, MODEL, DRAWN, np.ones((1, 2)), n_subjects=4000)
    for name, (low, high) in {"alpha_p": (0.1, 0.9), "temperature": (0.1, 0.4)}.items():
        distance = scipy.stats.kstest(true[name], scipy.stats.uniform(low, high - low).cdf).statistic
        # Kolmogorov and Smirnov's distance is beyond 1.95 / sqrt(n) once in a thousand times.
        assert distance < 1.95 / 4000**0.5
    correlation = np.corrcoef(true["alpha_p"], true["alpha_n"])[0, 1]
    assert abs(correlation) < 5 / 4000**0.5


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_the_task_goes_into_the_trials(made, own):
    n, rng = 4, np.random.default_rng(2)
    lead = (n,) if own else ()
    outcomes = rng.uniform(size=(*lead, 6, 2)).astype(np.float32)
    available = rng.uniform(size=(*lead, 6, 2)) < 0.7
    available[..., 1] |= ~available[..., 0]
    reset = np.broadcast_to(np.arange(6) == 3, (*lead, 6))
    params = {"alpha_p": 0.5, "alpha_n": 0.5, "temperature": 0.5}
    n_subjects = None if own else n
    settings = {"priors": {"alpha_p": dist.Beta(2.0, 2.0)}, "n_starts": 3}
    task = {"available": available, "reset": reset, "n_subjects": n_subjects}
    _, (trials, passed) = made(KEY, MODEL, params, outcomes, **task, **settings)
    assert passed == settings | {"progress": False}
    np.testing.assert_array_equal(trials.outcomes, outcomes if own else outcomes[None])
    np.testing.assert_array_equal(trials.available, np.broadcast_to(available, (n, 6, 2)))
    np.testing.assert_array_equal(trials.reset, np.broadcast_to(reset, (n, 6)))
    assert (
        trials.mask is None
        and np.take_along_axis(
            np.asarray(trials.available), np.asarray(trials.choices)[..., None], axis=-1
        ).all()
    )


def test_as_many_subjects_as_trials_as_actions(made):
    # Outcomes of shape (2, 2) might be those of two actions on two trials, or what two subjects got.
    outcomes = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    params = {"alpha_p": 0.5, "alpha_n": 0.5, "temperature": 0.5}
    _, (trials, _) = made(KEY, MODEL, params, outcomes, n_subjects=2)
    np.testing.assert_array_equal(trials.outcomes, outcomes[None])


GIVEN = {"alpha_p": 0.5, "alpha_n": 0.2, "temperature": 0.5}


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_a_schedule_is_its_arrays(made, own):
    n, rng = 3, np.random.default_rng(3)
    lead = (n,) if own else ()
    outcomes = rng.uniform(size=(*lead, 8, 2)).astype(np.float32)
    more = {"reset": np.arange(8) == 4, "inputs": {"block": np.arange(8) // 4}}
    given = {} if own else {"n_subjects": n}
    true, (by_arrays, _) = made(KEY, MODEL, GIVEN, outcomes, **more, **given)
    again, (by_schedule, _) = made(KEY, MODEL, GIVEN, tasks.schedule(outcomes, **more), **given)
    for name in true:
        np.testing.assert_array_equal(true[name], again[name])
    assert jax.tree.structure(by_arrays) == jax.tree.structure(by_schedule)
    for one, other in zip(jax.tree.leaves(by_arrays), jax.tree.leaves(by_schedule), strict=True):
        np.testing.assert_array_equal(one, other)
    assert by_schedule.choices.shape == (n, 8) and by_schedule.inputs["block"].shape == (1, 8)


def test_what_a_schedule_leaves_out_goes_into_the_trials(made):
    mask, feedback = np.ones((4, 6), bool), np.ones((4, 6), bool)
    mask[1, 3:], feedback[:, 2] = False, False
    task = tasks.schedule(np.ones((6, 2)), mask=mask, feedback=feedback)
    _, (trials, _) = made(KEY, MODEL, GIVEN, task)
    np.testing.assert_array_equal(trials.mask, mask)
    # Of what is masked nobody asks whether there was feedback.
    np.testing.assert_array_equal(trials.feedback[mask], feedback[mask])


def test_a_task_that_reacts_is_played(made):
    task = tasks.bandit(30, (0.9, 0.1))
    _, (trials, _) = made(KEY, MODEL, GIVEN, task, n_subjects=5)
    assert trials.choices.shape == (5, 30) and trials.outcomes.shape == (5, 30, 2)
    # Everybody gets draws of their own, and what they are does not depend on how many there are.
    assert len(np.unique(np.asarray(trials.outcomes), axis=0)) == 5
    _, (fewer, _) = made(KEY, MODEL, GIVEN, task, n_subjects=2)
    np.testing.assert_array_equal(fewer.outcomes, trials.outcomes[:2])
    np.testing.assert_array_equal(fewer.choices, trials.choices[:2])


def test_the_inputs_of_a_task_that_reacts_are_there_for_the_fit(made):
    task = tasks.contextual_bandit(30, ((0.9, 0.1), (0.1, 0.9)))
    _, (trials, _) = made(KEY, MODEL, GIVEN, task, n_subjects=3)
    context = np.asarray(trials.inputs["context"])
    assert context.shape == (3, 30) and set(context.ravel().tolist()) == {0, 1}


GOOD = {"alpha_p": 0.5, "alpha_n": [0.2, 0.3], "temperature": 0.5}
BANDIT, SCHEDULE = tasks.bandit(4, (0.8, 0.2)), tasks.schedule(np.ones((4, 2)))
BAD = {
    "key": ("key", {"key": 0}),
    "model": ("model", {"model": "asymmetric_rescorla_wagner"}),
    "params a list": ("params", {"params": [0.5, 0.2, 0.5]}),
    "params without temperature": ("params", {"params": {"alpha_p": 0.5, "alpha_n": 0.2}, "n_subjects": 1}),
    "params of another model": ("params", {"params": GOOD | {"alpha": 0.5}}),
    "alpha above 1": (r"params\['alpha_p'\]", {"params": GOOD | {"alpha_p": 1.5}}),
    "alpha drawn above 1": (r"params\['alpha_p'\]", {"params": GOOD | {"alpha_p": dist.Uniform(2.0, 3.0)}}),
    "a distribution of many": (
        r"params\['alpha_p'\]",
        {"params": GOOD | {"alpha_p": dist.Uniform(np.zeros(2), np.ones(2))}},
    ),
    "two numbers of subjects": (r"params\['alpha_n'\]", {"n_subjects": 3}),
    "two lengths": (r"params\['temperature'\]", {"params": GOOD | {"temperature": [0.1, 0.2, 0.3]}}),
    "how many": ("n_subjects", {"params": GOOD | {"alpha_n": 0.2}}),
    "n_subjects 0": ("n_subjects", {"n_subjects": 0}),
    "n_subjects 2.0": ("n_subjects", {"n_subjects": 2.0}),
    "outcomes of other actions": ("outcomes", {"outcomes": np.ones((4, 3))}),
    "outcomes of other subjects": (r"params\['alpha_n'\]", {"outcomes": np.ones((3, 4, 2))}),
    "available": ("available", {"available": np.ones((4, 3), bool)}),
    "reset beside a task": ("reset", {"outcomes": BANDIT, "reset": np.zeros(4, bool)}),
    "inputs beside a schedule": ("inputs", {"outcomes": SCHEDULE, "inputs": {"block": np.zeros(4)}}),
    "inputs of other trials": (r"inputs\['block'\]", {"inputs": {"block": np.zeros(5)}}),
    "a task of other actions": ("outcomes", {"outcomes": tasks.bandit(4, (0.8, 0.2, 0.5))}),
    "a schedule of other actions": ("outcomes", {"outcomes": tasks.schedule(np.ones((4, 3)))}),
    "a task and how many": ("n_subjects", {"params": GIVEN, "outcomes": BANDIT}),
    "model a builder": ("model", {"model": models.rescorla_wagner}),
    "priors": ("priors", {"priors": {"alpha": dist.Beta(2.0, 2.0)}}),
    "n_starts": ("n_starts", {"n_starts": 0}),
}


@pytest.mark.parametrize("name, changes", BAD.values(), ids=BAD)
def test_bad_input(name, changes):
    arguments = {"key": KEY, "model": MODEL, "params": GOOD, "outcomes": np.ones((4, 2))} | changes
    with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
        recovery(**arguments)


# How well parameters come back.

# Twenty other keys gave, for 200 subjects and these outcomes, means and standard deviations of
#   alpha_p: rank_r .74 (.034), coverage .854 (.023);  alpha_n: .88 (.022), .909 (.024)
#   temperature: .70 (.033), .860 (.023);  with one learning rate and an inverse temperature:
#   alpha: .94 (.009), .921 (.019);  inverse temperature: .88 (.022), .952 (.012)
# Bounds are the means less, or to either side, 5 standard deviations. Errors from the curvature are too small
# where it is not that of a parabola: at 200 trials, for learning rates that are hard to tell from a bound.
EXPECTED = {
    "two learning rates": (
        MODEL,
        DRAWN,
        {
            "alpha_p": (0.57, (0.74, 0.97)),
            "alpha_n": (0.77, (0.79, 1.0)),
            "temperature": (0.54, (0.74, 0.98)),
        },
    ),
    "one learning rate": (
        SYMMETRIC,
        {"alpha": dist.Uniform(0.1, 0.9), "inverse_temperature": dist.Uniform(2.0, 8.0)},
        {"alpha": (0.89, (0.82, 1.0)), "inverse_temperature": (0.76, (0.89, 1.0))},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("model, params, expected", EXPECTED.values(), ids=EXPECTED)
def test_parameters_come_back(model, params, expected, outcomes):
    found = recovery(KEY, model, params, outcomes, n_subjects=200)
    assert isinstance(found, Recovery)
    table = found.summary()
    assert (table["n"] == 200).all() and (table["n_failed"] == 0).all()
    # In the twenty sets at most 3 subjects of 200 had a problem of the search; a few lie on a ridge besides.
    assert found.fit.converged.mean() > 0.98 and (found.fit.problem != "").sum() <= 12
    assert len(found.to_dataframe()) == 200 * len(params)
    for name, (correlation, (low, high)) in expected.items():
        assert table.loc[name, "rank_r"] > correlation, table
        assert low < table.loc[name, "coverage"] <= high, table
        # Of every estimate off its bounds there is an interval.
        assert table.loc[name, "n_with_interval"] >= 200 - table.loc[name, "n_at_bound"] - 3
    # The mean of 200 deviations has a standard error of rmse / sqrt(200). A bias of the estimator itself, up
    # to .014 in the twenty sets, comes on top.
    alpha = [name for name in params if name.startswith("alpha")]
    assert (table.loc[alpha, "bias"].abs() < 5 * table.loc[alpha, "rmse"] / 200**0.5 + 0.02).all(), table
