"""The house style, and that the shared figures draw the numbers they are given."""

import matplotlib

matplotlib.use("Agg")

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_hex

from behavioural_modelling import Fit, Recovery, plotting
from behavioural_modelling.learning.rescorla_wagner import asymmetric_rescorla_wagner_update


@pytest.fixture
def ax():
    with plt.rc_context():
        plotting.use_house_style()
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_house_style(ax):
    assert plt.rcParams["lines.linewidth"] == 1
    assert plt.rcParams["figure.dpi"] == 80
    for face in ("axes.facecolor", "figure.facecolor"):
        assert to_hex(plt.rcParams[face]) == "#fafafa"
    assert to_hex(plt.rcParams["text.color"]) == "#383838"
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == plotting.action_colours(11)


def test_the_font_is_heebo_and_is_found(ax):
    assert plt.rcParams["font.family"][0] == "Heebo"
    found = font_manager.findfont("Heebo", fallback_to_default=False)
    assert "Heebo" in found and "fontpkg_heebo" in found


def test_action_colours_are_the_first_of_bold():
    colours = plotting.action_colours(13)
    assert to_hex(colours[0]) == "#7f3c8d" and to_hex(colours[1]) == "#11a579"
    assert len(set(colours[:11])) == 11 and colours[11:] == colours[:2]


@pytest.mark.parametrize("n_actions", [0, -1, 2.5, True])
def test_action_colours_refuses_what_is_no_number_of_actions(n_actions):
    with pytest.raises(ValueError, match="n_actions: expected"):
        plotting.action_colours(n_actions)


def test_plot_actions_draws_each_action_from_trial_one(ax):
    series = np.arange(12.0).reshape(4, 3)
    assert plotting.plot_actions(ax, jnp.asarray(series), ylabel="value") is ax
    assert ax.get_xlabel() == "trial" and ax.get_ylabel() == "value"
    for action, line in enumerate(ax.get_lines()):
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
        np.testing.assert_array_equal(line.get_ydata(), series[:, action])
        assert line.get_label() == f"action {action}"
    cues = {(line.get_color(), str(line.get_linestyle())) for line in ax.get_lines()}
    assert len({cue[0] for cue in cues}) == len({cue[1] for cue in cues}) == 3


def test_plot_choices_fills_what_paid(ax):
    outcomes = np.array([[1, 0], [1, 0], [0, 1]])
    plotting.plot_choices(ax, np.array([0, 1, 1]), outcomes)
    drawn = {}
    for line in ax.get_lines():
        filled = line.get_markerfacecolor() != "none"
        for trial, action in zip(line.get_xdata(), line.get_ydata(), strict=True):
            drawn[int(trial)] = (int(action), filled)
    assert drawn == {1: (0, True), 2: (1, False), 3: (1, True)}


def test_plot_learning_draws_the_value_before_each_outcome(ax):
    plotting.plot_learning(ax, [1, 0, 1], rates=[(0.4, 0.2)])
    value, expected = jnp.array([0.5]), []
    for outcome in (1.0, 0.0, 1.0):
        expected.append(float(value[0]))
        value, _ = asymmetric_rescorla_wagner_update(value, (outcome, jnp.ones(1)), 0.4, 0.2)
    np.testing.assert_allclose(ax.get_lines()[1].get_ydata(), expected, rtol=1e-6)


def test_plot_softmax_draws_logistic_curves(ax):
    plotting.plot_softmax(ax, temperatures=[0.1, 1.0])
    for line, tau in zip(ax.get_lines(), (0.1, 1.0), strict=True):
        # float32 probabilities: a few units in the last place of a number up to 1.
        logistic = 1 / (1 + np.exp(-line.get_xdata() / tau))
        np.testing.assert_allclose(line.get_ydata(), logistic, atol=1e-6)


def test_plot_array_shape_draws_a_cell_per_entry(ax):
    plotting.plot_array_shape(ax, 0, (4, 5), name="outcomes", axes=["4", "5"], mapped=False)
    assert len(ax.patches) == 20 and len({patch.get_facecolor() for patch in ax.patches}) == 1
    plotting.plot_array_shape(ax, 8, (3,), name="alpha", axes=["3"], mapped=True)
    assert len(ax.patches) == 23 and len({patch.get_facecolor() for patch in ax.patches[20:]}) == 3
    assert {"outcomes", "(4, 5)", "alpha", "(3)"} <= {text.get_text() for text in ax.texts}


def test_plot_surface_draws_the_differences_from_the_maximum(ax):
    x, y = np.linspace(0, 20, 41), np.array([0.0, 1.0, 2.0])
    surface = -100 - np.broadcast_to(x, (3, 41))
    surface = np.where(y[:, None] == 1, surface, surface - 0.25)
    assert plotting.plot_surface(ax, x, y, jnp.asarray(surface), xlabel="a", ylabel="b") is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    (marker,) = ax.get_lines()
    assert (*marker.get_xdata(), *marker.get_ydata()) == (0, 1)
    (filled,) = ax.collections
    # In the middle row the surface is x below its maximum, so the bands end at these x.
    bands = dict(zip(filled.levels[:-1], filled.get_paths(), strict=True))
    for lower, upper in ((-20, -10), (-10, -5), (-5, -2), (-2, -1), (-1, -0.5), (-0.5, 0)):
        corners = bands[lower].vertices
        np.testing.assert_allclose(np.abs(corners[corners[:, 1] == 1][:, 0]).max(), -lower)
        np.testing.assert_allclose(np.abs(corners[corners[:, 1] == 1][:, 0]).min(), -upper)
    bar = ax.figure.axes[1]
    assert "maximum" in bar.get_ylabel() and {-50, -1, 0} <= set(bar.get_yticks())


def test_plot_surface_passes_over_what_is_not_known(ax):
    surface = np.array([[-9.0, np.nan], [np.nan, -4.0], [-5.0, -6.0]])
    plotting.plot_surface(ax, [10, 20], [1, 2, 3], surface, xlabel="a", ylabel="b")
    assert (*ax.get_lines()[0].get_xdata(), *ax.get_lines()[0].get_ydata()) == (20, 2)


def some_recovery(at_bound=(False, False, True, False)):
    """Four subjects: found, found without an error, at a bound, and not found."""
    fields = dict.fromkeys(Fit._fields)
    fields["params"] = {"alpha": np.array([0.3, 0.4, 1.0, np.nan])}
    fields["standard_errors"] = {"alpha": np.array([0.05, np.nan, np.nan, np.nan])}
    fields["at_bound"] = {"alpha": np.array(at_bound)}
    return Recovery({"alpha": np.array([0.2, 0.5, 0.9, 0.7])}, Fit(**fields))


def test_plot_recovery_draws_estimates_against_true_values(ax):
    assert plotting.plot_recovery(ax, some_recovery(), "alpha") is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("true alpha", "estimated alpha")
    diagonal, points, at_bound = ax.get_lines()
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0.2, 0.2], [0.9, 0.9]])
    np.testing.assert_array_equal(points.get_xydata(), [[0.2, 0.3], [0.5, 0.4], [0.7, np.nan]])
    np.testing.assert_array_equal(at_bound.get_xydata(), [[0.9, 1.0]])
    assert at_bound.get_markerfacecolor() == "none" != points.get_markerfacecolor()
    ((with_error, without, _),) = [bars.get_segments() for bars in ax.collections]
    np.testing.assert_allclose(with_error, [[0.2, 0.25], [0.2, 0.35]])
    np.testing.assert_allclose(without, [[0.5, 0.4], [0.5, 0.4]])
    # A third of the span of true values around them.
    np.testing.assert_allclose(ax.get_ylim(), [0.2 - 0.21, 0.9 + 0.21])


def test_plot_recovery_shows_what_is_beyond_the_axis_at_its_edge(ax):
    plotting.plot_recovery(ax, some_recovery([False] * 4), "alpha", limits=(0.0, 0.95))
    assert ax.get_xlim() == ax.get_ylim() == (0.0, 0.95)
    assert ax.get_legend_handles_labels()[1].count("beyond the axis") == 1
    (beyond,) = [line for line in ax.get_lines() if line.get_label() == "beyond the axis"]
    np.testing.assert_array_equal(beyond.get_xydata(), [[0.9, 0.95]])


@pytest.mark.parametrize("at_bound, n_lines", [([False] * 4, 2), ([True] * 4, 3)])
def test_plot_recovery_with_none_or_all_at_a_bound(ax, at_bound, n_lines):
    plotting.plot_recovery(ax, some_recovery(at_bound), "alpha", label=r"$\alpha$")
    assert len(ax.get_lines()) == n_lines and ax.get_xlabel() == r"true $\alpha$"
    assert len(ax.get_legend_handles_labels()[1]) == n_lines


def test_plot_matrix_writes_the_numbers_in(ax):
    matrix = np.array([[0.75, 0.25], [np.nan, 1.0]])
    assert plotting.plot_matrix(ax, matrix, ["one", "two"], xlabel="fitted", ylabel="simulated") is ax
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts}
    assert written == {(0, 0): "0.75", (0, 1): "0.25", (1, 1): "1.00"}
    (image,) = ax.get_images()
    np.testing.assert_array_equal(np.ma.filled(image.get_array(), np.nan), matrix)
    assert image.get_clim() == (0, 1)
    # Dark on light and light on dark.
    assert [t.get_color() for t in ax.texts] == ["black", "white", "black"]
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["one", "two"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("fitted", "simulated")


def surface(ax, x, y, of):
    return plotting.plot_surface(ax, x, y, of, xlabel="x", ylabel="y")


def matrix(ax, of, names):
    return plotting.plot_matrix(ax, of, names, xlabel="x", ylabel="y")


@pytest.mark.parametrize(
    "draw, name",
    [
        (lambda ax: plotting.plot_actions(ax, [1.0, 2.0], ylabel="v"), "series"),
        (lambda ax: plotting.plot_actions(ax, [[1.0, 2.0]], ylabel="v", labels=["one"]), "labels"),
        (lambda ax: plotting.plot_choices(ax, [0, 1], [[1.0, 0.0]]), "choices"),
        (lambda ax: plotting.plot_choices(ax, [2], [[1.0, 0.0]]), "choices"),
        (lambda ax: plotting.plot_choices(ax, [0], [1.0]), "outcomes"),
        (lambda ax: plotting.plot_learning(ax, [[1.0]], [(0.1, 0.1)]), "outcomes"),
        (lambda ax: plotting.plot_learning(ax, [1.0], [(2.0, 0.1)]), "alpha_p"),
        (lambda ax: plotting.plot_softmax(ax, [0.0]), "temperature"),
        (lambda ax: surface(ax, [1, 2, 3], [1, 2], np.zeros((3, 2))), "log_likelihood"),
        (lambda ax: surface(ax, [1, 2, 3], [1, 2], np.zeros(6)), "log_likelihood"),
        (lambda ax: plotting.plot_recovery(ax, some_recovery(), "beta"), "name"),
        (lambda ax: matrix(ax, np.eye(2), ["one"]), "matrix"),
        (lambda ax: matrix(ax, np.ones((2, 3)), ["one", "two"]), "matrix"),
    ],
)
def test_bad_input_is_named(ax, draw, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        draw(ax)
