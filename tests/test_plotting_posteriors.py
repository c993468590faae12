"""The figures of posteriors, predictive checks and calibration draw the numbers that they are given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats
from made_up_posteriors import posterior
from refusals import Bad, assert_refused

from behavioural_modelling import Calibration, Prediction, Trials, models, plotting

MODEL = models.rescorla_wagner(2)
TRIALS = Trials([[0, 1, 0]] * 4, [[1.0, 0.0]] * 3)
N_CHAINS, N_DRAWS, N = 3, 40, 4


@pytest.fixture
def ax():
    with plt.rc_context():
        plotting.use_house_style()
        figure, axes = plt.subplots()
        yield axes
        figure.canvas.draw()  # nothing that was drawn fails or warns
        plt.close(figure)


def made(seed=0):
    rng = np.random.default_rng(seed)
    names = ("alpha", "temperature")
    params = {name: rng.uniform(0.2, 0.8, (N_CHAINS, N_DRAWS, N)) for name in names}
    group = {name: rng.uniform(0.3, 0.6, (N_CHAINS, N_DRAWS)) for name in names}
    return posterior(MODEL, TRIALS, params, group, {name: x + 1 for name, x in group.items()})


POSTERIOR = made()


def test_traces_are_the_chains(ax):
    assert plotting.plot_traces(ax, POSTERIOR, "alpha_median") is ax
    assert len(ax.lines) == N_CHAINS and ax.get_ylabel() == "alpha_median"
    for line, chain in zip(ax.lines, POSTERIOR.group["alpha"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), chain)
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == len({dash for _, dash in looks}) == N_CHAINS  # told apart without colour as well


@pytest.mark.parametrize("name", ["alpha[2]", "temperature_spread"])
def test_quantities_go_by_the_names_of_the_table(ax, name):
    plotting.plot_traces(ax, POSTERIOR, name)
    drawn = np.concatenate([line.get_ydata() for line in ax.lines])
    np.testing.assert_array_equal(drawn, POSTERIOR.to_dataframe()[name])


def test_draws_of_numpyro_are_drawn_too(ax):
    draws = {"alpha": np.zeros((2, 5, 3)), "mu": np.arange(10.0).reshape(2, 5)}
    plotting.plot_traces(ax, draws, "mu", label="the mean")
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [5, 6, 7, 8, 9])
    assert ax.get_ylabel() == "the mean"
    plotting.plot_traces(ax, draws, "alpha[1]")


def test_ranks_of_chains_by_hand(ax):
    # Chain 0 has ranks 0, 1, 2, 6, chain 1 the others: bins of four ranks hold 3 and 1, 1 and 3.
    draws = {"x": np.array([[0.0, 0.1, 0.2, 0.6], [0.3, 0.4, 0.5, 0.7]])}
    plotting.plot_chain_ranks(ax, draws, "x", n_bins=2)
    heights = [bar.get_height() for bar in ax.patches]
    # Two are expected in each bar, which is half a row.
    np.testing.assert_allclose(heights, [0.75, 0.25, 0.25, 0.75])
    assert [bar.get_y() for bar in ax.patches] == [0, 0, 1, 1]


def test_pairs_and_divergences(ax):
    lost = POSTERIOR.group["alpha"] > 0.55
    plotting.plot_pairs(ax, POSTERIOR, "alpha_median", "alpha_spread", divergent=lost, labels=("a", "b"))
    draws, crosses = ax.lines
    np.testing.assert_array_equal(draws.get_xdata(), POSTERIOR.group["alpha"].ravel())
    np.testing.assert_array_equal(draws.get_ydata(), POSTERIOR.spread["alpha"].ravel())
    np.testing.assert_array_equal(crosses.get_xdata(), POSTERIOR.group["alpha"][lost])
    assert (draws.get_marker(), crosses.get_marker()) == ("o", "x") and ax.get_xlabel() == "a"


def test_intervals_are_in_order_with_estimates_beside_the_same_person(ax):
    estimates = np.array([0.9, 0.1, 0.5, 0.3])
    plotting.plot_intervals(ax, POSTERIOR, "alpha", estimates=estimates, level=0.5)
    draws = POSTERIOR.params["alpha"].reshape(-1, N)
    order = np.argsort(draws.mean(axis=0))
    dots, own, middle = ax.lines
    np.testing.assert_allclose(dots.get_ydata(), draws.mean(axis=0)[order], rtol=1e-12)
    np.testing.assert_array_equal(own.get_ydata(), estimates[order])
    np.testing.assert_allclose(middle.get_ydata()[0], POSTERIOR.group["alpha"].mean())
    ends = np.array([segment[:, 1] for segment in ax.collections[0].get_segments()])
    np.testing.assert_allclose(ends, np.quantile(draws, [0.25, 0.75], axis=0).T[order], rtol=1e-12)
    assert dots.get_marker() != own.get_marker()


def test_a_posterior_beside_its_prior(ax):
    draws = np.random.default_rng(0).beta(5, 5, 4000)
    plotting.plot_posterior(ax, draws, prior=dist.Beta(2.0, 2.0), true=0.4, xlabel="alpha")
    prior, true = ax.lines
    x, y = prior.get_data()
    np.testing.assert_allclose(y, scipy.stats.beta(2, 2).pdf(x), rtol=1e-4)  # float32 logarithms of 1 or so
    assert x.min() > 0 and x.max() < 1 and true.get_xdata()[0] == 0.4
    assert prior.get_linestyle() != true.get_linestyle()
    plotting.plot_posterior(ax, draws / 2, label="another")
    assert ax.patches[0].get_edgecolor() != ax.patches[1].get_edgecolor()
    assert ax.patches[0].get_linestyle() != ax.patches[1].get_linestyle()


def test_the_bars_of_a_posterior_have_area_one(ax):
    plotting.plot_posterior(ax, np.random.default_rng(0).normal(size=1000), n_bins=10)
    outline = ax.patches[0].get_xy()
    x, y = outline[:, 0], outline[:, 1]
    area = abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2  # the shoelace formula
    np.testing.assert_allclose(area, 1, rtol=1e-9)


PREDICTION = Prediction(
    {"one": np.array([0.2, 0.4]), "two": np.array([[0.1, 0.2], [0.3, np.nan]])},
    {
        "one": np.arange(20.0).reshape(10, 2) / 20,
        "two": np.random.default_rng(0).uniform(size=(10, 2, 2)),
    },
    "",
)


def test_a_predictive_check_of_one_number(ax):
    plotting.plot_predictive(ax, PREDICTION, "one")
    np.testing.assert_allclose(ax.lines[0].get_xdata(), 0.3)
    assert ax.lines[0].get_linestyle() == "--" and ax.get_xlabel() == "one"


def test_a_predictive_check_of_parts(ax):
    plotting.plot_predictive(ax, PREDICTION, "two", level=0.5, parts=["W", "L"], label="switches")
    middle, observed = ax.lines
    means = PREDICTION.replicated["two"].mean(axis=1)
    np.testing.assert_allclose(middle.get_ydata(), np.median(means, axis=0))
    np.testing.assert_allclose(observed.get_ydata(), [0.2, 0.2])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose(
        [band.min(), band.max()],
        [np.quantile(means, 0.25, axis=0).min(), np.quantile(means, 0.75, axis=0).max()],
    )
    assert [text.get_text() for text in ax.get_xticklabels()] == ["W", "L"]


def test_a_predictive_check_of_subjects_and_without_data(ax):
    plotting.plot_predictive(ax, PREDICTION, "one", by="subject")
    plotting.plot_predictive(ax, PREDICTION, "two", by="subject")
    prior = Prediction({}, PREDICTION.replicated, "")
    n = len(ax.lines)
    plotting.plot_predictive(ax, prior, "one")
    assert len(ax.lines) == n
    plotting.plot_predictive(ax, prior, "two")
    assert len(ax.lines) == n + 1  # a median, and nothing observed


def test_ranks_and_their_band(ax):
    ranks = np.repeat(np.arange(0, 100, 10), [1, 19, *[10] * 8])
    plotting.plot_ranks(ax, Calibration({"x": ranks}, 100, {}, ""), "x", n_bins=10, level=0.9)
    bars = [patch for patch in ax.patches if patch.get_width() == 10]
    assert [bar.get_height() for bar in bars] == [1, 19, *[10] * 8]
    heights = [line.get_ydata()[0] for line in ax.lines]
    assert heights == [
        *scipy.stats.binom.interval(0.9, 100, 0.1)[:1],
        10,
        scipy.stats.binom.ppf(0.95, 100, 0.1),
    ]


CALIBRATION = Calibration({"x": np.arange(20)}, 20, {"x": np.zeros(20)}, "")
DRAWS = {"mu": np.zeros((2, 5))}


def bad(function, name, expected, received, *arguments, **options):
    def call():
        figure, axes = plt.subplots()
        try:
            getattr(plotting, function)(axes, *arguments, **options)
        finally:
            plt.close(figure)

    return Bad(call, name, expected, received)


BAD = {
    "no posterior": bad("plot_traces", "posterior", "a Posterior, or a dict", "int", 3, "mu"),
    "no such name": bad("plot_traces", "name", "alpha_median", "'beta'", POSTERIOR, "beta"),
    "no such person": bad("plot_traces", "name", "4 people", "'alpha[4]'", POSTERIOR, "alpha[4]"),
    "all people": bad("plot_traces", "name", "'alpha[0]'", "(3, 40, 4)", POSTERIOR, "alpha"),
    "no chains": bad("plot_traces", "name", "chains of draws", "(5,)", {"mu": np.zeros(5)}, "mu"),
    "n_bins": bad("plot_chain_ranks", "n_bins", "at least 2", "1", DRAWS, "mu", n_bins=1),
    "y": bad("plot_pairs", "y", "(2, 5)", "(2, 6)", DRAWS | {"x": np.zeros((2, 6))}, "mu", "x"),
    "divergent": bad("plot_pairs", "divergent", "(2, 5)", "(5,)", DRAWS, "mu", "mu", divergent=np.ones(5)),
    "no people": bad(
        "plot_intervals", "name", "alpha, temperature", "'alpha_median'", POSTERIOR, "alpha_median"
    ),
    "estimates": bad(
        "plot_intervals", "estimates", "shape (4,)", "(3,)", POSTERIOR, "alpha", estimates=np.zeros(3)
    ),
    "level": bad("plot_intervals", "level", "between 0 and 1", "95", POSTERIOR, "alpha", level=95),
    "draws": bad("plot_posterior", "draws", "finite", "nan", [0.1, np.nan]),
    "bars": bad("plot_posterior", "n_bins", "at least 2", "0", [0.1, 0.2], n_bins=0),
    "statistic": bad("plot_predictive", "name", "one, two", "'three'", PREDICTION, "three"),
    "by": bad("plot_predictive", "by", "'group' or 'subject'", "'person'", PREDICTION, "one", by="person"),
    "its level": bad("plot_predictive", "level", "between 0 and 1", "1", PREDICTION, "one", level=1),
    "parts": bad("plot_predictive", "parts", "2 names", "1", PREDICTION, "two", parts=["W"]),
    "quantity": bad("plot_ranks", "name", "x", "'y'", CALIBRATION, "y"),
    "bins": bad("plot_ranks", "n_bins", "divides 20", "3", CALIBRATION, "x", n_bins=3),
    "band": bad("plot_ranks", "level", "between 0 and 1", "99", CALIBRATION, "x", level=99),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_bad_input_is_named(case):
    assert_refused(case)
