"""The house style, and that the shared figures draw the numbers they are given."""

import io
import re
import subprocess
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_hex, to_rgb

from behavioural_modelling import Fit, Recovery, plotting
from behavioural_modelling.learning.rescorla_wagner import asymmetric_rescorla_wagner_update
from behavioural_modelling.plotting.colours import all_colours
from behavioural_modelling.plotting.style import STORED_AS


@pytest.fixture
def ax():
    with plt.rc_context():
        plotting.use_house_style()
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_house_style(ax):
    assert plt.rcParams["lines.linewidth"] == 1.5
    for face in ("axes.facecolor", "figure.facecolor"):
        assert to_hex(plt.rcParams[face]) == FACE
    assert to_hex(plt.rcParams["text.color"]) == "#383838"
    assert list(plt.rcParams["axes.prop_cycle"].by_key()["color"]) == plotting.action_colours(11)


def test_a_figure_is_readable_on_a_phone(ax):
    # figures.css shows a figure at 70 % of its size at least, and 1 point is 96/72 pixels.
    sizes = [ax.xaxis.label, ax.title, *ax.get_xticklabels(), ax.legend([], title="x").get_title()]
    smallest = min(text.get_fontsize() for text in sizes)
    assert 0.7 * min(smallest, plt.rcParams["legend.fontsize"]) * 96 / 72 >= 9


def test_the_font_is_heebo_and_is_found(ax):
    assert plt.rcParams["font.family"][0] == "Heebo"
    found = font_manager.findfont("Heebo", fallback_to_default=False)
    assert "Heebo" in found and "fontpkg_heebo" in found


def svg(draw) -> str:
    """The SVG of a new figure, as a notebook stores it."""
    figure, axes = plt.subplots()
    draw(axes)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=STORED_AS["metadata"])
    plt.close(figure)
    return file.getvalue()


def test_the_same_figure_is_the_same_file_and_needs_no_font(ax):
    def draw(axes):
        axes.plot([1, 2], [3, 4], "o-", label=r"$\alpha$")
        axes.fill_between([1, 2], [3, 4], hatch="/")
        axes.legend()

    first, second = svg(draw), svg(draw)
    assert first == second and "<text" not in first and "dc:date" not in first
    assert first != svg(lambda axes: axes.plot([1, 2], [3, 5]))


RUN = """
import nbformat, sys
from nbclient import NotebookClient
source = "from behavioural_modelling import plotting\\nimport matplotlib.pyplot as plt\\n"
source += "plotting.use_house_style()\\nplt.plot([1, 2])\\nplt.show()"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
NotebookClient(notebook, kernel_name="python3", extra_arguments=["--log-level=ERROR"]).execute()
(output,) = notebook.cells[0].outputs
print(sorted(output.data), "dc:date" in output.data["image/svg+xml"])
"""


def test_a_notebook_stores_svg_with_png_beside_it():
    """In a kernel of its own, as every reader's notebook is run."""
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True)
    assert done.stdout == "['image/png', 'image/svg+xml', 'text/plain'] False\n", done.stderr


# Colours. What follows is computed anew from the definitions, with nothing of the package's own arithmetic.

FACE, DARK_PAGES = "#fafafa", ("#121212", "#14181e")  # the book's theme, and the one that it is made from
INK = ["#383838", "#616161", "#000000"]  # text and axes, ticks and reference lines, marks


def linear(colour) -> np.ndarray:
    """An sRGB colour in linear light."""
    colour = np.asarray(to_rgb(colour) if isinstance(colour, str) else colour)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(one, other) -> float:
    """WCAG 2's contrast of two colours."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def in_dark_mode(colour) -> np.ndarray:
    """A colour after the two filters of figures.css, as the Filter Effects module defines them."""
    css = (Path(__file__).parent.parent / "book" / "_static" / "figures.css").read_text(encoding="utf-8")
    amount, degrees = re.search(r"filter: invert\(([\d.]+)\) hue-rotate\((\d+)deg\)", css).groups()
    inverted = float(amount) + (1 - 2 * float(amount)) * np.asarray(to_rgb(colour))
    cosine, sine = np.cos(np.radians(float(degrees))), np.sin(np.radians(float(degrees)))
    luma = np.array([0.213, 0.715, 0.072])
    turn = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
    matrix = luma + cosine * (np.eye(3) - luma) + sine * turn
    return np.clip(matrix @ inverted, 0, 1)


# Machado, Oliveira & Fernandes (2009), doi 10.1109/TVCG.2009.113: full dichromacy, in linear light.
BLIND_TO = {
    "nothing": np.eye(3),
    "red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(light) -> np.ndarray:
    """CIELAB of a colour in linear light, for the white of daylight (D65)."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
    xyz = np.array(to_xyz) @ light / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_the_measures_give_what_is_known():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.01)
    np.testing.assert_allclose(lab(linear("white")), [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(in_dark_mode("white"), [0.07] * 3, atol=1e-9)


@pytest.mark.parametrize("colour", [*map(to_hex, plotting.action_colours(11)), *INK])
def test_every_colour_is_seen_in_both_modes(colour):
    assert contrast(colour, FACE) >= 3
    for page in (*DARK_PAGES, in_dark_mode(FACE)):
        assert contrast(in_dark_mode(colour), page) >= 3


@pytest.mark.parametrize("blind_to", BLIND_TO)
@pytest.mark.parametrize("seen", [to_rgb, in_dark_mode], ids=["light", "dark"])
def test_five_actions_differ_for_every_reader(blind_to, seen):
    """A distance of 10 in CIELAB is seen at a glance; the smallest that is seen at all is about 2.3."""
    light = [BLIND_TO[blind_to] @ linear(seen(colour)) for colour in plotting.action_colours(5)]
    places = [lab(np.clip(colour, 0, 1)) for colour in light]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(places) for b in places[:i]]
    assert min(distances) > 10


def test_action_colours_are_shades_of_bold():
    bold = ["#7f3c8d", "#11a579", "#3969ac", "#f2b701", "#e73f74", "#80ba5a", "#e68310", "#008695"]
    for colour, original in zip(plotting.action_colours(8), map(to_rgb, bold), strict=True):
        shares = np.array([c / o for c, o in zip(colour, original, strict=True) if o])
        assert np.ptp(shares) < 1e-6 and shares[0] <= 1
    assert to_hex(plotting.action_colours(3)[2]) == "#3969ac"  # dark enough as it is
    colours = plotting.action_colours(13)
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


def test_actions_take_the_eleven_colours_in_turn():
    colours = all_colours()
    assert len(set(colours)) == 11
    assert plotting.action_colours(13) == [*colours, *colours[:2]]
