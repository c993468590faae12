"""The Kalman filter: the rule by hand, the model against a loop, and Thompson sampling as an integral."""

import itertools
import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr

from behavioural_modelling import Trials, log_likelihood, models, replay
from behavioural_modelling.learning.kalman_filter import kalman_filter_update
from behavioural_modelling.models import kalman_filter
from behavioural_modelling.models._thompson import log_probability_best

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS = 5, 30
LL_TOLERANCE = 1e-10  # in float64: 30 terms below 50, each with a few hundred roundings of 1e-16
LL_TOLERANCE_32 = 30 * 64 * UNIT  # in float32, where two programs are compiled apart: as in test_composition
# Of the integral: the pieces' nodes leave 4e-6 of a log-probability, which the module says as 1e-5.
INTEGRAL = 1e-5


def some_trials(n_actions=3, scale=1.0, **more):
    rng = np.random.default_rng(1)
    outcomes = scale * rng.uniform(size=(N_SUBJECTS, N_TRIALS, n_actions))
    return Trials(rng.integers(0, n_actions, outcomes.shape[:2]), outcomes, **more)


UNITS = {"temperature": 1, "uncertainty_bonus": 1, "observation_sd": 1, "centre": 1, "initial_value": 1}
RANGES = {
    "drift": (0.1, 1.0),
    "temperature": (0.1, 0.5),
    "uncertainty_bonus": (-0.2, 0.4),
    "observation_sd": (0.1, 0.4),
    "decay": (0.7, 1.0),
    "centre": (0.2, 0.8),
    "initial_value": (0.2, 0.8),
    "initial_sd": (0.5, 2.0),
}


def some_params(model, scale=1.0):
    rng = np.random.default_rng(2)
    drawn = {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in RANGES.items()}
    return {p.name: drawn[p.name] * scale ** UNITS.get(p.name, 0) for p in model.parameters}


# The same filter in the unit of the outcomes, with an observation sd of its own: a plain loop in float64.


def exact_thompson(mean, sd, available=None):
    """The log-probability that each of several normal draws is the largest, by adaptive quadrature."""
    at = np.arange(len(mean))
    rivals = [[b for b in at if b != a and (available is None or available[b])] for a in at]
    logs = []
    for a in at:
        z = lambda x, a=a: (mean[a] - mean[rivals[a]] + sd[a] * x) / sd[rivals[a]]  # noqa: E731
        log_integrand = lambda x, z=z: -x * x / 2 + log_ndtr(z(x)).sum()  # noqa: E731
        steps = np.concatenate([(mean[rivals[a]] - mean[a] + k * sd[rivals[a]]) / sd[a] for k in (-3, 0, 3)])
        grid = np.linspace(-12, max(12, steps.max()), 4001)
        top = grid[np.argmax([log_integrand(x) for x in grid])]
        ends = np.unique(np.clip([top - 10, *steps, top, top + 10], top - 10, top + 10))
        scaled = lambda x, f=log_integrand, top=top: np.exp(f(x) - f(top))  # noqa: E731
        pieces = [quad(scaled, *two, epsabs=0, epsrel=1e-11)[0] for two in itertools.pairwise(ends)]
        logs.append(np.log(sum(pieces)) + log_integrand(top) - 0.5 * math.log(2 * math.pi))
    return np.array(logs)


def chances(choice, mean, variance, own, sd):
    """The log-probabilities of choice, from means and variances in the unit of the outcomes."""
    if choice == "thompson" and len(mean) == 2:
        z = (mean[0] - mean[1]) / np.sqrt(variance.sum())
        return np.log([ndtr(z), ndtr(-z)])
    if choice == "thompson":
        return exact_thompson(mean, np.sqrt(variance))
    bonus = own["uncertainty_bonus"] * np.sqrt(variance) / sd if choice == "bonus" else 0
    logits = (mean + bonus) / own["temperature"]
    return logits - np.log(np.sum(np.exp(logits)))


def looped(choice, own, choices, outcomes, start=0.5, initial_sd=1.0, counts=None, reset=None):
    """The log-likelihood of one person's choices. `own` has an observation sd, in their unit."""
    sd, n = own["observation_sd"], outcomes.shape[-1]
    start, initial_sd = own.get("initial_value", start), own.get("initial_sd", initial_sd)
    decay, centre, drift = own.get("decay", 1.0), own.get("centre", 0.0), own["drift"] * sd
    mean, variance, total = np.full(n, start), np.full(n, (initial_sd * sd) ** 2), 0.0
    for t, c in enumerate(choices):
        if reset is not None and reset[t]:
            mean, variance = np.full(n, start), np.full(n, (initial_sd * sd) ** 2)
        if counts is not None and not counts[t]:
            continue
        total += chances(choice, mean, variance, own, sd)[c]
        gain = variance[c] / (variance[c] + sd**2)
        mean[c] += gain * (outcomes[t, c] - mean[c])
        variance[c] *= 1 - gain
        mean, variance = decay * mean + (1 - decay) * centre, decay**2 * variance + drift**2
    return total


BUILDS = {
    "softmax": (3, {"initial_value": 0.4}),
    "bonus": (4, {"initial_value": "free", "mean_reversion": True, "initial_sd": "free"}),
    "thompson": (2, {"initial_value": "free", "mean_reversion": True}),
}


@pytest.mark.parametrize("choice", BUILDS)
def test_the_likelihood_against_the_loop(choice, x64):
    n_actions, arguments = BUILDS[choice]
    model, rng = kalman_filter(n_actions, choice=choice, **arguments), np.random.default_rng(3)
    counts, reset = rng.uniform(size=(2, N_SUBJECTS, N_TRIALS)) < np.array([0.8, 0.1])[:, None, None]
    trials, params = some_trials(n_actions, mask=counts, reset=reset), some_params(model)
    ours = log_likelihood(model, params, trials)
    for i in range(N_SUBJECTS):
        # Of no consequence to choices by softmax: any observation sd gives the same.
        own = {"observation_sd": [0.04, 4.0][i % 2]} | {name: float(x[i]) for name, x in params.items()}
        arrays = np.asarray(trials.choices[i]), np.asarray(trials.outcomes[i])
        exact = looped(choice, own, *arrays, start=0.4, counts=counts[i], reset=reset[i])
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def test_thompson_sampling_among_four_against_the_loop(x64):
    model = kalman_filter(4, choice="thompson")
    trials, params = some_trials(4), some_params(model)
    trials = jax.tree.map(lambda x: x[:1, :12], trials)
    own = {name: float(x[0]) for name, x in params.items()}
    exact = looped("thompson", own, np.asarray(trials.choices[0]), np.asarray(trials.outcomes[0]))
    np.testing.assert_allclose(log_likelihood(model, own, trials)[0], exact, rtol=0, atol=12 * INTEGRAL)


@pytest.mark.parametrize("choice", ["bonus", "thompson"])
def test_points_are_units_in_another_unit(choice, x64):
    model = kalman_filter(3, "free", choice=choice, mean_reversion=True)
    ones = log_likelihood(model, some_params(model), some_trials())
    points = log_likelihood(model, some_params(model, 100.0), some_trials(scale=100.0))
    np.testing.assert_allclose(points, ones, rtol=0, atol=LL_TOLERANCE)


# The rule.


def test_one_trial_by_hand():
    # Half-way to the outcome, since both variances are 16; then a tenth of the way back to 50.
    after, (mean, variance, gain, error) = kalman_filter_update(
        ([50.0, 40.0], [16.0, 16.0]), ([60.0, 0.0], [1, 0]), 4.0, 2.0, 0.9, 50.0
    )
    np.testing.assert_allclose(after[0], [54.5, 41], rtol=8 * UNIT)
    np.testing.assert_allclose(after[1], [0.81 * 8 + 4, 0.81 * 16 + 4], rtol=8 * UNIT)
    np.testing.assert_array_equal(gain, [0.5, 0])
    np.testing.assert_array_equal(error, [10, 0])
    np.testing.assert_array_equal((mean, variance), [[50, 40], [16, 16]])


def test_without_a_response_all_actions_drift():
    (mean, variance), (_, _, gain, _) = kalman_filter_update(
        ([0.2, 0.8], [1.0, 2.0]), (1.0, [0, 0]), 1.0, 0.5
    )
    np.testing.assert_array_equal(mean, np.float32([0.2, 0.8]))
    np.testing.assert_array_equal(variance, [1.25, 2.25])
    assert not np.any(gain)


def test_where_nothing_drifts_the_mean_is_that_of_all_outcomes():
    # Before the first the mean is as certain as one outcome would make it, so it counts as one.
    model = kalman_filter(2, 0.5)
    outcomes = np.random.default_rng(4).uniform(size=(20, 2))
    trials = Trials(np.zeros((1, 20), int), outcomes)
    told = replay(model, {"drift": 0.0, "temperature": 1.0}, trials)
    expected = np.cumsum([0.5, *outcomes[:-1, 0]]) / np.arange(1, 21)
    np.testing.assert_allclose(told.values[0, :, 0], expected, rtol=0, atol=64 * UNIT)
    np.testing.assert_allclose(told.gains[0, :, 0], 1 / np.arange(2, 22), rtol=64 * UNIT)


# Limits.


def test_a_steady_gain_is_a_learning_rate():
    # Chosen on every trial, an action keeps the variance s that solves s = s / (s + 1) + drift^2.
    drift = 0.5
    steady = (drift**2 + math.sqrt(drift**4 + 4 * drift**2)) / 2
    outcomes = np.random.default_rng(5).uniform(size=(N_TRIALS, 3))
    trials = Trials(np.ones((1, N_TRIALS), int), outcomes)
    model = kalman_filter(3, initial_sd=math.sqrt(steady))
    ours = log_likelihood(model, {"drift": drift, "temperature": 0.3}, trials)
    simpler = {"alpha": steady / (steady + 1), "temperature": 0.3}
    theirs = log_likelihood(models.rescorla_wagner(3), simpler, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE_32)
    other = log_likelihood(model, {"drift": 0.7, "temperature": 0.3}, trials)
    assert abs(other - theirs)[0] > 0.01


def test_without_a_bonus_and_without_reversion_it_is_the_plain_filter():
    plain, trials = kalman_filter(3), some_trials()
    params = some_params(plain)
    theirs = log_likelihood(plain, params, trials)
    for more, off in (
        ({"choice": "bonus"}, {"uncertainty_bonus": np.zeros(N_SUBJECTS)}),
        ({"mean_reversion": True}, {"decay": np.ones(N_SUBJECTS), "centre": np.full(N_SUBJECTS, 7.0)}),
    ):
        model = kalman_filter(3, **more)
        np.testing.assert_allclose(
            log_likelihood(model, params | off, trials), theirs, rtol=0, atol=LL_TOLERANCE_32
        )
        on = log_likelihood(model, some_params(model), trials)
        assert np.median(np.abs(on - theirs)) > 0.05


# Thompson sampling.


@pytest.mark.parametrize("n_actions", [3, 4, 6])
def test_the_probability_of_being_best_against_quadrature(n_actions, x64):
    # Means near and far, standard deviations alike and up to 50 times each other.
    rng, best = np.random.default_rng(n_actions), jax.jit(log_probability_best)
    for spread, far in itertools.product((1.0, 5.0, 50.0), (0.3, 3.0)):
        mean, sd = far * rng.normal(size=n_actions), spread ** -rng.uniform(size=n_actions)
        exact, ours = exact_thompson(mean, sd), best(mean, sd)
        seen = exact > -30
        np.testing.assert_allclose(ours[seen], exact[seen], rtol=0, atol=INTEGRAL)
        np.testing.assert_allclose(np.exp(ours).sum(), 1, rtol=0, atol=INTEGRAL)


def test_the_probability_of_being_best_in_float32():
    rng, best = np.random.default_rng(0), jax.jit(log_probability_best)
    for _ in range(4):  # points, whose digits are lost where means are not compared before all else
        mean, sd = 500 + 10 * rng.normal(size=4), rng.uniform(1, 10, 4)
        exact = exact_thompson(mean, sd)
        ours = np.asarray(best(np.float32(mean), np.float32(sd)))
        # A mean of 500 is rounded by 3e-5, and so is a z of at most 10; its logarithm by 10 times that.
        np.testing.assert_allclose(ours, exact, rtol=0, atol=5e-4)


def test_alike_actions_are_alike_and_what_is_not_on_offer_is_no_rival(x64):
    best = jax.jit(log_probability_best)
    even = np.exp(best(np.full(4, 3.0), np.full(4, 2.0)))
    np.testing.assert_allclose(even, 0.25, rtol=0, atol=INTEGRAL)
    mean, sd = np.array([0.0, 5.0, 0.4, 9.0]), np.array([1.0, 0.5, 2.0, 0.3])
    offered = np.array([True, False, True, False])
    among = best(mean, sd, offered)
    two = ndtr((mean[0] - mean[2]) / np.hypot(*sd[offered]))
    np.testing.assert_allclose(np.exp(among)[offered], [two, 1 - two], rtol=0, atol=INTEGRAL)


def test_what_is_on_offer_in_the_likelihood(x64):
    model = kalman_filter(3, choice="thompson")
    params = {"drift": 0.4, "observation_sd": 0.2}
    offered = np.array([[[True] * 3, [True, True, False]]])
    trials = Trials([[0, 0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], offered)
    # The first choice is one of three alike. Then action 0 is at .75, its variance .5 + .16, against 1.16.
    z = 0.25 / (0.2 * math.sqrt(0.66 + 1.16))
    exact = math.log(1 / 3) + log_ndtr(z)
    np.testing.assert_allclose(log_likelihood(model, params, trials), exact, rtol=0, atol=2 * INTEGRAL)


@pytest.mark.parametrize("choice", ["bonus", "thompson"])
def test_slopes(choice, x64):
    model, trials = kalman_filter(3, choice=choice, mean_reversion=True, initial_sd="free"), some_trials()
    params = {name: jnp.asarray(x) for name, x in some_params(model).items()}
    score = jax.jit(jax.value_and_grad(lambda p: log_likelihood(model, p, trials).sum()))
    rng, step = np.random.default_rng(6), 1e-5
    along = {name: rng.normal(size=N_SUBJECTS) for name in params}
    ahead, behind = ({k: x + s * along[k] for k, x in params.items()} for s in (step, -step))
    quotient = (score(ahead)[0] - score(behind)[0]) / (2 * step)
    slope = sum(jnp.vdot(along[name], x) for name, x in score(params)[1].items())
    # A quotient is off by step^2 times the third derivative, some hundreds. The nodes of the integral stand
    # still while its slope is taken, and move in the quotient, which leaves some 1e-5 of what is summed.
    np.testing.assert_allclose(slope, quotient, rtol=1e-4 if choice == "thompson" else 1e-6)
    edges = [("drift", 0), ("drift", 1e3), ("decay", 0), ("decay", 1), ("initial_sd", 0), ("initial_sd", 1e3)]
    edges += [("observation_sd", 1e-4), ("observation_sd", 1e4), ("temperature", 1e-3)]
    for name, x in edges:
        _, slopes = score(params | ({name: jnp.full(N_SUBJECTS, float(x))} if name in params else {}))
        assert all(np.isfinite(s).all() for s in slopes.values()), (name, x)
    _, nothing = score(params | {"drift": jnp.zeros(N_SUBJECTS), "decay": jnp.full(N_SUBJECTS, 0.01)})
    assert all(np.isfinite(s).all() for s in nothing.values()), "variances that vanish"


def test_float32_parameters_where_float64_is_switched_on(x64):
    one = some_trials()
    trials, model = (
        Trials(one.choices, np.asarray(one.outcomes, np.float32)),
        kalman_filter(3, choice="thompson"),
    )
    params = {name: np.float32(x) for name, x in some_params(model).items()}
    assert log_likelihood(model, params, trials).dtype == np.float32


# What is made, and what is refused.


def test_the_same_call_returns_the_same_model():
    model = kalman_filter(3)
    assert kalman_filter(n_actions=3, choice="softmax", initial_sd=1) is model
    assert pickle.loads(pickle.dumps(model)) is model
    assert [p.name for p in model.parameters] == ["drift", "temperature"]
    every = kalman_filter(2, "free", True, choice="bonus", mean_reversion=True, initial_sd="free")
    names = ["drift", "inverse_temperature", "uncertainty_bonus", "decay", "centre", "initial_value"]
    assert [p.name for p in every.parameters] == [*names, "initial_sd"]
    sampling = kalman_filter(2, choice="thompson")
    assert sampling.name == "kalman_filter_thompson"
    assert [p.name for p in sampling.parameters] == ["drift", "observation_sd"]


def test_the_priors_go_by_the_outcomes():
    pytest.importorskip("numpyro")
    model = kalman_filter(2, choice="bonus", mean_reversion=True)
    ones, points = models.default_priors(model), models.default_priors(model, (0, 100))
    at = {"drift": 0.7, "decay": 0.9}
    for name, x in at.items():  # pure numbers
        np.testing.assert_allclose(ones[name].log_prob(x), points[name].log_prob(x), rtol=8 * UNIT)
    for name in ("temperature", "uncertainty_bonus", "centre"):
        expected = ones[name].log_prob(0.3) - math.log(100)
        np.testing.assert_allclose(points[name].log_prob(30.0), expected, rtol=64 * UNIT)
    sampling = models.kalman_filter(2, choice="thompson")
    ones, points = models.default_priors(sampling), models.default_priors(sampling, (0, 100))
    expected = ones["observation_sd"].log_prob(0.3) - math.log(100)
    np.testing.assert_allclose(points["observation_sd"].log_prob(30.0), expected, rtol=64 * UNIT)


NOT_FREE = "a number above 0, or 'free'"
BEFORE = (0.5, 1.0)


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: kalman_filter(1), "n_actions", "at least 2", "1"),
        Bad(lambda: kalman_filter(2, choice="ucb"), "choice", "softmax, bonus, thompson", "'ucb'"),
        Bad(lambda: kalman_filter(2, 0.5, True, choice="thompson"), "inverse_temperature", "False", "True"),
        Bad(lambda: kalman_filter(2, initial_sd="x"), "initial_sd", NOT_FREE, "'x'"),
        Bad(lambda: kalman_filter(2, initial_sd=-1), "initial_sd", NOT_FREE, "-1.0"),
        Bad(lambda: kalman_filter_update(0.5, (1.0, 1), 1.0, 0.1), "mean_variance", "a pair", "float"),
        Bad(lambda: kalman_filter_update((0.5, -1.0), (1.0, 1), 1.0, 0.1), "variance", "at least 0", "-1"),
        Bad(lambda: kalman_filter_update((np.nan, 1.0), (1.0, 1), 1.0, 0.1), "mean", "finite", "nan"),
        Bad(lambda: kalman_filter_update(BEFORE, (np.nan, 1), 1.0, 0.1), "outcome", "finite", "nan"),
        Bad(lambda: kalman_filter_update(BEFORE, (1.0, 3), 1.0, 0.1), "chosen", "zeros and ones", "3"),
        Bad(lambda: kalman_filter_update(BEFORE, (1.0, 1), 0.0, 0.1), "observation_sd", "above 0", "0"),
        Bad(lambda: kalman_filter_update(BEFORE, (1.0, 1), 1.0, -0.1), "drift_sd", "at least 0", "-0.1"),
        Bad(lambda: kalman_filter_update(BEFORE, (1.0, 1), 1.0, 0.1, 1.5), "decay", "[0, 1]", "1.5"),
        Bad(lambda: kalman_filter_update(BEFORE, (1.0, 1), 1.0, 0.1, 0.5, np.inf), "centre", "finite", "inf"),
    ],
    ids=lambda bad: bad.name,
)
def test_what_is_refused(bad):
    assert_refused(bad)
