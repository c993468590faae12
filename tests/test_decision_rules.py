"""Softmax and its variants, and the lapse mixture."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads

from behavioural_modelling import decision_rules

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
TINY = float(np.finfo(np.float32).tiny)  # smaller numbers may be flushed to 0

TEMPERATURES = [1e-6, 1e-3, 0.1, 1.0, 30.0, 1e6]
SOFTMAX_RULES = {
    "softmax": decision_rules.softmax,
    "softmax_subtract_max": decision_rules.softmax_subtract_max,
    "softmax_stickiness": decision_rules.softmax_stickiness,
    "softmax_inverse_temperature": lambda v, t: decision_rules.softmax_inverse_temperature(v, 1 / t),
    "softmax_stickiness_inverse_temperature": lambda v, t: (
        decision_rules.softmax_stickiness_inverse_temperature(v, 1 / t)
    ),
}


def assert_close_to(ours, exact):
    """Hold float32 softmax probabilities against exact ones, each to its own tolerance.

    A logit x has two roundings, of the difference and of the division: |dx| <= 2 u |x|. As
    dp_a = p_a (dx_a - sum_b p_b dx_b), with |x_a| <= ln(1/p_a) + ln(n) and sum_b p_b |x_b| <= n/e, and
    a few units for exp, the sum and the division (16 covers them up to 10 actions):
    |dp_a| / p_a <= 2 u (ln(1/p_a) + ln(n) + n/e) + 16 u.
    """
    n = exact.shape[-1]
    p = np.maximum(exact, TINY)
    tolerance = p * UNIT * (2 * (np.log(1 / p) + np.log(n) + n / np.e) + 16) + TINY
    error = np.abs(np.asarray(ours, dtype=np.float64) - exact)
    assert (error <= tolerance).all(), f"off by {(error / tolerance).max():.3g} tolerances"


# By hand: exp(log k) = k, and exp(1 / 0.5) = e**2.
HAND_WORKED = {
    "three actions": (decision_rules.softmax, (np.log([1, 2, 5]),), [1 / 8, 2 / 8, 5 / 8]),
    "temperature": (
        decision_rules.softmax,
        ([0.0, 1.0], 0.5),
        [1 / (1 + np.e**2), np.e**2 / (1 + np.e**2)],
    ),
    "inverse temperature": (
        decision_rules.softmax_inverse_temperature,
        ([0.0, np.log(3)], 2.0),
        [1 / 10, 9 / 10],
    ),
    "stickiness": (
        decision_rules.softmax_stickiness,
        ([0.0, 0.0], 0.5, np.log(3) / 2, [1, 0]),
        [3 / 4, 1 / 4],
    ),
    "stickiness below 0": (
        decision_rules.softmax_stickiness,
        ([0.0, 0.0], 1.0, -np.log(3), [1, 0]),
        [1 / 4, 3 / 4],
    ),
    "stickiness times inverse temperature": (
        decision_rules.softmax_stickiness_inverse_temperature,
        ([0.0, 0.0], 2.0, np.log(3), [0, 1]),
        [1 / 10, 9 / 10],
    ),
    "one action": (decision_rules.softmax, ([7.0],), [1.0]),
    "subtract max": (decision_rules.softmax_subtract_max, (np.log([1, 3]),), [1 / 4, 3 / 4]),
}


@pytest.mark.parametrize("rule, arguments, expected", HAND_WORKED.values(), ids=HAND_WORKED)
def test_hand_worked_numbers(rule, arguments, expected):
    # Logits below 3 with a handful of float32 roundings each: 1e-6 is 16 units.
    np.testing.assert_allclose(rule(*arguments), expected, rtol=1e-6)


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("name", ["softmax", "softmax_stickiness"])
def test_exact_at_every_temperature(name, scale, temperature):
    rng = np.random.default_rng(1)
    value = (scale * rng.uniform(-1, 1, size=(50, 4))).astype(np.float32)
    value[10:20, 1] = value[10:20, 0]  # equal actions
    value[20:40, 2] = np.nextafter(value[20:40, 0], np.float32(0))  # nearly equal ones
    temperature = np.float32(temperature)
    assert_close_to(SOFTMAX_RULES[name](value, temperature), reference.softmax(value, temperature))


@pytest.mark.parametrize("inverse_temperature", [0.0, *(1 / t for t in TEMPERATURES)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_exact_at_every_inverse_temperature(scale, inverse_temperature):
    rng = np.random.default_rng(2)
    value = (scale * rng.uniform(-1, 1, size=(50, 4))).astype(np.float32)
    value[20:40, 2] = np.nextafter(value[20:40, 0], np.float32(0))
    beta = np.float32(inverse_temperature)
    exact = reference.softmax_inverse_temperature(value, beta)
    assert_close_to(decision_rules.softmax_inverse_temperature(value, beta), exact)
    assert_close_to(decision_rules.softmax_stickiness_inverse_temperature(value, beta), exact)


@pytest.mark.parametrize("name", SOFTMAX_RULES)
@pytest.mark.parametrize("temperature", [2.0**-20, 2.0**-17, 2.0**-14])
def test_large_nearly_equal_values_are_told_apart(name, temperature):
    # The float32 neighbour of 1000 lies 2**-14 below it: logits are 0 and -64, -8 or -1, all exact.
    value = np.array([1000, 1000 - 2.0**-14], dtype=np.float32)
    odds = np.exp(-(2.0**-14) / temperature)
    expected = np.array([1 / (1 + odds), odds / (1 + odds)])
    # exp, sum and division: a few units of 2**-24 each.
    np.testing.assert_allclose(SOFTMAX_RULES[name](value, temperature), expected, rtol=16 * UNIT)


@pytest.mark.parametrize("value", [0.0, 0.5, 1000.0])
@pytest.mark.parametrize("temperature", [1e-6, 1e-3, 1.0, 1e6])
def test_a_small_stickiness_counts_beside_large_values(value, temperature):
    # The values are equal, so only stickiness / temperature matters, whatever the values are.
    temperature = np.float32(temperature)
    stickiness = np.float32(3 * temperature)
    arguments = ([value, value], temperature, stickiness, [1, 0])
    exact = reference.softmax(*arguments)
    assert_close_to(decision_rules.softmax_stickiness(*arguments), exact)
    beta = np.float32(1 / temperature)
    arguments = ([value, value], beta, stickiness, [1, 0])
    exact = reference.softmax_inverse_temperature(*arguments)
    assert_close_to(decision_rules.softmax_stickiness_inverse_temperature(*arguments), exact)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 4, 3), (0, 3)])
@pytest.mark.parametrize("name", SOFTMAX_RULES)
def test_any_leading_shape(name, shape):
    value = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    probs = SOFTMAX_RULES[name](value, 0.5)
    assert probs.shape == shape
    assert probs.dtype == jnp.float32
    assert_close_to(probs, reference.softmax(value, 0.5))


@pytest.mark.parametrize("per_row", [(4,), (2, 4), (2, 4, 1)])
def test_a_temperature_and_a_stickiness_per_row(per_row):
    rng = np.random.default_rng(4)
    value = rng.normal(size=(2, 4, 3)).astype(np.float32)
    temperature = rng.uniform(0.2, 5, size=per_row).astype(np.float32)
    stickiness = rng.normal(size=per_row).astype(np.float32)
    prev_choice = np.eye(3, dtype=np.int16)[rng.integers(3, size=(2, 4))]
    rows = (per_row + (1,))[:-1] if per_row[-1:] != (1,) else per_row[:-1]
    arguments = (temperature.reshape(rows), stickiness.reshape(rows), prev_choice)
    # value + stickiness is rounded too, to UNIT * 4 here, over a temperature of 0.2: 20 units of logit.
    sticky = decision_rules.softmax_stickiness(value, temperature, stickiness, prev_choice)
    np.testing.assert_allclose(sticky, reference.softmax(value, *arguments), rtol=100 * UNIT)
    inverse = decision_rules.softmax_stickiness_inverse_temperature(
        value, temperature, stickiness, prev_choice
    )
    exact = reference.softmax_inverse_temperature(value, *arguments)
    # An inverse temperature of up to 5 times values of up to 4, each with a few roundings.
    np.testing.assert_allclose(inverse, exact, rtol=200 * UNIT)
    assert_close_to(decision_rules.softmax(value, temperature), reference.softmax(value, arguments[0]))


def test_integer_values_are_promoted():
    probs = decision_rules.softmax([0, 1], 1)
    assert probs.dtype == jnp.float32
    assert_close_to(probs, reference.softmax([0, 1]))


def test_float64_where_jax_has_it_switched_on(x64):
    value = np.random.default_rng(5).normal(size=(20, 3))
    probs = decision_rules.softmax(value, 0.1)
    assert probs.dtype == jnp.float64
    # Logits up to 50, each with a relative error of 2**-52: 1e-14 is 45 units.
    np.testing.assert_allclose(probs, reference.softmax(value, 0.1), rtol=5e-14)


@pytest.mark.parametrize(
    "sticky, plain",
    [
        (decision_rules.softmax_stickiness, decision_rules.softmax),
        (
            decision_rules.softmax_stickiness_inverse_temperature,
            decision_rules.softmax_inverse_temperature,
        ),
    ],
    ids=["temperature", "inverse temperature"],
)
@pytest.mark.parametrize("prev_choice", [None, [0, 0, 0]], ids=["None", "zeros"])
def test_no_previous_choice_is_no_stickiness(sticky, plain, prev_choice):
    value = jnp.array([[0.1, 0.7, -0.3], [2.0, 1.0, 0.0]])
    probs = sticky(value, 0.7, 5.0, prev_choice)
    np.testing.assert_array_equal(probs, plain(value, 0.7))
    np.testing.assert_array_equal(probs, sticky(value, 0.7))
    np.testing.assert_array_equal(probs, sticky(value, 0.7, 0.0, [0, 1, 0]))


@pytest.mark.parametrize("inverse_temperature", [2.0**-20, 0.25, 1.0, 8.0, 2.0**20])
def test_inverse_temperature_is_one_over_temperature(inverse_temperature):
    value = np.random.default_rng(6).normal(size=(20, 3)).astype(np.float32)
    prev_choice = np.eye(3)[np.arange(20) % 3]
    # Powers of two: division and multiplication round alike, so the numbers are the same.
    np.testing.assert_array_equal(
        decision_rules.softmax_inverse_temperature(value, inverse_temperature),
        decision_rules.softmax(value, 1 / inverse_temperature),
    )
    np.testing.assert_array_equal(
        decision_rules.softmax_stickiness_inverse_temperature(value, inverse_temperature, 0.3, prev_choice),
        decision_rules.softmax_stickiness(value, 1 / inverse_temperature, 0.3, prev_choice),
    )


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_subtract_max_is_softmax(temperature):
    value = 1e3 * np.random.default_rng(7).normal(size=(20, 5)).astype(np.float32)
    np.testing.assert_array_equal(
        decision_rules.softmax_subtract_max(value, temperature),
        decision_rules.softmax(value, temperature),
    )


def test_default_temperature_is_one():
    value = [0.3, -0.2, 1.0]
    probs = decision_rules.softmax(value, 1.0)
    for rule in (
        decision_rules.softmax,
        decision_rules.softmax_subtract_max,
        decision_rules.softmax_inverse_temperature,
        decision_rules.softmax_stickiness,
        decision_rules.softmax_stickiness_inverse_temperature,
    ):
        np.testing.assert_array_equal(rule(value), probs)


def test_logits_are_relative_to_the_best_action():
    value = jnp.array([[1.0, 3.0, 2.0], [1000.0, 1000.0 - 2.0**-14, 0.0]])
    logits = decision_rules.softmax_logits(value, 0.5)
    np.testing.assert_array_equal(logits, [[-4.0, 0.0, -2.0], [0.0, -(2.0**-13), -2000.0]])
    np.testing.assert_allclose(
        decision_rules.softmax(value, 0.5), jax.nn.softmax(logits, axis=-1), rtol=1e-6, atol=0
    )


def sticky(value, temperature, stickiness):
    prev_choice = jnp.array([1, 0, 0])
    return decision_rules.softmax_stickiness(value, temperature, stickiness, prev_choice)


def sticky_inverse(value, temperature, stickiness):
    prev_choice = jnp.array([1, 0, 0])
    return decision_rules.softmax_stickiness_inverse_temperature(
        value, 1 / temperature, stickiness, prev_choice
    )


EDGES = {
    "spread": [0.0, 0.5, 1.0],
    "all equal": [0.5, 0.5, 0.5],
    "large": [1e3, -1e3, 0.0],
    "large and nearly equal": [1e3, 1e3 - 2.0**-14, -1e3],
    "two best": [1e3, 1e3, 0.0],
}


JACOBIANS = {rule.__name__: jax.jit(jax.jacrev(rule, argnums=(0, 1, 2))) for rule in (sticky, sticky_inverse)}


@pytest.mark.parametrize("name", JACOBIANS)
@pytest.mark.parametrize("value", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("temperature", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("stickiness", [0.0, 1.0])
def test_gradients_are_finite_at_the_edges(name, value, temperature, stickiness):
    jacobians = JACOBIANS[name](*map(np.float32, (value, temperature, stickiness)))
    assert all(np.isfinite(jacobian).all() for jacobian in jacobians)


@pytest.mark.parametrize("rule", [sticky, sticky_inverse])
@pytest.mark.parametrize("value", [EDGES["spread"], EDGES["all equal"]], ids=["spread", "equal"])
@pytest.mark.parametrize("temperature", [0.5, 20.0])
def test_gradients(rule, value, temperature, x64):
    # check_grads compares with central differences, in float64 to its own tolerance of 1e-5.
    check_grads(jax.jit(rule), (jnp.array(value), temperature, 0.3), order=2)
    assert rule(jnp.array(value), temperature, 0.3).dtype == jnp.float64


@pytest.mark.parametrize("temperature", [1e-6, 1e-2, 1.0, 1e6])
def test_gradient_is_the_formula(temperature):
    # dp_a / dV_b = p_a ((a == b) - p_b) / temperature; three float32 roundings of numbers below 1.
    value = jnp.array([1e3, 1e3, 1e3 - 2.0**-14])
    jacobian = jax.jacobian(decision_rules.softmax)(value, temperature)
    p = reference.softmax(value, np.float32(temperature))
    expected = (np.diag(p) - np.outer(p, p)) / np.float32(temperature)
    tolerance = 32 * UNIT / temperature * (1 + 2.0**-14 / temperature)
    np.testing.assert_allclose(jacobian, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", SOFTMAX_RULES)
def test_jit_equals_eager_and_vmap_equals_a_loop(name):
    rule = SOFTMAX_RULES[name]
    rng = np.random.default_rng(8)
    value = jnp.asarray(rng.normal(size=(6, 3)), dtype=jnp.float32)
    temperature = jnp.asarray(rng.uniform(0.2, 2, size=6), dtype=jnp.float32)
    eager = rule(value, temperature)
    # The compiler may fuse and reorder: a few units in logits of up to 20.
    np.testing.assert_allclose(jax.jit(rule)(value, temperature), eager, rtol=100 * UNIT)
    np.testing.assert_allclose(jax.vmap(rule)(value, temperature), eager, rtol=100 * UNIT)
    loop = [rule(v, t) for v, t in zip(value, temperature, strict=True)]
    np.testing.assert_allclose(eager, loop, rtol=100 * UNIT)


@pytest.mark.parametrize(
    "probs, lapse, expected",
    [
        ([1.0, 0.0], 0.5, [0.75, 0.25]),
        ([0.5, 0.5], 0.2, [0.5, 0.5]),
        ([1.0, 0.0, 0.0, 0.0], 0.2, [0.85, 0.05, 0.05, 0.05]),
        ([2.0, 6.0], 0.0, [0.25, 0.75]),
        ([2, 6], 0.4, [0.35, 0.65]),
        ([0.3, 0.7], 1.0, [0.5, 0.5]),
        ([1e-30, 3e-30], 0.0, [0.25, 0.75]),
        ([[0.2, 0.8], [3.0, 1.0]], [0.0, 0.5], [[0.2, 0.8], [0.625, 0.375]]),
        ([[0.2, 0.8], [3.0, 1.0]], [[0.0], [0.5]], [[0.2, 0.8], [0.625, 0.375]]),
    ],
)
def test_lapse_mixture_by_hand(probs, lapse, expected):
    # Two divisions, a product and a sum of numbers below 1: four units.
    np.testing.assert_allclose(decision_rules.lapse_mixture(probs, lapse), expected, rtol=4 * UNIT)


def test_lapse_mixture_against_the_loop():
    rng = np.random.default_rng(9)
    probs = rng.gamma(1, size=(3, 5, 4)).astype(np.float32)
    lapse = rng.uniform(size=(3, 5)).astype(np.float32)
    ours = decision_rules.lapse_mixture(probs, lapse)
    exact = [[reference.lapse_mixture(probs[i, j], float(lapse[i, j])) for j in range(5)] for i in range(3)]
    # As above, and the sum of four: 8 units.
    np.testing.assert_allclose(ours, exact, rtol=8 * UNIT)
    np.testing.assert_allclose(jax.jit(decision_rules.lapse_mixture)(probs, lapse), exact, rtol=8 * UNIT)


def test_without_a_lapse_zero_stays_zero():
    probs = decision_rules.lapse_mixture([0.0, 0.3, 0.0, 0.7])
    assert probs[0] == 0 and probs[2] == 0


@pytest.mark.parametrize("lapse", [0.0, 0.3, 1.0])
def test_gradients_of_the_lapse_mixture(lapse, x64):
    probs = jnp.array([0.0, 0.2, 1.8])
    jacobian = jax.jacobian(decision_rules.lapse_mixture, argnums=1)(probs, lapse)
    # d/dlapse of (1 - lapse) p + lapse / 3 is 1/3 - p.
    np.testing.assert_allclose(jacobian, 1 / 3 - np.array([0.0, 0.1, 0.9]), atol=1e-15)
    inside = jnp.array([0.4, 0.2, 1.4])
    check_grads(lambda p: decision_rules.lapse_mixture(p, lapse), (inside,), order=1)


# The smallest normal float32 is 1.2e-38; smaller numbers, 1 / 2e38 among them, may be flushed to 0.
@pytest.mark.parametrize("probs", [[2e38, 1e38], [1e37, 3e37], [3e-37, 1e-37], [1e-38, 2e-38]], ids=str)
def test_extreme_probabilities_are_right_or_refused(probs):
    try:
        mixed = decision_rules.lapse_mixture(probs)
    except ValueError as error:
        assert str(error).startswith("probs: expected ")
    else:
        np.testing.assert_allclose(mixed, reference.lapse_mixture(probs), rtol=8 * UNIT)


@pytest.mark.parametrize("temperature", [1e-30, 2e-38, 1e-40, 1e30, 2e38])
def test_extreme_temperatures_are_right_or_refused(temperature):
    try:
        probs = decision_rules.softmax([0.0, 1.0], temperature)
    except ValueError as error:
        assert str(error).startswith("temperature: expected ")
    else:
        assert_close_to(probs, reference.softmax([0.0, 1.0], temperature))


# The lapse mixture of logits.


def log_mixture(logits, lapse, available=None):
    """`reference.lapse_mixture` for one row of logits, in logarithms; what is not on offer has none."""
    logits = np.asarray(logits, np.float64)
    on_offer = np.flatnonzero(np.ones(len(logits), bool) if available is None else available)
    mixed = np.full(len(logits), -np.inf)
    with np.errstate(divide="ignore"):
        probs = reference.exp_normalised(logits[on_offer])
        mixed[on_offer] = np.log(reference.lapse_mixture(probs, float(lapse)))
    return mixed


@pytest.mark.parametrize(
    "logits, lapse, available, expected",
    [
        ([0.0, -np.inf], 0.5, None, [3 / 4, 1 / 4]),
        (np.log([1, 3]), 0.0, None, [1 / 4, 3 / 4]),
        (np.log([1, 3]), 0.2, None, [0.3, 0.7]),
        (np.log([1, 3]) - 50, 1.0, None, [1 / 2, 1 / 2]),
        # 1 to 3 between the two that are there, and a half of .2 for each of them.
        (np.log([1, 7, 3]), 0.2, [True, False, True], [0.3, 0, 0.7]),
        # Those on offer have no chance without the lapse: an even choice, whatever the lapse.
        ([0.0, -np.inf, -np.inf], 0.3, [False, True, True], [0, 1 / 2, 1 / 2]),
        ([5.0, 1.0], 0.3, [False, True], [0, 1]),
    ],
)
def test_log_lapse_mixture_by_hand(logits, lapse, available, expected):
    ours = np.exp(decision_rules.log_lapse_mixture(logits, lapse, available))
    # Some logarithms and exponentials of numbers below 3, or of 50, whose own rounding is 32 units.
    np.testing.assert_allclose(ours, expected, rtol=64 * UNIT)


@pytest.mark.parametrize("lapse", [0.0, 1e-6, 0.3, 1.0])
def test_log_lapse_mixture_is_the_logarithm_of_the_lapse_mixture(lapse):
    logits = np.random.default_rng(10).normal(scale=3, size=(50, 4)).astype(np.float32)
    lapse = np.float32(lapse)
    ours = decision_rules.log_lapse_mixture(logits, lapse)
    # A logit below 20 has an error of 20 units, and a logarithm of a sum a few of its own.
    probs = decision_rules.lapse_mixture(decision_rules.softmax(logits), lapse)
    np.testing.assert_allclose(ours, np.log(probs), rtol=0, atol=64 * UNIT)
    np.testing.assert_allclose(ours, [log_mixture(row, lapse) for row in logits], rtol=0, atol=64 * UNIT)
    np.testing.assert_allclose(np.exp(ours).sum(axis=-1), 1, rtol=32 * UNIT)


@pytest.mark.parametrize("per_row", [(), (5,), (3, 5), (3, 5, 1)])
@pytest.mark.parametrize("offered", [None, "each", "all rows alike"])
def test_log_lapse_mixture_with_leading_axes(per_row, offered, x64):
    rng = np.random.default_rng(11)
    logits, lapse = rng.normal(scale=3, size=(3, 5, 4)), rng.uniform(size=per_row)
    available = {None: None, "each": rng.uniform(size=(3, 5, 4)) < 0.6, "all rows alike": np.arange(4) != 2}[
        offered
    ]
    if offered == "each":
        available[..., 1] |= ~available.any(axis=-1)
    ours = decision_rules.log_lapse_mixture(logits, lapse, available)
    assert ours.shape == (3, 5, 4) and ours.dtype == jnp.float64
    each_lapse = np.broadcast_to(lapse[..., 0] if lapse.ndim == 3 else lapse, (3, 5))
    each_offer = np.broadcast_to(True if available is None else available, logits.shape)
    exact = [
        [log_mixture(logits[i, j], each_lapse[i, j], each_offer[i, j]) for j in range(5)] for i in range(3)
    ]
    np.testing.assert_allclose(ours, exact, rtol=1e-13, atol=1e-14)  # some roundings of numbers below 20
    jitted = jax.jit(decision_rules.log_lapse_mixture)(logits, lapse, available)
    np.testing.assert_allclose(jitted, ours, rtol=1e-13, atol=1e-14)


def test_availability_in_a_list_is_that_of_an_array():
    ours = decision_rules.log_lapse_mixture([0.0, 1.0, 2.0], 0.2, [True, False, True])
    theirs = decision_rules.log_lapse_mixture([0.0, 1.0, 2.0], 0.2, jnp.array([True, False, True]))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("gap", [30.0, 60.0, 80.0, 120.0, 1e6])
def test_without_a_lapse_a_choice_that_is_all_but_impossible_keeps_its_log_probability(gap):
    # exp(-120) is 0 in float32; through probabilities it would be minus infinity.
    ours = decision_rules.log_lapse_mixture([0.0, -gap], 0.0)
    np.testing.assert_array_equal(ours, np.float32([0, -gap]))
    ours = decision_rules.log_lapse_mixture([0.0, 5.0, -gap], 0.0, [True, False, True])
    np.testing.assert_array_equal(ours, np.float32([0, -np.inf, -gap]))
    assert decision_rules.log_lapse_mixture([0.0, -np.inf], 0.0).tolist() == [0, -np.inf]


GAPS = (0.0, 10.0, 44.0, 60.0, 79.0, 120.0, 1e6, np.inf)


@pytest.mark.parametrize("available", [None, [True, True, False]], ids=["all", "two on offer"])
@pytest.mark.parametrize("lapse", [0.0, 1e-30, 1e-6, 0.5, 1 - UNIT, 1.0])
def test_slopes_and_curvatures_of_the_log_mixture_are_finite(lapse, available):
    def each(gap, lapse):
        mixed = decision_rules.log_lapse_mixture(jnp.stack([0.0, -gap, 1.0]), lapse, available)
        return jnp.where(jnp.isneginf(mixed), 0, mixed)

    gaps, lapses = jnp.float32(GAPS), jnp.full(len(GAPS), lapse, jnp.float32)
    slopes = jax.vmap(jax.jacfwd(each, (0, 1)))(gaps, lapses)
    curvatures = jax.vmap(jax.jacfwd(jax.jacfwd(each, (0, 1)), (0, 1)))(gaps, lapses)
    backwards = jax.vmap(jax.jacrev(each, (0, 1)))(gaps, lapses)
    for tree in (slopes, curvatures, backwards):
        assert all(np.isfinite(x).all() for x in jax.tree.leaves(tree))
    for one, other in zip(jax.tree.leaves(slopes), jax.tree.leaves(backwards), strict=True):
        # The same products, in another order; what is as large as e^40 by itself.
        np.testing.assert_allclose(one, other, rtol=64 * UNIT, atol=64 * UNIT)


@pytest.mark.parametrize("available", [None, [True, False, True, True]], ids=["all", "three on offer"])
def test_gradients_of_the_log_mixture(available, x64):
    logits, on_offer = jnp.array([0.4, -0.2, 1.3, 0.0]), np.ones(4, bool) if available is None else available
    which = np.flatnonzero(on_offer)
    rule = lambda logits, lapse: decision_rules.log_lapse_mixture(logits, lapse, available)[which]  # noqa: E731
    # check_grads compares with central differences, in float64 to its own tolerance of 1e-5.
    check_grads(jax.jit(rule), (logits, 0.3), order=2)
    p = np.array(reference.exp_normalised(np.asarray(logits)[which]))
    for lapse in (0.0, 0.3, 1.0):
        # The mixture q is (1 - e) p + e / n, so log q has the slope (1 / n - p) / q by e, and
        # (1 - e) p (I - p) / q by the logits. Some roundings of numbers of the order of 1.
        mixed = (1 - lapse) * p + lapse / len(p)
        by_logits, by_lapse = jax.jacobian(rule, (0, 1))(logits, lapse)
        np.testing.assert_allclose(by_lapse, (1 / len(p) - p) / mixed, rtol=0, atol=1e-14)
        expected = (1 - lapse) * p[:, None] * (np.eye(len(p)) - p) / mixed[:, None]
        np.testing.assert_allclose(by_logits[:, which], expected, rtol=0, atol=1e-14)
        assert (np.delete(by_logits, which, axis=1) == 0).all()


def test_the_curvature_by_the_lapse_is_the_formula(x64):
    # The second derivative of log((1 - e) p + e / n) by e is minus the square of the first.
    logits, p = jnp.array([0.0, -50.0]), 1 / (1 + math.exp(50))
    for lapse in (0.0, 1e-9, 0.5, 1.0):
        second = jax.hessian(lambda e: decision_rules.log_lapse_mixture(logits, e)[1])(lapse)
        first = (0.5 - p) / ((1 - lapse) * p + lapse / 2)
        np.testing.assert_allclose(second, -(first**2), rtol=1e-12)  # exp(50) keeps 16 digits less 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([0.0, 1.0], 1.5), r"lapse: expected a number in \[0, 1\], got 1.5"),
        (([0.0, 1.0], -0.1), r"lapse: expected a number in \[0, 1\], got -0.1"),
        (
            ([[0.0, 1.0]] * 3, [0.1, 0.2]),
            r"lapse: expected a number, or an array that fits .* got shape \(2,\)",
        ),
        ((0.0, 0.1), r"logits: expected an array whose last axis holds the actions, got shape \(\)"),
    ],
)
def test_a_log_mixture_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        decision_rules.log_lapse_mixture(*arguments)
