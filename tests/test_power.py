"""power: two groups of made-up people, the test that tells them apart, and the shares that come out."""

from functools import partial
from types import SimpleNamespace

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import refusals
import scipy.stats
from refusals import Bad

import behavioural_modelling as bm
from behavioural_modelling import Power, models, tasks
from behavioural_modelling.fitting import _space
from behavioural_modelling.studies import _two_groups

KEY = jax.random.key(0)
MODEL = models.rescorla_wagner(2)
TASK = tasks.bandit(60, [0.8, 0.2])
MEDIAN = {"alpha": 0.3, "temperature": 0.2}
SPREAD = {"alpha": 0.3, "temperature": 0.3}

power = partial(bm.power, model=MODEL, params=MEDIAN, outcomes=TASK, parameter="alpha", progress=False)


@pytest.fixture(scope="module")
def found():
    options = {"spread": SPREAD, "n_subjects": [4, 12], "n_trials": [20, 60], "n_simulations": 100}
    return power(KEY, difference=0.8, false_positives=True, **options)


# The test and the table, from numbers that are made up.


def test_welch_is_that_of_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(50, 9)), rng.normal(0.8, 2, size=(50, 6))
    answers = _two_groups.welch(first, second, 0.95)
    theirs = scipy.stats.ttest_ind(second, first, axis=1, equal_var=False)
    np.testing.assert_array_equal(answers.found, theirs.pvalue < 0.05)
    assert 0 < answers.found.sum() < 50
    np.testing.assert_allclose(answers.estimate, second.mean(axis=1) - first.mean(axis=1), rtol=1e-12)


def test_welch_leaves_out_people_without_an_estimate():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(20, 7)), rng.normal(1, 1, size=(20, 7))
    first[:, 2], second[:, 5:] = np.nan, np.nan
    answers = _two_groups.welch(first, second, 0.9)
    theirs = scipy.stats.ttest_ind(second[:, :5], np.delete(first, 2, axis=1), axis=1, equal_var=False)
    np.testing.assert_array_equal(answers.found, theirs.pvalue < 0.1)
    assert 0 < answers.found.sum() < 20


def test_welch_without_an_answer():
    nan = np.nan
    first = np.array([[1.0, nan, nan], [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
    answers = _two_groups.welch(first, np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [2.0, 3.0, 4.0]]), 0.95)
    # One person alone has no spread; people who do not differ at all have no error.
    np.testing.assert_array_equal(np.isnan(answers.estimate), [True, False, False])
    assert not answers.found.any()


def test_the_table_by_hand():
    found = np.array([[True, True, True, False], [False] * 4])
    estimate = np.array([[1.0, 2.0, 3.0, np.nan], [np.nan] * 4])
    asked = (found[::-1], "alpha", 0.5, (0.3, 0.4), "two-step", 0.95)
    table = Power(np.array([5, 5]), np.array([10, 20]), found, estimate, *asked).to_dataframe()
    assert table["power"].tolist() == [0.75, 0] and table["n_failed"].tolist() == [1, 4]
    # With two of each added: 5 of 8, and 2 of 8.
    expected = [(5 / 8 * 3 / 8 / 8) ** 0.5, (2 / 8 * 6 / 8 / 8) ** 0.5]
    np.testing.assert_allclose(table["error"], expected, rtol=1e-12)
    np.testing.assert_allclose(table["false_positives_error"], expected[::-1], rtol=1e-12)
    np.testing.assert_array_equal(table["mean_estimate"], [2, np.nan])
    assert table["false_positives"].tolist() == [0, 0.75]


# Who the people are.


def test_people_move_along_the_line():
    line = {
        "alpha": _two_groups.Line(_space.INTERVAL, 0.0, 1.0, 1.0),
        "temperature": _two_groups.Line(_space.ABOVE, 0.0, np.inf, 10.0),
    }
    drawn = _two_groups.people(KEY, MODEL, {"alpha": 0.3, "temperature": 2.0}, {"alpha": 0.5}, 4000)
    shift = np.tile([-0.5, 0.5], 2000)
    alpha = _two_groups.moved(line, drawn, "alpha", shift)["alpha"]
    # Of a normal quantile and float32, whose numbers near 1 are 6e-8 apart; the density at 3 is .004.
    z = scipy.stats.norm.ppf(np.asarray(alpha, float)) - scipy.stats.norm.ppf(0.3) - shift
    assert abs(z.mean()) < 4 * 0.5 / 4000**0.5
    assert abs(z.std() - 0.5) < 4 * 0.5 / 8000**0.5
    moved = _two_groups.moved(line, drawn, "temperature", shift)
    # 32 bits, through a logarithm of about 2 and back.
    np.testing.assert_allclose(moved["temperature"], 2 * np.exp(shift), rtol=1e-5)
    np.testing.assert_allclose(moved["alpha"], _two_groups.moved(line, drawn, "", shift)["alpha"])


def test_the_median_persons_are_told_in_natural_values(found):
    middle = scipy.stats.norm.ppf(0.3)
    expected = scipy.stats.norm.cdf([middle - 0.4, middle + 0.4])
    np.testing.assert_allclose(found.medians, expected, rtol=1e-5)  # 32 bits


# What comes out.


def test_more_people_and_more_trials_find_more(found):
    assert found.n_subjects.tolist() == [4, 12, 4, 12] and found.n_trials.tolist() == [20, 20, 60, 60]
    assert found.found.shape == found.estimate.shape == (4, 100)
    # Differences of shares are many standard errors, at most .05 x 2^.5 each.
    assert found.share[1] > found.share[0] + 0.2 and found.share[3] > found.share[2] + 0.2
    assert found.share[3] > found.share[1]
    assert np.isfinite(found.estimate).all()


def test_the_estimates_are_about_right(found):
    # A MAP from 60 trials is drawn to its prior, by less than a third of what people differ by.
    assert abs(found.estimate[3].mean() - 0.8) < 0.8 / 3


def test_without_a_difference_one_in_twenty_is_found(found):
    # All of 100 studies are independent: above .05 + 4 (.05 x .95 / 100)^.5 = .137 comes once in thousands.
    # Welch's test of few people is on the careful side, so that there is no lower end.
    assert (found.found_without.mean(axis=1) < 0.137).all()
    assert found.found_without.any()


def test_a_difference_in_the_wrong_direction_is_none():
    options = {
        "spread": SPREAD,
        "n_subjects": [12],
        "n_trials": [60],
        "n_simulations": 100,
    }  # as above: compiled
    up, down = (power(KEY, difference=d, **options) for d in (2.0, -2.0))
    assert up.share[0] > 0.9 and down.share[0] > 0.9
    assert (up.estimate[up.found] > 0).all() and (down.estimate[down.found] < 0).all()


def test_a_study_does_not_depend_on_how_many_there_are(found):
    options = {"difference": 0.8, "spread": SPREAD, "n_subjects": [4, 12], "n_trials": [20]}
    few = power(KEY, n_simulations=5, **options)
    # Where a search ends depends in the last bits on how many are searched side by side.
    np.testing.assert_allclose(found.estimate[:2, :5], few.estimate, rtol=0, atol=1e-3)


def test_outcomes_that_all_share_and_people_from_distributions():
    outcomes = [[1.0, 0.0], [0.0, 1.0]] * 20
    params = {"alpha": dist.Uniform(0.2, 0.4), "temperature": dist.Uniform(0.1, 0.3)}
    asked = {"params": params, "outcomes": outcomes, "n_subjects": [8], "n_simulations": 10}
    assert power(KEY, difference=3.0, **asked).share[0] == 1


def test_a_hierarchical_study_asks_whether_the_interval_leaves_out_0(monkeypatch):
    draws = np.linspace(-0.09, 1.91, 2000).reshape(4, 500)  # 4.5% of them are below 0
    asked = {}

    def sample(key, model, trials, priors, **given):
        asked.update(given)
        return SimpleNamespace(converged=True, effects={"difference": {"alpha": draws}})

    monkeypatch.setattr(_two_groups, "sample", sample)
    line = _two_groups.Line(_space.INTERVAL, 0.0, 1.0, 1.0)
    at = lambda level: _two_groups.Two(MODEL, {}, line, "alpha", level, 4, False)  # noqa: E731
    trials = bm.Trials(np.zeros((4, 3), int), np.ones((3, 2)))
    estimate, found = _two_groups.one_posterior(KEY, at(0.9), trials, 2)
    assert found and not _two_groups.one_posterior(KEY, at(0.92), trials, 2)[1]
    np.testing.assert_allclose(estimate, draws.mean())
    assert asked["covariates"]["difference"].tolist() == [-0.5, -0.5, 0.5, 0.5]


def test_a_posterior_that_did_not_converge_is_no_answer(monkeypatch):
    unconverged = SimpleNamespace(converged=False, effects={"difference": {"alpha": np.ones((2, 9))}})
    monkeypatch.setattr(_two_groups, "sample", lambda *given, **named: unconverged)
    asked = {"spread": SPREAD, "n_subjects": [4, 12], "n_trials": [20], "n_simulations": 5}
    found = power(KEY, difference=0.8, method="hierarchical", **asked)
    assert np.isnan(found.estimate).all() and not found.found.any()
    assert found.to_dataframe()["n_failed"].tolist() == [5, 5]


@pytest.mark.parametrize("difference", [0.8, -0.8])
def test_an_answer_with_the_wrong_sign_is_not_the_difference(monkeypatch, difference):
    sure = SimpleNamespace(converged=True, effects={"difference": {"alpha": np.full((2, 9), -1.0)}})
    monkeypatch.setattr(_two_groups, "sample", lambda *given, **named: sure)
    asked = {"spread": SPREAD, "n_subjects": [4], "n_trials": [20], "n_simulations": 5}
    found = power(KEY, difference=difference, method="hierarchical", false_positives=True, **asked)
    assert found.share[0] == (difference < 0)
    # Where there is no difference, both directions are wrong.
    assert found.found_without is not None and found.found_without.all()


@pytest.mark.slow
def test_hierarchical_studies():
    asked = {"spread": SPREAD, "n_subjects": [8], "n_trials": [60], "n_simulations": 3}
    found = power(KEY, difference=1.5, method="hierarchical", **asked)
    assert found.found.sum() >= 2
    # Three studies, each with an error of about .4 on the line, and a prior that draws to 0 by a tenth.
    assert abs(found.estimate.mean() - 1.35) < 4 * 0.4 / 3**0.5


def bad_calls():
    call = lambda **given: lambda: power(KEY, **({"difference": 1.0, "n_simulations": 2} | given))  # noqa: E731
    each = np.zeros((3, 5, 2))
    return [
        Bad(call(difference=0.0), "difference", "other than 0", "0.0"),
        Bad(call(difference="1"), "difference", "a finite number", "'1'"),
        Bad(call(difference=np.inf), "difference", "a finite number", "inf"),
        Bad(call(parameter="beta"), "parameter", "one of alpha, temperature", "'beta'"),
        Bad(call(method="both"), "method", "'two-step' or 'hierarchical'", "'both'"),
        Bad(call(level=95), "level", "between 0 and 1", "95"),
        Bad(call(false_positives=1), "false_positives", "True or False", "1"),
        Bad(call(params=[0.3]), "params", "a dict", "list"),
        Bad(call(params={"alpha": [0.3, 0.4], "temperature": 1}), "params['alpha']", "one number", "(2,)"),
        Bad(call(params={"alpha": 0.0, "temperature": 1}), "params['alpha']", "inside", "0 at index 0"),
        Bad(call(spread=[1]), "spread", "a dict", "list"),
        Bad(call(spread={"beta": 1}), "spread", "alpha", "'beta'"),
        Bad(call(spread={"alpha": -1}), "spread['alpha']", "at least 0", "-1"),
        Bad(call(outcomes=each), "outcomes", "everybody shares", "3 subjects"),
        Bad(call(n_subjects=5), "n_subjects", "several whole numbers", "5"),
        Bad(call(n_subjects=[1]), "n_subjects", "at least 2", "1"),
        Bad(call(n_trials=[]), "n_trials", "several whole numbers", "[]"),
        Bad(call(n_trials=[61]), "n_trials", "at most 60", "61"),
        Bad(call(n_simulations=0), "n_simulations", "at least 1", "0"),
        Bad(call(n_starts=0), "n_starts", "at least 1", "0"),
        Bad(call(priors=[1]), "priors", "a dict", "list"),
        Bad(call(priors={"alpha": 1}), "priors['alpha']", "a distribution", "int"),
        Bad(lambda: bm.power(0, MODEL, MEDIAN, TASK, difference=1.0, parameter="alpha"), "key", "key", "0"),
    ]


@pytest.mark.parametrize("bad", bad_calls(), ids=lambda bad: f"{bad.name}-{bad.received}")
def test_bad_input_is_refused(bad):
    refusals.assert_refused(bad)
