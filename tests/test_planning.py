"""Planning: value iteration, policies, grid worlds, and the figure of a grid."""

import matplotlib

matplotlib.use("Agg")

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.quiver import Quiver
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import planning, plotting
from behavioural_modelling.planning import (
    GridWorld,
    get_state_action_values,
    grid_world,
    policy,
    solve_value_iteration,
    state_value_iterator,
)

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
INF = np.inf

# Five states in a row, one action that leads on; nothing leads on from the last, which pays 1 on arrival.
CHAIN = np.eye(5, k=1)[:, None]
END_PAYS = np.array([0.0, 0, 0, 0, 1])


def some_world(seed=0, n_states=7, n_actions=3):
    """Probabilities with impossible actions, an end, and rows that may stop; rewards."""
    rng = np.random.default_rng(seed)
    sas = rng.dirichlet(np.full(n_states, 0.3), (n_states, n_actions))
    sas[0] *= 0.9  # where all is over on one trial of ten
    possible = rng.uniform(size=(n_states, n_actions)) < 0.7
    possible[:, 0], possible[-1] = True, False
    return sas * possible[..., None], rng.normal(size=n_states)


def backup(values, reward, discount, sas, soft):
    """One sweep, state by state, in float64 NumPy."""
    q_values = np.full(sas.shape[:2], -INF)
    after = np.zeros(len(sas))
    for s in range(len(sas)):
        possible = [a for a in range(sas.shape[1]) if sas[s, a].sum() > 0]
        for a in possible:
            q_values[s, a] = sum(p * (reward[t] + discount * values[t]) for t, p in enumerate(sas[s, a]))
        if possible:
            row = q_values[s, possible]
            after[s] = np.log(np.exp(row).sum()) if soft else row.max()
    return after, q_values


def solved_exactly(reward, discount, sas, soft):
    """The values after so many sweeps that they have settled, in float64."""
    values = np.zeros(len(sas))
    for _ in range(2000):
        values, q_values = backup(values, reward, discount, sas, soft)
    return values, q_values


# By hand.


@pytest.mark.parametrize("soft", [False, True])
def test_a_chain_whose_end_pays(soft):
    # One action in each state: the log-sum-exp of one number is that number.
    values, q_values = solve_value_iteration(5, 1, END_PAYS, 100, 0.9, CHAIN, 1e-6, soft=soft)
    # Two roundings in each of four steps.
    np.testing.assert_allclose(values, [0.729, 0.81, 0.9, 1, 0], rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(q_values[:4, 0], values[:4], rtol=0, atol=0)
    assert q_values[4, 0] == -INF


def test_sweeps_of_a_chain():
    values = np.zeros(5)
    expected = [[0, 0, 0, 1, 0], [0, 0, 0.5, 1, 0], [0, 0.25, 0.5, 1, 0], [0.125, 0.25, 0.5, 1, 0]]
    for row, change in zip([*expected, expected[-1]], [1, 0.5, 0.25, 0.125, 0], strict=True):
        # Halves are exact. The change is the largest of all states, not that of the last.
        values, delta, q_values = state_value_iterator(values, END_PAYS, 0.5, CHAIN)
        assert values.tolist() == row and delta == change
        assert q_values[:, 0].tolist() == [*row[:4], -INF]
    values, _ = solve_value_iteration(5, 1, END_PAYS, 2, 0.5, CHAIN, 0.0)
    assert values.tolist() == expected[1]


def test_an_impossible_action_takes_part_in_nothing():
    # All that can be done in state 0 costs 1: an impossible action of value 0 would be the best.
    sas, reward = np.zeros((2, 3, 2)), [0.0, -1.0]
    sas[0, 1] = [0, 1]
    for soft in (False, True):
        values, q_values = solve_value_iteration(2, 3, reward, 50, 0.9, sas, 1e-6, soft)
        assert values.tolist() == [-1, 0]
        assert q_values.tolist() == [[-INF, -1, -INF], [-INF] * 3]
    assert get_state_action_values(0, 3, sas, reward, 0.9, [0, 0]).tolist() == [-INF, -1, -INF]
    assert get_state_action_values(1, 3, sas, reward, 0.9, [0, 0]).tolist() == [-INF] * 3


def test_action_values_by_hand():
    # Half of a way to 4 + .5 * 2 and half to 0 + .5 * 6.
    sas = [[[0.5, 0.5], [0.0, 1.0]], [[1.0, 0.0], [0.25, 0.25]]]
    arguments = (2, sas, [4.0, 0.0], 0.5, [2.0, 6.0])
    assert get_state_action_values(0, *arguments).tolist() == [4.0, 3.0]
    # The other half of the last row is the end, which pays nothing.
    assert get_state_action_values(jnp.array(1), *arguments).tolist() == [5.0, 2.0]


@pytest.mark.parametrize("scale", [1.0, 1e4, -1e4])
def test_the_soft_value_is_a_log_sum_exp(scale):
    sas, reward = np.zeros((3, 2, 3)), np.array([0.0, 1.0, 0.5]) * scale
    sas[0, 0, 1] = sas[0, 1, 2] = 1
    values, _ = solve_value_iteration(3, 2, reward, 10, 0.9, sas, 0.0, soft=True)
    # Some roundings; e**10000 is no number in any precision.
    np.testing.assert_allclose(values[0], np.logaddexp(reward[1], reward[2]), rtol=8 * UNIT)


# Against the loop.


@pytest.mark.parametrize("soft", [False, True])
def test_one_sweep_against_the_loop(soft, x64):
    sweep = jax.jit(state_value_iterator, static_argnums=4)
    of_state = jax.jit(get_state_action_values, static_argnums=1)
    before = np.random.default_rng(1).normal(size=7)
    for seed, discount in enumerate((0.0, 0.5, 0.95, 1.0)):
        sas, reward = some_world(seed)
        values, delta, q_values = sweep(before, reward, discount, sas, soft)
        expected, expected_q = backup(before, reward, discount, sas, soft)
        # Sums of 7 numbers of a few units, in float64.
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-13)
        np.testing.assert_allclose(q_values, expected_q, rtol=0, atol=1e-13)
        assert abs(delta - np.abs(expected - before).max()) < 1e-13
        for s in range(7):
            row = of_state(s, 3, sas, reward, discount, before)
            np.testing.assert_allclose(row, expected_q[s], rtol=0, atol=1e-13)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_solution_against_the_loop(seed, soft, x64):
    sas, reward = some_world(seed)
    values, q_values = solve_value_iteration(7, 3, reward, 10_000, 0.95, sas, 1e-13, soft)
    expected, expected_q = solved_exactly(reward, 0.95, sas, soft)
    # Off by tol * .95 / .05, and rounding of numbers below 30 that the sweeps multiply by up to 20.
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(q_values, expected_q, rtol=0, atol=1e-11)


@pytest.mark.parametrize("soft", [False, True])
def test_in_float32(soft):
    sas, reward = some_world()
    values, q_values = solve_value_iteration(7, 3, reward, 10_000, 0.9, sas, 1e-5, soft)
    expected, _ = solved_exactly(reward, 0.9, sas, soft)
    assert values.dtype == q_values.dtype == jnp.float32
    # tol * .9 / .1, and ten times the rounding of a sweep: 10 roundings of numbers below 30.
    np.testing.assert_allclose(values, expected, rtol=0, atol=9e-5 + 10 * 10 * 32 * UNIT)


def test_settled_means_that_no_state_changes_any_more():
    # The last state settles in the first sweep; the first one only when all have passed it on.
    sas = np.eye(30, k=1)[:, None]
    reward = np.eye(30)[-1]
    values, _ = solve_value_iteration(30, 1, reward, 1000, 0.9, sas, 1e-9)
    np.testing.assert_allclose(values[0], 0.9**28, rtol=60 * UNIT)


def test_a_tolerance_bounds_the_error(x64):
    sas, reward = some_world(4)
    exact, _ = solved_exactly(reward, 0.9, sas, False)
    for tol in (1.0, 1e-2, 1e-4):
        values, _ = solve_value_iteration(7, 3, reward, 10_000, 0.9, sas, tol)
        assert np.abs(values - exact).max() <= tol * 9 + 1e-12


# Inside of JAX's own functions.


def test_in_jit_and_vmap():
    sas, reward = (jnp.asarray(x, jnp.float32) for x in some_world())
    solve = jax.jit(solve_value_iteration, static_argnums=(0, 1), static_argnames="soft")
    eager = solve_value_iteration(7, 3, reward, 500, 0.9, sas, 1e-5)
    jax.tree.map(np.testing.assert_array_equal, solve(7, 3, reward, 500, 0.9, sas, 1e-5), eager)
    traced = jax.jit(solve_value_iteration)(7, 3, reward, 500, 0.9, sas, 1e-5)
    jax.tree.map(np.testing.assert_array_equal, traced, eager)
    many = jax.vmap(lambda discount: solve(7, 3, reward, 500, discount, sas, 1e-5)[0])(jnp.array([0.5, 0.9]))
    # Other states' sweeps go on, and move what has settled by less than the tolerance.
    np.testing.assert_allclose(many[1], eager[0], rtol=0, atol=1e-4)
    swept = jax.jit(state_value_iterator, static_argnames="soft")(eager[0], reward, 0.9, sas, soft=True)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=0, atol=1e-5),
        swept,
        state_value_iterator(eager[0], reward, 0.9, sas, soft=True),
    )


def test_a_second_world_of_the_same_size_compiles_nothing(compilations):
    (sas, reward), (other, rewards) = some_world(5), some_world(6)
    solve_value_iteration(7, 3, reward, 500, 0.9, sas, 1e-5)
    compilations.clear()
    solve_value_iteration(7, 3, rewards, 900, 0.5, other, 1e-3)
    assert compilations == []


@pytest.mark.parametrize("soft", [False, True])
def test_slopes_of_a_sweep_and_of_the_solution(soft, x64):
    sas, reward = some_world(7)
    values, slope = np.zeros(7), 1e-6

    def swept(reward):
        return state_value_iterator(values, reward, 0.9, sas, soft)[0]

    def solved(reward):
        return solve_value_iteration(7, 3, reward, 5000, 0.9, sas, 1e-12, soft)[0]

    for function, jacobian in ((jax.jit(swept), jax.jacobian(swept)), (solved, jax.jacfwd(solved))):
        ours = jax.jit(jacobian)(jnp.asarray(reward))
        steps = [function(reward + slope * e) - function(reward - slope * e) for e in np.eye(7)]
        # Differences of values below 30 that are known to 1e-11, over 2e-6.
        np.testing.assert_allclose(ours, np.stack(steps, axis=1) / (2 * slope), rtol=0, atol=1e-4)


# Policies.


def test_hard_policies_by_hand():
    rows = [[1.0, 3.0, 2.0], [2.0, 2.0, -INF], [-INF, -5.0, -INF], [-INF, -INF, -INF], [0.0, 0.0, 0.0]]
    expected = [[0, 1, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0, 0], [1 / 3] * 3]
    np.testing.assert_allclose(policy(rows), expected, rtol=UNIT)
    # As good but for rounding, and a little worse.
    assert policy([100.0, np.nextafter(np.float32(100), 0), 99.99]).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize("temperature", [0.25, 1.0, 40.0])
def test_soft_policies_are_softmaxes_of_what_is_possible(temperature):
    rows = np.array([[1.0, 3.0, 2.0], [2.0, -INF, 2.5], [-INF, -5.0, -INF], [-INF] * 3, [500.0, 0.0, -INF]])
    ours = np.asarray(policy(rows, temperature))
    for row, q_values in zip(ours, rows, strict=True):
        weights = np.exp((q_values - q_values.max()) / temperature) if q_values.max() > -INF else np.zeros(3)
        np.testing.assert_allclose(row, weights / (weights.sum() or 1), rtol=0, atol=20 * UNIT)


def test_the_soft_values_are_made_for_a_temperature_of_1(x64):
    sas, reward = some_world()
    values, q_values = solve_value_iteration(7, 3, reward, 10_000, 0.9, sas, 1e-13, soft=True)
    p = np.asarray(policy(q_values, 1.0))
    # exp(Q - V), and V is the expected Q plus the entropy.
    np.testing.assert_allclose(p[:-1], np.exp(q_values - values[:, None])[:-1], rtol=0, atol=1e-10)
    worth = np.where(p > 0, p * (np.where(p > 0, q_values, 0) - np.log(np.where(p > 0, p, 1))), 0).sum(axis=1)
    np.testing.assert_allclose(worth[:-1], values[:-1], rtol=0, atol=1e-10)


def test_slopes_of_a_policy_are_numbers():
    def total(q_values, temperature):
        return (policy(q_values, temperature) ** 2).sum()

    q_values = jnp.array([[1.0, -INF, 2.0], [-INF, -INF, -INF]])
    slopes = jax.jit(jax.grad(total, argnums=(0, 1)))(q_values, 0.5)
    assert all(np.isfinite(slope).all() for slope in slopes) and slopes[1] != 0


# Grid worlds.

ROWS = ["...G", ".#.X", "S..."]


def test_a_grid_world_says_what_is_where():
    world = grid_world(ROWS, goal_reward=5, pit_reward=-3, step_reward=-0.5)
    assert isinstance(world, GridWorld) and world.shape == (3, 4) and world.start == 7
    assert world.positions.tolist()[4:7] == [[1, 0], [1, 2], [1, 3]]
    assert "".join(world.kinds) == "...G" + "..X" + "...."
    assert world.reward.tolist() == [-0.5] * 3 + [5] + [-0.5] * 2 + [-3] + [-0.5] * 4
    assert world.actions == ("up", "right", "down", "left")
    assert grid_world(["..G"]).start is None


def test_steps_lead_where_they_say_and_walls_stop_them():
    world = grid_world(ROWS)
    led = lambda state: [int(row.argmax()) for row in np.asarray(world.sas[state])]  # noqa: E731
    np.testing.assert_array_equal(np.unique(world.sas), [0, 1])
    assert led(0) == [0, 1, 4, 0]  # the corner: up and left are out of the grid
    assert led(1) == [1, 2, 1, 0]  # below it is the wall
    assert led(5) == [2, 6, 9, 5]  # the wall is to the left, the pit to the right
    assert led(7) == [4, 8, 7, 7]
    for end in (3, 6):
        assert not np.asarray(world.sas[end]).any()


def test_slipping_leads_to_either_side():
    world = grid_world(ROWS, slip=0.2)
    # Upwards from the second cell of the last row: the wall above, 7 to the left, 9 to the right.
    np.testing.assert_allclose(world.sas[8, 0], 0.8 * np.eye(11)[8] + 0.1 * (np.eye(11)[7] + np.eye(11)[9]))
    # In the corner, going left: one stays, slips up and stays, or slips down.
    np.testing.assert_allclose(world.sas[0, 3], 0.9 * np.eye(11)[0] + 0.1 * np.eye(11)[4], rtol=4 * UNIT)
    total = np.asarray(world.sas).sum(axis=-1)
    np.testing.assert_allclose(total[[0, 1, 2, 4, 5, 7, 8, 9, 10]], 1, rtol=4 * UNIT)
    always = grid_world(ROWS, slip=1.0)
    np.testing.assert_allclose(always.sas[9, 0], 0.5 * (np.eye(11)[8] + np.eye(11)[10]))


def test_the_grid_of_the_textbook(x64):
    # Russell & Norvig's 4 x 3 world: an end of +1 and one of -1, .04 off for each step. They count the reward
    # of a state with its value; we pay it on arrival, so a free cell's value is theirs plus .04.
    world = grid_world(ROWS, slip=0.2, step_reward=-0.04)
    values, q_values = solve_value_iteration(11, 4, world.reward, 10_000, 1.0, world.sas, 1e-9)
    theirs = [0.812, 0.868, 0.918, 0, 0.762, 0.660, 0, 0.705, 0.655, 0.611, 0.388]
    free = np.array(world.kinds) == "."
    np.testing.assert_allclose(values - 0.04 * free, theirs, rtol=0, atol=5.1e-4)  # they give three digits
    chosen = np.asarray(policy(q_values))
    assert [world.actions[row.argmax()] for row in chosen[free]] == [
        *("right", "right", "right"),
        *("up", "up"),
        *("up", "left", "left", "left"),
    ]
    np.testing.assert_array_equal(chosen.max(axis=1), free)


def test_planning_is_part_of_the_package():
    assert bm.planning is planning and bm.planning.dynamic_programming.policy is policy


# The figure.


@pytest.fixture
def ax():
    with plt.rc_context():
        plotting.use_house_style()
        figure, axes = plt.subplots()
        yield axes
        figure.canvas.draw()
        plt.close(figure)


def drawn_grid(ax, soft=False, **options):
    world = grid_world(ROWS, slip=0.2, goal_reward=10, pit_reward=-10, step_reward=-1)
    values, q_values = solve_value_iteration(11, 4, world.reward, 1000, 0.9, world.sas, 1e-6, soft)
    probabilities = np.asarray(policy(q_values, 1.0 if soft else None))
    assert plotting.plot_grid_world(ax, world, values, probabilities, **options) is ax
    return world, np.asarray(values), probabilities


@pytest.mark.parametrize("soft", [False, True])
def test_the_figure_shows_values_and_policy(ax, soft):
    world, values, probabilities = drawn_grid(ax, soft)
    written = {(text.get_text(), round(text.get_position()[1])) for text in ax.texts}
    free = np.array(world.kinds) == "."
    for value, (row, _) in zip(values[free], world.positions[free], strict=True):
        assert (f"{value:.2f}", row) in written
    assert written >= {("G", 0), ("+10", 0), ("X", 1), ("-10", 1), ("S", 2)}
    (arrows,) = (artist for artist in ax.collections if isinstance(artist, Quiver))
    states, actions = np.nonzero(probabilities >= 0.02)
    assert len(states) == len(arrows.U) and soft == (len(states) > free.sum())
    lengths = np.hypot(arrows.U, arrows.V)
    np.testing.assert_allclose(lengths / probabilities[states, actions], 0.36, rtol=1e-6)
    # The rows are counted downwards: up is towards smaller numbers.
    assert (arrows.V[actions == 0] < 0).all() and (arrows.U[actions == 1] > 0).all()
    assert len(ax.patches) == 1 and ax.patches[0].get_hatch()  # the wall


def test_writing_stands_out_from_the_colour_of_its_cell(ax):
    world, _, _ = drawn_grid(ax)
    (picture,) = ax.images
    colours = picture.cmap(picture.norm(picture.get_array().filled(np.nan)))
    checked = 0
    for text in ax.texts:
        column, row = (int(round(x)) for x in text.get_position())
        if world.kinds[world.positions.tolist().index([row, column])] != ".":
            continue
        low, high = sorted(luminance(colour) for colour in (colours[row, column], to_rgba(text.get_color())))
        assert (high + 0.05) / (low + 0.05) >= 4.5, text.get_text()
        checked += 1
    assert checked >= 10


def luminance(colour):
    """WCAG 2's relative luminance of an sRGB colour."""
    c = np.asarray(colour)[:3]
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_limits_put_two_grids_on_one_scale(ax):
    _, values, _ = drawn_grid(ax, limits=(0.0, 20.0))
    shares = np.asarray(ax.images[0].get_array()[0, :3])
    np.testing.assert_allclose(shares, values[:3] / 20, rtol=1e-6)


def test_a_grid_without_a_policy_has_no_arrows(ax):
    world = grid_world(["S.", "##"])
    plotting.plot_grid_world(ax, world, [0.5, 0.5])  # all alike
    assert not any(isinstance(artist, Quiver) for artist in ax.collections)
    assert [text.get_text() for text in ax.texts] == ["0.50", "0.50", "S"]


# Bad input.


def values_of(s=0, n_actions=1, sas=CHAIN, reward=END_PAYS, discount=0.9, values=END_PAYS):
    return get_state_action_values(s, n_actions, sas, reward, discount, values)


def solve(n_states=5, n_actions=1, reward=END_PAYS, max_iter=10, discount=0.9, sas=CHAIN, tol=1e-6):
    return solve_value_iteration(n_states, n_actions, reward, max_iter, discount, sas, tol)


def drawn(world=None, values=(0.0, 1.0, 2.0), policy=None, limits=None):
    world = grid_world(["..G"]) if world is None else world
    return plotting.plot_grid_world(plt.figure().subplots(), world, values, policy, limits=limits)


BAD = [
    Bad(lambda: values_of(s=5), "s", "from 0 to 4", "5"),
    Bad(lambda: values_of(s=-1), "s", "from 0 to 4", "-1"),
    Bad(lambda: values_of(s=0.0), "s", "integers", "float64"),
    Bad(lambda: values_of(s=[0, 1]), "s", "one state", "shape (2,)"),
    Bad(lambda: values_of(n_actions=2), "n_actions", "1, as in sas", "2"),
    Bad(lambda: values_of(sas=CHAIN[:, 0]), "sas", "(n_states, n_actions, n_states)", "shape (5, 5)"),
    Bad(lambda: values_of(sas=CHAIN[:4]), "sas", "(n_states, n_actions, n_states)", "shape (4, 1, 5)"),
    Bad(lambda: values_of(sas=-CHAIN), "sas", "in [0, 1]", "-1 at index (0, 0, 1)"),
    Bad(lambda: values_of(sas=np.full((5, 1, 5), 0.5)), "sas", "add up to 1 or less", "2.5 at index (0, 0)"),
    Bad(lambda: values_of(sas=CHAIN * np.nan), "sas", "in [0, 1]", "nan"),
    Bad(lambda: values_of(reward=[1.0]), "reward", "shape (5,)", "shape (1,)"),
    Bad(lambda: values_of(reward=[0, 0, INF, 0, 0]), "reward", "finite", "inf at index 2"),
    Bad(lambda: values_of(discount=1.1), "discount", "[0, 1]", "1.1"),
    Bad(lambda: values_of(discount=[0.9, 0.9]), "discount", "one number", "shape (2,)"),
    Bad(lambda: values_of(values=[0, 0, 0, 0, np.nan]), "values", "finite", "nan at index 4"),
    Bad(lambda: state_value_iterator([0.0], END_PAYS, 0.9, CHAIN), "values", "shape (5,)", "shape (1,)"),
    Bad(lambda: state_value_iterator(END_PAYS, END_PAYS, -0.1, CHAIN), "discount", "[0, 1]", "-0.1"),
    Bad(lambda: solve(n_states=4), "n_states", "5, as in sas", "4"),
    Bad(lambda: solve(n_actions=2), "n_actions", "1, as in sas", "2"),
    Bad(lambda: solve(n_states=5.0), "n_states", "a whole number", "5.0"),
    Bad(lambda: solve(reward=END_PAYS[:3]), "reward_function", "shape (5,)", "shape (3,)"),
    Bad(lambda: solve(max_iter=0), "max_iter", "at least 1", "0"),
    Bad(lambda: solve(max_iter=1.5), "max_iter", "a whole number", "1.5"),
    Bad(lambda: solve(tol=-1.0), "tol", "at least 0", "-1"),
    Bad(lambda: policy([np.nan, 1.0]), "q_values", "finite numbers or minus infinity", "nan at index 0"),
    Bad(lambda: policy([INF, 1.0]), "q_values", "finite numbers or minus infinity", "inf at index 0"),
    Bad(lambda: policy(1.0), "q_values", "last axis", "shape ()"),
    Bad(lambda: policy([1.0, 2.0], 0.0), "temperature", "above 0", "0"),
    Bad(lambda: policy([1.0, 2.0], [1.0, 2.0]), "temperature", "one number", "shape (2,)"),
    Bad(lambda: grid_world("S.G"), "rows", "a list of strings", "'S.G'"),
    Bad(lambda: grid_world([1, 2]), "rows", "a list of strings", "[1, 2]"),
    Bad(lambda: grid_world(None), "rows", "a list of strings", "None"),
    Bad(lambda: grid_world([]), "rows", "at least one row", "lengths []"),
    Bad(lambda: grid_world(["..", "."]), "rows", "one length", "[1, 2]"),
    Bad(lambda: grid_world(["..a"]), "rows", "the letters . # G X S", "'a'"),
    Bad(lambda: grid_world(["GX#"]), "rows", "a cell to walk in", "none"),
    Bad(lambda: grid_world(["S.S"]), "rows", "one start", "2"),
    Bad(lambda: grid_world(["S.G"], slip=1.5), "slip", "[0, 1]", "1.5"),
    Bad(lambda: grid_world(["S.G"], goal_reward=INF), "goal_reward", "finite", "inf"),
    Bad(lambda: grid_world(["S.G"], step_reward=[1, 2]), "step_reward", "one number", "shape (2,)"),
    Bad(lambda: drawn(world=ROWS), "world", "what `grid_world` returned", "list"),
    Bad(lambda: drawn(values=[1.0]), "values", "shape (3,)", "shape (1,)"),
    Bad(lambda: drawn(values=[1.0, np.nan, 0]), "values", "finite", "nan at index 1"),
    Bad(lambda: drawn(policy=np.ones((3, 3))), "policy", "shape (3, 4)", "shape (3, 3)"),
    Bad(lambda: drawn(limits=(1.0, 1.0)), "limits", "the smaller first", "(1.0, 1.0)"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name} {bad.received}")
def test_what_is_refused(bad):
    try:
        assert_refused(bad)
    finally:
        plt.close("all")
