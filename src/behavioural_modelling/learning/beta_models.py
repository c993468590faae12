r"""Beta distributions as beliefs: their moments, sums, multiples and averages, and an update that forgets.

A belief about a chance is a beta distribution, held as its two parameters: arrays of shape (..., 2) with
:math:`\alpha` first and :math:`\beta` second. What does not stay a beta distribution, such as a sum, is
replaced by the one with the same mean and variance.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .. import _checks
from .._types import Numbers
from . import _trial_checks

__all__ = [
    "average_betas",
    "beta_mean_var",
    "generalised_beta_mean_var",
    "leaky_beta_update",
    "multiply_beta_by_scalar",
    "sum_betas",
]


def beta_mean_var(beta_params: Numbers) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The mean and the variance of beta distributions.

    .. math:: \mu = \frac{\alpha}{\alpha + \beta}, \qquad \sigma^2 = \frac{\mu (1 - \mu)}{\alpha + \beta + 1}

    Args:
        beta_params: The parameters, shape (..., 2): :math:`\alpha` first, :math:`\beta` second. Those below
            0 that stand for a sum beyond 1 are taken too: see `sum_betas`.

    Returns:
        `(mean, variance)`, each of shape (...).

    Raises:
        ValueError: If there are not two parameters on the last axis, or one is NaN or infinite.

    Example:
        >>> mean, variance = beta_mean_var([1.0, 3.0])
        >>> float(mean), float(variance)
        (0.25, 0.03750000149011612)
    """
    return _mean_var(_checked_betas("beta_params", beta_params))


def generalised_beta_mean_var(
    alpha: Numbers, beta: Numbers, a: Numbers, b: Numbers
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The mean and the variance of beta distributions that are stretched from [0, 1] to [a, b].

    .. math::
        \mu = a + (b - a) \frac{\alpha}{\alpha + \beta}, \qquad
        \sigma^2 = (b - a)^2 \frac{\alpha \beta}{(\alpha + \beta)^2 (\alpha + \beta + 1)}

    Args:
        alpha: :math:`\alpha` above 0, a number or an array.
        beta: :math:`\beta` above 0, a number or an array.
        a: The smallest value, a number or an array.
        b: The largest value, above `a`.

    Returns:
        `(mean, variance)`, each of the shape that the arguments have together.

    Raises:
        ValueError: If `alpha` or `beta` is not above 0, `b` is not above `a`, or shapes do not match.

    Example:
        >>> mean, variance = generalised_beta_mean_var(1.0, 3.0, -1.0, 1.0)
        >>> float(mean), float(variance)
        (-0.5, 0.15000000596046448)
    """
    alpha, beta = _checked_above_0("alpha", alpha), _checked_above_0("beta", beta)
    low, high = _checked_ends(a, b)
    _check_shapes(alpha=alpha, beta=beta, a=low, b=high)
    mean, variance = _mean_var(jnp.stack(jnp.broadcast_arrays(alpha, beta), axis=-1))
    return low + (high - low) * mean, (high - low) ** 2 * variance


def multiply_beta_by_scalar(beta_params: Numbers, scalar: Numbers) -> Float[Array, "... 2"]:
    r"""The beta distribution with the mean and the variance of a multiple of a beta-distributed number.

    .. math:: \mu \leftarrow s \mu, \qquad \sigma^2 \leftarrow s^2 \sigma^2

    Args:
        beta_params: As in `beta_mean_var`.
        scalar: :math:`s` above 0, a number or one per distribution, shape (...).

    Returns:
        The new parameters, shape (..., 2). Where :math:`s \ge 1 + \beta / (\alpha + 1)` no beta distribution
        has these moments; then a parameter is 0 or below, as in `sum_betas`.

    Raises:
        ValueError: As in `beta_mean_var`; or if the scalar is not above 0 or does not fit the leading axes.

    Example:
        >>> multiply_beta_by_scalar([2.0, 2.0], 0.5).tolist()
        [3.5, 10.5]
    """
    betas = _checked_betas("beta_params", beta_params)
    scalar = _checked_above_0("scalar", scalar)
    _checks.fits_rows("scalar", scalar, "beta_params", betas.shape)
    scalar = scalar[..., 0] if scalar.ndim == betas.ndim else scalar
    alpha, beta = betas[..., 0], betas[..., 1]
    # The moments' equations solved by hand, so that nothing cancels: at a scalar of 1 nothing changes.
    rest = (1 - scalar) / beta
    more = 1 + rest * (alpha + 1)
    return jnp.stack([alpha * more, (beta + (1 - scalar) * alpha) * more / scalar], axis=-1)


def sum_betas(beta1_params: Numbers, beta2_params: Numbers) -> Float[Array, "... 2"]:
    r"""The beta distribution with the mean and the variance of the sum of two independent beta variables.

    .. math::
        \mu = \mu_1 + \mu_2, \quad \sigma^2 = \sigma_1^2 + \sigma_2^2, \qquad
        \alpha = \mu\, \nu, \quad \beta = (1 - \mu)\, \nu, \quad \nu = \frac{\mu (1 - \mu)}{\sigma^2} - 1

    It is a distribution on [0, 1], so the two means must add up to less than 1 and leave room for the
    variance: :math:`\nu > 0`. Where they do not, a parameter is 0 or below and there is no such distribution:
    `beta_mean_var` still gives the mean and the variance of the sum, and `multiply_beta_by_scalar` and
    `average_betas` may bring it back below 1.

    Args:
        beta1_params: As in `beta_mean_var`.
        beta2_params: As in `beta_mean_var`.

    Returns:
        The parameters, shape (..., 2).

    Raises:
        ValueError: As in `beta_mean_var`; or if the shapes do not match.

    Example:
        >>> total = sum_betas([2.0, 6.0], [1.0, 3.0])
        >>> [round(float(x), 3) for x in total], [round(float(x), 4) for x in beta_mean_var(total)]
        ([1.643, 1.643], [0.5, 0.0583])

    Source:
        Pham & Turkkan (1994), doi 10.1109/24.285114.
    """
    first, second = _checked_betas("beta1_params", beta1_params), _checked_betas("beta2_params", beta2_params)
    _check_shapes(beta1_params=first, beta2_params=second)
    (mean1, variance1), (mean2, variance2) = _mean_var(first), _mean_var(second)
    mean, variance = mean1 + mean2, variance1 + variance2
    size = mean * (1 - mean) / variance - 1
    return jnp.stack([mean * size, (1 - mean) * size], axis=-1)


def average_betas(
    beta1_params: Numbers, beta2_params: Numbers, W1: Numbers = 0.5, W2: Numbers = 0.5
) -> Float[Array, "... 2"]:
    r"""The weighted average of the parameters of two beta distributions.

    .. math:: \alpha = W_1 \alpha_1 + W_2 \alpha_2, \qquad \beta = W_1 \beta_1 + W_2 \beta_2

    It pools what the two are counts of. The moments are not averaged: the distribution with more counts has
    more weight in the mean.

    Args:
        beta1_params: As in `beta_mean_var`.
        beta2_params: As in `beta_mean_var`.
        W1: The first's weight, at least 0, a number or one per distribution, shape (...).
        W2: The second's weight, like `W1`. They need not add up to 1.

    Returns:
        The parameters, shape (..., 2).

    Raises:
        ValueError: As in `sum_betas`; or if a weight is below 0 or does not fit the leading axes.

    Example:
        >>> average_betas([6.0, 1.0], [1.0, 6.0], W1=0.75, W2=0.25).tolist()
        [4.75, 2.25]
    """
    first, second = _checked_betas("beta1_params", beta1_params), _checked_betas("beta2_params", beta2_params)
    _check_shapes(beta1_params=first, beta2_params=second)
    shape = jnp.broadcast_shapes(first.shape, second.shape)
    return _checked_weight("W1", W1, shape) * first + _checked_weight("W2", W2, shape) * second


def leaky_beta_update(
    estimate: Numbers,
    choices: Numbers,
    outcome: Numbers,
    tau_p: Numbers,
    tau_n: Numbers,
    decay: Numbers,
    update: Numbers = 1,
    increment: Numbers = 1,
) -> Float[Array, "n_options 2"]:
    r"""Update a belief about the chance of each option: old evidence fades, and the chosen option gains some.

    .. math::
        \alpha_i \leftarrow 1 + \lambda (\alpha_i - 1) + \tau^+ c_i R, \qquad
        \beta_i \leftarrow 1 + \lambda (\beta_i - 1) + \tau^- c_i (1 - R)

    :math:`c_i` is 1 for a chosen option. All parameters decay towards 1, where nothing is known: the belief
    is then even over [0, 1].

    Args:
        estimate: :math:`\alpha` and :math:`\beta` of each option, above 0, shape (n_options, 2).
        choices: The choice, one-hot, shape (n_options,), or one number for all options. Zeros: nothing was
            chosen, and all options fade.
        outcome: :math:`R` in [0, 1], a number or one per option; between 0 and 1 it is evidence of both kinds
            in these shares. To count every outcome above 0 as 1, give `outcome > 0`.
        tau_p: :math:`\tau^+` of at least 0, what an outcome of 1 adds to :math:`\alpha`.
        tau_n: :math:`\tau^-` of at least 0, what an outcome of 0 adds to :math:`\beta`.
        decay: :math:`\lambda` in [0, 1], the share of the evidence that is kept: 1 keeps all.
        update: 0: the estimate stays as it is, and does not even fade. 1: it is updated.
        increment: 0: the estimate fades, and no outcome is registered. 1: it is.

    Returns:
        The estimate after the trial, shape (n_options, 2).

    Raises:
        ValueError: If `estimate` is not of shape (n_options, 2) or above 0, `choices`, `update` or
            `increment` hold anything but 0 and 1, an outcome or the decay is outside [0, 1], or `tau_p` or
            `tau_n` is below 0.

    Example:
        >>> leaky_beta_update([[1.0, 1.0], [3.0, 2.0]], [1, 0], 1.0, 0.5, 0.25, decay=0.75).tolist()
        [[1.5, 1.0], [2.5, 1.75]]

    Source:
        Wise et al. (2019), doi 10.1371/journal.pcbi.1007341.
    """
    estimate = _checked_estimate(estimate)
    options = estimate.shape[:1]
    chosen = _switch("choices", choices, options)
    outcome = _trial_checks.any_number("outcome", outcome, options)
    _checks.in_range("outcome", outcome, 0, 1)
    tau_p, tau_n = _checked_gain("tau_p", tau_p), _checked_gain("tau_n", tau_n)
    decay = _checks.learning_rate("decay", decay, ())
    gain = jnp.stack(
        jnp.broadcast_arrays(tau_p * (chosen * outcome), tau_n * (chosen * (1 - outcome))), axis=-1
    )
    faded = 1 + decay * (estimate - 1)
    updated = faded + gain * _switch("increment", increment, ())
    return jnp.where(_switch("update", update, ()) != 0, updated, estimate)


def _mean_var(betas: Float[Array, "... 2"]) -> tuple[Array, Array]:
    """The moments, written so that no square overflows."""
    alpha, beta = betas[..., 0], betas[..., 1]
    total = alpha + beta
    mean = alpha / total
    return mean, mean * (beta / total) / (total + 1)


def _checked_betas(name: str, betas: Any) -> Float[Array, "... 2"]:
    """Two finite parameters on the last axis."""
    betas = _checks.real_array(name, betas)
    if betas.shape[-1:] != (2,):
        _checks.fail(name, "alpha and beta on the last axis, shape (..., 2)", f"shape {betas.shape}")
    _checks.finite(name, betas)
    return betas


def _checked_estimate(estimate: Any) -> Float[Array, "n_options 2"]:
    """The parameters of each option, above 0."""
    estimate = _checked_betas("estimate", estimate)
    if estimate.ndim != 2:
        _checks.fail("estimate", "shape (n_options, 2)", f"shape {estimate.shape}")
    _checks.in_range("estimate", estimate, 0, above=True)
    return estimate


def _checked_above_0(name: str, x: Any) -> Array:
    """Finite numbers above 0."""
    x = _checks.real_array(name, x)
    _checks.in_range(name, x, 0, above=True)
    return x


def _checked_ends(a: Any, b: Any) -> tuple[Array, Array]:
    """The ends of a range, the smaller first."""
    low, high = _checks.real_array("a", a), _checks.real_array("b", b)
    _checks.finite("a", low)
    _checks.finite("b", high)
    _check_shapes(a=low, b=high)
    known = _checks.known_values(low), _checks.known_values(high)
    if known[0] is not None and known[1] is not None and (known[0] >= known[1]).any():
        _checks.fail("b", "a number above a", f"{high}, where a is {low}")
    return low, high


def _checked_weight(name: str, weight: Any, shape: tuple[int, ...]) -> Array:
    """A weight of at least 0, a number or one per distribution, to stand beside both parameters."""
    weight = _checks.real_array(name, weight)
    _checks.in_range(name, weight, 0)
    _checks.fits_rows(name, weight, "the distributions", shape)
    return weight if weight.ndim in (0, len(shape)) else weight[..., None]


def _checked_gain(name: str, tau: Any) -> Array:
    """A number of at least 0."""
    tau = _checks.real_array(name, tau)
    _checks.in_range(name, tau, 0)
    if tau.ndim:
        _checks.fail(name, _checks.ONE_NUMBER, f"shape {tau.shape}")
    return tau


def _switch(name: str, x: Any, shape: tuple[int, ...]) -> Array:
    """Zeros and ones, one number or of the given shape."""
    x = _checks.real_array(name, x)
    if x.ndim:
        return _checks.zeros_and_ones(name, x, shape)
    return _checks.zeros_and_ones(name, x[None], (1,))[0]


def _check_shapes(**arrays: jax.Array) -> None:
    """Refuse arrays that cannot stand beside each other."""
    shapes = {name: x.shape for name, x in arrays.items()}
    try:
        jnp.broadcast_shapes(*shapes.values())
    except ValueError:
        expected = "a shape that stands beside the others"
        _checks.fail(next(iter(shapes)), expected, ", ".join(f"{n} {shape}" for n, shape in shapes.items()))
