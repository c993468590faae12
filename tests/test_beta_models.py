"""Beta distributions as beliefs: their arithmetic, the update that forgets, and the model."""

import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from refusals import Bad, assert_refused
from scipy import stats

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks
from behavioural_modelling.learning import beta_models as bb

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)

# In float64, sums of some 40 terms below 30, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10


def some_betas(seed=0, n=200):
    return np.random.default_rng(seed).uniform(0.2, 10, (n, 2))


def moments(betas):
    """Mean and variance from SciPy, in float64."""
    return stats.beta.stats(*np.moveaxis(np.asarray(betas, np.float64), -1, 0), moments="mv")


# Moments.


@pytest.mark.parametrize("betas", [some_betas(), some_betas(n=24).reshape(4, 6, 2), [2.0, 3.0]])
def test_mean_and_variance_are_those_of_scipy(betas):
    mean, variance = bb.beta_mean_var(betas)
    expected = moments(betas)
    # Up to 6 roundings, and one of each parameter.
    np.testing.assert_allclose(mean, expected[0], rtol=4 * UNIT)
    np.testing.assert_allclose(variance, expected[1], rtol=10 * UNIT)
    assert mean.shape == variance.shape == np.shape(betas)[:-1]


def test_moments_of_huge_and_tiny_parameters_are_numbers_in_float32():
    mean, variance = bb.beta_mean_var([[1e25, 3e25], [1e-25, 3e-25]])
    np.testing.assert_allclose(mean, [0.25, 0.25], rtol=4 * UNIT)
    np.testing.assert_allclose(variance, [0.1875 / 4e25, 0.1875], rtol=10 * UNIT)


@pytest.mark.parametrize("a, b", [(0.0, 1.0), (-1.0, 1.0), (10.0, 110.0)])
def test_generalised_moments_are_those_of_scipy(a, b):
    alpha, beta = some_betas().T
    mean, variance = bb.generalised_beta_mean_var(alpha, beta, a, b)
    expected = stats.beta.stats(alpha, beta, loc=a, scale=b - a, moments="mv")
    # As above, and four roundings more; the mean's are of numbers up to b.
    np.testing.assert_allclose(mean, expected[0], rtol=0, atol=8 * UNIT * max(abs(a), abs(b)))
    np.testing.assert_allclose(variance, expected[1], rtol=16 * UNIT)


def test_generalised_moments_of_arrays_that_stand_beside_each_other():
    mean, _ = bb.generalised_beta_mean_var(1.0, [[1.0], [3.0]], [0.0, 0.0, 2.0], 4.0)
    np.testing.assert_allclose(mean, [[2, 2, 3], [1, 1, 2.5]], rtol=8 * UNIT)


# Arithmetic. What is matched are the moments, so they are what is compared.


@pytest.mark.parametrize("seed", range(3))
def test_a_multiple_has_the_moments_of_a_multiple(seed, x64):
    betas, scalar = some_betas(seed), np.random.default_rng(seed).uniform(0.01, 1, 200)
    mean, variance = moments(bb.multiply_beta_by_scalar(betas, scalar))
    expected = moments(betas)
    # In float64; one minus a mean near 1 loses two digits.
    np.testing.assert_allclose(mean, scalar * expected[0], rtol=1e-12)
    np.testing.assert_allclose(variance, scalar**2 * expected[1], rtol=1e-11)
    np.testing.assert_allclose(bb.multiply_beta_by_scalar(betas, scalar[:, None])[0, 0] > 0, True)


def test_a_multiple_by_hand():
    # Beta(2, 2) halved: mean 1/4 and variance 1/80, so nu = 3/16 * 80 - 1 = 14. All is exact in float32.
    assert bb.multiply_beta_by_scalar([2.0, 2.0], 0.5).tolist() == [3.5, 10.5]
    betas = some_betas().astype(np.float32)
    np.testing.assert_array_equal(bb.multiply_beta_by_scalar(betas, 1.0), betas)
    # Doubling Beta(2, 6): mean 1/2 and variance 1/12, which is the even distribution.
    np.testing.assert_allclose(bb.multiply_beta_by_scalar([2.0, 6.0], 2.0), [1, 1], rtol=8 * UNIT)


def test_a_sum_by_hand():
    # Beta(1, 3) twice: means 1/4 and variances 3/80; 1/2 and 3/40 together: nu = 1/4 * 40/3 - 1 = 7/3.
    np.testing.assert_allclose(bb.sum_betas([1.0, 3.0], [1.0, 3.0]), [7 / 6, 7 / 6], rtol=16 * UNIT)


def test_a_sum_has_the_sums_of_the_moments():
    first, second = some_betas(1), some_betas(2)
    (mean1, variance1), (mean2, variance2) = moments(first), moments(second)
    mean, variance = bb.beta_mean_var(bb.sum_betas(first, second))
    # Also where it is beyond 1 and no beta distribution. Next to 1 the parameters add up to about -1, and
    # a rounding of theirs is large beside what is left: the tolerance is divided by the distance.
    room = np.abs(1 - mean1 - mean2)
    assert (mean1 + mean2 > 1).any() and room.min() > 1e-4
    np.testing.assert_allclose(mean, mean1 + mean2, rtol=0, atol=(64 * UNIT / room).max())
    assert (np.abs(variance - variance1 - variance2) < 64 * UNIT / room).all()


def test_a_sum_that_is_a_distribution_looks_like_the_sum():
    first, second = [2.0, 6.0], [3.0, 7.0]
    alpha, beta = bb.sum_betas(first, second)
    rng = np.random.default_rng(0)
    drawn = rng.beta(*first, 100_000) + rng.beta(*second, 100_000)
    # The mean and the variance within 5 standard errors. The shape is approximate: the sum may go beyond 1.
    mean, variance = stats.beta.stats(alpha, beta, moments="mv")
    assert abs(drawn.mean() - mean) < 5 * drawn.std() / np.sqrt(len(drawn))
    assert abs(drawn.var() - variance) < 5 * np.std((drawn - drawn.mean()) ** 2) / np.sqrt(len(drawn))
    quantiles = stats.beta.ppf([0.1, 0.5, 0.9], alpha, beta)
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), quantiles, rtol=0, atol=0.03)


def test_half_of_a_sum_beyond_1_is_a_distribution():
    # Two of Beta(9, 1): 1.8 in the mean, and .9 once it is halved, with half the variance of one.
    alpha, beta = bb.multiply_beta_by_scalar(bb.sum_betas([9.0, 1.0], [9.0, 1.0]), 0.5)
    assert alpha > 0 and beta > 0
    mean, variance = moments([[alpha, beta]])
    np.testing.assert_allclose([mean[0], variance[0]], [0.9, 0.09 / 11 / 2], rtol=1e-5)


def test_averages_are_of_the_parameters():
    assert bb.average_betas([6.0, 1.0], [1.0, 6.0]).tolist() == [3.5, 3.5]
    assert bb.average_betas([6.0, 1.0], [1.0, 6.0], 0.75, W2=0.25).tolist() == [4.75, 2.25]
    first, second, weight = some_betas(1), some_betas(2), np.linspace(0, 1, 200)
    ours = bb.average_betas(first, second, weight, 1 - weight)
    expected = weight[:, None] * first + (1 - weight[:, None]) * second
    np.testing.assert_allclose(ours, expected, rtol=6 * UNIT)


def test_arithmetic_in_jit_and_vmap_is_that_outside():
    first, second = (jnp.asarray(some_betas(seed, 5), jnp.float32) for seed in (1, 2))
    calls = {
        "multiply": (lambda x, y: bb.multiply_beta_by_scalar(x, 0.4), ()),
        "sum": (bb.sum_betas, ()),
        "average": (lambda x, y: bb.average_betas(x, y, 0.2, 0.8), ()),
        "moments": (lambda x, y: jnp.stack(bb.beta_mean_var(x), axis=-1), ()),
    }
    for call, _ in calls.values():
        eager = call(first, second)
        # Compiled, roundings fall away or are shared; nu is about 10 times what it is taken from.
        np.testing.assert_allclose(jax.jit(call)(first, second), eager, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(jax.vmap(call)(first, second), eager, rtol=1e-5, atol=1e-5)


# The update.

TAU_P, TAU_N, DECAY = 0.5, 0.25, 0.75
UPDATE = partial(bb.leaky_beta_update, tau_p=TAU_P, tau_n=TAU_N, decay=DECAY)


def oracle_update(belief, chosen, outcome, tau_p, tau_n, decay):
    """The rule in plain NumPy, parameter by parameter."""
    after = np.empty_like(belief, dtype=np.float64)
    for option in range(len(belief)):
        gains = (tau_p * outcome[option], tau_n * (1 - outcome[option]))
        for which in (0, 1):
            after[option, which] = 1 + decay * (belief[option, which] - 1) + chosen[option] * gains[which]
    return after


@pytest.mark.parametrize(
    "choices, outcome, options, expected",
    [
        ([1, 0], 1, {}, [[1.5, 1.0], [2.5, 1.75]]),
        ([1, 0], 0, {}, [[1.0, 1.25], [2.5, 1.75]]),
        ([0, 1], True, {}, [[1.0, 1.0], [3.0, 1.75]]),
        ([0, 1], 0.5, {}, [[1.0, 1.0], [2.75, 1.875]]),
        ([0, 0], 1, {}, [[1.0, 1.0], [2.5, 1.75]]),
        (1, 1, {}, [[1.5, 1.0], [3.0, 1.75]]),
        ([1, 1], [1, 0], {}, [[1.5, 1.0], [2.5, 2.0]]),
        ([1, 0], 1, {"increment": 0}, [[1.0, 1.0], [2.5, 1.75]]),
        ([1, 0], 1, {"update": 0}, [[1.0, 1.0], [3.0, 2.0]]),
        ([1, 0], 1, {"update": 0, "increment": 0}, [[1.0, 1.0], [3.0, 2.0]]),
        ([1, 0], 1, {"update": True, "increment": np.True_}, [[1.5, 1.0], [2.5, 1.75]]),
    ],
)
def test_update_by_hand(choices, outcome, options, expected):
    # All numbers are exact in float32.
    updated = UPDATE([[1.0, 1.0], [3.0, 2.0]], choices, outcome, **options)
    np.testing.assert_array_equal(updated, expected)
    assert updated.dtype == jnp.float32


def test_update_in_a_scan_against_the_loop(x64):
    rng = np.random.default_rng(0)
    chosen, outcomes = np.eye(3)[rng.integers(3, size=50)], rng.uniform(size=(50, 3))
    body = lambda belief, trial: (UPDATE(belief, *trial), belief)  # noqa: E731
    last, beliefs = jax.lax.scan(body, jnp.ones((3, 2)), (chosen, outcomes))
    belief = np.ones((3, 2))
    for t in range(50):
        # Numbers below 4 that round a few times a trial, and fade.
        np.testing.assert_allclose(beliefs[t], belief, rtol=0, atol=1e-14)
        belief = oracle_update(belief, chosen[t], outcomes[t], TAU_P, TAU_N, DECAY)
    np.testing.assert_allclose(last, belief, rtol=0, atol=1e-14)


def test_what_is_not_chosen_fades_to_where_nothing_is_known():
    belief = jnp.array([[9.0, 2.0], [0.25, 0.5]])
    for _ in range(100):
        belief = UPDATE(belief, [0, 0], 1.0)
    # .75**100 is 3e-13. Within two roundings of 1 there may be no step left that is not rounded away.
    np.testing.assert_allclose(belief, np.ones((2, 2)), rtol=0, atol=4 * UNIT)


def test_with_nothing_lost_it_counts_as_bayes_does():
    belief = jnp.ones((1, 2))
    for outcome in (1, 1, 0, 1, 0):
        belief = bb.leaky_beta_update(belief, [1], outcome, 1.0, 1.0, 1.0)
    assert belief.tolist() == [[4.0, 3.0]]


def test_gradients_of_the_update(x64):
    belief, chosen = jnp.array([[2.0, 3.0], [1.5, 1.0]]), jnp.array([1.0, 0.0])
    updated = lambda *taus: bb.leaky_beta_update(belief, chosen, 0.3, *taus)  # noqa: E731
    check_grads(updated, (0.5, 0.4, 0.8), order=1)
    ends = jax.jacobian(updated, argnums=(0, 1, 2))(0.0, 0.0, 1.0)
    assert all(np.isfinite(x).all() for x in ends)


def leaky(
    estimate=((1.0, 1.0), (2.0, 2.0)),
    choices=(1, 0),
    outcome=1.0,
    tau_p=1.0,
    tau_n=1.0,
    decay=0.5,
    **switches,
):
    return bb.leaky_beta_update(estimate, choices, outcome, tau_p, tau_n, decay, **switches)


PAIR = [1.0, 2.0]
BAD = [
    Bad(lambda: bb.beta_mean_var([1.0, 2.0, 3.0]), "beta_params", "shape (..., 2)", "shape (3,)"),
    Bad(lambda: bb.beta_mean_var(1.0), "beta_params", "shape (..., 2)", "shape ()"),
    Bad(lambda: bb.beta_mean_var([1.0, np.nan]), "beta_params", "finite", "nan at index 1"),
    Bad(lambda: bb.beta_mean_var([[1.0], [1.0, 2.0]]), "beta_params", "rectangular", "unequal"),
    Bad(lambda: bb.generalised_beta_mean_var(0.0, 1, 0, 1), "alpha", "above 0", "0"),
    Bad(lambda: bb.generalised_beta_mean_var(1, -1.0, 0, 1), "beta", "above 0", "-1"),
    Bad(lambda: bb.generalised_beta_mean_var(1, 1, 1.0, 1.0), "b", "above a", "1.0"),
    Bad(lambda: bb.generalised_beta_mean_var(1, 1, np.inf, 1.0), "a", "finite", "inf"),
    Bad(lambda: bb.generalised_beta_mean_var([1.0, 2, 3], PAIR, 0, 1), "alpha", "stands beside", "(3,)"),
    Bad(lambda: bb.generalised_beta_mean_var(1, 1, [0.0, 0, 0], PAIR), "a", "stands beside", "(3,)"),
    Bad(lambda: bb.multiply_beta_by_scalar(PAIR, 0.0), "scalar", "above 0", "0"),
    Bad(lambda: bb.multiply_beta_by_scalar([PAIR] * 3, [0.5, 0.5]), "scalar", "leading axes", "shape (2,)"),
    Bad(lambda: bb.sum_betas(PAIR, [1.0]), "beta2_params", "shape (..., 2)", "shape (1,)"),
    Bad(lambda: bb.sum_betas([PAIR] * 3, [PAIR] * 2), "beta1_params", "stands beside", "(3, 2)"),
    Bad(lambda: bb.average_betas(PAIR, PAIR, -0.1), "W1", "at least 0", "-0.1"),
    Bad(lambda: bb.average_betas(PAIR, PAIR, 0.5, np.nan), "W2", "at least 0", "nan"),
    Bad(lambda: bb.average_betas([PAIR] * 3, PAIR, W2=[1.0, 1.0]), "W2", "leading axes", "shape (2,)"),
    Bad(lambda: leaky(estimate=(1.0, 1.0)), "estimate", "(n_options, 2)", "shape (2,)"),
    Bad(lambda: leaky(estimate=((1.0, 0.0),)), "estimate", "above 0", "0 at index (0, 1)"),
    Bad(lambda: leaky(choices=(1, 0, 0)), "choices", "shape (2,)", "shape (3,)"),
    Bad(lambda: leaky(choices=(1, 2)), "choices", "zeros and ones", "2 at index 1"),
    Bad(lambda: leaky(choices=0.5), "choices", "zeros and ones", "0.5"),
    Bad(lambda: leaky(outcome=2.0), "outcome", "[0, 1]", "2"),
    Bad(lambda: leaky(outcome=-1), "outcome", "[0, 1]", "-1"),
    Bad(lambda: leaky(outcome=(1, 0, 1)), "outcome", "a number", "shape (3,)"),
    Bad(lambda: leaky(tau_p=-0.1), "tau_p", "at least 0", "-0.1"),
    Bad(lambda: leaky(tau_n=[0.1, 0.1]), "tau_n", "one number", "shape (2,)"),
    Bad(lambda: leaky(decay=1.5), "decay", "[0, 1]", "1.5"),
    Bad(lambda: leaky(update=2), "update", "zeros and ones", "2"),
    Bad(lambda: leaky(increment=(0, 1)), "increment", "one entry", "shape (2,)"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name} {bad.received}")
def test_what_the_functions_refuse(bad):
    assert_refused(bad)


# The model.

N_SUBJECTS, N_TRIALS = 5, 40


def people(inverse=False, bonus=False, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: rng.lognormal(0, 0.7, N_SUBJECTS) for name in ("tau_p", "tau_n")}
    params |= {"decay": rng.uniform(0.3, 1, N_SUBJECTS)}
    temperature = rng.uniform(0.1, 0.5, N_SUBJECTS)
    params |= {"inverse_temperature": 1 / temperature} if inverse else {"temperature": temperature}
    return params | ({"uncertainty_bonus": rng.normal(size=N_SUBJECTS)} if bonus else {})


def given(low=0.0, high=1.0, seed=1, n_actions=3):
    """Choices, graded outcomes and all that trials may have."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS, n_actions)
    available = (rng.uniform(size=shape) < 0.7) | (np.arange(n_actions) == n_actions - 1)
    flags = {"mask": rng.uniform(size=shape[:2]) < 0.85, "reset": rng.uniform(size=shape[:2]) < 0.1}
    flags["feedback"] = rng.uniform(size=shape[:2]) < 0.85
    choices = (rng.uniform(size=shape) * available).argmax(axis=-1)
    outcomes = low + (high - low) * rng.integers(0, 5, shape) / 4
    return {"choices": choices, "outcomes": outcomes, "available": available, **flags}


def oracle_log_likelihood(params, trials, i, low=0.0, high=1.0):
    """The log-likelihood of one person's choices, in a float64 loop."""
    own = {name: float(x[i]) for name, x in params.items()}
    scale = own.get("inverse_temperature") or 1 / own["temperature"]
    belief, total = np.ones((trials["available"].shape[-1], 2)), 0.0
    for t in range(N_TRIALS):
        belief = np.ones_like(belief) if trials["reset"][i, t] else belief
        if not trials["mask"][i, t]:
            continue
        offered, choice = trials["available"][i, t], trials["choices"][i, t]
        mean, variance = moments(belief)
        worth = scale * (mean + own.get("uncertainty_bonus", 0) * np.sqrt(variance))
        weights = np.where(offered, np.exp(worth - worth.max()), 0)
        total += np.log(weights[choice] / weights.sum())
        if trials["feedback"][i, t]:
            share = np.clip((trials["outcomes"][i, t] - low) / (high - low), 0, 1)
            chosen = np.arange(len(belief)) == choice
            belief = oracle_update(belief, chosen, share, own["tau_p"], own["tau_n"], own["decay"])
    return total


@pytest.mark.parametrize(
    "inverse, bonus, low, high", [(False, False, 0, 1), (True, True, 0, 100), (False, True, -1, 1)]
)
def test_the_likelihood_against_the_loop(inverse, bonus, low, high, x64):
    model = models.leaky_beta(3, inverse, bonus, outcome_range=(low, high))
    params, trials = people(inverse, bonus), given(low, high)
    assert [p.name for p in model.parameters] == list(params)
    ours = log_likelihood(model, params, Trials(**trials))
    exact = [oracle_log_likelihood(params, trials, i, low, high) for i in range(N_SUBJECTS)]
    np.testing.assert_allclose(ours, exact, rtol=0, atol=LL_TOLERANCE)


def test_points_are_the_same_model_and_outcomes_beyond_the_range_are_its_ends(x64):
    trials, params = given(), people()
    points = Trials(**trials | {"outcomes": 100 * trials["outcomes"]})
    ours = log_likelihood(models.leaky_beta(3), params, Trials(**trials))
    theirs = log_likelihood(models.leaky_beta(3, outcome_range=(0, 100)), params, points)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    ends = Trials(**trials | {"outcomes": (trials["outcomes"] > 0).astype(float)})
    far = Trials(**trials | {"outcomes": np.where(trials["outcomes"] > 0, 7.0, -7.0)})
    one, other = (log_likelihood(models.leaky_beta(3), params, x) for x in (ends, far))
    np.testing.assert_allclose(one, other, rtol=0, atol=LL_TOLERANCE)


def test_without_a_bonus_it_is_the_model_without(x64):
    trials, params = Trials(**given()), people()
    plain = log_likelihood(models.leaky_beta(3), params, trials)
    with_bonus = partial(log_likelihood, models.leaky_beta(3, uncertainty_bonus=True), trials=trials)
    same = with_bonus(params=params | {"uncertainty_bonus": 0.0})
    np.testing.assert_allclose(same, plain, rtol=0, atol=LL_TOLERANCE)
    assert np.abs(with_bonus(params=params | {"uncertainty_bonus": 1.0}) - plain).min() > 1e-3


def test_what_a_trace_tells():
    task, model = tasks.standard("reversal"), models.leaky_beta(2)
    params = {"tau_p": 1.0, "tau_n": 0.5, "decay": 0.9, "temperature": np.full(4, 0.2)}
    trace = simulate(KEY, model, params, task)
    assert set(trace.records) >= {"values", "uncertainty", "prediction_errors", "choices", "choice_p"}
    # The even distribution: mean 1/2, standard deviation 1 / sqrt(12).
    np.testing.assert_array_equal(trace.values[:, 0], 0.5)
    np.testing.assert_allclose(trace.uncertainty[:, 0], 12**-0.5, rtol=8 * UNIT)
    trials = Trials.from_trace(trace)
    told = replay(model, params, trials)
    np.testing.assert_allclose(told.uncertainty, trace.uncertainty, rtol=64 * UNIT)
    chosen = np.eye(2)[np.asarray(trace.choices)]
    errors = chosen * (np.asarray(trials.outcomes) - np.asarray(trace.values))
    np.testing.assert_allclose(trace.prediction_errors, errors, rtol=0, atol=4 * UNIT)


@pytest.mark.parametrize("end", [{"decay": 0.0}, {"decay": 1.0}, {"tau_p": 0.0, "tau_n": 0.0}])
def test_slopes_are_numbers_at_the_bounds(end):
    trials, model = Trials(**given()), models.leaky_beta(3, uncertainty_bonus=True)
    params = {name: jnp.asarray(x, jnp.float32) for name, x in people(bonus=True).items()}
    params |= {name: jnp.full(N_SUBJECTS, x) for name, x in end.items()}
    slopes = jax.grad(lambda p: log_likelihood(model, p, trials).sum())(params)
    assert all(np.isfinite(x).all() for x in slopes.values())
    assert all(slopes[name].any() for name in end)


def test_the_same_builder_call_gives_the_same_model():
    model = models.leaky_beta(2)
    assert model is models.leaky_beta(n_actions=2, outcome_range=[0, 1])
    assert model is not models.leaky_beta(2, outcome_range=(0, 100))
    assert pickle.loads(pickle.dumps(model)) is model


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: models.leaky_beta(1), "n_actions", "at least 2", "1"),
        Bad(lambda: models.leaky_beta(2, outcome_range=1.0), "outcome_range", "a pair", "float"),
        Bad(
            lambda: models.leaky_beta(2, outcome_range=(1, 0)),
            "outcome_range",
            "the smaller first",
            "(1.0, 0.0)",
        ),
        Bad(lambda: models.leaky_beta(2, outcome_range=(0, np.inf)), "outcome_range", "finite", "inf"),
        Bad(lambda: models.leaky_beta(2, outcome_range=("a", 1)), "outcome_range", "one number", "values"),
    ],
    ids=lambda bad: f"{bad.name} {bad.received}",
)
def test_what_the_model_refuses(bad):
    assert_refused(bad)
