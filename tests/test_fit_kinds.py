"""`fit` of models of other kinds: with inputs, of ratings, of response times, with several outcomes."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import behavioural_modelling as bm
from behavioural_modelling import Model, Trials, responses
from behavioural_modelling.fitting import _digest
from behavioural_modelling.models import Parameter

KEY = jax.random.key(0)
fit = partial(bm.fit, progress=False, n_starts=4)

# As in test_fitting: the search stops where a step promises 1e-5, and takes values within 4 roundings of each
# other for equal.
GAP = 1e-4

# Float32 against float64: a sum of some hundreds of terms with some roundings each, of signs that are mixed.
CLOSE = 1e-5


def assert_as_high_as_scipy(loop, found, i, ends):
    """What the loop gives at the estimate is what the fit says, and no less than SciPy reaches from there."""
    estimate = {name: float(found.params[name][i]) for name in ends}
    reached = loop(**estimate)
    np.testing.assert_allclose(found.log_likelihood[i], reached, rtol=CLOSE)
    names, x = list(ends), np.array(list(estimate.values()))
    run = lambda x: -loop(**dict(zip(names, x, strict=True)))  # noqa: E731
    best = scipy.optimize.minimize(run, x, method="Nelder-Mead", bounds=list(ends.values()))
    assert -best.fun - max(GAP, CLOSE * abs(reached)) < reached


def off(found, true, names):
    """How many standard errors estimates are off, of those that have one."""
    z = [(found.params[name] - true[name]) / found.standard_errors[name] for name in names]
    return np.array(z)[np.isfinite(z)]


# Inputs: a stimulus that says which values count, and a set size that makes learning slower.

N_STIMULI = 4


def set_size_learner():
    def init(params):
        return jnp.full((N_STIMULI, 2), 0.5)

    def predict(params, values, trial):
        return params["inverse_temperature"] * values[trial.inputs["stimulus"]]

    def update(params, values, trial, chosen, outcome):
        stimulus, more = trial.inputs["stimulus"], trial.inputs["set_size"] - 2
        error = chosen * (outcome - values[stimulus])
        rate = params["alpha"] * jnp.exp(-params["load"] * more)
        return values.at[stimulus].add(rate * error), {"prediction_errors": error}

    parameters = (Parameter("alpha", 0, 1), Parameter("load", 0), Parameter("inverse_temperature", 0))
    inputs = ("stimulus", "set_size")
    return Model("set_size", parameters, responses.categorical(2), init, predict, update, inputs)


SET_SIZE = set_size_learner()


def set_size_loop(alpha, load, inverse_temperature, trials, i):
    choices, outcomes, reset = (
        np.asarray(x)[i].tolist() for x in (trials.choices, trials.outcomes, trials.reset)
    )
    stimuli, sizes = (np.asarray(trials.inputs[name])[0].tolist() for name in ("stimulus", "set_size"))
    total = 0.0
    for t, choice in enumerate(choices):
        if t == 0 or reset[t]:
            values = [[0.5, 0.5] for _ in range(N_STIMULI)]
        value = values[stimuli[t]]
        total -= math.log1p(math.exp(inverse_temperature * (value[1 - choice] - value[choice])))
        rate = alpha * math.exp(-load * (sizes[t] - 2))
        value[choice] += rate * (outcomes[t][choice] - value[choice])
    return total


@pytest.fixture(scope="module")
def set_size_task():
    """Twelve blocks of 24 trials with two or four stimuli, each with a better action of its own."""
    rng = np.random.default_rng(0)
    sizes = np.repeat([2, 4] * 6, 24)
    stimuli = (rng.uniform(size=sizes.size) * sizes).astype(int)
    better = rng.integers(0, 2, (12, N_STIMULI))[np.arange(sizes.size) // 24, stimuli]
    pays = np.where(np.eye(2, dtype=bool)[better], 0.85, 0.15)
    outcomes = (rng.uniform(size=(30, sizes.size, 2)) < pays).astype(np.float32)
    inputs = {"stimulus": stimuli, "set_size": sizes.astype(np.float32)}
    return bm.tasks.schedule(outcomes, reset=np.arange(sizes.size) % 24 == 0, inputs=inputs)


@pytest.fixture(scope="module")
def set_size(set_size_task):
    """Learners, their trials and their fit."""
    rng = np.random.default_rng(1)
    true = {
        "alpha": rng.uniform(0.3, 0.9, 30),
        "load": rng.uniform(0.1, 1.0, 30),
        "inverse_temperature": rng.uniform(3, 6, 30),
    }
    trials = Trials.from_trace(bm.simulate(KEY, SET_SIZE, true, set_size_task), set_size_task)
    return true, trials, fit(KEY, SET_SIZE, trials)


def test_a_model_with_inputs_is_fitted(set_size):
    true, trials, found = set_size
    assert found.converged.all() and (found.n_trials == 288).all() and (found.n_parameters == 3).all()
    ends = {"alpha": (0, 1), "load": (0, 20), "inverse_temperature": (0, 50)}
    for i in (0, 7, 19):
        assert_as_high_as_scipy(partial(set_size_loop, trials=trials, i=i), found, i, ends)
    # Errors from the curvature are a little too small for rates near a bound: see test_recovery.
    z = off(found, true, true)
    assert len(z) > 75 and 0.7 < np.sqrt(np.mean(z**2)) < 1.5 and abs(z.mean()) < 0.5
    for name in true:
        assert scipy.stats.spearmanr(found.params[name], true[name]).statistic > 0.6, name


def test_inputs_and_outcomes_that_all_share_are_those_of_each(set_size_task):
    # The same task for everybody, said once and said for each.
    shared = set_size_task._replace(outcomes=set_size_task.outcomes[:1])
    true = {"alpha": np.linspace(0.3, 0.8, 6), "load": 0.3, "inverse_temperature": 4.0}
    once = Trials.from_trace(bm.simulate(KEY, SET_SIZE, true, shared), shared)
    assert once.outcomes.shape[0] == 1 and {x.shape[0] for x in once.inputs.values()} == {1}
    for_each = jax.tree.map(lambda x: np.repeat(x, 6, axis=0) if len(x) == 1 else x, once)
    assert {x.shape[0] for x in jax.tree.leaves(for_each)} == {6}
    one, other = fit(KEY, SET_SIZE, once), fit(KEY, SET_SIZE, for_each)
    np.testing.assert_allclose(one.log_prob, other.log_prob, rtol=0, atol=GAP)
    for name in true:
        error = np.nan_to_num(other.standard_errors[name])
        # Where the log-probability is GAP lower, an estimate is off by the root of 2 GAP of its error.
        assert (np.abs(one.params[name] - other.params[name]) <= 2 * math.sqrt(2 * GAP) * error + 1e-6).all()
    np.testing.assert_array_equal(one.digest, other.digest)
    assert bm.compare({"once": one, "for each": other})["n"].tolist() == [6, 6]
    # One subject alone, of whom nothing can be told apart from what is shared.
    alone = fit(KEY, SET_SIZE, once.subjects(0))
    np.testing.assert_allclose(alone.log_prob, one.log_prob[:1], rtol=0, atol=GAP)


def test_trials_with_other_inputs_or_responses_are_other_trials():
    inputs, rated = {"stimulus": np.array([[0, 1, 2]])}, {"ratings": np.array([[1.0, 2.0, 3.0]])}
    mask = np.array([[True, True, False]])
    trials = Trials(None, [0.0, 1.0, 0.0], mask=mask, inputs=inputs, responses=rated)
    same = trials._replace(inputs={"stimulus": np.array([0, 1, 7])})
    same = same._replace(responses={"ratings": np.array([[1.0, 2.0, np.nan]])})
    np.testing.assert_array_equal(_digest.digests(trials), _digest.digests(same))
    for other in (
        trials._replace(inputs={"stimulus": np.array([[0, 2, 2]])}),
        trials._replace(inputs={"context": np.array([[0, 1, 2]])}),
        trials._replace(inputs=None),
        trials._replace(responses={"ratings": np.array([[1.0, 2.5, 3.0]])}),
        trials._replace(responses={"times": np.array([[1.0, 2.0, 3.0]])}),
        trials._replace(outcomes={"paid": [0.0, 1.0, 0.0]}),
    ):
        assert (_digest.digests(trials) != _digest.digests(other)).all()


# Ratings: Pearce and Hall's learner, who says how likely a shock is.


def pearce_hall():
    def init(params):
        return {"value": jnp.full((), 0.5), "associability": jnp.ones(())}

    def predict(params, state, trial):
        return state["value"], params["sd"]

    def update(params, state, trial, rating, outcome):
        value, associability = state["value"], state["associability"]
        error = outcome - value
        after = {
            "value": value + params["kappa"] * associability * error,
            "associability": (1 - params["eta"]) * associability + params["eta"] * jnp.abs(error),
        }
        told = {"values": value, "associability": associability, "prediction_errors": error}
        return after, told

    parameters = (Parameter("kappa", 0, 1), Parameter("eta", 0, 1), Parameter("sd", 0, above=True))
    return Model("pearce_hall", parameters, responses.normal(), init, predict, update)


PEARCE_HALL = pearce_hall()


def pearce_hall_loop(kappa, eta, sd, ratings, outcomes, mask=None):
    """The log-density of one subject's ratings, and the values and associabilities before each outcome."""
    value, associability, total, told = 0.5, 1.0, 0.0, []
    for t, (rating, outcome) in enumerate(zip(ratings, outcomes, strict=True)):
        told.append((value, associability))
        if mask is not None and not mask[t]:
            continue
        total += -0.5 * ((rating - value) / sd) ** 2 - math.log(sd) - 0.5 * math.log(2 * math.pi)
        error = outcome - value
        value += kappa * associability * error
        associability = (1 - eta) * associability + eta * abs(error)
    return total, told


@pytest.fixture(scope="module")
def rated():
    """Raters, their trials and their fit: a shock comes with probability .75, and from the middle on .25."""
    rng = np.random.default_rng(2)
    shocks = (rng.uniform(size=120) < np.repeat([0.75, 0.25], 60)).astype(np.float32)
    true = {
        "kappa": rng.uniform(0.2, 0.8, 40),
        "eta": rng.uniform(0.1, 0.6, 40),
        "sd": rng.uniform(0.05, 0.2, 40),
    }
    trace = bm.simulate(KEY, PEARCE_HALL, true, shocks)
    trials = Trials(None, shocks, responses={"ratings": trace.ratings})
    return true, shocks, trials, fit(KEY, PEARCE_HALL, trials)


def test_a_rating_model_is_fitted(rated):
    true, shocks, trials, found = rated
    assert found.converged.all() and (found.n_trials == 120).all()
    ratings = np.asarray(trials.responses["ratings"], float)
    for i in (0, 11, 29):
        loop = lambda kappa, eta, sd, i=i: pearce_hall_loop(kappa, eta, sd, ratings[i], shocks)[0]  # noqa: E731
        assert_as_high_as_scipy(loop, found, i, {"kappa": (0, 1), "eta": (0, 1), "sd": (1e-3, 10)})
    # Of 120 ratings the curvature tells the errors: the mean square of 120 of them is 1 to within .13 twice,
    # and there may be an estimate at a bound.
    z = off(found, true, true)
    assert len(z) >= 110 and 0.8 < np.sqrt(np.mean(z**2)) < 1.25
    for name in true:
        least = {"kappa": 0.9, "eta": 0.5, "sd": 0.9}[name]
        assert scipy.stats.spearmanr(found.params[name], true[name]).statistic > least, name
    # The standard error of a standard deviation is sd / root(2 n).
    np.testing.assert_allclose(found.standard_errors["sd"], found.params["sd"] / math.sqrt(240), rtol=0.01)
    assert (np.abs(np.mean(found.params["sd"] / true["sd"]) - 1) < 4 / math.sqrt(240 * 40) + 0.02).all()


def test_what_a_rater_held_in_mind_is_replayed(rated):
    true, shocks, trials, found = rated
    trace = bm.replay(PEARCE_HALL, found.params, trials)
    np.testing.assert_allclose(trace.log_prob.sum(axis=1), found.log_likelihood, rtol=CLOSE)
    ratings = np.asarray(trials.responses["ratings"], float)
    for i in (0, 11):
        _, told = pearce_hall_loop(*(float(found.params[name][i]) for name in true), ratings[i], shocks)
        # Numbers below 1 through 120 updates that contract, of a few roundings each.
        ours = np.stack([trace.values[i], trace.associability[i]], axis=1)
        np.testing.assert_allclose(ours, told, rtol=0, atol=1e-5)
        np.testing.assert_allclose(trace.prediction_errors[i], shocks - np.array(told)[:, 0], atol=1e-5)


def test_criteria_count_ratings_and_leave_out_what_is_masked(rated):
    _, shocks, trials, whole = rated
    first, nothing = trials.subjects(slice(6)), np.full((6, 5), np.nan)
    ratings = np.concatenate([np.asarray(first.responses["ratings"]), nothing], axis=1)
    mask = np.arange(125) < np.c_[[120] * 5 + [80]]
    padded = Trials(None, np.r_[shocks, [np.nan] * 5], mask=mask, responses={"ratings": ratings})
    found = fit(KEY, PEARCE_HALL, padded)
    assert found.n_trials.tolist() == [120] * 5 + [80]
    np.testing.assert_allclose(found.log_prob[:5], whole.log_prob[:5], rtol=0, atol=2 * GAP)
    np.testing.assert_allclose(found.aic, 6 - 2 * found.log_likelihood, rtol=1e-6)
    expected = 3 * np.log([120] * 5 + [80]) - 2 * found.log_likelihood
    np.testing.assert_allclose(found.bic, expected, rtol=1e-6)
    params = [float(found.params[name][5]) for name in ("kappa", "eta", "sd")]
    exact, _ = pearce_hall_loop(*params, ratings[5], [*shocks, *[0.0] * 5], mask[5])
    np.testing.assert_allclose(found.log_likelihood[5], exact, rtol=CLOSE)


def test_ratings_in_points_give_the_same_fit(rated):
    # Of what has a unit, the search is counted in that of the outcomes: a scale of 100 changes nothing.
    true, shocks, trials, found = rated
    points = PEARCE_HALL._replace(
        name="points",
        parameters=(*PEARCE_HALL.parameters[:2], PEARCE_HALL.parameters[2]._replace(unit="difference")),
        init=lambda params: {"value": jnp.full((), 50.0), "associability": jnp.ones(())},
        update=lambda params, state, trial, rating, outcome: (
            {
                "value": state["value"]
                + params["kappa"] * state["associability"] * (outcome - state["value"]),
                "associability": (1 - params["eta"]) * state["associability"]
                + params["eta"] * jnp.abs(outcome - state["value"]) / 100,
            },
            {},
        ),
    )
    scaled = Trials(None, 100 * shocks, responses={"ratings": 100 * np.asarray(trials.responses["ratings"])})
    other = fit(KEY, points, scaled)
    # Each of 120 densities is a hundredth.
    expected = found.log_likelihood - 120 * math.log(100)
    np.testing.assert_allclose(other.log_likelihood, expected, rtol=0, atol=10 * GAP)
    np.testing.assert_allclose(other.params["sd"] / 100, found.params["sd"], rtol=5e-3)


def test_recovery_of_a_rating_model(rated):
    shocks = rated[1]
    drawn = {"kappa": np.linspace(0.2, 0.8, 12), "eta": 0.3, "sd": 0.1}
    made = bm.recovery(KEY, PEARCE_HALL, drawn, shocks, n_starts=2, progress=False)
    assert made.fit.n_trials.tolist() == [120] * 12
    assert made.summary().loc["kappa", "rank_r"] > 0.9 and made.summary()["n_failed"].tolist() == [0] * 3


# Choices with their times: a race whose drifts are learned.


def racing_learner():
    def predict(params, values, trial):
        return {
            "drifts": params["urgency"] + params["gain"] * values,
            "threshold": params["threshold"],
            "non_decision_time": params["non_decision_time"],
        }

    def update(params, values, trial, responded, outcome):
        error = responded["choices"] * (outcome - values)
        return values + params["alpha"] * error, {"values": values}

    parameters = (
        Parameter("alpha", 0, 1),
        Parameter("urgency", 0),
        Parameter("gain", 0),
        Parameter("threshold", 0, above=True),
        Parameter("non_decision_time", 0, 1),
    )
    init = lambda params: jnp.full(2, 0.5)  # noqa: E731
    return Model("racing_learner", parameters, responses.wald_race(2), init, predict, update)


RACER = racing_learner()


def racer_loop(alpha, urgency, gain, threshold, non_decision_time, choices, times, outcomes):
    """Inverse Gaussian distributions by SciPy's normal one: the density of one, the other being slower."""
    values, total, normal = [0.5, 0.5], 0.0, scipy.stats.norm
    for choice, time, outcome in zip(choices, times, outcomes, strict=True):
        t = time - non_decision_time
        if t <= 0:
            return -math.inf
        v, w = (urgency + gain * values[a] for a in (choice, 1 - choice))
        root = math.sqrt(t)
        total += math.log(threshold) - 0.5 * math.log(2 * math.pi * t**3) - (threshold - v * t) ** 2 / (2 * t)
        slower = normal.cdf((threshold - w * t) / root)
        slower -= math.exp(2 * w * threshold + normal.logcdf(-(threshold + w * t) / root))
        total += math.log(slower)
        values[choice] += alpha * (outcome[choice] - values[choice])
    return total


def test_a_race_is_fitted():
    n, rng = 12, np.random.default_rng(4)
    outcomes = (rng.uniform(size=(n, 150, 2)) < [0.75, 0.25]).astype(np.float32)
    true = {
        "alpha": rng.uniform(0.2, 0.6, n),
        "urgency": rng.uniform(0.5, 1.5, n),
        "gain": rng.uniform(1.5, 3.5, n),
        "threshold": np.linspace(0.6, 2, n),
        "non_decision_time": np.linspace(0.15, 0.5, n)[::-1],
    }
    trace = bm.simulate(KEY, RACER, true, outcomes)
    assert trace.times.shape == trace.choices.shape == (n, 150) and (trace.times > 0.15).all()
    trials = Trials.from_trace(trace, bm.tasks.schedule(outcomes))
    found = fit(KEY, RACER, trials)
    assert found.converged.all() and (found.n_trials == 150).all()
    np.testing.assert_allclose(found.bic, 5 * math.log(150) - 2 * found.log_likelihood, rtol=1e-6)
    at_truth = np.asarray(bm.log_likelihood(RACER, true, trials))
    gained = found.log_likelihood - at_truth
    # Twice what is gained over the truth is chi-squared with 5 degrees of freedom: beyond 25 once in 7,000.
    assert (gained > -GAP).all() and (2 * gained < 25).all()
    first = [np.asarray(x)[0].tolist() for x in (trials.choices, trials.responses["times"], outcomes)]
    loop = lambda **params: racer_loop(**params, choices=first[0], times=first[1], outcomes=first[2])  # noqa: E731
    bounds = {"alpha": (0, 1), "urgency": (0, 9), "gain": (0, 20), "threshold": (0.01, 9)}
    assert_as_high_as_scipy(loop, found, 0, bounds | {"non_decision_time": (0, 1)})
    z = off(found, true, true)
    assert len(z) > 50 and 0.6 < np.sqrt(np.mean(z**2)) < 1.5
    for name in ("threshold", "non_decision_time"):
        assert scipy.stats.spearmanr(found.params[name], true[name]).statistic > 0.8, name


# Several outcomes a trial, and several choices.


def gains_and_losses():
    def update(params, values, trial, chosen, outcome):
        error = chosen * (outcome["gain"] - params["aversion"] * outcome["loss"] - values)
        return values + params["alpha"] * error, {"values": values}

    parameters = (Parameter("alpha", 0, 1), Parameter("aversion", 0), Parameter("inverse_temperature", 0))
    predict = lambda params, values, trial: params["inverse_temperature"] * values  # noqa: E731
    init = lambda params: jnp.zeros(2)  # noqa: E731
    return Model("gains_and_losses", parameters, responses.categorical(2), init, predict, update)


def gains_and_losses_loop(alpha, aversion, inverse_temperature, choices, gains, losses):
    values, total = [0.0, 0.0], 0.0
    for choice, gain, loss in zip(choices, gains, losses, strict=True):
        total -= math.log1p(math.exp(inverse_temperature * (values[1 - choice] - values[choice])))
        values[choice] += alpha * (gain[choice] - aversion * loss[choice] - values[choice])
    return total


def test_outcomes_by_name_are_fitted():
    model, n, rng = gains_and_losses(), 24, np.random.default_rng(6)
    outcomes = {
        "gain": (rng.uniform(size=(250, 2)) < [0.6, 0.4]).astype(np.float32),
        "loss": (rng.uniform(size=(250, 2)) < [0.5, 0.2]).astype(np.float32),
    }
    true = {"alpha": 0.3, "aversion": np.linspace(0.3, 2.5, n), "inverse_temperature": 3.0}
    trace = bm.simulate(KEY, model, true, outcomes)
    trials = Trials(trace.choices, outcomes)
    found = fit(KEY, model, trials)
    assert found.converged.mean() > 0.9
    assert scipy.stats.spearmanr(found.params["aversion"], true["aversion"]).statistic > 0.85
    choices = np.asarray(trials.choices)
    for i in (3, 15):
        task = choices[i].tolist(), outcomes["gain"].tolist(), outcomes["loss"].tolist()
        loop = partial(gains_and_losses_loop, choices=task[0], gains=task[1], losses=task[2])
        ends = {"alpha": (0, 1), "aversion": (0, 50), "inverse_temperature": (0, 50)}
        assert_as_high_as_scipy(loop, found, i, ends)
    # What each person was paid alone, as in most data sets: the model sees the chosen action's, as before.
    own = {name: np.take_along_axis(x[None], choices[..., None], -1)[..., 0] for name, x in outcomes.items()}
    chosen = fit(KEY, model, Trials(choices, own))
    np.testing.assert_allclose(chosen.log_prob, found.log_prob, rtol=0, atol=10 * GAP)


def test_criteria_count_decisions():
    # Two rows a trial, as in the two-step task: on some first rows one action alone is on offer, and one
    # trial in ten is missed.
    task = bm.tasks.two_step(20)
    model = bm.models.biased_random(2)
    trace = bm.simulate(KEY, model, {"bias": [0.3, 0.6, 0.5]}, task)
    trials = Trials.from_trace(trace)
    assert trials.shape == (3, 40) and set(trials.inputs) == {"stage", "planet"}
    whole = fit(KEY, model, trials)
    assert whole.n_trials.tolist() == [40] * 3
    np.testing.assert_allclose(whole.bic, math.log(40) - 2 * whole.log_likelihood, rtol=1e-6)
    np.testing.assert_allclose(whole.aic, 2 - 2 * whole.log_likelihood, rtol=1e-6)
    available = np.ones((3, 40, 2), bool)
    forced = np.arange(40) % 8 == 0
    available[:, forced] = np.eye(2, dtype=bool)[np.asarray(trials.choices)[:, forced]]
    mask = np.ones((3, 40), bool)
    mask[1, [2, 3, 22, 23]] = False
    found = fit(KEY, model, trials._replace(available=available, mask=mask))
    assert found.n_trials.tolist() == [35, 31, 35]
    np.testing.assert_allclose(found.bic, np.log([35, 31, 35]) - 2 * found.log_likelihood, rtol=1e-6)
    # The bias is the share among free choices.
    free = mask & ~forced
    share = [np.mean(np.asarray(trials.choices)[i, free[i]] == 0) for i in range(3)]
    np.testing.assert_allclose(found.params["bias"], share, atol=2e-3)  # the root of 2 GAP of errors of .08


def test_a_composed_model_is_fitted(outcomes):
    model = bm.models.with_lapse(bm.models.with_stickiness(bm.models.rescorla_wagner(2)))
    true = {"alpha": 0.3, "temperature": 0.1, "stickiness": np.linspace(-1.5, 1.5, 20), "lapse": 0.1}
    trials = Trials(bm.simulate(KEY, model, true, outcomes, record="choices").choices, outcomes)
    found = fit(KEY, model, trials)
    assert found.converged.all() and (found.n_parameters == 4).all()
    at_truth = bm.log_likelihood(model, true, trials)
    assert (found.log_likelihood > at_truth - GAP).all()
    assert scipy.stats.spearmanr(found.params["stickiness"], true["stickiness"]).statistic > 0.7
    # At a lapse of 0 it is the model inside, which can do no better.
    inside = fit(KEY, bm.models.with_stickiness(bm.models.rescorla_wagner(2)), trials)
    assert (found.log_likelihood >= inside.log_likelihood - 10 * GAP).all()
    at_0 = found.at_bound["lapse"] & (found.params["lapse"] == 0)
    assert at_0.any() and np.isnan(found.standard_errors["lapse"][at_0]).all()
    np.testing.assert_allclose(found.log_likelihood[at_0], inside.log_likelihood[at_0], rtol=0, atol=10 * GAP)
