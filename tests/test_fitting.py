"""fit: against SciPy, grids and closed forms, and what it says of subjects who cannot be fitted."""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import reference
import scipy.optimize
import scipy.special
import scipy.stats

import behavioural_modelling as bm
from behavioural_modelling import Fit, Model, Trials, models, responses
from behavioural_modelling.fitting import _kinks, _programs, _search, _space
from behavioural_modelling.models import Parameter
from behavioural_modelling.trials import load_bandit

KEY = jax.random.key(0)
MODEL = models.asymmetric_rescorla_wagner(2)
NAMES = ("alpha_p", "alpha_n", "temperature")
BIASED = models.biased_random(2)
N_TRIALS = 200
TRUE = {
    "alpha_p": np.array([0.2, 0.5, 0.8, 0.3, 0.6, 0.4, 0.15, 0.7]),
    "alpha_n": np.array([0.5, 0.2, 0.6, 0.3, 0.1, 0.8, 0.15, 0.4]),
    "temperature": np.array([0.2, 0.3, 0.15, 0.4, 0.25, 0.2, 0.1, 0.35]),
}
# Of two learning rates one has a prior that bends and one a prior that cuts; the temperature has none.
PRIORS = {"alpha_p": dist.Beta(3.0, 2.0), "alpha_n": dist.Uniform(0.2, 0.6)}

# How far below its maximum a fit may end. The search stops where another step promises 1e-5, and takes
# values within 4 roundings of each other for equal: of up to 140 that is 4 * 140 * 2^-23 = 7e-5.
GAP = 1e-4

# How many standard errors an estimate is then off at most, since log-probability falls by z^2 / 2.
CLOSE = math.sqrt(2 * GAP)

# What the rounding of 200 terms may do to a log-likelihood. In the worst case each value is off by some
# units over its learning rate, each logit by that over its temperature: 200 * 2^-24 * 40 / .1 is 5e-3. Signs
# are mixed, and the root of 200 stands for the 200.
ROUNDING = 5e-4

fit = partial(bm.fit, progress=False)


@pytest.fixture(scope="module")
def trials(outcomes):
    trace = bm.simulate(jax.random.key(1), MODEL, TRUE, outcomes, record=("choices",))
    return Trials(np.asarray(trace.choices), outcomes)


@pytest.fixture(scope="module")
def found(trials):
    """The maximum-likelihood fit of all subjects."""
    return fit(KEY, MODEL, trials)


@pytest.fixture(scope="module")
def found_map(trials):
    """The MAP fit of all subjects."""
    return fit(KEY, MODEL, trials, PRIORS)


def as_lists(trials):
    """Choices, and the outcomes that all subjects share, for loops over plain numbers."""
    return np.asarray(trials.choices).tolist(), np.asarray(trials.outcomes[0]).tolist()


def point(params, i):
    """One subject's parameters, in order, in float64."""
    return np.array([params[name][i] for name in NAMES], dtype=np.float64)


def log_prior(params):
    """`PRIORS` by SciPy. A uniform density over a width of .4 is 2.5."""
    return scipy.stats.beta.logpdf(np.asarray(params["alpha_p"], float), 3, 2) + math.log(2.5)


def assert_same_fit(ours, theirs):
    """The same maxima, each reached to within the tolerance of the search."""
    np.testing.assert_allclose(ours.log_prob, theirs.log_prob, rtol=0, atol=GAP)
    for name, estimate in theirs.params.items():
        error = np.nan_to_num(theirs.standard_errors[name])
        np.testing.assert_array_less(np.abs(ours.params[name] - estimate), 2 * CLOSE * error + 1e-6)
        np.testing.assert_array_equal(ours.at_bound[name], theirs.at_bound[name])


# Against SciPy.


def slow_log_likelihood(x, choices, outcomes):
    """`reference.log_likelihood` for two actions, with the least that a float64 loop can do."""
    (alpha_p, alpha_n, temperature), value, total = x, [0.5, 0.5], 0.0
    for choice, outcome in zip(choices, outcomes, strict=True):
        total -= math.log1p(math.exp((value[1 - choice] - value[choice]) / temperature))
        error = outcome[choice] - value[choice]
        value[choice] += (alpha_p if error > 0 else alpha_n) * error
    return total


STARTS = [(0.3, 0.3, 0.2), (0.8, 0.2, 0.3), (0.4, 0.8, 0.3)]


def by_scipy(function, ends):
    """The best of what L-BFGS-B finds; the temperature goes in as its logarithm."""
    natural = lambda x: (*x[:2], math.exp(x[2]))  # noqa: E731
    # A temperature of .002 gives exponents of 500, the most that float64 bears with some room.
    bounds = [*ends, (math.log(0.002), math.log(1e4))]
    runs = [
        scipy.optimize.minimize(
            lambda x: -function(natural(x)),
            (*start[:2], math.log(start[2])),
            method="L-BFGS-B",
            bounds=bounds,
        )
        for start in STARTS
    ]
    best = min(runs, key=lambda run: run.fun)
    return np.array(natural(best.x)), -best.fun


def assert_the_same_maximum(found, i, function, ends):
    """As high as SciPy came, no higher, and at the same place."""
    estimate, (x, best) = point(found.params, i), by_scipy(function, ends)
    reached = function(estimate)
    assert best - GAP < reached < best + GAP, f"subject {i}: {reached} beside {best}"
    np.testing.assert_allclose(found.log_prob[i], reached, rtol=0, atol=ROUNDING)
    for name, ours, theirs in zip(NAMES, estimate, x, strict=True):
        # SciPy stops as close to the maximum as we do. Held at a bound, we are on it and SciPy as good as.
        atol = 1e-3 if found.at_bound[name][i] else 2 * CLOSE * found.standard_errors[name][i]
        assert abs(ours - theirs) < atol, f"subject {i}, {name}: {ours} beside {theirs}"


def test_the_short_loop_is_the_reference(trials):
    choices, outcomes = as_lists(trials)
    for x in STARTS[1:3]:
        exact = reference.log_likelihood(choices[0], outcomes, *x)
        # 200 terms of order 1, in float64.
        np.testing.assert_allclose(slow_log_likelihood(x, choices[0], outcomes), exact, rtol=0, atol=1e-10)


def test_maximum_likelihood_against_scipy(trials, found):
    choices, outcomes = as_lists(trials)
    for i in range(len(choices)):
        function = partial(slow_log_likelihood, choices=choices[i], outcomes=outcomes)
        assert_the_same_maximum(found, i, function, [(0, 1), (0, 1)])


def test_map_against_scipy(trials, found_map):
    choices, outcomes = as_lists(trials)
    for i in range(len(choices)):

        def function(x, i=i):
            return slow_log_likelihood(x, choices[i], outcomes) + log_prior({"alpha_p": x[0]})

        assert_the_same_maximum(found_map, i, function, [(1e-9, 1 - 1e-9), (0.2, 0.6)])


# What is reported.


@pytest.mark.parametrize("kind", ["found", "found_map"])
def test_the_parts_of_a_fit_agree_with_each_other(kind, trials, request):
    found, n = request.getfixturevalue(kind), len(trials.choices)
    assert isinstance(found, Fit) and list(found.params) == list(NAMES)
    np.testing.assert_array_equal(found.log_likelihood, bm.log_likelihood(MODEL, found.params, trials))
    added = 0 if kind == "found" else log_prior(found.params)
    # A logarithm of a density and two sums of numbers of up to 140, in float32.
    np.testing.assert_allclose(found.log_prob - found.log_likelihood, added + np.zeros(n), rtol=0, atol=1e-4)
    # Where a start ended and what is reported come from two programs. The search ends .0001 of a range before
    # its bound, the estimate is on it: for a slope of 100 that is .01.
    bound = np.any([found.at_bound[name] for name in NAMES], axis=0)
    climbed = found.log_prob - found.start_log_prob.max(axis=1)
    assert (np.abs(climbed) < np.where(bound, 0.01, ROUNDING)).all() and (climbed > -ROUNDING).all()
    assert found.start_log_prob.shape == (n, 8)
    close = found.start_log_prob >= found.start_log_prob.max(axis=1, keepdims=True) - 0.01
    np.testing.assert_array_equal(found.n_agree, close.sum(axis=1))
    assert found.converged.all() and (found.problem == "").all() and (found.n_trials == N_TRIALS).all()
    assert found.covariance.shape == (n, 3, 3)
    np.testing.assert_allclose(found.covariance, np.swapaxes(found.covariance, 1, 2), rtol=1e-3)
    for k, name in enumerate(NAMES):
        np.testing.assert_allclose(found.standard_errors[name] ** 2, found.covariance[:, k, k], rtol=1e-5)
        np.testing.assert_array_equal(np.isnan(found.standard_errors[name]), found.at_bound[name])
    assert all(isinstance(x, np.ndarray) and x.shape[0] == n for x in jax.tree.leaves(found))


def test_information_criteria(found):
    log_likelihood = np.asarray(found.log_likelihood, float)
    # One product or sum of numbers below 300 in float32.
    np.testing.assert_allclose(found.aic, 6 - 2 * log_likelihood, rtol=1e-6)
    np.testing.assert_allclose(found.bic, 3 * math.log(N_TRIALS) - 2 * log_likelihood, rtol=1e-6)


def test_the_table(found):
    table = found.to_dataframe()
    rest = ["log_likelihood", "log_prob", "aic", "bic", "n_trials", "converged", "n_agree", "problem"]
    estimates = [f"{prefix}{name}" for prefix in ("", "se_", "at_bound_") for name in NAMES]
    assert list(table.columns) == ["subject", *estimates, *rest]
    assert table["subject"].tolist() == list(range(8))
    np.testing.assert_array_equal(table["alpha_n"], found.params["alpha_n"])
    np.testing.assert_array_equal(table["se_temperature"], found.standard_errors["temperature"])
    np.testing.assert_array_equal(table["bic"], found.bic)
    assert found.to_dataframe(subjects=list("abcdefgh"))["subject"].tolist() == list("abcdefgh")
    for labels in (list("abc"), "abcdefgh", np.zeros((8, 1))):
        with pytest.raises(ValueError, match="^subjects: expected 8 labels"):
            found.to_dataframe(subjects=labels)


def test_errors_are_those_of_the_exact_hessian(trials, found, found_map, x64):
    twice = Trials(np.tile(trials.choices, (2, 1)), np.asarray(trials.outcomes, np.float64))
    both = {name: np.r_[found.params[name], found_map.params[name]].astype(float) for name in NAMES}
    # A subject's parameters move that subject's score alone: the rest of each block is zero.
    blocks = jax.hessian(lambda params: bm.log_likelihood(MODEL, params, twice).sum())(both)
    hessian = np.array([[np.diagonal(blocks[a][b]) for b in NAMES] for a in NAMES])
    # The logarithm of the density of Beta(3, 2) is 2 log(x) + log(1 - x), up to a constant.
    alpha_p = both["alpha_p"][8:]
    hessian[0, 0, 8:] -= 2 / alpha_p**2 + 1 / (1 - alpha_p) ** 2
    for i in range(16):
        fitted, i_fitted = (found, i) if i < 8 else (found_map, i - 8)
        free = np.array([not fitted.at_bound[name][i_fitted] for name in NAMES])
        covariance = np.linalg.inv(-hessian[:, :, i][np.ix_(free, free)])
        size = np.sqrt(np.outer(np.diagonal(covariance), np.diagonal(covariance)))
        ours = fitted.covariance[i_fitted][np.ix_(free, free)]
        # Where the search ends the slope is not quite 0. In logits and logarithms it is at most CLOSE of the
        # root of the curvature, and the curvature in natural parameters is off by that slope at most.
        np.testing.assert_allclose(ours / size, covariance / size, rtol=0, atol=2 * CLOSE)
        assert np.isnan(fitted.covariance[i_fitted][~free]).all()


def test_float64(trials, found, x64):
    own = np.tile(np.asarray(trials.outcomes, np.float64), (8, 1, 1))
    exact = fit(KEY, MODEL, Trials(trials.choices, own))
    assert {x.dtype for x in (exact.log_prob, exact.covariance, *exact.params.values())} == {np.dtype(float)}
    assert_same_fit(found, exact)
    for i in range(8):
        run = partial(slow_log_likelihood, choices=trials.choices[i].tolist(), outcomes=own[i].tolist())
        x = point(exact.params, i)
        # 200 terms of the order of 1, in float64.
        np.testing.assert_allclose(exact.log_likelihood[i], run(x), rtol=0, atol=1e-10)
        if any(exact.at_bound[name][i] for name in NAMES):
            continue  # its slope is that of the search's end, a little before the bound that is reported
        # The slope by central differences, in units of logits and logarithms. Those of a step of 1e-5 are off
        # by its square times a third derivative below 1e5, and by roundings of 1e-13 over the step.
        unit = [x[0] * (1 - x[0]), x[1] * (1 - x[1]), x[2]]
        steps = np.diag(unit) * 1e-5
        slope = [(run(x + step) - run(x - step)) / 2e-5 for step in steps]
        np.testing.assert_allclose(exact.gradient_norm[i], np.linalg.norm(slope), rtol=0, atol=1e-5)


# Closed forms.


def counted(counts, n_trials=N_TRIALS):
    """For each count k a subject whose k first choices are action 0, and all others action 1."""
    return (np.arange(n_trials) >= np.c_[counts]).astype(int)


@pytest.fixture(scope="module")
def biased(outcomes):
    """Subjects who chose action 0 so often, and their fit."""
    counts = np.array([1, 60, 100, 199, 0, 200])
    return counts, Trials(counted(counts), outcomes), fit(KEY, BIASED, Trials(counted(counts), outcomes))


def test_a_bias_is_a_share(biased):
    counts, _, found = biased
    share = counts / N_TRIALS
    error = np.sqrt(share * (1 - share) / N_TRIALS)
    np.testing.assert_array_less(np.abs(found.params["bias"] - share), CLOSE * error + 1e-9)
    inside = slice(4)
    # The error goes with the root of p (1 - p), so its relative error is at most half of that of p.
    np.testing.assert_allclose(found.standard_errors["bias"][inside], error[inside], rtol=CLOSE)
    expected = scipy.special.xlogy(counts, share) + scipy.special.xlog1py(N_TRIALS - counts, -share)
    np.testing.assert_allclose(found.log_likelihood, expected, rtol=0, atol=GAP)
    assert (found.problem == "").all() and found.converged.all() and (found.n_agree == 8).all()


def test_a_share_at_a_bound_is_put_there_and_reported(biased):
    found = jax.tree.map(lambda x: x[3:], biased[-1])
    assert found.params["bias"][1:].tolist() == [0, 1]
    assert found.log_likelihood[1:].tolist() == [0, 0]
    assert found.at_bound["bias"].tolist() == [False, True, True]
    assert np.isnan(found.standard_errors["bias"]).tolist() == [False, True, True]
    assert found.gradient_norm[1:].tolist() == [0, 0]


def test_the_lapse_of_win_stay_lose_shift(outcomes):
    model, lapses = models.win_stay_lose_shift(2), np.array([0.1, 0.5, 0.9, 0.0, 0.0])
    trace = bm.simulate(jax.random.key(2), model, {"lapse": lapses}, outcomes, record=("choices",))
    choices = np.array(trace.choices)
    choices[4, 1::2] = 1 - choices[4, 1::2]
    won = np.take_along_axis(outcomes[None], choices[..., None], axis=-1)[:, :-1, 0] > 0
    broken = (choices[:, 1:] == choices[:, :-1]) != won
    assert not broken[3].any() and broken[4].mean() > 0.5
    found = fit(KEY, model, Trials(choices, outcomes))
    # The first choice is even. After it, half of the lapses happen to keep to the rule, so a share of broken
    # ones of q says that the lapse is 2 q, or 1 where q is above a half.
    n, q = N_TRIALS - 1, np.minimum(broken.mean(axis=1), 0.5)
    error = 2 * np.sqrt(q * (1 - q) / n)
    np.testing.assert_array_less(np.abs(found.params["lapse"] - 2 * q), CLOSE * error + 1e-6)
    assert found.at_bound["lapse"].tolist() == [False, False, False, True, True]
    np.testing.assert_allclose(found.standard_errors["lapse"][:3], error[:3], rtol=2 * CLOSE)
    kept, lost = (~broken).sum(axis=1), broken.sum(axis=1)
    expected = math.log(0.5) + kept * np.log1p(-q) + lost * np.log(np.where(lost > 0, q, 1))
    np.testing.assert_allclose(found.log_likelihood, expected, rtol=0, atol=GAP)


FEW = 12


def few(counts, n_trials):
    """As `counted`, but of 12 trials the last are masked."""
    mask = np.arange(FEW) < np.c_[n_trials]
    return Trials(counted(counts, FEW), np.ones((FEW, 2), np.float32), mask=mask)


@pytest.mark.parametrize("a, b", [(2.0, 3.0), (1.5, 1.2), (1.0, 1.0)], ids=str)
def test_the_map_is_the_mode_of_the_natural_parameter(a, b):
    n, k = np.array([3, 12, 12]), np.array([1, 4, 11])
    found = fit(KEY, BIASED, few(k, n), {"bias": dist.Beta(a, b)})
    mode = (a - 1 + k) / (a + b - 2 + n)
    error = np.sqrt(mode * (1 - mode) / (a + b - 2 + n))
    assert (np.abs(found.params["bias"] - mode) < CLOSE * error).all()
    np.testing.assert_allclose(found.standard_errors["bias"], error, rtol=2 * CLOSE)
    likelihood = k * np.log(mode) + (n - k) * np.log1p(-mode)
    prior = scipy.stats.beta.logpdf(mode, a, b)
    np.testing.assert_allclose(found.log_likelihood, likelihood, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(found.log_prob, likelihood + prior, rtol=0, atol=GAP)
    # The mode of the logit, in whose density the Jacobian takes part, is elsewhere.
    mode_of_logit = (a + k) / (a + b + n)
    assert (np.abs(found.params["bias"] - mode_of_logit) > 4 * CLOSE * error).all()


def test_a_prior_without_density_at_a_bound_keeps_the_estimate_off_it():
    # The mode is .0005 / 12.001, closer to 0 than the search goes. At 0 itself the density is 0.
    found = fit(KEY, BIASED, few([0, 4, 8], [12] * 3), {"bias": dist.Beta(1.0005, 1.0005)})
    assert np.isfinite(found.log_prob).all()
    assert 0 < found.params["bias"][0] < 2e-4 and not found.at_bound["bias"].any()
    assert found.problem.tolist() == ["bias at the limit of the search", "", ""]


# The bandit data, with the priors of cpm-toolbox's example.

BANDIT_MODEL = models.rescorla_wagner(4, initial_value=0.25, inverse_temperature=True)
BANDIT_PRIORS = {
    "alpha": dist.TruncatedNormal(0.5, 0.25, low=0.0, high=1.0),
    "inverse_temperature": dist.TruncatedNormal(5.0, 2.5, low=0.0, high=10.0),
}


def bandit_log_prob(trials, alpha, beta):
    """Likelihood by the package, which other tests hold to a loop; priors by SciPy."""
    score = bm.log_likelihood(BANDIT_MODEL, {"alpha": alpha, "inverse_temperature": beta}, trials)
    prior = scipy.stats.truncnorm.logpdf(alpha, -2, 2, loc=0.5, scale=0.25)
    return np.asarray(score, float) + prior + scipy.stats.truncnorm.logpdf(beta, -2, 2, loc=5, scale=2.5)


@pytest.fixture(scope="module")
def bandit():
    trials = load_bandit()
    return trials, fit(KEY, BANDIT_MODEL, trials, BANDIT_PRIORS)


def test_the_map_of_200_participants_is_no_lower_than_a_grid(bandit):
    trials, found = bandit
    grid = [(a, b) for a in np.linspace(0.01, 0.99, 25) for b in np.linspace(0.2, 10, 25)]
    best = np.max([bandit_log_prob(trials, np.float32(a), np.float32(b)) for a, b in grid], axis=0)
    assert (found.log_prob >= best - GAP).all()
    # Not far above either: half a step is .02 and .2, a fifth of the errors of about .1 and 1, or of 1 and
    # a half of each where they are smallest: .5^2 / 2 twice, and as much again where the two go together.
    assert (found.log_prob <= best + 0.5).all()
    assert found.converged.all() and (found.problem == "").all() and (found.n_agree >= 2).all()
    assert found.n_trials.tolist() == [71] + [72] * 199


@pytest.mark.parametrize("participant", [0, 57, 123, 199])
def test_the_map_of_a_participant_is_the_maximum_of_a_fine_grid(bandit, participant):
    trials, found = bandit
    ours = [found.params[name][participant] for name in BANDIT_PRIORS]
    ends = np.array([(0.001, 0.999), (0.01, 9.99)])
    for _ in range(2):  # the second grid lies three steps of the first to either side of its maximum
        axes = [np.linspace(*between, 100, dtype=np.float32) for between in ends]
        alpha, beta = (x.ravel() for x in np.meshgrid(*axes))
        which = np.full(len(alpha), participant)
        repeated = trials.subjects(which)
        scores = bandit_log_prob(repeated, alpha, beta)
        at = np.array([alpha[scores.argmax()], beta[scores.argmax()]])
        steps = np.array([axis[1] - axis[0] for axis in axes])
        ends = np.clip(np.c_[at - 3 * steps, at + 3 * steps], [[0, 0]] * 2, [[1, 1], [10, 10]])
        assert found.log_prob[participant] >= scores.max() - GAP
    # Within a step of the first grid: a hundredth of the range.
    np.testing.assert_array_less(np.abs(ours - at), [0.01, 0.1])


# Priors.


def test_a_prior_cuts_the_range(found, found_map):
    estimates = found_map.params["alpha_n"]
    low, high = np.float32([0.2, 0.6])
    assert ((estimates >= low) & (estimates <= high)).all()
    np.testing.assert_array_equal(found_map.at_bound["alpha_n"], (estimates == low) | (estimates == high))
    outside = (found.params["alpha_n"] < 0.2) | (found.params["alpha_n"] > 0.6)
    assert found_map.at_bound["alpha_n"].any() and outside.any()
    assert not found_map.at_bound["alpha_p"].any()


def test_the_order_of_the_priors_does_not_matter(trials, found_map):
    compiled = _programs.climb._cache_size()
    again = fit(KEY, MODEL, trials, dict(reversed(PRIORS.items())))
    np.testing.assert_array_equal(again.log_prob, found_map.log_prob)
    assert _programs.climb._cache_size() == compiled


# Starts, subjects, and what is compiled.


def test_a_subjects_result_does_not_depend_on_the_others(trials, found):
    alone, first = fit(KEY, MODEL, trials.subjects(slice(3))), jax.tree.map(lambda x: x[:3], found)
    # The same starts, and the same steps.
    np.testing.assert_allclose(alone.start_log_prob, first.start_log_prob, rtol=0, atol=GAP)
    assert_same_fit(alone, first)


def test_the_order_of_the_subjects_does_not_matter(trials, found):
    # Their starts are others, the best of eight the same.
    turned = fit(KEY, MODEL, trials.subjects(slice(None, None, -1)))
    assert_same_fit(jax.tree.map(lambda x: x[::-1], turned), found)


@pytest.fixture
def starts(outcomes):
    """Where a search begins, shape (n_parameters, n_subjects, n_starts)."""

    def run(n_subjects, n_starts, priors=None, key=KEY):
        trials = Trials(np.zeros((n_subjects, N_TRIALS), int), outcomes)
        task = _search.Task(MODEL, trials, _space.space(MODEL, trials, priors or {}, {}), priors or {}, {})
        with ThreadPoolExecutor(2) as threads:
            return _search.found(_search.begin(key, task, n_starts, threads), np.zeros(0)).x

    return run


def test_start_j_of_subject_i_depends_on_the_key_and_i_and_j_alone(starts):
    x = starts(8, 8)
    # 32 bits hold few enough numbers that some come twice.
    assert x.shape == (3, 8, 8) and len(np.unique(x)) > 0.9 * x.size
    np.testing.assert_array_equal(starts(3, 4), x[:, :3, :4])
    assert (starts(8, 8, key=jax.random.key(9)) != x).mean() > 0.9


def test_starts_are_drawn_from_where_the_documentation_says(starts, monkeypatch):
    monkeypatch.setattr(_search, "DRAWS", 1)
    priors = {"alpha_p": dist.TruncatedNormal(0.6, 0.2, low=0.1, high=0.9), "alpha_n": dist.Uniform(0.2, 0.6)}
    logits = starts(100, 40, priors)
    inside = 1 / (1 + np.exp(-logits.reshape(3, -1).astype(float)))
    without = starts(100, 40)[0].ravel()
    # Kolmogorov and Smirnov's distance, of 4,000 draws: beyond 1.95 / sqrt(n) once in a thousand times.
    # Those above a lower bound are kept within three standard deviations, a thousandth at each end.
    for drawn, distribution in (
        (0.1 + 0.8 * inside[0], scipy.stats.truncnorm(-2.5, 1.5, loc=0.6, scale=0.2)),
        (0.2 + 0.4 * inside[1], scipy.stats.uniform(0.2, 0.4)),
        (logits[2].ravel() / 1.5, scipy.stats.norm()),
        (without, scipy.stats.uniform(-4.605, 9.21)),  # the logits of .01 and .99
    ):
        assert scipy.stats.kstest(drawn, distribution.cdf).statistic < 1.95 / math.sqrt(4000) + 0.01


def test_a_start_is_the_best_of_its_draws(starts, outcomes, monkeypatch):
    def scored():
        x = starts(1, 40)
        data = Trials(np.zeros((40, N_TRIALS), int), outcomes)
        space = _space.space(MODEL, data, {}, {})
        params = _space.natural(x.reshape(3, 40), *space)
        return np.asarray(bm.log_likelihood(MODEL, params, data))

    best = scored()
    monkeypatch.setattr(_search, "DRAWS", 1)
    # Of 16 draws the best beats 15 in 16 others; of 40 such pairs some 37 are won, 30 or fewer by no chance.
    assert (best > scored()).sum() > 30


@pytest.mark.parametrize("n_starts", [1, 4])
def test_more_starts_keep_the_first(trials, found, n_starts):
    fewer = fit(KEY, MODEL, trials, n_starts=n_starts)
    assert fewer.start_log_prob.shape == (8, n_starts)
    np.testing.assert_allclose(fewer.start_log_prob, found.start_log_prob[:, :n_starts], rtol=0, atol=GAP)
    assert (fewer.log_prob <= found.log_prob + GAP).all()
    assert ((fewer.n_agree >= 1) & (fewer.n_agree <= n_starts)).all()


def test_other_numbers_compile_nothing(trials, found, found_map):
    compiled = _programs.climb._cache_size()
    turned = Trials(1 - np.asarray(trials.choices), 1 - np.asarray(trials.outcomes[0]))
    fit(jax.random.key(3), MODEL, turned, n_starts=5)
    fit(KEY, MODEL, trials.subjects([0, 2]))
    other = fit(KEY, MODEL, trials, PRIORS | {"alpha_p": dist.Beta(2.0, 5.0)})
    assert _programs.climb._cache_size() == compiled
    # And the new numbers are used: a prior with its mode at .2 instead of .67 pulls down.
    assert (other.params["alpha_p"] < found_map.params["alpha_p"]).all()


# Trials that do not count, actions that are not on offer, starting anew.


def with_everything(trials, n_more=10):
    """The same trials with every field of `Trials` given, masked ones at the end, and outcomes as chosen."""
    choices, outcomes = (np.asarray(x) for x in trials[:2])
    chosen = np.take_along_axis(outcomes, choices[..., None], axis=-1)[..., 0]
    pad = lambda x, value: np.pad(x, [(0, 0), (0, n_more)], constant_values=value)  # noqa: E731
    mask = pad(np.ones(choices.shape, bool), False)
    available = np.repeat(mask[..., None], 2, axis=-1)
    return Trials(pad(choices, -1), pad(chosen, np.nan), available, mask, np.zeros_like(mask))


def test_masked_trials_and_what_goes_without_saying_change_nothing(trials, found):
    padded = fit(KEY, MODEL, with_everything(trials))
    assert_same_fit(padded, found)
    np.testing.assert_array_equal(padded.n_trials, found.n_trials)
    # Two programs, whose roundings end the search elsewhere; by .01 starts still count as agreeing.
    np.testing.assert_allclose(padded.start_log_prob, found.start_log_prob, rtol=0, atol=0.01)
    for name in NAMES:
        errors = padded.standard_errors[name], found.standard_errors[name]
        np.testing.assert_allclose(*errors, rtol=4 * CLOSE)


def test_the_estimate_is_the_maximum_where_trials_are_masked_and_cut_up(trials):
    choices, outcomes, available, mask, reset = (np.array(x) for x in with_everything(trials)[:5])
    rng = np.random.default_rng(4)
    mask &= rng.uniform(size=mask.shape) < 0.9
    # On some trials only what was chosen is on offer.
    alone = (rng.uniform(size=mask.shape) < 0.2) & mask
    available &= ~alone[..., None] | np.eye(2, dtype=bool)[choices]
    reset[:, [40, 90, 150]] = True
    found = fit(KEY, MODEL, Trials(choices, outcomes, available, mask, reset))
    np.testing.assert_array_equal(found.n_trials, (mask & ~alone).sum(axis=1))
    for i in (0, 4):
        assert not any(found.at_bound[name][i] for name in NAMES)
        paid = np.repeat(outcomes[i], 2, axis=1)
        task = choices[i], paid, available[i], mask[i], reset[i]

        def run(x, task=task):
            return reference.log_likelihood(*task[:2], *x, *task[2:])

        top = run(point(found.params, i))
        np.testing.assert_allclose(found.log_likelihood[i], top, rtol=0, atol=ROUNDING)
        # With the others held, a parameter's error is that of its own curvature.
        errors = 1 / np.sqrt(np.diagonal(np.linalg.inv(found.covariance[i].astype(float))))
        for step in np.diag(0.2 * errors):
            up, down = (run(point(found.params, i) + sign * step) - top for sign in (1, -1))
            # A step of .2 errors loses .02 to either side: the mean is that up to terms of fourth order, a
            # few hundredths of it; the difference, 2 * .2 times the slope, is that of CLOSE at most, and a
            # term of third order, a tenth where errors are a fifth of a parameter's size.
            np.testing.assert_allclose((up + down) / 2, -0.02, rtol=0.1)
            assert max(up, down) < -0.01


# Honest reports.


def scores_nothing_of(trials, which):
    """The same trials, with every trial of one subject masked, or every trial but some."""
    mask = np.array(trials.mask)
    mask[which[0], which[1] :] = False
    return trials._replace(mask=mask)


def test_subjects_without_information_are_reported_and_leave_the_others_alone(trials, found):
    data = scores_nothing_of(scores_nothing_of(with_everything(trials), (2, 0)), (5, 1))
    odd = fit(KEY, MODEL, data)
    others = [0, 1, 3, 4, 6, 7]
    assert_same_fit(*(jax.tree.map(lambda x: x[others], each) for each in (odd, found)))
    assert odd.problem.tolist() == [
        *("", "", "no scored trial", "", ""),
        *("flat in alpha_p, alpha_n, temperature", "", ""),
    ]
    assert odd.n_trials.tolist() == [200, 200, 0, 200, 200, 1, 200, 200]
    # Without a trial there is no estimate; its likelihood, of nothing, is 1.
    unknown = [*odd.params.values(), *odd.standard_errors.values(), odd.log_prob, odd.gradient_norm, odd.bic]
    assert all(np.isnan(x[2]) for x in unknown)
    assert np.isnan(odd.covariance[2]).all() and np.isnan(odd.start_log_prob[2]).all()
    assert odd.log_likelihood[2] == 0 and odd.n_agree[2] == 0 and not odd.converged[2]
    assert not any(at_bound[2] for at_bound in odd.at_bound.values())
    # With one trial there is a likelihood, the same everywhere. Estimates stay where they are, without error.
    np.testing.assert_allclose(odd.log_likelihood[5], math.log(0.5), rtol=1e-6)
    assert all(np.isfinite(x[5]) for x in odd.params.values())
    assert all(np.isnan(x[5]) for x in odd.standard_errors.values())
    assert odd.converged[5] and odd.n_agree[5] == 8


def odd_model():
    """A preference for action 0, a parameter that does nothing, and values that an outcome of -1 breaks."""

    def predict(params, state, trial):
        return jnp.stack([params["lean"] + state, jnp.zeros_like(state)])

    def update(params, state, trial, chosen, outcome):
        return jnp.where((chosen * outcome).sum() < 0, jnp.nan, state), {}

    parameters = Parameter("lean", -math.inf), Parameter("idle", 0, 1)
    start = lambda params: 0 * params["lean"]  # noqa: E731
    return Model("odd", parameters, responses.categorical(2), start, predict, update)


def test_a_model_of_your_own_and_what_goes_wrong_with_it():
    counts = np.array([10, 20, 30, 40])
    paid = np.ones((4, 40), np.float32)
    paid[1, 5] = -1
    mask = np.ones((4, 40), bool)
    data = Trials(counted(counts, 40), paid, mask=mask)
    model = odd_model()
    found = fit(KEY, model, data)
    assert found.problem.tolist() == [
        "flat in idle",
        "the log-probability is not a number",
        "flat in idle",
        "flat in idle; any lean above 15 does as well",
    ]
    usual = [0, 2]
    # A logit of shares, whose variance is 1 / k + 1 / (n - k).
    k = counts[usual]
    error = np.sqrt(1 / k + 1 / (40 - k))
    lean, its_error = found.params["lean"][usual], found.standard_errors["lean"][usual]
    assert (np.abs(lean - np.log(k / (40 - k))) < CLOSE * error).all()
    np.testing.assert_allclose(its_error, error, rtol=2 * CLOSE)
    assert np.isnan(found.standard_errors["idle"]).all() and np.isnan(found.covariance[:, 1]).all()
    # No number: nothing is made up.
    assert np.isnan(
        [found.log_prob[1], found.log_likelihood[1], *(x[1] for x in found.params.values())]
    ).all()
    assert not found.converged[1] and found.n_agree[1] == 0 and found.n_trials[1] == 40
    # A preference without end: the likelihood comes as close to 1 as the search's tolerance asks.
    assert -GAP < found.log_likelihood[3] <= 0 and np.isnan(found.standard_errors["lean"][3])
    # And the usual subjects are as they are alone.
    alone = fit(KEY, model, data.subjects([0, 0, 2, 2]))
    np.testing.assert_allclose(alone.log_prob[usual], found.log_prob[usual], rtol=0, atol=GAP)
    assert (np.abs(alone.params["lean"][usual] - lean) < CLOSE * error).all()
    assert (alone.problem == "flat in idle").all()


def test_a_search_that_is_cut_short_says_so(trials, monkeypatch):
    monkeypatch.setattr(_search, "ROUNDS", 1)
    monkeypatch.setattr(_kinks, "ROUNDS", 0)
    short = [fit(jax.random.key(i), MODEL, trials, n_starts=1) for i in range(8)]
    short = jax.tree.map(lambda *x: np.concatenate(x), *short)
    said = np.array(["not converged" in problem for problem in short.problem])
    np.testing.assert_array_equal(said, ~short.converged)
    assert 0 < said.sum() < 64
    # Where the curvature is not that of a maximum there are no errors, and that is said too.
    for i, problem in enumerate(short.problem):
        flat = problem.split("flat in ")[1].split(";")[0] if "flat in " in problem else ""
        free = [name for name in NAMES if not short.at_bound[name][i] and name not in flat.split(", ")]
        without = any(np.isnan(short.standard_errors[name][i]) for name in free)
        assert ("no standard errors" in problem) == without


# The progress bar.


def test_the_progress_bar(trials, found, capsys):
    assert_same_fit(bm.fit(KEY, MODEL, trials, progress=True), found)
    shown = capsys.readouterr()
    assert "fit" in shown.err and "64" in shown.err and shown.out == ""
    bm.fit(KEY, MODEL, trials, progress=False)
    assert capsys.readouterr() == ("", "")


# Bad input.

SMALL = Trials([[0, 1, 1]], [[1.0, 0.0, 1.0]])


class Bad(NamedTuple):
    """Arguments that must be refused, and what the message must say."""

    name: str
    expected: str
    received: str
    arguments: dict


BAD = {
    "key a number": Bad("key", "one random key", "0", {"key": 0}),
    "key None": Bad("key", "one random key", "None", {"key": None}),
    "many keys": Bad("key", "one random key", "shape (2,)", {"key": jax.random.split(KEY)}),
    "model a builder": Bad("model", "a Model", "function", {"model": models.biased_random}),
    "model a name": Bad("model", "a Model", "str", {"model": "biased_random"}),
    "trials an array": Bad("trials", "Trials", "ndarray", {"trials": np.zeros((1, 3), int)}),
    "trials of other actions": Bad(
        "trials.outcomes", "2 actions", "3", {"trials": Trials([[0, 1]], np.ones((1, 2, 3)))}
    ),
    "trials with an action too many": Bad(
        "trials.choices",
        "actions from 0 to 1",
        "2 at index (0, 1)",
        {"trials": Trials([[0, 2]], [[1.0, 0.0]])},
    ),
    "priors a list": Bad("priors", "a dict", "list", {"priors": [dist.Beta(2.0, 2.0)]}),
    "priors a distribution": Bad("priors", "a dict", "Beta", {"priors": dist.Beta(2.0, 2.0)}),
    "prior of another model": Bad("priors", "bias", "'alpha'", {"priors": {"alpha": dist.Beta(2.0, 2.0)}}),
    "prior a number": Bad("priors['bias']", "a distribution", "float", {"priors": {"bias": 0.5}}),
    "prior a frozen scipy": Bad(
        "priors['bias']",
        "a distribution",
        "rv_continuous_frozen",
        {"priors": {"bias": scipy.stats.beta(2, 2)}},
    ),
    "prior for each subject": Bad(
        "priors['bias']", "one number", "shape (3,)", {"priors": {"bias": dist.Beta(jnp.ones(3), 2.0)}}
    ),
    "prior of a vector": Bad(
        "priors['bias']", "one number", "shape (2,)", {"priors": {"bias": dist.Dirichlet(jnp.ones(2))}}
    ),
    "n_starts 0": Bad("n_starts", "at least 1", "0", {"n_starts": 0}),
    "n_starts -1": Bad("n_starts", "at least 1", "-1", {"n_starts": -1}),
    "n_starts 2.5": Bad("n_starts", "a whole number", "2.5", {"n_starts": 2.5}),
    "n_starts True": Bad("n_starts", "a whole number", "True", {"n_starts": True}),
    "nothing to fit": Bad(
        "model",
        "a parameter",
        "fixed, which has none",
        {"model": BIASED._replace(name="fixed", parameters=())},
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    compiled = _programs.climb._cache_size()
    with pytest.raises(ValueError) as raised:
        fit(**({"key": KEY, "model": BIASED, "trials": SMALL} | bad.arguments))
    message = str(raised.value)
    assert message.startswith(f"{bad.name}: expected "), message
    expected, received = message.rsplit(", got ", maxsplit=1)
    assert bad.expected in expected and bad.received in received, message
    assert _programs.climb._cache_size() == compiled


@pytest.mark.parametrize(
    "prior", [dist.Uniform(2.0, 3.0), dist.Beta, dist.Bernoulli(0.5)], ids=["outside", "class", "discrete"]
)
def test_a_prior_that_no_parameter_can_have(prior):
    with pytest.raises(ValueError, match=r"^priors\['bias'\]: expected "):
        fit(KEY, BIASED, SMALL, {"bias": prior})


def test_nothing_may_be_traced():
    for call, argument in (
        (lambda key: fit(key, BIASED, SMALL), KEY),
        (lambda trials: fit(KEY, BIASED, trials), SMALL),
        (lambda a: fit(KEY, BIASED, SMALL, {"bias": dist.Beta(a, 2.0)}), 2.0),
    ):
        with pytest.raises(ValueError, match=r"^(key|trials|priors): expected .*got a tracer"):
            jax.jit(call)(argument)


def test_old_keys_and_numpy_numbers_are_taken(biased):
    _, data, found = biased
    old = fit(jax.random.PRNGKey(0), BIASED, data, n_starts=np.int64(2))
    assert_same_fit(old, found)


def test_a_model_with_much_to_carry_is_climbed_in_smaller_blocks(trials, monkeypatch):
    size = lambda model: _search._block_size(model, len(model.parameters))  # noqa: E731
    assert size(models.rlwm()) == _search.LANES_OF_LARGE < size(MODEL) == _search.LANES_PER_BLOCK
    as_always = fit(KEY, MODEL, trials, n_starts=3)
    monkeypatch.setattr(_search, "_block_size", lambda model, n_free: 5)
    in_fives = fit(KEY, MODEL, trials, n_starts=3)
    np.testing.assert_allclose(in_fives.log_likelihood, as_always.log_likelihood, rtol=0, atol=GAP)
    assert as_always.converged.all() and in_fives.converged.all()
