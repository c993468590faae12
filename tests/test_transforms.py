"""transforms: there and back, the ranges, and the log-Jacobians against autodiff."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import models, transforms
from behavioural_modelling.fitting.transforms import (
    Transform,
    between,
    for_parameter,
    positive,
    real,
    unit_interval,
)

INF, NAN = np.inf, np.nan
# The ends of the range, and the function to it in float64.
KINDS = {
    "unit interval": (0, 1, lambda x: 1 / (1 + np.exp(-x))),
    "two ends": (-2, 10, lambda x: -2 + 12 / (1 + np.exp(-x))),
    "a lower end": (0, INF, np.exp),
    "a lower end below 0": (-3, INF, lambda x: np.exp(x) - 3),
    "an upper end": (-INF, 2, lambda x: 2 - np.exp(x)),
    "no end": (-INF, INF, lambda x: x),
}
each_kind = pytest.mark.parametrize("lower, upper, to_range", KINDS.values(), ids=KINDS)
GRID = np.linspace(-8, 8, 33)


@each_kind
def test_to_the_range_and_back(lower, upper, to_range, x64):
    transform = between(lower, upper)
    y = transform.to_range(GRID)
    assert isinstance(transform, Transform) and y.dtype == jnp.float64 and y.shape == GRID.shape
    # Numbers up to e^8 with some roundings of 1e-16.
    np.testing.assert_allclose(y, to_range(GRID), rtol=1e-14, atol=1e-14)
    assert ((y > lower) & (y < upper)).all()
    # On the way back a rounding of y, of 1e-16 times up to 10, is divided by dy/dx, which is above 3e-4.
    np.testing.assert_allclose(transform.to_real(y), GRID, rtol=0, atol=1e-11)


@each_kind
def test_the_log_jacobian_is_that_of_autodiff(lower, upper, to_range, x64):
    transform = between(lower, upper)
    slopes = jax.vmap(jax.grad(transform.to_range))(GRID)
    # Autodiff takes a logistic function of up to 1 - 3e-4 from 1, with a rounding of 1e-16 or two.
    np.testing.assert_allclose(transform.log_jacobian(GRID), np.log(np.abs(slopes)), rtol=0, atol=1e-12)


@each_kind
def test_one_to_one(lower, upper, to_range):
    steps = np.diff(between(lower, upper).to_range(GRID.astype(np.float32)))
    # Only where there is an upper end alone is the range run through from above.
    assert (steps < 0).all() if math.isinf(lower) and not math.isinf(upper) else (steps > 0).all()


@each_kind
def test_far_out(lower, upper, to_range):
    # As far as float32 has exponentials, and where there are two ends much farther.
    far = 1e6 if not math.isinf(upper - lower) else 80
    x, transform = np.array([-far, far], np.float32), between(lower, upper)
    y, jacobian = transform.to_range(x), transform.log_jacobian(x)
    slopes = jax.vmap(jax.grad(transform.to_range))(x), jax.vmap(jax.grad(transform.log_jacobian))(x)
    assert all(part.dtype == jnp.float32 and np.isfinite(part).all() for part in (y, jacobian, *slopes))
    assert ((y >= lower) & (y <= upper)).all()
    if not math.isinf(upper - lower):
        # The slope of the logistic function is e^-|x| there.
        np.testing.assert_allclose(jacobian, -far + np.log(upper - lower), rtol=1e-6)


@each_kind
def test_the_ends_are_infinitely_far(lower, upper, to_range):
    transform = between(lower, upper)
    ends = [float(transform.to_real(end)) for end in (lower, upper)]
    falling = math.isinf(lower) and not math.isinf(upper)
    assert ends == ([INF, -INF] if falling else [-INF, INF])


def test_numbers_and_arrays_of_any_shape():
    for transform in map(between, (0, 0, -INF, -INF), (1, INF, 1, INF)):
        for x in (0.5, np.full((2, 3), 0.5)):
            for function in transform:
                assert function(x).shape == np.shape(x) and isinstance(function(x), jax.Array)
        # The same under jit as outside, up to some roundings of numbers below 2.
        x = jnp.linspace(-1, 1, 5)
        np.testing.assert_allclose(jax.jit(transform.to_range)(x), transform.to_range(x), atol=1e-6)


def test_the_same_arguments_give_the_same_transform():
    assert between(0, 1) is between(0.0, 1.0) is unit_interval()
    assert between(0, INF) is between(0, math.inf) is positive()
    assert between(-INF, INF) is real()
    assert len({between(0, 1), between(0, 2), between(-1, 1), positive(), real()}) == 5


def test_arguments_by_name_give_the_same_transform():
    assert between(lower=0, upper=1) is between(0, 1)


def test_the_transform_of_a_parameter():
    model = models.rescorla_wagner_choice_kernel(2, inverse_temperature=True)
    kinds = [for_parameter(parameter) for parameter in model.parameters]
    assert kinds == [unit_interval(), positive()] * 2
    assert for_parameter(models.Parameter("stickiness", -INF)) is real()
    assert for_parameter(models.Parameter("bias", -1, 2)) is between(-1, 2)


@pytest.mark.parametrize(
    "lower, upper", [(1, 1), (1, 0), (INF, INF), (-INF, -INF), (INF, -INF), (NAN, 1), (0, NAN)]
)
def test_ends_that_are_no_range(lower, upper):
    with pytest.raises(ValueError) as raised:
        transforms.between(lower, upper)
    assert str(raised.value) == f"upper: expected a number above lower = {lower}, got {upper}"
