"""The house style, and that the shared figures draw the numbers they are given."""

import matplotlib

matplotlib.use("Agg")

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_hex

from behavioural_modelling import plotting
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
    ],
)
def test_bad_input_is_named(ax, draw, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        draw(ax)
