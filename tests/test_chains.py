"""The parts of `sample`: where chains begin, how they move, and when they are looked at again."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from behavioural_benchmarks.posterior_task import SETTINGS
from behavioural_modelling.posteriors import (
    _diagnostics,
    _given,
    _kernel,
    _moves,
    _population,
    _preparing,
    _sites,
    _target,
    sampling,
)
from behavioural_modelling.posteriors._target import At, Frame


def asked(name):
    setting = SETTINGS[name]
    nothing = {"fixed": None, "subjects": None, "covariates": None, "correlations": False}
    return _given.asked(setting.model, setting.trials(), setting.priors(), True, **nothing)


def test_the_sites_are_found_whatever_the_points_that_they_are_found_with():
    """Five parameters with ridges: without mixing old sites and new ones the group's spread ran away."""
    five = asked("five")
    with ThreadPoolExecutor(2) as threads:
        found = [_preparing.numbers(five, jax.random.key(k), threads).frame for k in range(4)]
    middles, widths = (np.array([getattr(f, part) for f in found]) for part in ("middle", "width"))
    assert np.abs(middles).max() < 2.5  # beforehand they are standard normal
    deviations = np.sqrt(np.square(widths.mean(axis=0)).sum(axis=1))
    assert (np.ptp(middles, axis=0) < 3 * deviations).all()


def normal_machine(sizes):
    """Moves under a normal density with these standard deviations; the group's coordinates come first."""
    sizes = jnp.asarray(sizes)

    def tell(at):
        people = -(jnp.square(at.people[:, :, 0]).T / sizes[2:] ** 2).sum(axis=1, keepdims=True) / 2
        own = -(jnp.square(at.group) / sizes[:2] ** 2).sum(axis=1) / 2
        return _target.Told(own, people, jnp.zeros_like(people), {})

    return SimpleNamespace(tell=tell)


def place(key, n_chains=3):
    both = jax.random.normal(key, (n_chains, 4))
    return At(both[:, :2], both[:, 2:].T[:, :, None])


def test_a_trajectory_of_a_standard_normal_is_a_rotation():
    at, momentum = place(jax.random.key(1)), place(jax.random.key(2))
    end = _moves.trajectory(normal_machine([1.0] * 4), at, momentum, jnp.float32(0.5), jnp.float32(np.pi / 2))
    # A quarter turn: the momentum becomes the place, and the place the negative momentum.
    for found, wanted in ((end.at, momentum), (end.momentum, jax.tree.map(jnp.negative, at))):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), found, wanted)


def test_a_trajectory_can_be_walked_back_and_keeps_the_energy_the_better_the_smaller_its_steps():
    made = normal_machine([1.5, 0.6, 0.8, 1.2])
    at, momentum = place(jax.random.key(1)), place(jax.random.key(2))
    energy = lambda at, p: np.asarray(_target.total(made.tell(at)) - _square(p))  # noqa: E731
    off = []
    for step in (0.4, 0.2):
        end = _moves.trajectory(made, at, momentum, jnp.float32(step), jnp.float32(1.6))
        back = _moves.trajectory(
            made, end.at, jax.tree.map(jnp.negative, end.momentum), jnp.float32(step), jnp.float32(1.6)
        )
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-5), back.at, at)
        off.append(np.abs(energy(end.at, end.momentum) - energy(at, momentum)).max())
    # A method of second order: half the step, a quarter of the error.
    assert off[0] > 1e-3 and 3 < off[0] / off[1] < 5.5


def _square(p):
    return (jnp.square(p.group).sum(axis=1) + jnp.square(p.people).sum(axis=(0, 2))) / 2


def test_no_trajectory_is_longer_than_asked():
    """Steps are made a little shorter, so that a whole number of them fits."""
    at, still = place(jax.random.key(1)), jax.tree.map(jnp.zeros_like, place(jax.random.key(1)))
    end = _moves.trajectory(normal_machine([1.0] * 4), at, still, jnp.float32(1.0), jnp.float32(1.5))
    np.testing.assert_allclose(end.at.group, np.cos(1.5) * at.group, atol=1e-5)


def test_rescaled_axes_leave_the_chains_where_they_are():
    rng = np.random.default_rng(0)
    frame = Frame(np.array([0.5, -1.0]), np.array([[1.0, 0.3], [0.3, 0.5]]))
    wide = rng.normal(size=(4000, 2)) * [1.6, 0.7]
    rescaled, scale = _target.rescaled(frame, frame.middle + wide @ frame.width.T)
    # Of 4,000 draws 1,200 count; 20 more are taken for 1.
    np.testing.assert_allclose(scale, np.sqrt((1200 * wide.var(axis=0) + 20) / 1220))
    state = _kernel.State(At(wide[:8], np.zeros((1, 8, 1))), None, None, 0)
    moved = _kernel.rescaled(state, scale)
    before, after = _target.base(frame, wide[:8]), _target.base(rescaled, moved.at.group)
    np.testing.assert_allclose(before, after, atol=1e-12)


@pytest.mark.parametrize(
    ("n_rounds", "fewest", "r_hat", "more"),
    [
        (4, 500.0, 1.0, 3),  # twice as many are needed: eight rounds, and a look at seven
        (4, 900.0, 1.001, 1),  # at least one
        (4, 100.0, 1.001, 4),  # at most as many again
        (10, 2000.0, 1.015, 3),  # r-hat falls as 1/n: fifteen, looked at after thirteen
        (4, np.nan, np.nan, 3),
    ],
)
def test_the_next_look_is_when_there_may_be_enough(n_rounds, fewest, r_hat, more):
    checked = _diagnostics.Checked(
        {"params": {"a": np.array([r_hat])}}, {"params": {"a": np.array([fewest])}}
    )
    lacking = _diagnostics.lacking(checked, 1000)
    assert not lacking <= 1 and sampling._more_rounds(n_rounds, lacking) == more


def test_it_is_enough_where_both_are():
    checked = _diagnostics.Checked({"params": {"a": np.array([1.01])}}, {"params": {"a": np.array([1000.0])}})
    assert _diagnostics.lacking(checked, 1000) == pytest.approx(1)


def test_the_numbers_of_a_chain_depend_on_its_own_key_alone():
    keys = jax.random.split(jax.random.key(0), 4)
    few, many = (_moves.draws(_moves.keys_now(k, 20, 1), 6, jnp.float32) for k in (keys[:2], keys))
    np.testing.assert_array_equal(few.normal, many.normal[:2])
    given = asked("bandit")
    begun = [_kernel.start(k, given.given, given.target.form).at.group for k in (keys[:2], keys)]
    np.testing.assert_array_equal(begun[0], begun[1][:2])


def test_numbers_are_standard_normal_and_uniform():
    keys = jax.random.split(jax.random.key(3), 2000)
    drawn = _moves.draws(keys, 8, jnp.float32)
    assert stats.kstest(np.ravel(drawn.normal), "norm").pvalue > 1e-3
    assert stats.kstest(np.ravel(drawn.uniform), "uniform").pvalue > 1e-3
    assert stats.kstest(np.exp(np.ravel(drawn.log_uniform)), "uniform").pvalue > 1e-3
    own = _moves._own_draws(keys, 2, 3, jnp.float32)
    assert own.normal.shape == (2 + _moves.DEGREES, 2000, 3)
    assert stats.kstest(np.ravel(own.normal), "norm").pvalue > 1e-3
    assert stats.kstest(np.ravel(own.which), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(np.ravel(own.which), np.ravel(own.log_uniform))[0, 1]) < 0.06


def test_rows_are_made_of_latents_alike_in_numbers_and_as_matrices():
    """A person's slope counts by the row's covariate, in `_population.of_rows` and in the sites."""
    rng = np.random.default_rng(1)
    form = _population.Form(("a", "b"), ("line", "line"), ("drug", "day"), one_row_each=False)
    person, design = np.array([0, 0, 1, 1, 1]), rng.normal(size=(5, 2))
    given = SimpleNamespace(person=person, design=design)
    latents = rng.normal(size=(6, 4, 2))
    made = np.einsum("rka,acr->kcr", _sites._maker(form, given), latents[..., person])
    np.testing.assert_allclose(_population.of_rows(form, given, latents), made, rtol=1e-6)
