"""Probabilistic selection: its pairs and its test, and two published models, which are there already."""

import math
from functools import partial
from itertools import combinations

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused
from scipy.optimize import minimize

from behavioural_modelling import Trials, fit, log_likelihood, models, simulate, tasks
from behavioural_modelling.trials import load_probabilistic_selection

KEY = jax.random.key(0)
N_SUBJECTS = 30

# In float64: at most 420 terms below 10, each with a few dozen roundings of 1e-16.
LL_TOLERANCE = 1e-10

ONE_RATE = models.rescorla_wagner(6, initial_value=0.0, inverse_temperature=True)
TWO_RATES = models.asymmetric_rescorla_wagner(6, initial_value=0.0, inverse_temperature=True)


def q_learning(alpha_pos, alpha_neg, beta, pairs, first_chosen, rewards, learned=None):
    """The log-likelihood of one person in plain floats: a logistic choice between two of six values.

    `pairs` are two stimuli per trial, `first_chosen` whether the first of them was taken.
    """
    ev, total = [0.0] * 6, 0.0
    for t, (first, second) in enumerate(pairs):
        logit = beta * (ev[first] - ev[second]) * (1 if first_chosen[t] else -1)
        total -= math.log1p(math.exp(-logit)) if logit > 0 else math.log1p(math.exp(logit)) - logit
        if learned is None or learned[t]:
            chosen = first if first_chosen[t] else second
            error = rewards[t] - ev[chosen]
            ev[chosen] += (alpha_pos if error >= 0 else alpha_neg) * error
    return total


def as_pairs(trials, i):
    """One person's trials as the loop takes them."""
    counts = np.ones(trials.shape[1], bool) if trials.mask is None else np.asarray(trials.mask[i])
    pairs = np.array([np.flatnonzero(row) for row in np.asarray(trials.available[i])[counts]])
    choices, outcomes = np.asarray(trials.choices[i])[counts], np.asarray(trials.outcomes[i])[counts]
    rewards = outcomes[np.arange(len(choices)), choices] if outcomes.shape[1] > 1 else outcomes[:, 0]
    return pairs, choices == pairs[:, 0], rewards.astype(float)


@pytest.fixture(scope="module")
def task():
    return tasks.probabilistic_selection(KEY, 360, n_tests=4, n_subjects=N_SUBJECTS)


@pytest.fixture(scope="module")
def trials(task):
    rng = np.random.default_rng(0)
    params = {name: rng.uniform(0, 1, N_SUBJECTS) for name in ("alpha_p", "alpha_n")}
    params["inverse_temperature"] = rng.uniform(0, 10, N_SUBJECTS)
    return Trials.from_trace(simulate(KEY, TWO_RATES, params, task), task)


# The task.


def test_the_training_offers_each_pair_twenty_times_in_sixty_trials(task):
    offered = np.asarray(task.available)
    assert offered.shape == (N_SUBJECTS, 420, 6)
    assert (offered.sum(axis=-1) == 2).all()
    training = offered[:, :360]
    for first in (0, 2, 4):
        np.testing.assert_array_equal(training[..., first], training[..., first + 1])
    stretches = training.reshape(N_SUBJECTS, 6, 60, 6).sum(axis=2)
    assert (stretches == 20).all()


def test_the_test_offers_each_of_fifteen_pairs_and_tells_nothing(task):
    offered, feedback = np.asarray(task.available)[:, 360:], np.asarray(task.feedback)
    for a, b in combinations(range(6), 2):
        assert ((offered[..., a] & offered[..., b]).sum(axis=1) == 4).all()
    np.testing.assert_array_equal(
        np.broadcast_to(feedback, (N_SUBJECTS, 420)), [[True] * 360 + [False] * 60] * N_SUBJECTS
    )


def test_stimuli_pay_with_their_probabilities(task):
    paid = np.asarray(task.outcomes)
    assert set(np.unique(paid)) == {0, 1}
    n = paid[..., 0].size
    for stimulus, p in enumerate((0.8, 0.2, 0.7, 0.3, 0.6, 0.4)):
        assert abs(paid[..., stimulus].mean() - p) < 5 * math.sqrt(p * (1 - p) / n)
    among = np.corrcoef(paid.reshape(n, 6).T) - np.eye(6)
    assert np.abs(among).max() < 5 / math.sqrt(n)


def test_orders_and_outcomes_are_each_persons_own_and_go_by_number(task):
    offered, paid = np.asarray(task.available), np.asarray(task.outcomes)
    assert not (offered[0] == offered[1]).all() and not (paid[0] == paid[1]).all()
    fewer = tasks.probabilistic_selection(KEY, 360, n_tests=4, n_subjects=2)
    np.testing.assert_array_equal(fewer.available, offered[:2])
    np.testing.assert_array_equal(fewer.outcomes, paid[:2])
    shared = tasks.probabilistic_selection(KEY, 360, n_tests=4)
    assert shared.n_subjects is None
    np.testing.assert_array_equal(shared.outcomes, paid[:1])


def test_other_pairs_and_payoffs():
    task = tasks.probabilistic_selection(KEY, 7, probabilities=[[1.0, 0.0]], payoffs=(-1, 1))
    np.testing.assert_array_equal(task.outcomes, [[[1, -1]] * 7])
    assert task.feedback is None and np.asarray(task.available).all()


# Two published models of it are Rescorla-Wagner learning among what is on offer.


def test_q_learning_with_one_rate_is_rescorla_wagner(trials, x64):
    rng = np.random.default_rng(1)
    alpha, beta = rng.uniform(0, 1, N_SUBJECTS), rng.uniform(0, 10, N_SUBJECTS)
    ours = log_likelihood(ONE_RATE, {"alpha": alpha, "inverse_temperature": beta}, trials)
    for i in range(N_SUBJECTS):
        exact = q_learning(alpha[i], alpha[i], beta[i], *as_pairs(trials, i), np.asarray(trials.feedback[i]))
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def test_q_learning_with_a_rate_for_gains_and_one_for_losses_is_the_asymmetric_one(trials, x64):
    rng = np.random.default_rng(2)
    rates, beta = rng.uniform(0, 1, (2, N_SUBJECTS)), rng.uniform(0, 10, N_SUBJECTS)
    params = {"alpha_p": rates[0], "alpha_n": rates[1], "inverse_temperature": beta}
    ours = log_likelihood(TWO_RATES, params, trials)
    for i in range(N_SUBJECTS):
        exact = q_learning(*rates[:, i], beta[i], *as_pairs(trials, i), np.asarray(trials.feedback[i]))
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def test_who_learns_more_from_rewards_avoids_the_worst_rather_than_chooses_the_best():
    # Values settle where p alpha_p (1 - V) = (1 - p) alpha_n V. With rates of .1 and .02 that is at .95, .92
    # and .88 for A, C and E, .55, .68 and .77 for B, D and F: A is near the others, B is not. With the rates
    # exchanged it is the other way round.
    task = tasks.probabilistic_selection(KEY, 360, n_tests=8, n_subjects=400)
    model = models.asymmetric_rescorla_wagner(6, inverse_temperature=True)
    rates = np.repeat([[0.1, 0.02], [0.02, 0.1]], 200, axis=0)
    params = {"alpha_p": rates[:, 0], "alpha_n": rates[:, 1], "inverse_temperature": 5.0}
    choices = np.asarray(simulate(KEY, model, params, task).choices)[:, 360:]
    offered = np.asarray(task.available)[:, 360:]
    with_a = offered[..., 0] & ~offered[..., 1]
    with_b = offered[..., 1] & ~offered[..., 0]
    share = lambda hits, among: np.array([hits[i][among[i]].mean() for i in range(400)])  # noqa: E731
    more = share(choices != 1, with_b) - share(choices == 0, with_a)
    # 32 choices of each kind: by chance a difference of two shares has a standard deviation below .13, and
    # the mean of 200 people's one below .01.
    assert more[:200].mean() > 5 * 0.01 and more[200:].mean() < -5 * 0.01


# What is refused.

task_of = partial(tasks.probabilistic_selection, KEY)
BAD = {
    "no key": Bad(partial(tasks.probabilistic_selection, 0), "key", "one random key", "0"),
    "no trial": Bad(partial(task_of, 0), "n_trials", "at least 1", "0"),
    "half a test": Bad(partial(task_of, n_tests=0.5), "n_tests", "a whole number", "0.5"),
    "nobody": Bad(partial(task_of, n_subjects=0), "n_subjects", "at least 1", "0"),
    "no pairs": Bad(partial(task_of, probabilities=[0.8, 0.2]), "probabilities", "(n_pairs, 2)", "(2,)"),
    "triples": Bad(
        partial(task_of, probabilities=[[0.8, 0.2, 0]]), "probabilities", "(n_pairs, 2)", "(1, 3)"
    ),
    "no chance": Bad(partial(task_of, probabilities=[[0.8, 1.2]]), "probabilities", "[0, 1]", "1.2"),
    "payoffs": Bad(partial(task_of, payoffs=1), "payoffs", "a pair", "int"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused(bad):
    assert_refused(bad)


# Real choices.


def test_the_example_file_is_fitted_as_scipy_fits_it():
    trials = load_probabilistic_selection()
    found = fit(KEY, ONE_RATE, trials, progress=False)
    for i in range(trials.shape[0]):
        pairs, first, rewards = as_pairs(trials, i)

        def minus(x, given=(pairs, first, rewards)):
            return -q_learning(x[0], x[0], x[1], *given)

        starts = [(0.1, 3.0), (0.5, 1.0)]
        best = -min(minimize(minus, s, bounds=[(0, 1), (0, None)], method="L-BFGS-B").fun for s in starts)
        assert found.log_likelihood[i] > best - 1e-3
        exact = -minus([float(found.params[name][i]) for name in ("alpha", "inverse_temperature")])
        # In float32: 360 terms of about .5, each off by some dozen roundings.
        np.testing.assert_allclose(found.log_likelihood[i], exact, rtol=0, atol=1e-3)
