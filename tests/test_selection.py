"""select_models and compare_groups: how many people are of which model, and whether groups differ in that."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from refusals import Bad, assert_refused
from scipy import integrate, special, stats

import behavioural_modelling as bm
from behavioural_modelling import compare_groups, plotting, select_models

TEN = np.array([[0.0, -3.0]] * 7 + [[-3.0, 0.0]] * 3)


def some_evidence(n_subjects=30, n_models=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n_subjects, n_models)) * 2


def test_the_worked_example():
    # Computed with a public implementation of Rigoux et al. (2014), printed to three digits.
    found = select_models(TEN)
    np.testing.assert_allclose(found.alpha, [8.157, 3.843], atol=0.0005)
    assert abs(found.exceedance[0] - 0.904) < 0.0005
    assert abs(found.protected_exceedance[0] - 0.675) < 0.0005
    assert abs(found.omnibus_risk - 0.567) < 0.0005
    assert isinstance(found, bm.ModelSelection) and found.converged and found.names == ("0", "1")


def test_the_equations_hold_where_the_iterations_end():
    # Written as in Stephan et al. (2009), equations 11 to 14, subject by subject.
    evidence = some_evidence()
    found = select_models(evidence)
    u = np.exp(evidence + special.digamma(found.alpha) - special.digamma(found.alpha.sum()))
    g = np.array([row / row.sum() for row in u])
    # Iterations end where a turn moves alpha by less than 1e-9 per subject; a turn later it is less still.
    np.testing.assert_allclose(found.responsibilities, g, atol=1e-7)
    np.testing.assert_allclose(found.alpha, 1 + g.sum(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.frequencies.sum(), 1, rtol=1e-12)


def exact_log_evidence(evidence):
    """The log-probability of all data of two models, the frequency integrated out on a line."""

    def likelihood(r):
        return np.exp(np.log(r * np.exp(evidence[:, 0]) + (1 - r) * np.exp(evidence[:, 1])).sum() - top)

    top = evidence.max(axis=1).sum()
    return top + np.log(integrate.quad(likelihood, 0, 1, epsabs=0, epsrel=1e-10)[0])


@pytest.mark.parametrize("evidence", [TEN, some_evidence(20, 2), some_evidence(5, 2, seed=1) * 4])
def test_the_free_energy_is_a_bound_close_to_the_evidence(evidence):
    found, exact = select_models(evidence), exact_log_evidence(evidence)
    assert found.free_energy <= exact + 1e-9
    # Mean field ignores that frequencies and models are correlated. The gap depends on the data alone; it is
    # .56 at most here, and a sign or a term that is wrong moves the free energy by more than a nat.
    assert exact - found.free_energy < 0.6
    null = np.log(np.exp(evidence).mean(axis=1)).sum()
    np.testing.assert_allclose(found.null_log_evidence, null, rtol=1e-10)
    odds = np.exp(null - found.free_energy)
    np.testing.assert_allclose(found.omnibus_risk, odds / (1 + odds), rtol=1e-8)
    np.testing.assert_allclose(
        found.protected_exceedance,
        (1 - found.omnibus_risk) * found.exceedance + found.omnibus_risk / 2,
        rtol=1e-12,
    )


@pytest.mark.parametrize("n", [10, 10_000])
def test_exceedance_of_two_is_a_beta_probability(n):
    found = select_models(np.concatenate([TEN * 0.2] * (n // 10)))
    # P(r_0 > 1/2); the integral is said to be good to about 12 digits, and alpha is known to 1e-9 n.
    exact = stats.beta(*found.alpha).sf(0.5)
    np.testing.assert_allclose(found.exceedance[0], exact, atol=1e-8)


def test_exceedance_of_three_against_draws():
    found, n = select_models(some_evidence()), 400_000
    draws = np.random.default_rng(1).dirichlet(found.alpha, n)
    share = np.bincount(draws.argmax(axis=1), minlength=3) / n
    # Five standard errors of a share in n draws: 5 sqrt(.25 / n) = .004.
    np.testing.assert_allclose(found.exceedance, share, atol=0.004)


def test_neither_the_order_nor_constants_matter():
    evidence = some_evidence()
    found, rng = select_models(evidence), np.random.default_rng(2)
    subjects, models = rng.permutation(30), np.array([2, 0, 1])
    shifted = evidence + rng.normal(size=(30, 1)) * 1e5
    for other in (select_models(evidence[subjects]), select_models(shifted)):
        # A shift of 1e5 rounds evidences to 1e-11; the bound of the iterations is 3e-8.
        np.testing.assert_allclose(other.alpha, found.alpha, atol=1e-6)
        np.testing.assert_allclose(other.protected_exceedance, found.protected_exceedance, atol=1e-6)
        assert abs(other.omnibus_risk - found.omnibus_risk) < 1e-6
    turned = select_models(evidence[:, models])
    np.testing.assert_allclose(turned.alpha, found.alpha[models], atol=1e-6)
    np.testing.assert_allclose(turned.responsibilities, found.responsibilities[:, models], atol=1e-7)


def test_many_people_large_evidences_and_ties():
    # People who hardly tell models apart took the plain iterations tens of thousands of turns.
    for scale in (0.01, 1.0):
        found = select_models(some_evidence(10_000, 3, seed=3) * scale - 1e5)
        assert found.converged and np.isfinite([*found.alpha, found.free_energy, found.omnibus_risk]).all()
        np.testing.assert_allclose(found.alpha.sum(), 10_003, rtol=1e-9)
    tied = select_models(np.zeros((8, 4)))
    np.testing.assert_allclose(tied.frequencies, 0.25, rtol=1e-12)
    np.testing.assert_allclose(tied.protected_exceedance, 0.25, rtol=1e-9)
    # With nothing to tell, both hypotheses give the same evidence.
    assert tied.omnibus_risk >= 0.5 - 1e-9
    sure = select_models([[0.0, -1e5]] * 20)
    np.testing.assert_allclose(sure.alpha, [21, 1], rtol=1e-9)
    one = select_models([[0.0, -2.0]])
    assert one.converged and one.alpha.sum() == pytest.approx(3)


def test_names_come_from_where_they_are():
    columns = {"simple": TEN[:, 0], "rich": TEN[:, 1].tolist()}
    for given in (columns, pd.DataFrame(columns)):
        found = select_models(given)
        assert found.names == ("simple", "rich")
        np.testing.assert_allclose(found.alpha, select_models(TEN).alpha, rtol=1e-12)  # sums in another order
    named = select_models(TEN, names=["a", "b"])
    table = named.to_dataframe()
    assert table.index.tolist() == ["a", "b"] and table.index.name == "model"
    np.testing.assert_array_equal(table["exceedance"], named.exceedance)
    assert table.columns.tolist() == ["alpha", "frequency", "exceedance", "protected_exceedance"]


# Two groups.


def test_two_groups_by_hand():
    groups = ["b"] * 7 + ["a"] * 3
    found = compare_groups(TEN, groups, names=["x", "y"])
    assert isinstance(found, bm.GroupDifference) and found.groups == ("b", "a")
    parts = select_models(TEN[:7]), select_models(TEN[7:]), select_models(TEN)
    gain = parts[0].free_energy + parts[1].free_energy - parts[2].free_energy
    np.testing.assert_allclose(found.log_bayes_factor, gain, rtol=1e-9)
    np.testing.assert_allclose(found.p_differ, 1 / (1 + np.exp(-gain)), rtol=1e-9)
    exact = exact_log_evidence(TEN[:7]) + exact_log_evidence(TEN[7:]) - exact_log_evidence(TEN)
    # Each of three bounds is off by less than .6, all to the same side.
    assert abs(gain - exact) < 1.2
    draws = [
        np.random.default_rng(i).dirichlet(part.alpha, 400_000)[:, 0] for i, part in enumerate(parts[:2])
    ]
    # Five standard errors: 5 sqrt(.25 / 400,000) = .004.
    assert abs(found.higher[0] - np.mean(draws[0] > draws[1])) < 0.004
    np.testing.assert_allclose(found.higher.sum(), 1, atol=1e-6)  # of two models; the integral's own error
    table = found.to_dataframe()
    assert table.columns.tolist() == ["frequency_b", "frequency_a", "higher"]
    assert table.index.tolist() == ["x", "y"]


def test_which_group_comes_first_does_not_matter():
    groups = np.array([0, 1] * 15)
    one, other = compare_groups(some_evidence(), groups), compare_groups(some_evidence(), 1 - groups)
    assert one.groups == (0, 1) and other.groups == (1, 0)
    np.testing.assert_allclose(one.p_differ, other.p_differ, rtol=1e-9)
    turned = compare_groups(some_evidence()[::-1], groups[::-1])
    assert turned.groups == (1, 0)
    np.testing.assert_allclose(turned.higher, 1 - one.higher, atol=1e-5)


def simulated(rng, share):
    """Evidences of 30 people, a share of them of the first model, which theirs favour by 3 nats, sd 2."""
    kinds = rng.uniform(size=30) < share
    return np.stack([np.where(kinds, 3, -3) + 2 * rng.normal(size=30), np.zeros(30)], axis=1)


def test_groups_that_differ_are_told_from_groups_that_do_not():
    rng, groups = np.random.default_rng(4), [0] * 30 + [1] * 30
    two = lambda one, other: np.concatenate([simulated(rng, one), simulated(rng, other)])  # noqa: E731
    same = [compare_groups(two(0.5, 0.5), groups).p_differ for _ in range(60)]
    different = [compare_groups(two(0.8, 0.2), groups).p_differ for _ in range(60)]
    # In 2,000 pairs made from another seed, 2.8 % of the same and 99.2 % of the different were above .75. Of
    # 60 the standard errors of these are 2.1 % and 1.2 %.
    assert np.mean(np.array(same) > 0.75) < 0.14
    assert np.mean(np.array(different) > 0.75) > 0.92


BAD = {
    "nan": Bad(
        lambda: select_models([[0, 1], [np.nan, 0]]), "log_evidence", "finite", "nan for subject 1 under '0'"
    ),
    "infinite": Bad(
        lambda: select_models({"a": [0.0, 1.0], "b": [0.0, -np.inf]}),
        "log_evidence",
        "finite",
        "subject 1 under 'b'",
    ),
    "one model": Bad(lambda: select_models([[0.0], [1.0]]), "log_evidence", "two models", "(2, 1)"),
    "one axis": Bad(lambda: select_models([0.0, 1.0]), "log_evidence", "(n_subjects, n_models)", "(2,)"),
    "nobody": Bad(lambda: select_models(np.empty((0, 2))), "log_evidence", "shape", "(0, 2)"),
    "empty": Bad(lambda: select_models({}), "log_evidence", "two models", "(0, 0)"),
    "words": Bad(lambda: select_models([["a", "b"]]), "log_evidence", "real numbers", "U1"),
    "lengths": Bad(lambda: select_models({"a": [0.0, 1.0], "b": [0.0]}), "log_evidence['b']", "'a'", "(1,)"),
    "matrix": Bad(
        lambda: select_models({"a": [[0.0]], "b": [0.0]}), "log_evidence['a']", "(n_subjects,)", "(1, 1)"
    ),
    "names": Bad(lambda: select_models(TEN, names=["a"]), "names", "2 different", "['a']"),
    "names twice": Bad(lambda: select_models(TEN, names=["a", "a"]), "names", "2 different", "['a', 'a']"),
    "a word": Bad(lambda: select_models(TEN, names="ab"), "names", "2 different", "'ab'"),
    "groups": Bad(lambda: compare_groups(TEN, [0, 1]), "groups", "10 subjects", "(2,)"),
    "three groups": Bad(lambda: compare_groups(TEN, [0, 1, 2] * 3 + [0]), "groups", "exactly two", "3"),
    "one group": Bad(lambda: compare_groups(TEN, ["a"] * 10), "groups", "exactly two", "1"),
    "no group": Bad(lambda: compare_groups(TEN, [np.nan] + [1.0] * 9), "groups", "a label", "NaN at index 0"),
    "one's evidence": Bad(
        lambda: select_models(bm.Evidence(np.zeros(2), "bic", np.array(["", ""]))),
        "log_evidence",
        "a dict",
        "of one",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)


# The figures.


@pytest.fixture
def ax():
    with plt.rc_context():
        plotting.use_house_style()
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_plot_selection(ax):
    found = select_models(TEN, names=["x", "y"])
    assert plotting.plot_selection(ax, found) is ax
    assert [bar.get_height() for bar in ax.patches] == found.frequencies.tolist()
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_array_equal(drawn["exceedance probability"], found.exceedance)
    np.testing.assert_array_equal(drawn["protected exceedance probability"], found.protected_exceedance)
    assert list(drawn["equally frequent"]) == [0.5, 0.5]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["x", "y"]
    assert_refused(Bad(lambda: plotting.plot_selection(ax, TEN), "selection", "select_models", "ndarray"))


def test_plot_comparison(ax):
    columns = {"unit": "subject", "difference": [-4.0, 0.0], "se_difference": [1.5, 0.0]}
    table = pd.DataFrame(columns, index=["worse", "best"])
    assert plotting.plot_comparison(ax, table) is ax
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["best", "worse"]
    (container,) = ax.containers
    np.testing.assert_array_equal(container[0].get_xdata(), [0, -4])
    ends = [segment[:, 0].tolist() for segment in container[2][0].get_segments()]
    assert ends == [[0, 0], [-5.5, -2.5]]
    assert "by subject" in ax.get_xlabel() and ax.get_ylim() == (1.5, -0.5)
    assert_refused(Bad(lambda: plotting.plot_comparison(ax, [1]), "table", "posteriors", "list"))
    bare = table.drop(columns="unit")
    assert_refused(Bad(lambda: plotting.plot_comparison(ax, bare), "table", "posteriors", "difference"))
