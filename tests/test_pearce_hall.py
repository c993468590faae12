"""The hybrid of Pearce-Hall and Rescorla-Wagner: by hand, against a loop, and at its limits."""

import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate
from behavioural_modelling.learning.pearce_hall import pearce_hall_update
from behavioural_modelling.models import Parameter, pearce_hall

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS = 6, 30
LL_TOLERANCE = 1e-10  # in float64: 30 terms below 30, each with a few hundred roundings of 1e-16
LL_TOLERANCE_32 = 30 * 64 * UNIT  # in float32, where two programs are compiled apart: as in test_composition


def some_trials(n_actions=3, scale=1.0, **more):
    rng = np.random.default_rng(1)
    outcomes = scale * rng.integers(-1, 2, (N_SUBJECTS, N_TRIALS, n_actions))
    return Trials(rng.integers(0, n_actions, outcomes.shape[:2]), outcomes, **more)


def some_params(scale=1.0, **more):
    rng = np.random.default_rng(2)
    ranges = {"kappa": (0.1, 1.5), "eta": (0.05, 0.95), "temperature": (0.2, 2.0)}
    params = {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in ranges.items()}
    params["kappa"], params["temperature"] = params["kappa"] / scale, params["temperature"] * scale
    return params | {name: np.full(N_SUBJECTS, x) for name, x in more.items()}


def looped(choices, outcomes, kappa, eta, temperature, value=0.5, associability=1.0, counts=None, reset=None):
    """The log-likelihood of one person's choices, and the learning rates: a plain loop in float64."""
    n = outcomes.shape[-1]
    v, alpha, total, rates = np.full(n, value), np.full(n, associability), 0.0, []
    for t, c in enumerate(choices):
        if reset is not None and reset[t]:
            v, alpha = np.full(n, value), np.full(n, associability)
        if counts is not None and not counts[t]:
            continue
        total += v[c] / temperature - np.log(np.sum(np.exp(v / temperature)))
        error, rate = outcomes[t, c] - v[c], min(kappa * alpha[c], 1.0)
        v[c] += rate * error
        alpha[c] = eta * abs(error) + (1 - eta) * alpha[c]
        rates.append(rate)
    return total, rates


def of_subject(i, params):
    return {name: float(x[i]) for name, x in params.items()}


# The rule.


def test_one_trial_by_hand():
    # A surprise of .8, learned from at a rate of .5 * .6 = .3; the associability goes half-way to it.
    state, (value, before, error) = pearce_hall_update(
        ([0.2, 0.7], [0.6, 0.4]), ([1.0, 0.0], [1, 0]), 0.5, 0.5
    )
    np.testing.assert_allclose(state[0], [0.44, 0.7], rtol=8 * UNIT)
    np.testing.assert_allclose(state[1], [0.7, 0.4], rtol=8 * UNIT)
    np.testing.assert_allclose(error, [0.8, 0], rtol=8 * UNIT)
    np.testing.assert_array_equal(value, np.float32([0.2, 0.7]))
    np.testing.assert_array_equal(before, np.float32([0.6, 0.4]))


def test_a_learning_rate_above_one_is_held_at_one():
    (value, associability), _ = pearce_hall_update((0.0, 50.0), (30.0, 1), 0.5, 0.1)
    assert float(value) == 30
    np.testing.assert_allclose(associability, 48, rtol=8 * UNIT)


def test_without_a_response_nothing_changes():
    before = ([0.2, 0.7], [0.6, 0.4])
    after, (_, _, error) = pearce_hall_update(before, ([1.0, 0.0], [0, 0]), 0.5, 0.5)
    np.testing.assert_array_equal(after, np.float32(before))
    assert not np.any(error)


# The model against the loop.


@pytest.mark.parametrize("scale", [1.0, 100.0], ids=["units", "points"])
def test_the_likelihood_against_the_loop(scale, x64):
    rng = np.random.default_rng(3)
    counts, reset = (
        rng.uniform(size=(N_SUBJECTS, N_TRIALS)) < 0.8,
        rng.uniform(size=(N_SUBJECTS, N_TRIALS)) < 0.1,
    )
    trials = some_trials(scale=scale, mask=counts, reset=reset)
    start = {"initial_value": 0.3 * scale, "initial_associability": 0.7 * scale}
    params = some_params(scale, **start)
    ours = log_likelihood(pearce_hall(3, "free", initial_associability="free"), params, trials)
    held = 0
    for i in range(N_SUBJECTS):
        own = of_subject(i, params)
        value, associability = own.pop("initial_value"), own.pop("initial_associability")
        arrays = np.asarray(trials.choices[i]), np.asarray(trials.outcomes[i])
        exact, rates = looped(
            *arrays, **own, value=value, associability=associability, counts=counts[i], reset=reset[i]
        )
        held += sum(rate == 1 for rate in rates)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)
    assert held > 3, "no learning rate was held at 1"


def test_points_are_units_in_another_unit(x64):
    model = pearce_hall(3, "free", initial_associability="free")
    ones = log_likelihood(model, some_params(initial_value=0.5, initial_associability=1.0), some_trials())
    points = some_params(100.0, initial_value=50.0, initial_associability=100.0)
    np.testing.assert_allclose(
        log_likelihood(model, points, some_trials(scale=100.0)), ones, rtol=0, atol=LL_TOLERANCE
    )


def test_what_a_trace_tells():
    task = np.random.default_rng(4).integers(0, 2, (20, 2)).astype(float)
    params = {"kappa": 0.6, "eta": 0.3, "temperature": 0.5}
    trace = simulate(jax.random.key(0), pearce_hall(2), params, task)
    assert set(trace.records) == {"values", "associabilities", "prediction_errors", "choices", "choice_p"}
    told = replay(pearce_hall(2), params, Trials(trace.choices, task))
    np.testing.assert_array_equal(told.associabilities[0, 0], [1, 1])
    # What moved a value is the associability from before, times kappa: some roundings of numbers below 1.
    moved = np.diff(np.asarray(told.values[0]), axis=0)
    expected = np.asarray(0.6 * told.associabilities * told.prediction_errors)[0, :-1]
    np.testing.assert_allclose(moved, expected, rtol=0, atol=16 * UNIT)


# Limits.


def test_an_associability_that_never_moves_is_a_learning_rate():
    trials, params = some_trials(), some_params(eta=0.0)
    params["kappa"] = np.minimum(params["kappa"], 1.2)
    simpler = {"alpha": params["kappa"] * 0.8, "temperature": params["temperature"]}
    ours = log_likelihood(pearce_hall(3, initial_associability=0.8), params, trials)
    theirs = log_likelihood(models.rescorla_wagner(3), simpler, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE_32)
    moving = log_likelihood(pearce_hall(3, initial_associability=0.8), params | {"eta": 0.5}, trials)
    assert np.median(np.abs(moving - theirs)) > 0.1


def test_slopes(x64):
    model, trials = pearce_hall(3, "free", initial_associability="free"), some_trials()
    # Away from the kink at a learning rate of 1, so that a difference quotient means something.
    params = some_params(initial_value=0.4, initial_associability=0.6) | {"kappa": np.full(N_SUBJECTS, 0.4)}
    params = {name: jnp.asarray(x) for name, x in params.items()}
    run = partial(log_likelihood, model, trials=trials)
    check_grads(lambda p: run(p).sum(), (params,), order=1, modes=["rev"], rtol=1e-5, atol=1e-5)
    score = jax.jit(jax.grad(lambda p: run(p).sum()))
    for name, x in (("kappa", 0), ("eta", 0), ("eta", 1), ("initial_associability", 0), ("kappa", 1e6)):
        slopes = score(params | {name: jnp.full(N_SUBJECTS, float(x))})
        assert all(np.isfinite(s).all() for s in slopes.values()), (name, x)


def test_float32_parameters_where_float64_is_switched_on(x64):
    one = some_trials()
    trials = Trials(one.choices, np.asarray(one.outcomes, np.float32))
    params = {name: np.float32(x) for name, x in some_params().items()}
    assert log_likelihood(pearce_hall(3), params, trials).dtype == np.float32


# What is made, and what is refused.


def test_the_same_call_returns_the_same_model():
    model = pearce_hall(3)
    assert pearce_hall(n_actions=3, initial_associability=1) is model and pearce_hall(2) is not model
    assert pickle.loads(pickle.dumps(model)) is model
    assert model.name == "pearce_hall" and model.n_actions == 3
    names = [p.name for p in pearce_hall(2, "free", True, "free").parameters]
    assert names == ["kappa", "eta", "inverse_temperature", "initial_value", "initial_associability"]


def test_the_parameters_and_their_priors():
    pytest.importorskip("numpyro")
    of = {p.name: p for p in pearce_hall(2, initial_associability="free").parameters}
    assert of["eta"] == Parameter("eta", 0, 1, prior=models.Prior("Beta", (1.1, 1.1)))
    priors = models.default_priors(pearce_hall(2, initial_associability="free"), (0, 100))
    draws = {name: np.asarray(priors[name].sample(jax.random.key(0), (4000,))) for name in priors}
    # Medians of a LogNormal: 4000 draws tell their logarithm to 0.75 * 1.25 / 63, and six of these are .09.
    np.testing.assert_allclose(np.log(np.median(draws["kappa"])), np.log(0.005), atol=0.09)
    np.testing.assert_allclose(np.log(np.median(draws["initial_associability"])), np.log(50), atol=0.09)


NOT_FREE = "a number above 0, or 'free'"


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: pearce_hall(1), "n_actions", "at least 2", "1"),
        Bad(lambda: pearce_hall(2, "fixed"), "initial_value", "one number", "'fixed'"),
        Bad(lambda: pearce_hall(2, initial_associability="x"), "initial_associability", NOT_FREE, "'x'"),
        Bad(lambda: pearce_hall(2, initial_associability=0), "initial_associability", NOT_FREE, "0.0"),
        Bad(lambda: pearce_hall(2, initial_associability=np.nan), "initial_associability", "finite", "nan"),
        Bad(lambda: pearce_hall_update(0.5, (1.0, 1), 0.1, 0.1), "value_associability", "a pair", "float"),
        Bad(lambda: pearce_hall_update((0.5, -1.0), (1.0, 1), 0.1, 0.1), "associability", "at least 0", "-1"),
        Bad(lambda: pearce_hall_update((np.nan, 1.0), (1.0, 1), 0.1, 0.1), "value", "finite", "nan"),
        Bad(lambda: pearce_hall_update((0.5, 1.0), (np.inf, 1), 0.1, 0.1), "outcome", "finite", "inf"),
        Bad(lambda: pearce_hall_update((0.5, 1.0), (1.0, 2), 0.1, 0.1), "chosen", "zeros and ones", "2"),
        Bad(lambda: pearce_hall_update((0.5, 1.0), (1.0, 1), -0.1, 0.1), "kappa", "at least 0", "-0.1"),
        Bad(lambda: pearce_hall_update((0.5, 1.0), (1.0, 1), 0.1, 1.1), "eta", "[0, 1]", "1.1"),
    ],
    ids=lambda bad: bad.name,
)
def test_what_is_refused(bad):
    assert_refused(bad)
