"""Responses: what is probable under a prediction, what is drawn from it, and what the others see of it.

The oracle of the race shares no formula of the survival with the package: it integrates the density of the
finishing time over all later times, in float64. Where that is not small, it equals the usual formula.
"""

import copy
import functools
import itertools
import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from behavioural_modelling import utils
from behavioural_modelling.models import responses

N_DRAWS = 40_000
N_EDGES = 9 * 7 * 5 * 5
EPS = float(np.finfo(np.float32).eps)
ZERO_TO_ONE = np.array([0.0, 2.0**-126, 1e-8, 0.1, 1 / 3, 0.5, 0.9, 1 - 2.0**-24], np.float32)

# Stretches that grow by a quarter each, from a millionth to 60 orders of magnitude, and 20 points in each.
EDGES = np.r_[0, 1e-6 * 1.25 ** np.arange(84)]
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(20)
STEPS = (EDGES[:-1, None] + np.diff(EDGES)[:, None] * (1 + POINTS) / 2).ravel()
STEP_WEIGHTS = (np.diff(EDGES)[:, None] * WEIGHTS / 2).ravel()


def log_f(t, v, b):
    """The log-density of one accumulator's finishing time."""
    return np.log(b) - 0.5 * np.log(2 * np.pi * t**3) - (b - v * t) ** 2 / (2 * t)


def log_survival(t, v, b):
    """The log of the integral over all later times t exp(y), and of the probability of never finishing."""
    log_pieces = log_f(t * np.exp(STEPS), v, b) + math.log(t) + STEPS + np.log(STEP_WEIGHTS)
    largest = log_pieces.max()
    log_later = largest + math.log(np.exp(log_pieces - largest).sum())
    return log_later if v >= 0 else math.log(math.exp(log_later) - math.expm1(2 * v * b))


def log_race(choice, t, drifts, b):
    """The log-density of a choice at `t` after the start of the race."""
    rest = (log_survival(t, v, b) for action, v in enumerate(drifts) if action != choice)
    return float(log_f(t, drifts[choice], b)) + math.fsum(rest)


def prediction(drifts, threshold=1.0, non_decision_time=0.25):
    return {
        "drifts": jnp.asarray(drifts, float),
        "threshold": jnp.asarray(threshold, float),
        "non_decision_time": jnp.asarray(non_decision_time, float),
    }


def race_response(choices, times):
    return {"choices": jnp.asarray(choices), "times": jnp.asarray(times, float)}


def density_grid(drifts, threshold=1.0):
    """Times since the start, their weights, and the package's density of each choice, (n_actions, n_times).

    The logs of the times have even distances, from where nothing has finished to exp(45) times that. At both
    ends the integrand is below 1e-9, so the sum over an even grid is the integral to about that.
    """
    drifts, log_times = list(drifts), np.linspace(-5, 40, 6001)
    n, times = len(drifts), np.exp(log_times)
    given = prediction(drifts, threshold, 0.0)  # with another, float32 would round the shortest times
    over_times = jax.vmap(responses.wald_race(n).log_prob, in_axes=(None, {"choices": None, "times": 0}))
    rows = [jax.jit(over_times)(given, race_response(choice, times)) for choice in range(n)]
    return times, times * (log_times[1] - log_times[0]), np.exp(np.asarray(rows, np.float64))


# -- The race: its density --

# Slow, middling and fast against near and far thresholds, at times from a thousandth to a thousand:
# v sqrt(t) and b / sqrt(t) meet every branch, and fall on either side of each switch between two.
RACES = list(
    itertools.product(
        (0.0, 1e-3, 0.3, 1.0, 2.5, 4.5, 8.0, -0.5),
        (0.01, 0.0625, 1.0, 4.0),
        (1e-3, 0.05, 0.3, 1.0, 1.6, 9.0, 1e3),
    )
)


def scale(t, drifts, b):
    """What the terms of a log-density are made of: its error is some roundings of this."""
    m, h = np.abs(drifts) * math.sqrt(t), b / math.sqrt(t)
    return np.sum(1 + np.abs(m - h) * (m + h) + np.abs(np.log(h)) + abs(math.log(t)))


@pytest.mark.parametrize("v, b, t", [(0.0, 1.0, 2.0), (1.0, 1.0, 0.5), (3.0, 2.0, 1.0), (-0.5, 1.0, 3.0)])
def test_the_oracle_is_the_usual_formula_where_that_keeps_its_digits(v, b, t):
    upper = lambda x: 0.5 * math.erfc(x / math.sqrt(2))  # noqa: E731
    usual = upper((v * t - b) / math.sqrt(t)) - math.exp(2 * v * b) * upper((v * t + b) / math.sqrt(t))
    assert log_survival(t, v, b) == pytest.approx(math.log(usual), abs=1e-12)


def race_errors():
    """The error of each race's log-density, and its scale; the other accumulator drifts at 1."""
    given = [np.asarray(x, np.result_type(float)) for x in zip(*RACES, strict=True)]
    v, b, t = (np.asarray(jnp.asarray(x, float)) for x in given)  # as rounded as the package gets them
    both = jax.vmap(lambda v: jnp.stack([jnp.ones_like(v), v]))(v)
    log_prob = jax.jit(jax.vmap(responses.wald_race(2).log_prob))
    got = log_prob(prediction(both, b, np.zeros_like(b)), race_response(np.zeros(len(v), int), t))
    numbers = [tuple(map(float, row)) for row in zip(v, b, t, strict=True)]
    expected = np.array([log_race(0, t, [1.0, v], b) for v, b, t in numbers])
    scales = np.array([scale(t, np.array([1.0, v]), b) for v, b, t in numbers])
    return np.abs(np.asarray(got, np.float64) - expected), scales


def test_the_density_is_that_of_the_oracle():
    # A few operations round. Just before the series takes over, at h = .1, the difference has lost 1 / (2h).
    errors, scales = race_errors()
    assert (errors <= 4 * EPS * scales).all(), RACES[np.argmax(errors / scales)]


def test_the_density_is_that_of_the_oracle_in_float64(x64):
    # The same in units of float64's 2e-16, and as much again for the sums of the oracle.
    errors, scales = race_errors()
    assert (errors <= 1e-13 * scales).all(), RACES[np.argmax(errors / scales)]


@pytest.mark.parametrize(
    "drifts, threshold",
    [
        *(([2.0], 1.0), ([1.0, 0.5], 1.0), ([3.0, 0.0], 0.7), ([0.0, 0.0], 0.5)),
        *(([2.0, 1.0, 0.0], 2.0), ([4.0, 4.0, 3.5], 1.5)),
    ],
)
def test_the_density_sums_to_one_over_choices_and_times(drifts, threshold):
    # A density is wrong by its log's error: some float32 roundings of numbers up to ten or so.
    _, weights, density = density_grid(drifts, threshold)
    assert (density @ weights).sum() == pytest.approx(1, abs=1e-5)


def test_with_a_negative_drift_the_density_sums_to_what_finishes():
    # One of two that drift back finishes with probability 1 - (1 - exp(2 v1 b)) (1 - exp(2 v2 b)).
    _, weights, density = density_grid([-0.5, -1.0], 0.8)
    finishes = 1 - (1 - math.exp(-0.8)) * (1 - math.exp(-1.6))
    assert (density @ weights).sum() == pytest.approx(finishes, abs=1e-5)


def test_many_actions_race_as_few_do():
    drifts = np.linspace(0, 3, 20)
    got = jax.jit(responses.wald_race(20).log_prob)(prediction(drifts, 1.0, 0.25), race_response(7, 0.75))
    exact = np.asarray(jnp.asarray(drifts, float), np.float64)
    assert float(got) == pytest.approx(log_race(7, 0.5, exact, 1.0), abs=4 * EPS * scale(0.5, exact, 1.0))


def everything(log_prob):
    """A log-density with its slopes, backward, and its curvatures, forward over forward."""
    slopes, curvatures = jax.grad(log_prob), jax.jacfwd(jax.jacfwd(log_prob))
    return lambda *given: (log_prob(*given), slopes(*given), curvatures(*given))


@functools.cache
def everything_of_two():
    return jax.jit(jax.vmap(everything(responses.wald_race(2).log_prob)))


def test_a_response_at_an_impossible_time_has_no_density_and_no_slope():
    one = np.ones(N_EDGES)  # as many as in the next test, which then needs no compiling
    times = race_response(np.zeros(N_EDGES, int), np.resize([0.25, 0.1, -1.0, np.inf], N_EDGES))
    log_p, *slopes = everything_of_two()(prediction(np.c_[one, 2 * one], one, one / 4), times)
    assert (log_p == -np.inf).all()
    assert all((x == 0).all() for x in jax.tree.leaves(slopes))


# -- The race: its slopes --


def test_slopes_and_curvatures_are_finite_at_the_edges():
    one = [0.0, 1e-30, 1e-6, 0.1, 1.0, 30.0, 1e4]
    drifts = itertools.product([*one, -0.1, -30.0], one)
    rows = list(itertools.product(drifts, [1e-6, 1e-2, 1.0, 30.0, 1e3], [1e-8, 1e-4, 0.3, 10.0, 1e6]))
    drifts, b, t = (np.array(x) for x in zip(*rows, strict=True))
    found = everything_of_two()(prediction(drifts, b, 0 * b), race_response(np.zeros(N_EDGES, int), t))
    for leaf in jax.tree.leaves(found):
        finite = np.isfinite(leaf).reshape(N_EDGES, -1).all(axis=1)
        assert finite.all(), rows[np.argmin(finite)]


def test_slopes_and_curvatures_are_those_of_the_density(x64):
    # Central differences over steps of 1e-4, 1e-5 for the threshold. They are wrong by the step squared times
    # a third derivative, up to 1 / b^3 = 4e4 for the threshold and 1e3 else, and by 1e-12 over the step.
    axes = (0.0, 0.3, 2.0, -0.7), (0.03, 1.0), (0.35, 1.0, 6.0)
    v, b, t = np.array(list(itertools.product(*axes))).T
    point, steps = np.stack([np.ones_like(v), v, b, 0 * v + 0.25]), np.array([1e-4, 1e-4, 1e-5, 1e-4])

    def log_prob(x, t):
        return responses.wald_race(2).log_prob(prediction(x[:2], x[2], x[3]), race_response(0, t))

    def oracle(point):
        return np.array([log_race(0, t - x[3], x[:2], x[2]) for x, t in zip(point.T, t, strict=True)])

    def difference(f):
        moves = np.diag(steps)[:, :, None]
        return [(np.asarray(f(point + d)) - np.asarray(f(point - d))) / (2 * d.sum()) for d in moves]

    each = jax.jit(jax.vmap(everything(log_prob), in_axes=(1, 0), out_axes=-1))
    _, slopes, curvatures = each(point, t)
    np.testing.assert_allclose(slopes, difference(oracle), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(curvatures, difference(lambda x: each(x, t)[1]), rtol=1e-5, atol=1e-5)


# -- The race: its draws --


def race_draws(given, n_actions, seed=0):
    response = responses.wald_race(n_actions)
    uniforms = jax.random.uniform(jax.random.key(seed), (N_DRAWS, response.n_uniforms))
    drawn = jax.jit(jax.vmap(response.draw, in_axes=(None, 0)))(given, uniforms)
    return np.asarray(drawn["choices"]), np.asarray(drawn["times"], np.float64)


@pytest.mark.parametrize(
    "drifts, threshold", [([1.0, 0.5], 1.0), ([3.0, 0.0], 0.7), ([0.0, 0.0], 0.5), ([2.0, 1.0, 0.5], 2.0)]
)
def test_draws_have_the_density(drifts, threshold):
    # How often each action wins, and how often it does by a given time: shares p with the standard error
    # sqrt(p (1 - p) / n), from which 4 are 1 in 16,000.
    choices, times = race_draws(prediction(drifts, threshold), len(drifts))
    grid, weights, density = density_grid(drifts, threshold)
    for action in range(len(drifts)):
        for last in (400, 600, 700, 800, 1000, 6000):  # times of .14, .61, 1.3, 2.7, 12 and all
            limit = np.sqrt(grid[last] * np.append(grid, np.inf)[last + 1])  # halfway between two
            p = density[action, : last + 1] @ weights[: last + 1]
            share = ((choices == action) & (times - 0.25 <= limit)).mean()
            assert abs(share - p) <= 4 * math.sqrt(p * (1 - p) / N_DRAWS)


@pytest.mark.parametrize("drifts, threshold", [([1.0, 0.5], 1.0), ([2.0, 1.0, 0.5], 2.0)])
def test_draws_have_the_mean_time_of_the_density(drifts, threshold):
    _, times = race_draws(prediction(drifts, threshold), len(drifts), seed=1)
    grid, weights, density = density_grid(drifts, threshold)
    mean, square = (density.sum(axis=0) @ (weights * grid**power) for power in (1, 2))
    assert abs(times.mean() - 0.25 - mean) <= 4 * math.sqrt((square - mean**2) / N_DRAWS)


def test_a_single_accumulator_takes_its_distance_over_its_drift():
    # An inverse Gaussian time with b = 2 and v = 4: mean b / v = .5, variance b / v^3 = 1 / 32.
    _, times = race_draws(prediction([4.0], 2.0, 0.25), 1)
    assert abs(times.mean() - 0.75) <= 4 * math.sqrt(1 / 32 / N_DRAWS)
    # The fourth central moment is 15 mu^7 / lambda^3 + 3 variance^2 with lambda = b^2 = 4.
    fourth = 15 * 0.5**7 / 4**3 + 3 / 32**2
    assert abs(times.var() - 1 / 32) <= 4 * math.sqrt((fourth - 1 / 32**2) / N_DRAWS)


@pytest.mark.parametrize("limit", [0.2, 1.0, 50.0, 1e4])
def test_without_drift_a_time_is_one_over_a_squared_normal_number(limit):
    # T = b^2 / z^2 is over t where |z| is below b / sqrt(t), with probability erf(b / sqrt(2 t)).
    _, times = race_draws(prediction([0.0], 1.5, 0.0), 1)
    p = math.erf(1.5 / math.sqrt(2 * limit))
    assert abs((times > limit).mean() - p) <= 4 * math.sqrt(p * (1 - p) / N_DRAWS)


def test_an_accumulator_that_drifts_back_finishes_sometimes_and_then_as_fast_as_forward():
    choices, times = race_draws(prediction([-0.5], 1.0, 0.0), 1)
    finished, p = np.isfinite(times), math.exp(-1)
    assert abs(finished.mean() - p) <= 4 * math.sqrt(p * (1 - p) / N_DRAWS)
    assert abs(times[finished].mean() - 2) <= 4 * math.sqrt(1 / 0.5**3 / finished.sum())
    assert (choices == 0).all()


@pytest.mark.parametrize("v, square, early, late", [(2, 2, 0.5, 2), (1, 1, 1, 4), (0, 1, 4, 4)])
def test_a_draw_has_the_squared_normal_number_of_its_random_number(v, square, early, late):
    # By hand, with b = 2: (b - v t)^2 / t is `square` at either time, and the early one is right for 2/3 =
    # b / (b + v t) of the random numbers. A normal number is beyond z with probability erfc(z / sqrt(2)).
    for pick, time in ((0.0, early), (0.66, early), (0.67, late), (0.99, late)):
        uniforms = jnp.array([math.erfc(math.sqrt(square / 2)), pick], float)
        drawn = responses.wald_race(1).draw(prediction([v], 2.0, 0.25), uniforms)
        # The quantile of a rounded probability is off by its rounding over z and the density there.
        assert float(drawn["times"]) == pytest.approx(0.25 + time, rel=40 * EPS)


def test_every_random_number_gives_a_finite_time_after_the_start():
    rows = np.array(list(itertools.product([0.0, 1e-30, 1e-6, 1.0, 1e4], ZERO_TO_ONE, ZERO_TO_ONE)))
    one, zero = np.ones(len(rows)), np.zeros(len(rows))
    draw = jax.jit(jax.vmap(responses.wald_race(1).draw))
    times = np.asarray(draw(prediction(rows[:, :1], one, zero), jnp.asarray(rows[:, 1:], float))["times"])
    good = np.isfinite(times) & (times > 0)
    assert good.all(), rows[np.argmin(good)]


def test_a_draw_is_of_the_types_of_a_response():
    drawn = responses.wald_race(3).draw(prediction([1.0, 2.0, 3.0]), jnp.full(6, 0.5))
    assert drawn["choices"].dtype == jnp.int32 and drawn["choices"].shape == ()
    assert drawn["times"].dtype == jnp.float32 and drawn["times"].shape == ()


# -- The race: what is on offer, and what others see --


def test_a_race_among_some_is_a_race_of_those_alone():
    response, available = responses.wald_race(3), np.array([True, False, True])
    among = response.on_offer(prediction([1.0, 9.0, 2.0]), available)
    alone = prediction([1.0, 2.0])
    log_prob, log_prob_alone = jax.jit(response.log_prob), jax.jit(responses.wald_race(2).log_prob)
    for choice, alone_choice in ((0, 0), (2, 1)):
        expected = float(log_prob_alone(alone, race_response(alone_choice, 0.9)))
        # The same numbers, which another program may sum up with other roundings.
        assert float(log_prob(among, race_response(choice, 0.9))) == pytest.approx(expected, rel=4 * EPS)
    assert log_prob(among, race_response(1, 0.9)) == -np.inf
    uniforms = jnp.array([0.3, 0.9, 0.6, 0.2, 0.7, 0.8])
    drawn = jax.jit(response.draw)(among, uniforms)
    expected = jax.jit(responses.wald_race(2).draw)(alone, uniforms[np.array([0, 2, 3, 5])])
    assert drawn["choices"] == 2 * expected["choices"]
    assert float(drawn["times"]) == pytest.approx(float(expected["times"]), rel=4 * EPS)


def test_what_is_not_on_offer_is_never_drawn_and_has_no_slope():
    response, available = responses.wald_race(3), np.array([False, True, True])
    among = response.on_offer(prediction([30.0, 1.0, 2.0]), available)
    choices, _ = race_draws(among, 3)
    assert set(choices.tolist()) == {1, 2}

    @jax.jit
    @jax.grad
    def slope_by_drifts(drifts, choice):
        return response.log_prob({**among, "drifts": drifts}, race_response(choice, 0.9))

    for choice in range(3):
        slopes = slope_by_drifts(among["drifts"], choice)
        assert np.isfinite(slopes).all() and slopes[0] == 0


def test_nobody_finishes_without_an_action_that_is_not_on_offer_winning():
    response, never = responses.wald_race(2), prediction([-100.0, -100.0])
    drawn = response.draw(response.on_offer(never, np.array([False, True])), jnp.full(4, 0.5))
    assert drawn["choices"] == 1 and drawn["times"] == np.inf


def test_all_are_on_offer_where_nothing_is_said():
    given = prediction([1.0, 2.0])
    response, all_of_them = responses.wald_race(2), np.array([True, True])
    assert response.on_offer(given, None) is given
    log_prob, one = jax.jit(response.log_prob), race_response(1, 0.8)
    said = float(log_prob(response.on_offer(given, all_of_them), one))
    assert said == pytest.approx(float(log_prob(given, one)), rel=4 * EPS)


def test_the_race_works_compiled_and_mapped():
    response, drifts = responses.wald_race(2), np.array([[1.0, 0.0], [2.0, 3.0], [-1.0, 1.0]], np.float32)
    axes = {"drifts": 0, "threshold": None, "non_decision_time": None}
    given = race_response([0, 1, 1], [0.5, 0.8, 2.0])
    mapped = jax.jit(jax.vmap(response.log_prob, in_axes=(axes, 0)))(prediction(drifts), given)
    for i, got in enumerate(mapped):
        one = race_response(given["choices"][i], given["times"][i])
        # Compiled, it rounds in other places: some roundings of numbers up to 10.
        assert float(response.log_prob(prediction(drifts[i]), one)) == pytest.approx(float(got), abs=40 * EPS)


def test_what_update_and_trace_see_of_a_race():
    response, given = responses.wald_race(3), prediction([1.0, 2.0, 3.0])
    seen = response.encode(race_response(2, 0.7))
    assert seen["choices"].tolist() == [0, 0, 1] and seen["times"] == np.float32(0.7)
    assert list(response.report(given)) == ["drifts"]
    assert response.report(given)["drifts"] is given["drifts"]
    assert response.parts == ("choices", "times") and response.n_uniforms == 6 and response.n_actions == 3


@pytest.mark.parametrize("mode", [lambda: jax.debug_nans(True), lambda: jax.numpy_dtype_promotion("strict")])
def test_the_race_passes_the_debugging_modes(mode):
    response = responses.wald_race(2)
    given, uniforms = prediction([0.0, 2.0]), jnp.array([0.0, 0.5, 0.0, 0.9])
    log_prob = lambda *arguments: response.log_prob(*arguments)  # noqa: E731  traced anew
    with mode():
        drawn = jax.jit(lambda *arguments: response.draw(*arguments))(given, uniforms)
        slopes = jax.jit(jax.grad(log_prob))(given, drawn)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves((drawn, slopes)))


# -- A rating --


@pytest.mark.parametrize("mean, sd, rating", [(0.0, 1.0, 0.0), (50.0, 10.0, 73.0), (-2.0, 0.125, -1.5)])
def test_a_rating_has_the_normal_density(mean, sd, rating):
    expected = math.log(math.exp(-((rating - mean) ** 2) / (2 * sd**2)) / (sd * math.sqrt(2 * math.pi)))
    got = responses.normal().log_prob((jnp.asarray(mean), jnp.asarray(sd)), jnp.asarray(rating))
    # A handful of operations round numbers that are no larger than these three terms.
    size = 1 + ((rating - mean) / sd) ** 2 / 2 + abs(math.log(sd))
    assert float(got) == pytest.approx(expected, abs=4 * EPS * size)


def test_a_rating_has_the_normal_density_in_float64(x64):
    expected = -0.5 * 2.3**2 - math.log(10) - 0.5 * math.log(2 * math.pi)
    assert float(responses.normal().log_prob((50.0, 10.0), 73.0)) == pytest.approx(expected, abs=1e-14)


def test_the_density_of_ratings_integrates_to_one():
    ratings = np.linspace(-60, 160, 2001)  # 11 standard deviations to either side
    log_density = responses.normal().log_prob((50.0, 10.0), jnp.asarray(ratings, jnp.float32))
    density = np.exp(np.asarray(log_density, np.float64))
    # The log of the density is wrong by roundings of numbers up to 60, where it matters up to 10.
    assert density.sum() * (ratings[1] - ratings[0]) == pytest.approx(1, abs=20 * EPS)


def test_drawn_ratings_have_their_mean_and_standard_deviation():
    uniforms = jax.random.uniform(jax.random.key(0), (N_DRAWS, 1))
    ratings = jax.vmap(responses.normal().draw, in_axes=(None, 0))((50.0, 10.0), uniforms)
    ratings = np.asarray(ratings, np.float64)
    assert abs(ratings.mean() - 50) <= 4 * 10 / math.sqrt(N_DRAWS)
    assert abs(ratings.std() - 10) <= 4 * 10 / math.sqrt(2 * N_DRAWS)
    assert abs((ratings < 60).mean() - 0.841345) <= 4 * math.sqrt(0.841345 * 0.158655 / N_DRAWS)


def test_a_random_number_of_zero_gives_a_finite_rating():
    draw = lambda uniform: float(responses.normal().draw((0.0, 1.0), jnp.array([uniform])))  # noqa: E731
    # The smallest is taken for half of eps, 6e-8, the normal number of which is -5.29.
    assert draw(0.0) == pytest.approx(-5.29, abs=0.01)
    assert [math.isfinite(draw(uniform)) for uniform in ZERO_TO_ONE] == [True] * len(ZERO_TO_ONE)


def test_what_update_and_trace_see_of_a_rating():
    response = responses.normal()
    assert response.report((50.0, 10.0)) == {"mean": 50.0, "sd": 10.0}
    assert response.encode(73.0) == 73.0
    assert response.parts == ("ratings",) and response.n_uniforms == 1
    assert response.n_actions is None and response.on_offer is None


# -- A choice --

LOGITS = [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [80.0, 0.0, -80.0], [1000.0, 1000.5, 0.0], [-3.0, -3.0, -300.0]]


@pytest.mark.parametrize("logits", LOGITS)
def test_a_choice_has_the_softmax_probability(logits):
    response, p = responses.categorical(3), np.exp(np.array(logits) - np.max(logits))
    for choice in range(3):
        # The largest logit is taken off without error, and the log of the sum is of a number up to 3.
        expected = logits[choice] - max(logits) - math.log(p.sum())
        got = float(response.log_prob(jnp.asarray(logits), choice))
        assert got == pytest.approx(expected, rel=4 * EPS, abs=4 * EPS)


@pytest.mark.parametrize("logits", LOGITS)
def test_the_probabilities_of_choices_sum_to_one(logits):
    log_prob = jax.vmap(responses.categorical(3).log_prob, in_axes=(None, 0))
    p = np.exp(np.asarray(log_prob(jnp.asarray(logits), jnp.arange(3)), np.float64))
    assert p.sum() == pytest.approx(1, abs=8 * EPS)
    np.testing.assert_allclose(p, reference.softmax(np.array(logits)), atol=8 * EPS)


@pytest.mark.parametrize("logits", LOGITS)
def test_the_slope_of_a_choice_is_what_was_chosen_minus_how_probable_it_was(logits):
    for choice in range(3):
        slope = jax.grad(responses.categorical(3).log_prob)(jnp.asarray(logits), choice)
        expected = np.eye(3)[choice] - reference.softmax(np.array(logits))
        np.testing.assert_allclose(slope, expected, atol=4 * EPS)


def test_a_drawn_choice_is_the_one_that_the_random_number_falls_on():
    response = responses.categorical(3)
    for logits, uniform in itertools.product(LOGITS, ZERO_TO_ONE):
        drawn = response.draw(jnp.asarray(logits), jnp.array([uniform]))
        expected = utils.choice_from_uniform(uniform, response.report(jnp.asarray(logits))["choice_p"])
        assert drawn == expected and drawn.dtype == jnp.int32 and drawn.shape == ()


def test_a_choice_is_among_what_is_on_offer():
    response, logits = responses.categorical(3), jnp.array([1.0, 5.0, 2.0])
    among = response.on_offer(logits, np.array([True, False, True]))
    share = 1 / (1 + math.exp(1))
    assert math.exp(response.log_prob(among, 0)) == pytest.approx(share, abs=4 * EPS)
    assert response.log_prob(among, 1) == -np.inf
    assert np.isfinite(jax.grad(response.log_prob)(among, 0)).all()
    draw = jax.jit(response.draw)
    assert {int(draw(among, jnp.array([u]))) for u in ZERO_TO_ONE} == {0, 2}
    assert response.on_offer(logits, None) is logits


def test_what_update_and_trace_see_of_a_choice():
    response = responses.categorical(3)
    assert response.encode(jnp.asarray(1)).tolist() == [0, 1, 0]
    assert list(response.report(jnp.zeros(3))) == ["choice_p"]
    np.testing.assert_allclose(response.report(jnp.zeros(3))["choice_p"], 1 / 3, atol=EPS)
    assert response.parts == ("choices",) and response.n_uniforms == 1 and response.n_actions == 3


# -- All of them --

BUILT = {"categorical": (3,), "normal": (), "wald_race": (2,)}


@pytest.mark.parametrize("name", BUILT)
def test_a_response_is_the_same_object_however_it_comes(name):
    build = getattr(responses, name)
    response = build(*BUILT[name])
    assert build(*map(np.int64, BUILT[name])) is response
    assert pickle.loads(pickle.dumps(response)) is response
    assert copy.deepcopy(response) is response


@pytest.mark.parametrize("name", ["categorical", "wald_race"])
@pytest.mark.parametrize("n_actions, received", [(0, "0"), (2.0, "2.0"), (True, "True"), ("2", "'2'")])
def test_a_number_of_actions_that_is_none_is_refused(name, n_actions, received):
    with pytest.raises(ValueError, match=f"^n_actions: expected .*, got {received}$"):
        getattr(responses, name)(n_actions)


@pytest.mark.parametrize("name", ["categorical", "wald_race"])
def test_one_action_is_enough(name):
    assert getattr(responses, name)(1).n_actions == 1
