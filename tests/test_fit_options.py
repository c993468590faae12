"""`fit` with fixed parameters, default priors and other units; intervals, and what counts as a trial."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats

import behavioural_modelling as bm
from behavioural_modelling import Trials, models
from behavioural_modelling.fitting import _digest, _space
from behavioural_modelling.models import Parameter, Prior, default_priors

KEY = jax.random.key(0)
MODEL = models.rescorla_wagner(2, initial_value=0.0, inverse_temperature=True)
TRUE = {"alpha": 0.3, "inverse_temperature": 4.0}
fit = partial(bm.fit, progress=False)


@pytest.fixture(scope="module")
def paid():
    return (np.random.default_rng(0).random((30, 200, 2)) < [0.7, 0.3]).astype(float)


@pytest.fixture(scope="module")
def choices(paid):
    return np.asarray(bm.simulate(jax.random.key(3), MODEL, TRUE, paid, record="choices").choices)


@pytest.fixture(scope="module")
def found(choices, paid):
    return fit(KEY, MODEL, Trials(choices, paid))


# Units.


@pytest.mark.parametrize("unit", [1e5, 100.0, 1e-4])
def test_the_fit_is_the_same_in_every_unit(choices, paid, found, unit):
    other = fit(KEY, MODEL, Trials(choices, paid * unit))
    # The same starts and steps, up to the rounding of products in float32.
    np.testing.assert_allclose(other.log_likelihood, found.log_likelihood, rtol=0, atol=1e-3)
    np.testing.assert_allclose(other.params["alpha"], found.params["alpha"], rtol=0, atol=5e-3)
    scaled = other.params["inverse_temperature"] * unit
    np.testing.assert_allclose(scaled, found.params["inverse_temperature"], rtol=0.02)
    np.testing.assert_array_equal(other.problem, found.problem)


def test_points_far_from_zero_are_fitted_from_nearly_every_start():
    points = np.random.default_rng(5).integers(20, 98, (30, 200, 2)).astype(float)
    true = {"alpha": np.linspace(0.1, 0.8, 30), "inverse_temperature": 0.1}
    choices = bm.simulate(jax.random.key(6), MODEL, true, points, record="choices").choices
    found = fit(KEY, MODEL, Trials(choices, points))
    assert found.converged.all() and found.n_agree.mean() > 7.5
    np.testing.assert_allclose(np.median(found.params["inverse_temperature"]), 0.1, rtol=0.2)


def test_a_temperature_scales_with_the_outcomes(choices, paid, found):
    other = fit(KEY, models.rescorla_wagner(2, initial_value=0.0), Trials(choices, paid * 1e6))
    np.testing.assert_allclose(other.log_likelihood, found.log_likelihood, rtol=0, atol=1e-3)
    np.testing.assert_allclose(
        1e6 / other.params["temperature"], found.params["inverse_temperature"], rtol=0.02
    )
    assert (other.problem == "").all()


def test_the_map_is_the_same_in_every_unit(choices, paid):
    one, cents = (
        fit(KEY, MODEL, Trials(choices[:8], paid[:8] * unit), default_priors(MODEL, (0, unit)), n_starts=2)
        for unit in (10, 1000)
    )
    np.testing.assert_allclose(cents.log_likelihood, one.log_likelihood, rtol=0, atol=1e-3)
    np.testing.assert_allclose(
        100 * cents.params["inverse_temperature"], one.params["inverse_temperature"], rtol=0.02
    )


def test_the_unit_is_the_range_of_what_counts():
    outcomes = np.array([[0.0, 5, 1], [20, 97, 1e9], [3, 3, 3], [0, 0, 0]])
    mask = np.array([[True] * 3, [True, True, False], [True] * 3, [True] * 3])
    low, width = _space.outcome_range(Trials(np.zeros((4, 3), int), outcomes, mask=mask, shared=False))
    assert low.tolist() == [0, 20, 3, 0] and width.tolist() == [5, 77, 3, 1]
    shared = Trials(
        np.zeros((2, 3), int), [[0.0, 1], [2, -1], [0, 0]], mask=[[True] * 3, [True, False, True]]
    )
    low, width = _space.outcome_range(shared)
    assert low.tolist() == [-1, 0] and width.tolist() == [3, 1]


# The initial value.


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_a_free_initial_value_is_found(unit):
    model = models.rescorla_wagner(2, initial_value="free")
    assert [p.name for p in model.parameters] == ["alpha", "temperature", "initial_value"]
    outcomes = unit * (np.random.default_rng(1).random((40, 200, 2)) < [0.8, 0.2])
    reset = np.zeros(200, bool)
    reset[::10] = True  # many beginnings, in which the initial value shows
    true = {"alpha": 0.3, "temperature": 0.2 * unit, "initial_value": np.repeat([0.1, 0.9], 20) * unit}
    trace = bm.simulate(KEY, model, true, outcomes, reset=reset, record=("choices", "values"))
    np.testing.assert_allclose(trace.values[:, 0, 0], true["initial_value"], rtol=1e-6)
    trials = Trials(trace.choices, outcomes, reset=np.broadcast_to(reset, (40, 200)))
    found = fit(KEY, model, trials, n_starts=4)
    low, high = (np.median(found.params["initial_value"][part]) / unit for part in (slice(20), slice(20, 40)))
    assert low < 0.35 < 0.65 < high
    np.testing.assert_array_equal(found.ranges["initial_value"], np.tile([0, unit], (40, 1)))


@pytest.mark.parametrize(
    "builder",
    [models.rescorla_wagner, models.asymmetric_rescorla_wagner, models.rescorla_wagner_choice_kernel],
)
def test_a_free_initial_value_is_the_fixed_one(builder):
    free, set_to = builder(3, initial_value="free"), builder(3, initial_value=0.2)
    assert builder(3, "free") is free
    # After the parameters of the learning, where there are more of them.
    names = [p.name for p in free.parameters]
    learning = [name for name in names if not name.endswith("_c")]
    assert learning[-1] == "initial_value" and names[: len(learning)] == learning
    assert tuple(p for p in free.parameters if p.name != "initial_value") == set_to.parameters
    outcomes = np.random.default_rng(0).random((20, 3))
    params = {p.name: 0.4 for p in set_to.parameters}
    trials = Trials(np.random.default_rng(1).integers(0, 3, (2, 20)), outcomes)
    ours, theirs = (
        bm.log_likelihood(free, params | {"initial_value": 0.2}, trials),
        bm.log_likelihood(set_to, params, trials),
    )
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("value", ["Free", "", None, [0.5, 0.5]])
def test_an_initial_value_is_a_number_or_free(value):
    with pytest.raises(ValueError, match="^initial_value: expected "):
        models.rescorla_wagner(2, value)


# Fixed parameters.


def test_a_fixed_parameter_is_held_and_not_counted(choices, paid, found):
    trials, beta = Trials(choices, paid), np.linspace(1, 6, 30)
    told = fit(KEY, MODEL, trials, fixed={"inverse_temperature": beta})
    np.testing.assert_allclose(told.params["inverse_temperature"], beta, rtol=1e-6)
    assert (told.n_parameters == 1).all() and (found.n_parameters == 2).all()
    np.testing.assert_allclose(told.aic, 2 - 2 * told.log_likelihood, rtol=1e-6)
    np.testing.assert_allclose(told.bic, math.log(200) - 2 * told.log_likelihood, rtol=1e-6)
    assert (told.log_likelihood <= found.log_likelihood + 1e-4).all()
    # Against a grid of the one parameter that is left.
    grid = np.linspace(0, 1, 201, dtype=np.float32)
    heights = [bm.log_likelihood(MODEL, {"alpha": a, "inverse_temperature": beta}, trials) for a in grid]
    assert (told.log_likelihood >= np.max(heights, axis=0) - 1e-4).all()
    assert np.isnan(told.standard_errors["inverse_temperature"]).all()
    assert not told.at_bound["inverse_temperature"].any()
    assert np.isnan(told.covariance[:, 1]).all() and np.isfinite(told.covariance[:, 0, 0]).any()
    np.testing.assert_array_equal(
        told.ranges["inverse_temperature"], np.stack([beta, beta], axis=1).astype(np.float32)
    )
    assert np.isnan(told.intervals()["inverse_temperature"]).all()


def test_a_point_for_a_prior_is_a_fixed_parameter(choices, paid):
    trials = Trials(choices[:4], paid[:4])
    fixed = fit(KEY, MODEL, trials, fixed={"alpha": 0.3})
    point = fit(KEY, MODEL, trials, {"alpha": dist.Delta(0.3)})
    told = fit(KEY, MODEL, trials, {"alpha": dist.Beta(2.0, 2.0)}, fixed={"alpha": 0.3})
    for other in (point, told):
        np.testing.assert_array_equal(other.params["alpha"], fixed.params["alpha"])
        np.testing.assert_allclose(other.log_prob, fixed.log_prob, rtol=0, atol=1e-6)
        assert (other.n_parameters == 1).all()


def test_recovery_and_confusion_pass_on_what_is_fixed(paid):
    shared = paid[0]
    told = bm.recovery(KEY, MODEL, TRUE, shared, n_subjects=5, fixed={"alpha": 0.3}, progress=False)
    assert told.fit.params["alpha"].tolist() == [np.float32(0.3)] * 5 and told.fit.n_parameters[0] == 1
    pair = {"one": MODEL, "two": models.biased_random(2)}
    params = {"one": TRUE, "two": {"bias": 0.5}}
    given = {"n_subjects": 5, "progress": False, "n_starts": 2}
    fixed = {"one": {"alpha": 0.0, "inverse_temperature": 0.0}}
    with pytest.raises(ValueError, match="^fixed: expected a parameter that is left to fit"):
        bm.confusion(KEY, pair, params, shared, fixed=fixed, **given)
    matrix = bm.confusion(KEY, pair, params, shared, fixed={"one": {"alpha": 0.0}}, **given)
    # Without learning the first model says nothing: the other, as large, is never behind.
    assert matrix.counts[0, 1] == 5
    with pytest.raises(ValueError, match="^fixed: expected a dict with 'one', 'two'"):
        bm.confusion(KEY, pair, params, shared, fixed={"three": {}}, **given)


@pytest.mark.parametrize(
    "fixed, expected, received",
    [
        ([0.3], "None, or a dict", "list"),
        ({"beta": 0.3}, "some of alpha, inverse_temperature", "'beta'"),
        ({"alpha": 0.3, "inverse_temperature": 1.0}, "a parameter that is left", "all of"),
        ({"alpha": 1.3}, r"a number in \[0, 1\]", "1.3"),
        ({"alpha": [0.3, 0.4, 0.5]}, r"shape \(2,\)", r"shape \(3,\)"),
    ],
)
def test_bad_fixed_values_are_refused(fixed, expected, received):
    with pytest.raises(ValueError, match=rf"^fixed.*: expected .*{expected}.*, got .*{received}"):
        fit(KEY, MODEL, Trials([[0, 1], [1, 0]], [[1.0, 0.0], [0.0, 1.0]], shared=False), fixed=fixed)


# Priors.


@pytest.mark.parametrize(
    "name, prior",
    [
        ("alpha", dist.Beta(0.5, 0.5)),
        ("inverse_temperature", dist.Gamma(0.5, 1.0)),
        ("alpha", dist.Beta(1.0, 0.5)),
    ],
)
def test_a_density_without_a_highest_point_is_refused(name, prior):
    with pytest.raises(
        ValueError, match=rf"^priors\['{name}'\]: expected a density that is finite.*infinite at"
    ):
        fit(KEY, MODEL, Trials([[0, 1, 1]], [[1.0, 0, 1]]), {name: prior})


def test_the_two_default_priors_make_one_claim():
    beta, tau = (
        default_priors(models.rescorla_wagner(2, inverse_temperature=inverse))[name]
        for inverse, name in ((True, "inverse_temperature"), (False, "temperature"))
    )
    x = jnp.geomspace(0.02, 500, 50)
    # The density of 1 / x, by the change of variables.
    np.testing.assert_allclose(tau.log_prob(1 / x) - 2 * jnp.log(x), beta.log_prob(x), rtol=0, atol=1e-4)
    claim = scipy.stats.lognorm(s=1.0, scale=5.0)
    np.testing.assert_allclose(beta.log_prob(x), claim.logpdf(np.asarray(x, float)), rtol=0, atol=1e-4)
    assert claim.median() == 5 and 0.2 < claim.sf(10) < 0.25 and 0.04 < claim.cdf(1) < 0.06


def test_default_priors_follow_the_range_of_the_outcomes():
    model = models.rescorla_wagner(2, initial_value="free")
    one, points = default_priors(model), default_priors(model, (20, 120))
    np.testing.assert_allclose(
        points["temperature"].log_prob(30.0), one["temperature"].log_prob(0.3) - math.log(100), rtol=1e-5
    )
    np.testing.assert_allclose(
        points["initial_value"].log_prob(40.0), one["initial_value"].log_prob(0.2) - math.log(100), rtol=1e-5
    )
    assert points["alpha"].log_prob(0.3) == one["alpha"].log_prob(0.3)
    beta = default_priors(MODEL, (0, 100))["inverse_temperature"]
    np.testing.assert_allclose(
        beta.log_prob(0.05),
        default_priors(MODEL)["inverse_temperature"].log_prob(5.0) + math.log(100),
        rtol=1e-5,
    )
    kernel = default_priors(models.choice_kernel(2), (0, 100))["temperature_c"]
    assert kernel.log_prob(0.2) == default_priors(models.choice_kernel(2))["temperature_c"].log_prob(0.2)


@pytest.mark.parametrize("bad", [(1, 0), (0, 0), (0, math.inf), (0, math.nan), 5, (0, 1, 2)])
def test_a_range_of_outcomes_is_two_numbers_in_order(bad):
    with pytest.raises(ValueError, match="^outcome_range: expected "):
        default_priors(MODEL, bad)


# Intervals.


def test_intervals_stay_in_the_range_and_are_symmetric_on_the_line(found):
    for level, z in ((0.95, 1.959964), (0.5, 0.6744898)):
        intervals = found.intervals(level)
        lower, upper = intervals["alpha"].T
        alpha, error = found.params["alpha"].astype(float), found.standard_errors["alpha"].astype(float)
        assert ((lower > 0) & (upper < 1) & (lower < alpha) & (alpha < upper)).all()
        logit = lambda p: np.log(p / (1 - p))  # noqa: E731
        reach = z * error / (alpha * (1 - alpha))
        np.testing.assert_allclose(logit(lower), logit(alpha) - reach, rtol=1e-4)
        np.testing.assert_allclose(logit(upper), logit(alpha) + reach, rtol=1e-4)
        beta, error = (x["inverse_temperature"].astype(float) for x in (found.params, found.standard_errors))
        np.testing.assert_allclose(
            intervals["inverse_temperature"][:, 1], beta * np.exp(z * error / beta), rtol=1e-4
        )


def test_the_intervals_of_other_ranges():
    parameters = (Parameter("lean", -math.inf), Parameter("less", -math.inf, 2.0))
    model = models.biased_random(3)._replace(
        parameters=parameters,
        predict=lambda params, state, trial: jnp.stack(
            [params["lean"], params["less"], 0.0 * params["lean"]]
        ),
    )
    choices = np.random.default_rng(0).integers(0, 3, (3, 60))
    found = fit(KEY, model, Trials(choices, np.zeros((3, 60))))
    intervals = found.intervals()
    for name in found.params:
        assert (
            (intervals[name][:, 0] < found.params[name]) & (found.params[name] < intervals[name][:, 1])
        ).all()
    reach = 1.959964 * found.standard_errors["lean"]
    np.testing.assert_allclose(np.diff(intervals["lean"])[:, 0], 2 * reach, rtol=1e-4)
    assert (intervals["less"] < 2).all()


def test_there_is_no_interval_at_a_bound():
    found = fit(KEY, models.biased_random(2), Trials([[0] * 20, [0, 1] * 10], np.zeros((2, 20))))
    assert np.isnan(found.intervals()["bias"]).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, "95%", None])
def test_a_level_is_a_share(found, level):
    with pytest.raises(ValueError, match="^level: expected a number between 0 and 1"):
        found.intervals(level)


# What counts as a trial, and as the same trials.


def test_a_trial_without_a_choice_does_not_count():
    available = np.ones((1, 4, 2), bool)
    available[0, 1::2, 1] = False
    found = fit(KEY, MODEL, Trials([[0, 0, 1, 0]], [[1.0, 0, 1, 0]], available=available))
    assert found.n_trials.tolist() == [2]
    np.testing.assert_allclose(found.bic, 2 * math.log(2) - 2 * found.log_likelihood, rtol=1e-6)
    forced = available.copy()
    forced[..., 1] = False
    all_forced = fit(KEY, MODEL, Trials([[0, 0, 0, 0]], [[1.0, 0, 1, 0]], available=forced))
    assert all_forced.n_trials.tolist() == [0] and np.isnan(all_forced.bic).all()


def test_compare_refuses_fits_to_other_trials(choices, paid):
    trials, quick = Trials(choices[:3], paid[:3]), partial(fit, KEY, models.biased_random(2), n_starts=1)
    first, turned = quick(trials), quick(Trials(choices[[0, 2, 1]], paid[[0, 2, 1]]))
    again = quick(Trials(choices[:3].astype(np.int8), paid[:3], mask=np.ones((3, 200), bool)))
    assert bm.compare({"a": first, "b": again})["n"].tolist() == [3, 3]
    with pytest.raises(
        ValueError, match=r"^fits\['b'\]: expected a fit to the trials of fits\['a'\].*subject 1"
    ):
        bm.compare({"a": first, "b": turned})
    with pytest.raises(ValueError, match="of 2 subjects instead of 3"):
        bm.compare({"a": first, "b": quick(Trials(choices[:2], paid[:2]))})
    other_pay = quick(Trials(choices[:3], 1 - paid[:3]))
    with pytest.raises(ValueError, match="first of subject 0"):
        bm.compare({"a": first, "b": other_pay})


def test_padding_does_not_change_what_was_fitted(choices, paid):
    own = np.take_along_axis(paid[:2], choices[:2, :, None], axis=-1)[..., 0]
    pad = lambda x: np.pad(x, [(0, 0), (0, 3)])  # noqa: E731
    mask = pad(np.ones(own.shape, bool))
    one, padded = Trials(choices[:2], own), Trials(pad(choices[:2]), pad(own), mask=mask)
    np.testing.assert_array_equal(_digest.digests(one), _digest.digests(padded))
    reset, never = mask & (np.arange(203) == 100), np.zeros_like(mask)
    for field, same in ({"reset": reset}, False), ({"reset": never}, True), ({"feedback": ~reset}, False):
        other = Trials(pad(choices[:2]), pad(own), mask=mask, **field)
        assert ((_digest.digests(other) == _digest.digests(one)) == same).all()
    fitted = fit(KEY, models.biased_random(2), padded, n_starts=1)
    np.testing.assert_array_equal(fitted.digest, _digest.digests(one))


# Ways to debug.


def test_fit_under_strict_settings(choices, paid):
    trials, model = Trials(choices[:3], paid[:3].astype(np.float32)), models.biased_random(2)
    priors = {"bias": dist.Beta(2.0, 2.0)}
    usual = fit(KEY, model, trials, priors, n_starts=2)
    for setting in (jax.debug_nans(True), jax.debug_infs(True), jax.numpy_dtype_promotion("strict")):
        with setting:
            strict = fit(KEY, model, trials, priors, n_starts=2)
        np.testing.assert_allclose(strict.log_prob, usual.log_prob, rtol=0, atol=1e-3)


def test_a_prior_by_name_may_be_any_of_numpyro():
    model = models.biased_random(2)
    own = model._replace(parameters=(model.parameters[0]._replace(prior=Prior("Uniform", (0.0, 1.0))),))
    assert default_priors(own)["bias"].log_prob(0.5) == 0
